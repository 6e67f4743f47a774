package sim

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// key is an object's place.
type key struct {
	kind            schema.GroupKind
	namespace, name string
}

func (k key) String() string {
	if k.namespace == "" {
		return k.kind.Kind + " " + k.name
	}
	return k.kind.Kind + " " + k.namespace + "/" + k.name
}

// place names another object in the same namespace.
func (k key) place(kind schema.GroupVersionKind, name string) key {
	return key{kind: kind.GroupKind(), namespace: k.namespace, name: name}
}

// view holds the newest state that the simulator knows of the kinds it looks at: from the changes it was handed and
// from its own writes, which may be ahead of them.
type view struct {
	objects map[schema.GroupKind]map[string]map[string]*unstructured.Unstructured // by namespace and name
	owned   map[types.UID]map[key]bool                                            // by controller
	typed   map[*unstructured.Unstructured]any                                    // of objects, as far as asked for
}

func newView() *view {
	return &view{
		objects: map[schema.GroupKind]map[string]map[string]*unstructured.Unstructured{},
		owned:   map[types.UID]map[key]bool{},
		typed:   map[*unstructured.Unstructured]any{},
	}
}

func (v *view) apply(change apiserver.Change) {
	kind := schema.GroupKind{Group: change.Kind.Group, Kind: change.Kind.Kind}
	if _, looked := reactions[kind]; !looked && kind != revisions.GroupKind() {
		return
	}
	at := key{kind: kind, namespace: change.Object.GetNamespace(), name: change.Object.GetName()}
	if change.Type == apiserver.Deleted {
		if old := v.get(at); old != nil && old.GetUID() == change.Object.GetUID() {
			v.drop(at)
		}
		return
	}
	v.put(kind, change.Object)
}

// put takes a state in unless a newer one is there.
func (v *view) put(kind schema.GroupKind, obj *unstructured.Unstructured) {
	at := key{kind: kind, namespace: obj.GetNamespace(), name: obj.GetName()}
	if old := v.get(at); old != nil {
		if old.GetUID() == obj.GetUID() && version(old) > version(obj) {
			return
		}
		v.drop(at)
	}
	byNamespace := v.objects[kind]
	if byNamespace == nil {
		byNamespace = map[string]map[string]*unstructured.Unstructured{}
		v.objects[kind] = byNamespace
	}
	if byNamespace[at.namespace] == nil {
		byNamespace[at.namespace] = map[string]*unstructured.Unstructured{}
	}
	byNamespace[at.namespace][at.name] = obj
	if owner := metav1.GetControllerOf(obj); owner != nil {
		if v.owned[owner.UID] == nil {
			v.owned[owner.UID] = map[key]bool{}
		}
		v.owned[owner.UID][at] = true
	}
}

func (v *view) drop(at key) {
	old := v.get(at)
	if old == nil {
		return
	}
	delete(v.objects[at.kind][at.namespace], at.name)
	delete(v.typed, old)
	if owner := metav1.GetControllerOf(old); owner != nil {
		delete(v.owned[owner.UID], at)
		if len(v.owned[owner.UID]) == 0 {
			delete(v.owned, owner.UID)
		}
	}
}

func (v *view) get(at key) *unstructured.Unstructured {
	return v.objects[at.kind][at.namespace][at.name]
}

// in returns the objects of a kind in a namespace, in the order of their names.
func (v *view) in(kind schema.GroupVersionKind, namespace string) []*unstructured.Unstructured {
	byName := v.objects[kind.GroupKind()][namespace]
	out := make([]*unstructured.Unstructured, 0, len(byName))
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, byName[name])
	}
	return out
}

// everywhere returns the objects of a kind in all namespaces.
func (v *view) everywhere(kind schema.GroupVersionKind) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, namespace := range slices.Sorted(maps.Keys(v.objects[kind.GroupKind()])) {
		out = append(out, v.in(kind, namespace)...)
	}
	return out
}

// controlled returns the objects of a kind that an object controls, in the order of their names. They are shared.
func controlled[T any](s *Simulator, kind schema.GroupVersionKind, owner types.UID) ([]*T, error) {
	var keys []key
	for at := range s.view.owned[owner] {
		if at.kind == kind.GroupKind() {
			keys = append(keys, at)
		}
	}
	slices.SortFunc(keys, func(a, b key) int { return cmp.Compare(a.name, b.name) })
	out := make([]*T, 0, len(keys))
	for _, at := range keys {
		typed, err := typedOf[T](s, s.view.get(at))
		if err != nil {
			return nil, err
		}
		out = append(out, typed)
	}
	return out, nil
}

// find returns the typed newest state of an object, nil when it is not there. It is shared.
func find[T any](s *Simulator, at key) (*T, error) {
	obj := s.view.get(at)
	if obj == nil {
		return nil, nil
	}
	return typedOf[T](s, obj)
}

// typedOf returns the typed form of an object in the view. It is shared; nobody changes it.
func typedOf[T any](s *Simulator, obj *unstructured.Unstructured) (*T, error) {
	if typed, ok := s.view.typed[obj].(*T); ok {
		return typed, nil
	}
	typed, err := as[T](obj)
	if err == nil {
		s.view.typed[obj] = typed
	}
	return typed, err
}

// as converts an object.
func as[T any](obj *unstructured.Unstructured) (*T, error) {
	out := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj.Object, out); err != nil {
		return nil, err
	}
	return out, nil
}

func version(obj *unstructured.Unstructured) uint64 {
	n, _ := strconv.ParseUint(obj.GetResourceVersion(), 10, 64)
	return n
}
