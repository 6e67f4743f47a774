package diff

import (
	"cmp"
	"time"
)

// Owner is a fact of managedFields: a manager that owns a field.
type Owner struct {
	Manager string `json:"manager"`
	// Operation is "Apply" or "Update".
	Operation string `json:"operation"`
	// Subresource is empty for the object itself.
	Subresource string `json:"subresource,omitempty"`
	// Time is when this manager last changed anything in the set of fields that it owns. No field was last written by
	// it later than that; it may have been earlier. Zero when the server recorded none.
	Time time.Time `json:"time,omitzero"`
}

// String returns `"helm" (Apply)`, or `"kubelet" (Update of status)`.
func (o Owner) String() string {
	s := `"` + o.Manager + `" (` + o.Operation
	if o.Subresource != "" {
		s += " of " + o.Subresource
	}
	return s + ")"
}

func compareOwners(a, b Owner) int {
	return cmp.Or(
		cmp.Compare(a.Manager, b.Manager),
		cmp.Compare(a.Operation, b.Operation),
		cmp.Compare(a.Subresource, b.Subresource),
	)
}

// latest returns the write that bounds when a field was last written.
func latest(owners []Owner) *Write {
	var out *Write
	for _, o := range owners {
		if !o.Time.IsZero() && (out == nil || o.Time.After(out.Time)) {
			out = &Write{Manager: o.Manager, Time: o.Time}
		}
	}
	return out
}
