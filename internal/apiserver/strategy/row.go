package strategy

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Path is a field's place in an object.
type Path []string

// Row is what is particular about a kind. The zero value is the general rule. For the kinds that package schema has facts of,
// the table leaves out what they say: Generation, StatusKeeps, Initial, Conditional, CreateOnUpdate, Orphan, NoDependents,
// ReturnDeleted, Frozen and Fields.
type Row struct {
	// NewGeneration is metadata.generation of a new object, 0 for none.
	NewGeneration int64
	// Generation lists the parts whose change moves metadata.generation.
	Generation []Path
	// GenerationRest says that everything outside metadata and status moves it.
	GenerationRest bool
	// StatusKeeps lists the parts that a write to the status cannot change, apart from spec.
	StatusKeeps []Path
	// Initial is the status of a new object.
	Initial map[string]any
	// Names checks a name; nil means [DNSSubdomain].
	Names NameRule
	// Conditional says that an update must carry a resourceVersion.
	Conditional bool
	// CreateOnUpdate says that an update creates what is not there.
	CreateOnUpdate bool
	// Orphan says that dependents are orphaned when a deletion does not say otherwise.
	Orphan bool
	// NoDependents says that the kind takes no part in garbage collection.
	NoDependents bool
	// Grace returns how many seconds a deletion without a wish of its own waits. Nil means none, immediately.
	Grace func(obj map[string]any) int64
	// ReturnDeleted says that a deletion is answered with the object instead of a Status.
	ReturnDeleted bool
	// Frozen lists what an update may not change.
	Frozen []Frozen
	// InState tells the states of an object in which other parts are frozen; nil when there is one.
	InState inState
	// Settle rewrites an object that was received in the form that is stored, before anything looks at it; nil for kinds whose
	// internal form is the stored one.
	Settle func(obj map[string]any)
	// Outer are annotations that clients see and the internal form does not have: answers that are metadata alone lack them.
	Outer []string
	// Prepare are run on the object after defaulting, in order, before validation.
	Prepare []Step
	// Check validates beyond the shape; old is nil for a new object.
	Check []func(obj, old map[string]any) field.ErrorList
	// Warn returns what the writer should know about an object that is accepted; old is nil for a new one.
	Warn func(obj, old map[string]any) []string
	// Redefaulted says that what Prepare fills in leads to further defaults, which show when the object is read.
	Redefaulted bool
	// StatusPrepare are run on a write to the status, as Prepare is on others.
	StatusPrepare []Step
	// StatusCheck validates a write to the status.
	StatusCheck []func(obj, old map[string]any) field.ErrorList
	// DeleteWarning is what a deletion is warned of that does not say what becomes of the dependents.
	DeleteWarning string
	// Deprecated is what every request about the kind is warned of.
	Deprecated string
	// Subresources are parts with a rule of their own, other than status and scale.
	Subresources map[string]Subresource
	// Fields are the selectable fields apart from metadata.name and metadata.namespace.
	Fields []Path
	// Derived are selectable fields that are computed.
	Derived map[string]func(obj map[string]any) string
	// NotField is what is said, with its name, of a field that cannot be selected by; empty means the usual words.
	NotField string
	// Emptied names a list outside metadata.finalizers that must be empty before the object can go.
	Emptied Path
	// Deleting changes the object when its deletion begins.
	Deleting func(obj *unstructured.Unstructured, now time.Time)
	// Delayed says that a deletion only marks the object, even without finalizers, until Emptied is empty.
	Delayed bool
	// Defines says that objects of this kind declare kinds. What package crd finds is added to Check and Warn.
	Defines bool
	// Backend returns the group version that an object of this kind says somebody else serves.
	Backend func(obj map[string]any) (schema.GroupVersion, bool)
	// Protection is a finalizer that every new object gets. A controller takes it away once the object is being deleted and
	// nothing uses it.
	Protection string
	// AnyFinalizer says that names of finalizers are checked for their form alone.
	AnyFinalizer bool
	// Protected says which objects may not be deleted.
	Protected func(name string) bool
}

// Subresource is a part of an object that is written on its own.
type Subresource struct {
	// Keeps lists what such a write cannot change.
	Keeps []Path
	// Post is what a body posted to the subresource does; nil means that nothing is posted to it. Such a change has no field
	// manager.
	Post *Posted
	// Deletes says that what is posted is a wish to delete the object.
	Deletes bool
}

// Posted is a change of an object by a body of another kind.
type Posted struct {
	// Check validates the body.
	Check func(body map[string]any) field.ErrorList
	// Do changes the object. An error says why its state does not allow that.
	Do func(obj, body map[string]any, now time.Time) error
}

// Step changes an object before it is stored. Old is nil for a new object.
type Step func(obj, old map[string]any, env Env) field.ErrorList

// Env is what steps may use of the server.
type Env interface {
	// Take reserves a value of a pool for the object and reports whether it was free. An empty value asks for any.
	Take(pool, value string) (string, bool)
	// Now is the server's time as objects carry it.
	Now() string
}

// For returns the row of a built-in kind.
func For(kind schema.GroupKind) Row { return complete()[kind] }

// Custom is the row of every custom resource.
func Custom() Row {
	return Row{NewGeneration: 1, GenerationRest: true, Conditional: true, StatusKeeps: metadata, Warn: finalizerWarnings}
}

// Reset returns what a write through a subresource ("" for the object itself) cannot change. status says whether the kind has
// a status subresource.
func (r Row) Reset(subresource string, status bool) []Path {
	if sub, ok := r.Subresources[subresource]; ok {
		return sub.Keeps
	}
	switch {
	case !status:
		return nil
	case subresource == "status":
		return append([]Path{{"spec"}}, r.StatusKeeps...)
	}
	return []Path{{"status"}}
}
