package apiserver

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver/apply"
	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// form is what a second form of a built-in kind has on top of one: the kind that it is stored as. Requests are decoded, defaulted
// and accounted for in the form that they are made in; everything else happens to the stored one.
type form struct {
	strategy.Form
	stored *Served
}

// stored returns the kind as which s is stored: itself, but for second forms.
func (s *Served) stored() *Served {
	if s.form != nil {
		return s.form.stored
	}
	return s
}

// resource is the name under which objects are stored.
func (s *Served) resource() schema.GroupResource { return s.stored().GVR.GroupResource() }

// store returns obj in the form that is stored. Obj is not changed.
func (s *Served) store(obj *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	if s.form == nil || obj.GroupVersionKind() == s.form.Of {
		return obj, nil
	}
	out := obj.DeepCopy()
	if err := s.form.Store(out.Object); err != nil {
		return nil, err
	}
	out.SetGroupVersionKind(s.form.Of)
	return canonical(s.form.stored, out)
}

// show returns a stored object in the form of s. Obj is not changed.
func (s *Served) show(obj *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	if s.form == nil || obj == nil {
		return obj, nil
	}
	out := obj.DeepCopy()
	if err := s.form.Show(out.Object); err != nil {
		return nil, err
	}
	out.SetGroupVersionKind(s.GVK)
	return canonical(s, out)
}

// recorded returns what is stored of obj, an object in the form of s that a client sent, with the ownership that record finds in
// it. What record is shown was stored and shown again, as it will be to readers; what is stored was not, since a form does not
// show everything. Obj may be changed.
func (s *Served) recorded(obj *unstructured.Unstructured, record func(shown *unstructured.Unstructured) *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	if s.form == nil {
		s.settle(obj)
		return record(obj), nil
	}
	stored, err := s.store(obj)
	if err != nil {
		return nil, err
	}
	shown, err := s.show(stored)
	if err != nil {
		return nil, err
	}
	return owned(stored, record(owned(shown, obj))), nil // an empty account, which says to forget, has no place in a type
}

// owned gives obj the ownership of another form of it.
func owned(obj, other *unstructured.Unstructured) *unstructured.Unstructured {
	from, _ := other.Object["metadata"].(map[string]any)
	to, _ := obj.Object["metadata"].(map[string]any)
	if entries, ok := from["managedFields"]; ok && to != nil {
		to["managedFields"] = entries
	} else {
		delete(to, "managedFields")
	}
	return obj
}

// settle rewrites an object in the form that is stored as reading it does on the real server.
func (s *Served) settle(obj *unstructured.Unstructured) {
	if s.form == nil && s.row.Settle != nil {
		s.row.Settle(obj.Object)
	}
}

// through makes a change that is computed in the form of s one of the stored object.
func (s *Served) through(change changeFunc) changeFunc {
	if s.form == nil {
		return change
	}
	return func(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		shown, err := s.show(live)
		if live.GetUID() == "" {
			shown, err = emptyObject(s)
		}
		if err != nil {
			return nil, err
		}
		before := shown.DeepCopy().Object
		changed, err := change(shown)
		if err != nil {
			return nil, err
		}
		if live.GetUID() != "" && apply.SameBut(changed.Object, before) {
			return owned(live, changed), nil // what the form does not show stays as it is
		}
		return s.store(changed)
	}
}

// convertForm writes obj, an object in one of the forms of the kind, in another. Managers may have written in any of them.
func (s *Served) convertForm(obj *unstructured.Unstructured, to schema.GroupVersion) (*unstructured.Unstructured, error) {
	from := obj.GroupVersionKind()
	if from.GroupVersion() == to {
		return obj, nil
	}
	out := obj.DeepCopy()
	if f, ok := strategy.FormOf(from); ok {
		if err := f.Store(out.Object); err != nil {
			return nil, err
		}
		out.SetGroupVersionKind(f.Of)
	}
	if out.GroupVersionKind().GroupVersion() == to {
		return out, nil
	}
	family := strategy.Family(s.GVK)
	i := slices.IndexFunc(family, func(k schema.GroupVersionKind) bool { return k.GroupVersion() == to })
	if i < 0 {
		return nil, runtime.NewNotRegisteredErrForKind("memory", to.WithKind(from.Kind))
	}
	if f, ok := strategy.FormOf(family[i]); ok {
		if err := f.Show(out.Object); err != nil {
			return nil, err
		}
	}
	out.SetGroupVersionKind(family[i])
	return out, nil
}
