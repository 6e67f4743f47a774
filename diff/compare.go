package diff

import (
	"errors"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ErrUnpredictable is the answer to a prediction that there is no schema for.
var ErrUnpredictable = errors.New("the result is not known: no schema for this kind")

func compare(c *Comparer, d *Desired, live *unstructured.Unstructured) (*Comparison, error) {
	out := &Comparison{Ref: d.ref, fingerprint: d.hash}
	if live == nil {
		out.Verdict = Missing
		out.Changes = []Change{{Op: Add, New: Value{v: d.obj.Object, set: true, secret: d.ref.Kind == "Secret" && d.ref.Group == ""}, Cause: FromDesired}}
		return out, nil
	}
	out.Verdict = Unsure
	out.Unsure = []Reason{{Message: "no schema"}}
	return out, nil
}
