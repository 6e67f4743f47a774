package diff

import (
	"errors"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Options qualifies a [Comparer]. Nil means the defaults.
type Options struct {
	// Ignore says which fields are left alone. Nil means none.
	Ignore *Ignore
	// Origin says where a desired object comes from, and with a path, written as in a [Change], where the value of that
	// field does; a source that knows of whole objects only gives the same answer for every path. It is called for each
	// object that is prepared and for each field that changes as desired, maybe at the same time for several. Nil, and a zero
	// origin, say nothing.
	Origin func(ref cluster.Ref, path string) cluster.Origin
}

// Comparer compares desired objects with live ones, as one field manager.
type Comparer struct {
	manager string
	schemas *Schemas
	ignore  *Ignore
	origin  func(ref cluster.Ref, path string) cluster.Origin
	// last is the mask of the latest set.
	last atomic.Pointer[secrets]
}

// New returns a comparer for the applies of the field manager of that name. Nil schemas stand for the embedded ones, which
// are those of Kubernetes' own kinds.
func New(manager string, schemas *Schemas, opts *Options) *Comparer {
	if schemas == nil {
		schemas = NewSchemas(nil)
	}
	c := &Comparer{manager: manager, schemas: schemas}
	if opts != nil {
		c.ignore, c.origin = opts.Ignore, opts.Origin
	}
	return c
}

// Prepare freezes a desired object for any number of comparisons: it is copied, checked against its schema and hashed. The
// error is an [*Error] for an object that the server would refuse whatever is live: no apiVersion, kind or name, a field that
// the kind does not have, a list with two items of one key. An object whose kind has no schema here is prepared all the same
// and compares as [Unsure]. Neither can a field be ignored that the kind requires, or that a list tells its items apart by: the
// cause is then an [*IgnoreError].
func (c *Comparer) Prepare(obj *unstructured.Unstructured) (*Desired, error) {
	return prepare(c, obj)
}

// Compare says what an apply of d would change in live. A nil live is [Missing]. The live object must have been read at the
// apiVersion of d, with its managedFields. The comparison may refer to it, so do not change it afterwards. The error is an
// [*Error].
func (c *Comparer) Compare(d *Desired, live *unstructured.Unstructured) (*Comparison, error) {
	return compare(c, d, live, nil)
}

// Error is an object that cannot be compared because the server would refuse it, or that the server did not confirm.
type Error struct {
	// Op is "prepare", "compare", "apply" or "confirm".
	Op  string
	Ref cluster.Ref
	// Path is the place of the fault, such as ".spec.replcas"; empty when it has none.
	Path string
	Err  error
}

// Error returns "prepare Deployment apps/web: .spec.replcas: field not declared in schema".
func (e *Error) Error() string {
	s := e.Op + " " + e.Ref.String() + ": "
	if e.Path != "" {
		s += e.Path + ": "
	}
	return s + e.cause()
}

// cause does not name the object once more.
func (e *Error) cause() string {
	var request *cluster.Error
	if errors.As(e.Err, &request) && request.Ref == e.Ref {
		return request.Err.Error()
	}
	return e.Err.Error()
}

// MarshalText returns what Error does.
func (e *Error) MarshalText() ([]byte, error) { return []byte(e.Error()), nil }

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }
