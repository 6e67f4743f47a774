package apiserver

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// API is the server seen from inside the process: what a controller may do. Kinds are named with group, version and kind; an
// empty version means the preferred one. Errors are the same [k8s.io/apimachinery/pkg/api/errors.StatusError] values
// that a client receives, so IsNotFound and its siblings apply. Objects that come out belong to the caller, objects that go in are
// not kept and not changed. Safe for concurrent use.
type API interface {
	// Kinds returns every kind that is served now, custom ones included, in the order of group and resource.
	Kinds() []Kind
	// Get returns one object.
	Get(kind schema.GroupVersionKind, namespace, name string) (*unstructured.Unstructured, error)
	// List returns the objects of a kind in the order of namespace and name. An empty namespace means all of them, a nil
	// selector everything.
	List(kind schema.GroupVersionKind, namespace string, selector labels.Selector) ([]*unstructured.Unstructured, error)
	// Create stores a new object and returns it as stored.
	Create(obj *unstructured.Unstructured, opts WriteOptions) (*unstructured.Unstructured, error)
	// Update replaces an object, or with opts.Subresource ("status", "scale", "finalize" of a Namespace) that part of it.
	// An object with a resourceVersion must match the stored one.
	Update(obj *unstructured.Unstructured, opts WriteOptions) (*unstructured.Unstructured, error)
	// Patch changes an object, or with opts.Subresource that part of it, by any of the four patch types.
	Patch(kind schema.GroupVersionKind, namespace, name string, patch types.PatchType, data []byte, opts WriteOptions) (*unstructured.Unstructured, error)
	// Post posts a body to a subresource of an object that takes one, such as a Binding to "binding" of a Pod.
	Post(kind schema.GroupVersionKind, namespace, name, subresource string, body map[string]any) error
	// Delete deletes an object as a client would: propagation, grace period, preconditions and finalizers apply.
	Delete(kind schema.GroupVersionKind, namespace, name string, opts metav1.DeleteOptions) error
	// Now is the server's clock. A controller reads no other.
	Now() time.Time
}

// WriteOptions qualifies a write.
type WriteOptions struct {
	// Manager is the field manager that the write is recorded under. Empty means "unknown", as for a client that sends no
	// user agent.
	Manager string
	// Subresource is the part of the object that is written, empty for the object itself.
	Subresource string
	// Force takes over the fields of other managers, in an apply patch only.
	Force bool
	// DryRun does everything but store.
	DryRun bool
}

// Kind is a served kind.
type Kind struct {
	Group, Kind string
	// Resource is the plural name in paths.
	Resource string
	// Versions are the served ones, the preferred first.
	Versions   []string
	Namespaced bool
	// Subresources are those served at the preferred version, such as "status".
	Subresources []string
	// Custom says that a CustomResourceDefinition declares the kind.
	Custom bool
}

// GVK returns the kind at its preferred version.
func (k Kind) GVK() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: k.Group, Version: k.Versions[0], Kind: k.Kind}
}

// ChangeType says what happened to an object.
type ChangeType string

// The types of a [Change].
const (
	Added    ChangeType = "ADDED"
	Modified ChangeType = "MODIFIED"
	Deleted  ChangeType = "DELETED"
)

// Change is one entry of the log.
type Change struct {
	Type ChangeType
	Kind Kind
	// Object is the new state, of a deletion the last one, at the preferred version. Controllers share it and must not
	// change it. Newer states may exist by the time it is handed out: use [API.Get] before deciding on a write.
	Object *unstructured.Unstructured
	// Old is the state before, nil for Added.
	Old *unstructured.Unstructured
}

// Selective is a [Controller] that does not look into every object, which spares the server to read them.
type Selective interface {
	Controller
	// Whole reports whether the controller looks further than the metadata of a kind. Of other kinds it may be handed
	// objects with their metadata alone, and that without managedFields.
	Whole(kind Kind) bool
}

// Controller reacts to changes by writing.
type Controller interface {
	// Name appears in the log when the controller fails.
	Name() string
	// Handle reacts to one change. It must come to rest: when an object is as the controller wants it, it writes nothing
	// (a write that changes nothing is not an entry in the log). A conflict (409) is retried with the same change; any other error
	// is recorded and the change is passed over.
	Handle(api API, change Change) error
}
