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
	// Unsure: whether an apply would change anything is not known here; ask the server by a dry run.
	Unsure Verdict = "Unsure"
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
	// Changes are the leaf fields that an apply would change, in the order of their paths; of a conflict, those that a
	// forced apply would. For [Missing] there is one, an addition at the empty path.
	Changes []Change `json:"changes,omitempty"`
	// Conflicts are the fields over which the server refuses an apply without force, with their owners.
	Conflicts []cluster.FieldConflict `json:"conflicts,omitempty"`
	// Ignored are the fields that differ and that rules say to leave alone. They are not looked for where an apply changes
	// nothing anyway.
	Ignored []Ignored `json:"ignored,omitempty"`
	// LastApplied is the time of our manager's last effective apply; zero when there was none.
	LastApplied time.Time `json:"lastApplied,omitzero"`
	// Suspects are the managers that wrote after LastApplied, the latest first. One of them made each drift that is
	// among the changes; which one made it is a fact only where the change names it as an owner, since a removal leaves no trace
	// of who did it.
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
}

// Fingerprint returns a digest of what justifies acting on the comparison: the desired object, the verdict, the changes and
// who else owns the fields in question. The live object's resourceVersion, status and unrelated fields are no part of it, so
// it outlives the writes of controllers.
func (c *Comparison) Fingerprint() string { return c.fingerprint }

// Predicted returns a copy of the object as the server would store it, by a forced apply when there are conflicts. What
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
