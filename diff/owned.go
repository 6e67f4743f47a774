package diff

import (
	"maps"
	"slices"

	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
)

// owned finds the owners of a path: all sets of fields in one tree, so that a lookup does not ask every manager.
type owned struct {
	// keys are those of the sets that have this path or one below it.
	keys  []string
	below map[string]*owned
}

func newOwned(sets fieldpath.ManagedFields) *owned {
	root := &owned{}
	for _, key := range slices.Sorted(maps.Keys(sets)) {
		root.add(key, sets[key].Set())
	}
	return root
}

func (o *owned) add(key string, set *fieldpath.Set) {
	if set.Empty() {
		return
	}
	o.keys = append(o.keys, key)
	set.Members.Iterate(func(e fieldpath.PathElement) {
		at := o.child(e)
		at.keys = append(at.keys, key)
	})
	set.Children.Iterate(func(e fieldpath.PathElement) {
		below, _ := set.Children.Get(e)
		if below.Empty() {
			return
		}
		at := o.child(e)
		if set.Members.Has(e) {
			at.keys = at.keys[:len(at.keys)-1] // It adds itself.
		}
		at.add(key, below)
	})
}

func (o *owned) child(e fieldpath.PathElement) *owned {
	name := element(e)
	at := o.below[name]
	if at == nil {
		at = &owned{}
		if o.below == nil {
			o.below = map[string]*owned{}
		}
		o.below[name] = at
	}
	return at
}

// at returns the keys of the sets that have the path or one below it.
func (o *owned) at(path fieldpath.Path) []string {
	for _, e := range path {
		if o = o.below[element(e)]; o == nil {
			return nil
		}
	}
	return o.keys
}

// element tells path elements apart.
func element(e fieldpath.PathElement) string {
	if e.FieldName != nil {
		return *e.FieldName
	}
	return e.String()
}
