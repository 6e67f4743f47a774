package diff

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/typed"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/redact"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

// Desired is a desired object that is ready for comparison. It does not change and is safe for concurrent use.
type Desired struct {
	obj  *unstructured.Unstructured
	ref  cluster.Ref
	hash string
	// from is where the object comes from, and origin where a field of it does; nil when nobody says.
	from   cluster.Origin
	origin func(ref cluster.Ref, path string) cluster.Origin
	// kind is nil for a kind that no schema is known of.
	kind  *schema.Kind
	typed *typed.TypedValue
	// fields are those that the object states.
	fields *fieldpath.Set
	// template and entry answer for an object in sync, and same is that answer's fingerprint.
	template *template
	entry    map[string]any
	same     string
	// ignore are the rules for the object.
	ignore []ignoreRule
	// content returns the object's content. It is kept so that a comparison need not make a function for it.
	content func() map[string]any
	// last is the latest certain answer.
	last *atomic.Pointer[answer]
	// unsure holds what cannot be known, whatever is live.
	unsure []Reason
}

// Object returns a copy of the object as it is to be applied: without the fields of metadata that are the server's to write
// (managedFields, resourceVersion, uid, generation, creationTimestamp, selfLink), and without status where that has its own
// subresource.
func (d *Desired) Object() *unstructured.Unstructured { return d.obj.DeepCopy() }

// Ref returns the identity of the object.
func (d *Desired) Ref() cluster.Ref { return d.ref }

// Hash returns a digest of the object: equal objects have equal hashes, in every process. The digest of a Secret is one of
// its content; keep it in the process, or put it through an HMAC.
func (d *Desired) Hash() string { return d.hash }

// Format writes the name of the object, for every verb: its content may be a Secret's.
func (d Desired) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("desired " + d.ref.String())) }

// bookkeeping are the fields of metadata that only the server writes.
var bookkeeping = []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"}

func prepare(c *Comparer, obj *unstructured.Unstructured) (*Desired, error) {
	if obj == nil || obj.Object == nil {
		return nil, &Error{Op: "prepare", Err: errors.New("there is no object")}
	}
	frozen, err := freeze(obj)
	if err != nil {
		return nil, &Error{Op: "prepare", Ref: cluster.RefOf(obj), Err: err}
	}
	d := &Desired{obj: frozen, ref: cluster.RefOf(frozen), last: &atomic.Pointer[answer]{}}
	fail := func(path string, err error) (*Desired, error) {
		return nil, &Error{Op: "prepare", Ref: d.ref, Path: path, Err: err}
	}
	switch {
	case frozen.GetAPIVersion() == "" || frozen.GetKind() == "":
		return fail("", errors.New("the object has no apiVersion or no kind"))
	case frozen.GetName() == "":
		return fail(".metadata.name", errors.New("the object has no name; an apply needs one, and generateName will not do"))
	}
	if d.origin = c.origin; d.origin != nil {
		d.from = d.origin(d.ref, "")
	}
	candidates := c.schemas.set.Kinds(frozen.GroupVersionKind())
	if larger(frozen.Object, deepest) {
		d.unsure = append(d.unsure, Reason{Message: tooLarge})
		candidates = nil
	}
	var fault error
	for i, k := range candidates {
		content := frozen.Object
		if k.HasStatus {
			content = without(content, "status")
		}
		v, err := k.Type.FromUnstructured(content)
		if err != nil {
			if fault == nil {
				fault = err
			}
			continue
		}
		d.kind, d.typed, d.obj.Object = k, v, content
		if i > 0 {
			d.unsure = append(d.unsure, Reason{Message: "the cluster's schema does not fit the object, that of the desired definition does"})
		}
		fault = nil
		break
	}
	if fault != nil {
		path, cause, partial := explain(fault, candidates[0], frozen)
		if !partial || !candidates[0].Native() {
			return fail(path, cause) // The keys of a custom resource's items are required where they have no default.
		}
		d.unsure = append(d.unsure, Reason{Path: path, Message: "an item leaves out a part of its key; only a server can say whether it may"})
	}
	if len(candidates) == 0 && len(d.unsure) == 0 {
		d.unsure = append(d.unsure, Reason{Message: "no schema of " + frozen.GroupVersionKind().String() + " is known; load it from the cluster or add its definition"})
	}
	if d.typed != nil {
		if bad := d.kind.Malformed(d.obj.Object); bad != nil {
			return fail(pathOf(d.kind, d.obj.Object, bad.Path), fmt.Errorf("expected %s, got %s", bad.Want, describe(bad.Got, redact.IsSecret(d.obj))))
		}
	}
	data, err := json.Marshal(d.obj.Object)
	if err != nil {
		return fail("", err)
	}
	sum := sha256.Sum256(data)
	d.hash = "sha256:" + hex.EncodeToString(sum[:])
	d.content = func() map[string]any { return d.obj.Object }
	if d.typed == nil {
		return d, nil
	}
	if d.ignore = c.ignore.of(d.ref); len(d.ignore) > 0 {
		places, _ := c.ignore.places(d.ignore, d.kind, d.obj.Object)
		if err := forbidden(places, d.kind); err != nil {
			return fail("", err)
		}
	}
	if d.fields, err = d.typed.ToFieldSet(); err != nil {
		return fail("", err)
	}
	if d.template = d.templateOf(); d.template != nil {
		if d.entry, err = d.entryOf(); err != nil {
			return fail("", err)
		}
		d.same = fingerprint(d.hash, &Comparison{Verdict: Same}, nil)
	}
	return d, nil
}

// freeze copies an object through JSON, which also makes Go integers of every size the one that objects are made of.
func freeze(obj *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	data, err := json.Marshal(obj.Object)
	if err != nil {
		return nil, err
	}
	var content map[string]any
	if err := utiljson.Unmarshal(data, &content); err != nil {
		return nil, err
	}
	for k, v := range content {
		content[k] = rounded(v)
	}
	if m, ok := content["metadata"].(map[string]any); ok {
		for _, field := range bookkeeping {
			delete(m, field)
		}
	}
	return &unstructured.Unstructured{Object: content}, nil
}

// rounded makes of integers in a value, in place, what a server does, which reads the numbers of an apply as floating-point
// ones.
func rounded(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = rounded(e)
		}
	case []any:
		for i, e := range v {
			v[i] = rounded(e)
		}
	case int64:
		const exact = 1 << 53
		if v < -exact || v > exact {
			if f := float64(v); f < math.MaxInt64 {
				return int64(f)
			} else {
				return f
			}
		}
	}
	return v
}

// without returns a copy of the map without a key; the values are shared.
func without(m map[string]any, key string) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		if k != key {
			out[k] = v
		}
	}
	return out
}
