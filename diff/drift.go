package diff

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Drift is what became of our fields since our last apply. Its fields are for reading.
type Drift struct {
	Ref cluster.Ref `json:"ref"`
	// Moved are our fields that are not as our last apply left them, in the order of their paths.
	Moved []Moved `json:"moved,omitempty"`
	// LastApplied is the time of our manager's last effective apply, by the server's clock to the second; what moved did so no
	// earlier. Zero when managedFields has no such apply.
	LastApplied time.Time `json:"lastApplied,omitzero"`
	// Suspects are the managers that wrote no earlier than LastApplied and are still on record, the latest first.
	Suspects []Owner `json:"suspects,omitempty"`
	// Unsure says what makes the answer less than certain: there may be more or less to it.
	Unsure []Reason `json:"unsure,omitempty"`
}

// Moved is a field of ours that somebody changed or removed.
type Moved struct {
	// Path is written as in a [Change]. An item of a list, and a map, that is gone as a whole is one field.
	Path string `json:"path"`
	// Op is [Replace] or [Remove].
	Op Op `json:"op"`
	// Was is the value that our apply left, and Is the live one, absent for one that was removed.
	Was Value `json:"was"`
	Is  Value `json:"is,omitzero"`
	// Owners are those that own the live field. One that is not our own apply wrote the live value, or the same one after
	// whoever did. When we own it still, nobody who moved it did so by a request for this field: an admission webhook changed it
	// along with some write, which may have been ours.
	Owners []Owner `json:"owners,omitempty"`
	// LastWrite bounds when the field moved from above, as LastApplied does from below. It is nil when nobody else owns the field.
	LastWrite *Write `json:"lastWrite,omitempty"`
	// Suspects are who may have moved it: the others among Owners if there are some, and else all suspects of the object. A removal
	// leaves no trace of who did it, and none at all of somebody who has written nothing else.
	Suspects []Owner `json:"suspects,omitempty"`
}

// Drift says which fields of ours have moved since our last apply, and who may have done it. applied is what that apply was
// of, and nothing newer is needed; a loop that gave the object to an apply has it. Our fields are those that it states, without
// the ones that rules say to leave alone. What others added beside them is no drift, nor are defaults of the server that somebody
// changed; a list that is owned as a whole moves as a whole. A field that was moved and moved back has not moved.
//
// A nil live has lost everything, which is one removal at the empty path. That our entry in managedFields has fields which applied does
// not state is among the reasons of [Drift].Unsure, since something else was applied last then; and so is that there is none, as after
// others have taken all our fields. Without a schema of the
// kind no field is known to have moved, and Unsure says so. The error is an [*Error], as that of [Comparer.Compare].
func (c *Comparer) Drift(applied *Desired, live *unstructured.Unstructured) (*Drift, error) {
	out, err := c.Compare(applied, live)
	if err != nil {
		return nil, err
	}
	d := &Drift{Ref: out.Ref, LastApplied: out.LastApplied, Suspects: out.Suspects, Unsure: out.Unsure}
	if live == nil {
		d.Moved = []Moved{{Op: Remove, Was: out.Changes[0].New}}
		return d, nil
	}
	if out.work != nil {
		w := out.work()
		d.Unsure = append(d.Unsure[:len(d.Unsure):len(d.Unsure)], w.misplaced(applied)...)
		if out.LastApplied.IsZero() {
			d.Suspects = w.managed.since(time.Time{}, applied.kind != nil && applied.kind.HasStatus)
		}
	}
	for _, change := range out.Changes {
		if change.Cause == FromDesired {
			d.Moved = append(d.Moved, d.moved(c.manager, change))
		}
	}
	return d, nil
}

// moved is the change that would undo it, seen from the other side.
func (d *Drift) moved(manager string, change Change) Moved {
	m := Moved{Path: change.Path, Op: Replace, Was: change.New, Is: change.Old, Owners: change.Owners}
	if change.Op == Add {
		m.Op = Remove
	}
	for _, o := range change.Owners {
		if o.Manager != manager || o.Operation != "Apply" || o.Subresource != "" {
			m.Suspects = append(m.Suspects, o)
		}
	}
	m.LastWrite = latest(m.Suspects)
	sortSuspects(m.Suspects)
	if len(m.Suspects) == 0 {
		m.Suspects = d.Suspects
	}
	return m
}

// misplaced says why the object may not be what our manager applied last.
func (w *comparing) misplaced(applied *Desired) []Reason {
	ours, ok := w.managed.decoded().sets[self]
	if !ok {
		return []Reason{{Message: fmt.Sprintf("no apply of %q is on record: there was none, or others have taken all that it set, or cleared the record", w.c.manager)}}
	}
	if applied.fields == nil || ours.APIVersion() != fieldpath.APIVersion(applied.obj.GetAPIVersion()) {
		return nil
	}
	var out []Reason
	ours.Set().Difference(applied.fields).Difference(serverFields).Iterate(func(p fieldpath.Path) {
		if out == nil {
			out = []Reason{{Path: w.mask.String(pathString(p)), Message: "the last apply stated this field, and the object given does not: something else was applied last"}}
		}
	})
	return out
}
