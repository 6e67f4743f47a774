package apply

import (
	"cmp"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Manager computes ownership for one kind at one version, seen through one subresource. It is safe for concurrent use.
type Manager struct {
	kind        schema.GroupVersionKind
	subresource string
	custom      bool
	types       types
	manager     *managedfields.FieldManager
}

// Config says what a [Manager] is for.
type Config struct {
	Kind schema.GroupVersionKind
	// Types gives values the structure of their schema.
	Types managedfields.TypeConverter
	// Subresource is "" for the object itself.
	Subresource string
	// Reset lists the fields that a write through the subresource cannot change, and so cannot own. Forms are the group
	// versions, besides that of Kind, whose owners they cannot be taken from either.
	Reset [][]string
	Forms []schema.GroupVersion
	// Custom is set for custom resources.
	Custom bool
	// Empty returns the object that a creation is compared with.
	Empty func() (*unstructured.Unstructured, error)
	// Convert writes an object in the form of its kind that another group version has.
	Convert func(obj *unstructured.Unstructured, to schema.GroupVersion) (*unstructured.Unstructured, error)
}

// New returns the manager for a configuration.
func New(c Config) (*Manager, error) {
	converter := &converter{convert: c.Convert, empty: c.Empty}
	reset := map[fieldpath.APIVersion]fieldpath.Filter{}
	if len(c.Reset) > 0 {
		set := fieldpath.NewSet()
		for _, path := range c.Reset {
			parts := make([]any, len(path))
			for i, p := range path {
				parts[i] = p
			}
			p, err := fieldpath.MakePath(parts...)
			if err != nil {
				return nil, fmt.Errorf("reset field %v: %w", path, err)
			}
			set.Insert(p)
		}
		for _, gv := range append([]schema.GroupVersion{c.Kind.GroupVersion()}, c.Forms...) {
			reset[fieldpath.APIVersion(gv.String())] = fieldpath.NewExcludeSetFilter(set)
		}
	}
	build := managedfields.NewDefaultFieldManager
	if c.Custom {
		build = managedfields.NewDefaultCRDFieldManager
	}
	types := types{c.Types}
	m, err := build(types, converter, converter, converter, c.Kind, c.Kind.GroupVersion(), c.Subresource, reset)
	if err != nil {
		return nil, fmt.Errorf("field manager of %s: %w", c.Kind.Kind, err)
	}
	return &Manager{kind: c.Kind, subresource: c.Subresource, custom: c.Custom, types: types, manager: m}, nil
}

// Update returns obj with the ownership that writing it over live by manager leads to. live is not changed. On a fault the
// ownership stays as it was, as on the real server.
func (m *Manager) Update(live, obj *unstructured.Unstructured, manager string, now metav1.Time) *unstructured.Unstructured {
	l := apart(live)
	o, ok := m.manager.UpdateNoErrors(l, apart(obj), manager).(*object)
	if !ok {
		return obj
	}
	stamp(o, l, now)
	return o.joined(l)
}

// Apply returns live with patch applied by manager. The error is a conflict (409) when other managers own fields with other
// values and force is not set. The result is as the schema's types write it; it is neither canonical nor defaulted. changed is
// false for an apply that leaves every value as it is: the result is live itself then, perhaps with other owners, and is not
// to be defaulted.
func (m *Manager) Apply(live, patch *unstructured.Unstructured, manager string, force bool, now metav1.Time) (obj *unstructured.Unstructured, changed bool, err error) {
	if out, changed, ok := m.repeat(live, patch, manager, now); ok {
		return out, changed, nil
	}
	l, p := apart(live), apart(patch)
	m.spareRemoval(l, p, manager)
	out, err := m.manager.Apply(l, p, manager, force)
	if err != nil {
		return nil, false, err
	}
	o, ok := out.(*object)
	if !ok {
		return nil, false, fmt.Errorf("apply returned a %T", out)
	}
	stamp(o, l, now)
	return o.joined(l), o.merged, nil
}

// stamp replaces the wall clock's time, which the field manager puts into entries that changed, by now.
func stamp(obj, live *object, now metav1.Time) {
	entries := obj.GetManagedFields()
	if len(entries) == 0 {
		return
	}
	before := live.GetManagedFields()
	changed := false
	for i := range entries {
		if !keeps(before, entries[i]) {
			entries[i].Time = &now
			changed = true
		}
	}
	if changed {
		slices.SortStableFunc(entries, order)
		obj.SetManagedFields(entries)
	}
}

// order is that in which entries are kept; it depends on their times, which have just been set.
func order(a, b metav1.ManagedFieldsEntry) int {
	return cmp.Or(
		cmp.Compare(a.Operation, b.Operation),
		cmp.Compare(unix(a.Time), unix(b.Time)),
		cmp.Compare(a.Manager, b.Manager),
		cmp.Compare(a.APIVersion, b.APIVersion),
		cmp.Compare(a.Subresource, b.Subresource),
	)
}

func unix(t *metav1.Time) int64 {
	if t == nil {
		return 0
	}
	return t.Unix()
}

// keeps reports whether an entry of the same writer with the same time was there before.
func keeps(before []metav1.ManagedFieldsEntry, e metav1.ManagedFieldsEntry) bool {
	for _, b := range before {
		if b.Manager == e.Manager && b.Operation == e.Operation && b.APIVersion == e.APIVersion &&
			b.Subresource == e.Subresource && b.Time.Equal(e.Time) {
			return true
		}
	}
	return false
}

// converter is what the field manager asks of a scheme.
type converter struct {
	empty   func() (*unstructured.Unstructured, error)
	convert func(*unstructured.Unstructured, schema.GroupVersion) (*unstructured.Unstructured, error)
}

var (
	_ runtime.ObjectConvertor = (*converter)(nil)
	_ runtime.ObjectDefaulter = (*converter)(nil)
	_ runtime.ObjectCreater   = (*converter)(nil)
)

func (c *converter) ConvertToVersion(in runtime.Object, target runtime.GroupVersioner) (runtime.Object, error) {
	var u *unstructured.Unstructured
	switch in := in.(type) {
	case *unstructured.Unstructured:
		u = in
	case *object:
		u = in.Unstructured
	default:
		return nil, fmt.Errorf("convert a %T", in)
	}
	kind := u.GroupVersionKind()
	to, ok := target.(schema.GroupVersion)
	if !ok {
		want, known := target.KindForGroupVersionKinds([]schema.GroupVersionKind{kind})
		if !known {
			return nil, runtime.NewNotRegisteredErrForKind("memory", kind)
		}
		to = want.GroupVersion()
	}
	if to == kind.GroupVersion() {
		return in, nil
	}
	converted, err := c.convert(u, to)
	if o, ok := in.(*object); ok && err == nil {
		return &object{Unstructured: converted, entries: o.entries, merged: o.merged}, nil
	}
	return converted, err
}

func (*converter) Convert(_, _, _ any) error {
	return fmt.Errorf("conversion in place is not supported")
}

func (*converter) ConvertFieldLabel(_ schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}

// Default does nothing: defaults come after the object is canonical, which is the caller's part.
func (*converter) Default(runtime.Object) {}

func (c *converter) New(schema.GroupVersionKind) (runtime.Object, error) { return c.empty() }
