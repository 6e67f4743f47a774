package diff

import (
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Op is what happens to a field.
type Op string

const (
	// Add: the field is not in the live object.
	Add Op = "Add"
	// Replace: the field has another value.
	Replace Op = "Replace"
	// Remove: the field goes.
	Remove Op = "Remove"
)

// Cause is why an apply changes a field.
type Cause string

const (
	// FromDesired: the desired object says so.
	FromDesired Cause = "desired"
	// FromDropped: we own the field alone and the desired object has it no longer.
	FromDropped Cause = "dropped"
	// FromServer: the server sets or resets the field in consequence of another change.
	FromServer Cause = "server"
	// FromAdmission: a webhook, a policy or a plugin of the server changes the field along with any write, and we would not. It
	// takes a [Confirmer] to know. Where the answer could not be computed, such a change is [FromServer], since then the two cannot be
	// told apart.
	FromAdmission Cause = "admission"
)

// Change is one field that an apply would change.
type Change struct {
	// Path is written as kubectl does: .spec.template.spec.containers[name="web"].image
	Path string `json:"path"`
	Op   Op     `json:"op"`
	// Old is the live value and New the one that the server would store; absent for an addition and a removal
	// respectively.
	Old   Value `json:"old,omitzero"`
	New   Value `json:"new,omitzero"`
	Cause Cause `json:"cause"`
	// Owners are those that own the live field, us included. An empty list means that nobody is recorded.
	Owners []Owner `json:"owners,omitempty"`
	// LastWrite is an upper bound for when the field was last written, with the manager that it comes from: the latest
	// of the owners. It is nil when nobody is recorded.
	LastWrite *Write `json:"lastWrite,omitempty"`
	// Origin is where the value comes from, as [Options].Origin says, of a change that is [FromDesired]; zero for others and
	// when it does not say.
	Origin cluster.Origin `json:"origin,omitzero"`
}

// Write is a time before which a field was last written.
type Write struct {
	Manager string `json:"manager"`
	// Time is the manager's, not the field's: it is when the manager last changed anything that it owns.
	Time time.Time `json:"time"`
}
