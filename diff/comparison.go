package diff

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/redact"
)

// Verdict is what a comparison comes to.
type Verdict string

const (
	// Missing: there is no live object; an apply creates it.
	Missing Verdict = "Missing"
	// Same: an apply would change nothing, not even who owns what.
	Same Verdict = "Same"
	// Adopt: an apply would change no value, but the fields that our manager owns: it would take up ownership of
	// fields that are as desired, or give up some that others own too.
	Adopt Verdict = "Adopt"
	// Differs: an apply would change values.
	Differs Verdict = "Differs"
	// Conflict: an apply is refused unless forced, since another manager owns fields with other values.
	Conflict Verdict = "Conflict"
	// Unsure: whether an apply would change anything is not known here; ask the server, see [Confirmer].
	Unsure Verdict = "Unsure"
	// Refused: the server was asked and would refuse the apply, with force too: the object is invalid, or somebody forbids it.
	Refused Verdict = "Refused"
)

// Reason says why something is not known.
type Reason struct {
	// Path is the place, empty for the whole object.
	Path string `json:"path,omitempty"`
	// Message is for a person.
	Message string `json:"message"`
}

// Comparison is the answer for one object. Its fields are for reading.
type Comparison struct {
	Ref     cluster.Ref `json:"ref"`
	Verdict Verdict     `json:"verdict"`
	// Origin is where the desired object comes from, as [Options].Origin says; zero when it does not.
	Origin cluster.Origin `json:"origin,omitzero"`
	// Unsure says what is not known. With verdict [Differs] or [Conflict] the changes are certain and the list names
	// what may come on top of them.
	Unsure []Reason `json:"unsure,omitempty"`
	// Precision says what the answer rests on.
	Precision Precision `json:"precision,omitempty"`
	// Fault is why the server could not confirm the answer, or, of verdict [Refused], why it refuses the apply, as a
	// [*cluster.InvalidError] with its causes or [cluster.ErrForbidden]. It is nil otherwise, and has no content of Secrets.
	Fault *Error `json:"fault,omitempty"`
	// Changes are the leaf fields that an apply would change, in the order of their paths; of a conflict, those that a
	// forced apply would, and of a refusal those that were computed. For [Missing] there is one, an addition at the empty path.
	// With verdict [Same] or [Adopt] there can be some of cause [FromAdmission], which no apply of ours is for.
	Changes []Change `json:"changes,omitempty"`
	// Conflicts are the fields over which the server refuses an apply without force, with their owners.
	Conflicts []cluster.FieldConflict `json:"conflicts,omitempty"`
	// Overruled are the fields in which admission does not let an apply have its way, of an answer that is [Confirmed]. Where it
	// sets everything back that we would change, the verdict is [Same] or [Adopt].
	Overruled []Overruled `json:"overruled,omitempty"`
	// Ignored are the fields that differ and that rules say to leave alone. They are not looked for where an apply changes
	// nothing anyway.
	Ignored []Ignored `json:"ignored,omitempty"`
	// LastApplied is the time of our manager's last effective apply; zero when there was none.
	LastApplied time.Time `json:"lastApplied,omitzero"`
	// Suspects are the managers that wrote after LastApplied, the latest first. One of them made each drift that is
	// among the changes; which one made it is a fact only where the change names it as an owner, since a removal leaves no trace
	// of who did it. Nobody is suspected where LastApplied is zero; it is so too when others have taken over every field that we
	// applied, because a server keeps no record of a manager that owns nothing.
	Suspects []Owner `json:"suspects,omitempty"`

	// manager is ours.
	manager     string
	fingerprint string
	// predicted is behind a function so that no printing of the comparison reaches what may be a Secret.
	predicted func() map[string]any
	// apply is the object to apply, behind a function for the same reason.
	apply func() map[string]any
	// mask hides the Secrets of the other objects of a set.
	mask *redact.Mask
	// before is the live object as far as it was compared, nil when there is none.
	before func() map[string]any
	// spell writes an object as the server does; nil when that is not known.
	spell func(obj map[string]any) map[string]any
	// work is what a server's answer is compared by; nil when there is no live object.
	work func() *comparing
}

// Fingerprint returns a digest of what justifies acting on the comparison: the desired object, the verdict, the changes and
// who else owns the fields in question. The live object's resourceVersion, status and unrelated fields are no part of it, so
// it outlives the writes of controllers. It is that of the computed answer, also after a server has confirmed it, so that the same
// question can be recognised without asking. A Secret's content is part of it, so keep that of a Secret in the process, or authenticate it
// with a key: a plain digest would tell a reader which of his guesses is right.
func (c *Comparison) Fingerprint() string { return c.fingerprint }

// Predicted returns a copy of the object as the server would store it, by a forced apply when there are conflicts; of an answer that is
// [Confirmed] it is what the server said. What
// bookkeeping the server renews with each write (managedFields, resourceVersion, generation) is as it is in the live object.
// Values that a Go type does
// not keep apart from nothing (an empty list, a false that is omitted) are left out. The content of a Secret is in it. The error is
// [ErrUnpredictable] when there is no schema to tell it from.
func (c *Comparison) Predicted() (*unstructured.Unstructured, error) {
	if c.predicted == nil {
		return nil, ErrUnpredictable
	}
	content, _ := clone(c.predicted()).(map[string]any)
	return &unstructured.Unstructured{Object: content}, nil
}

// Object returns a copy of the object to apply: the desired one, in which the fields that rules say to leave alone are left out or
// as they are in the live object, see [Ignore]. The content of a Secret is in it.
func (c *Comparison) Object() *unstructured.Unstructured {
	content, _ := clone(c.apply()).(map[string]any)
	return &unstructured.Unstructured{Object: content}
}
