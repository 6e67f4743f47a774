package apiserver

import (
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/setpoint-dev/setpoint/internal/apiserver/store"
	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// Read returns one object.
func (s *Server) Read(served *Served, namespace, name string) (*unstructured.Unstructured, error) {
	r, ok := s.store.Get(key(served, namespace, name))
	if !ok {
		return nil, apierrors.NewNotFound(served.GVR.GroupResource(), name)
	}
	obj, err := s.decode(served, r)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	return obj, nil
}

// Selection chooses objects of a kind. Nil selectors choose everything.
type Selection struct {
	Namespace string
	Labels    labels.Selector
	Fields    fields.Selector
}

// all reports whether a selection needs no look into objects.
func (sel Selection) all() bool {
	return (sel.Labels == nil || sel.Labels.Empty()) && (sel.Fields == nil || sel.Fields.Empty())
}

// alone reports whether no more than one object can be selected.
func (sel Selection) alone(served *Served) bool {
	if sel.Fields == nil {
		return false
	}
	_, named := sel.Fields.RequiresExactMatch("metadata.name")
	return named && (sel.Namespace != "" || !served.Namespaced)
}

func (sel Selection) matches(served *Served, obj *unstructured.Unstructured) bool {
	if sel.Labels != nil && !sel.Labels.Matches(labels.Set(obj.GetLabels())) {
		return false
	}
	return sel.Fields == nil || sel.Fields.Matches(selectable(served, obj))
}

// selectable returns the fields of obj that a field selector may name.
func selectable(served *Served, obj *unstructured.Unstructured) fields.Set {
	set := fields.Set{"metadata.name": obj.GetName(), "metadata.namespace": obj.GetNamespace()}
	for _, path := range served.row.Fields {
		set[dotted(path)] = text(strategy.Get(obj.Object, path))
	}
	for name, value := range served.row.Derived {
		set[name] = value(obj.Object)
	}
	return set
}

// Selectable reports whether a field selector may name a field.
func (s *Served) Selectable(name string) bool {
	switch name {
	case "metadata.name":
		return true
	case "metadata.namespace":
		// Kinds with fields of their own say all that they have, and some have no namespace.
		return s.Namespaced || s.Custom != nil || s.row.Fields == nil
	}
	for _, path := range s.row.Fields {
		if dotted(path) == name {
			return true
		}
	}
	_, ok := s.row.Derived[name]
	return ok
}

// NotSelectable is what a client is told who selects by a field that is none.
func (s *Served) NotSelectable(name string) string {
	if s.Custom == nil && s.row.Fields == nil {
		return fmt.Sprintf("%q is not a known field selector: only \"metadata.name\", \"metadata.namespace\"", name)
	}
	if s.row.NotField != "" {
		return fmt.Sprintf(s.row.NotField, name)
	}
	return "field label not supported: " + name
}

// Page is a part of a list.
type Page struct {
	Items []*unstructured.Unstructured
	// Version is that of the store when the list was taken.
	Version uint64
	// Next is the last key of this page when there are more, nil otherwise. Remaining counts those; it is known only for
	// lists without selectors.
	Next      *store.Key
	Remaining *int64
}

// ListOptions says which part of a list is wanted.
type ListOptions struct {
	Selection
	// Limit is how many objects at most; zero means all.
	Limit int64
	// At is the version whose state is listed; zero means the present one.
	At uint64
	// After is the last key of the page before, nil for the first page.
	After *store.Key
}

// List returns a page of a list, in the order of namespace and name. A version that the log does not reach is Expired (410).
func (s *Server) List(served *Served, opts ListOptions) (Page, error) {
	records, version := s.store.List(served.resource(), opts.Namespace)
	if opts.At != 0 && opts.At != version {
		var err error
		if records, err = s.store.ListAt(served.resource(), opts.Namespace, opts.At); err != nil {
			return Page{}, apierrors.NewResourceExpired(expired(opts.At, version))
		}
		version = opts.At
	}
	page := Page{Version: version}
	alone := opts.alone(served)
	for i, r := range records {
		if opts.After != nil && !later(r.Key, *opts.After) {
			continue
		}
		if alone && len(page.Items) == 1 {
			break
		}
		if opts.Limit > 0 && int64(len(page.Items)) == opts.Limit {
			last := page.Items[opts.Limit-1]
			page.Next = &store.Key{Namespace: last.GetNamespace(), Name: last.GetName()}
			if opts.all() {
				rest := int64(len(records) - i)
				page.Remaining = &rest
			}
			break
		}
		obj, err := s.decode(served, r)
		if err != nil {
			return Page{}, apierrors.NewInternalError(err)
		}
		if opts.matches(served, obj) {
			page.Items = append(page.Items, obj)
		}
	}
	return page, nil
}

func later(k, than store.Key) bool {
	if k.Namespace != than.Namespace {
		return k.Namespace > than.Namespace
	}
	return k.Name > than.Name
}
