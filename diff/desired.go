package diff

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Desired is a desired object that is ready for comparison. It does not change.
type Desired struct {
	obj  *unstructured.Unstructured
	ref  cluster.Ref
	hash string
}

// Object returns a copy of the object, as it would be applied.
func (d *Desired) Object() *unstructured.Unstructured { return d.obj.DeepCopy() }

// Ref returns the identity of the object.
func (d *Desired) Ref() cluster.Ref { return d.ref }

// Hash returns a digest of the object: equal objects have equal hashes, in every process. The digest of a Secret is one of
// its content; keep it in the process, or put it through an HMAC.
func (d *Desired) Hash() string { return d.hash }

func prepare(c *Comparer, obj *unstructured.Unstructured) (*Desired, error) {
	ref := cluster.RefOf(obj)
	fail := func(err error) (*Desired, error) { return nil, &Error{Op: "prepare", Ref: ref, Err: err} }
	switch {
	case obj.GetAPIVersion() == "" || obj.GetKind() == "":
		return fail(errors.New("the object has no apiVersion or no kind"))
	case obj.GetName() == "":
		return fail(errors.New("the object has no name; an apply needs one, generateName will not do"))
	}
	frozen := obj.DeepCopy()
	data, err := frozen.MarshalJSON()
	if err != nil {
		return fail(err)
	}
	sum := sha256.Sum256(data)
	return &Desired{obj: frozen, ref: ref, hash: "sha256:" + hex.EncodeToString(sum[:])}, nil
}
