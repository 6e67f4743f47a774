package apiserver

import (
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
	return set
}

// Selectable reports whether a field selector may name a field.
func (s *Served) Selectable(name string) bool {
	if name == "metadata.name" || name == "metadata.namespace" {
		return true
	}
	for _, path := range s.row.Fields {
		if dotted(path) == name {
			return true
		}
	}
	return false
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

// List returns up to limit objects after a key, in the order of namespace and name; a limit of zero means all of them.
func (s *Server) List(served *Served, sel Selection, limit int64, after *store.Key) (Page, error) {
	records, version := s.store.List(served.GVR.GroupResource(), sel.Namespace)
	page := Page{Version: version}
	for i, r := range records {
		if after != nil && !later(r.Key, *after) {
			continue
		}
		if limit > 0 && int64(len(page.Items)) == limit {
			last := page.Items[limit-1]
			page.Next = &store.Key{Namespace: last.GetNamespace(), Name: last.GetName()}
			if sel.all() {
				rest := int64(len(records) - i)
				page.Remaining = &rest
			}
			break
		}
		obj, err := s.decode(served, r)
		if err != nil {
			return Page{}, apierrors.NewInternalError(err)
		}
		if sel.matches(served, obj) {
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
