package diff

// Precision is what the answer of a comparison rests on.
type Precision string

const (
	// Computed is the zero value: on schemas, tables and managedFields. No server was asked.
	Computed Precision = ""
	// Confirmed: on the server's answer to a dry run of the apply, with its admission.
	Confirmed Precision = "Confirmed"
	// Unconfirmed: on what [Computed] does. The server was asked and could not say; [Comparison].Fault has the reason.
	Unconfirmed Precision = "Unconfirmed"
)

// Overruled is a field in which admission (a webhook, a policy or a plugin of the server) does not let the apply have its way.
type Overruled struct {
	// Path is written as in a [Change].
	Path string `json:"path"`
	// Desired is what the apply would come to if nobody stood in between, and Stored what the server keeps instead. Either is
	// absent where there would be no field.
	Desired Value `json:"desired,omitzero"`
	Stored  Value `json:"stored,omitzero"`
}

// String returns ".spec.replicas: 5 by admission, not 3".
func (o Overruled) String() string {
	s := o.Path + ": "
	switch {
	case !o.Stored.Present():
		return s + "kept out by admission, not " + o.Desired.String()
	case !o.Desired.Present():
		return s + "kept in by admission as " + o.Stored.String()
	}
	return s + o.Stored.String() + " by admission, not " + o.Desired.String()
}

// note says it in one line, behind a mark.
func (e *Error) note(v Verdict) string {
	if v == Refused {
		return "! " + e.cause()
	}
	return "? not confirmed: " + e.cause()
}
