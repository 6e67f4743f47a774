package apiserver

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
	"github.com/setpoint-dev/setpoint/internal/apiserver/store"
)

// encode returns obj as it is stored: at the storage version, without its resourceVersion, which is the record's.
func (s *Server) encode(served *Served, obj *unstructured.Unstructured) ([]byte, error) {
	stored := obj
	if served.GVK.Version != served.storage {
		converted, err := served.convertCopy(obj, schema.GroupVersion{Group: served.GVK.Group, Version: served.storage})
		if err != nil {
			return nil, err
		}
		stored = converted
		if served.definition != nil {
			served.definition.Storage().Prune(stored.Object)
		}
	}
	version := stored.GetResourceVersion()
	stored.SetResourceVersion("")
	data, err := plain.Encode(stored.Object)
	stored.SetResourceVersion(version)
	if err != nil {
		return nil, fmt.Errorf("encode %s %s: %w", served.GVK.Kind, obj.GetName(), err)
	}
	return data, nil
}

// decode returns a record's object at the version of served.
func (s *Server) decode(served *Served, r store.Record) (*unstructured.Unstructured, error) {
	return s.decodeAt(served, r.Data, r.Version)
}

// outline returns of a record's object what identifies it and its metadata without managedFields.
func (s *Server) outline(served *Served, data []byte, version uint64) (*unstructured.Unstructured, error) {
	fields, err := plain.Outline(data)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", served.GVK.Kind, err)
	}
	obj := &unstructured.Unstructured{Object: fields}
	obj.SetResourceVersion(strconv.FormatUint(version, 10))
	return obj, nil
}

// readAsStored reports whether nothing is done to an object between the store and its reader.
func (s *Served) readAsStored() bool { return s.definition == nil && s.form == nil && !s.defaulted }

func (s *Server) decodeAt(served *Served, data []byte, version uint64) (*unstructured.Unstructured, error) {
	fields, err := plain.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("decode %s: %w", served.GVK.Kind, err)
	}
	obj := &unstructured.Unstructured{Object: fields}
	if obj.Object == nil {
		return nil, fmt.Errorf("decode %s: no object", served.GVK.Kind)
	}
	obj.SetResourceVersion(strconv.FormatUint(version, 10))
	if served.definition == nil {
		if served.defaulted {
			served.stored().model.Default(obj.Object)
		}
		return served.show(obj)
	}
	// An old object is completed at the version that it was stored at, and cut to the one that it is read at.
	at := served.definition.Version(obj.GroupVersionKind().Version)
	if at == nil {
		at = served.Custom
	}
	at.Read(obj.Object)
	if at == served.Custom {
		return obj, nil
	}
	obj, err = served.definition.Convert(obj, served.GVK.Version)
	if err != nil {
		return nil, err
	}
	served.Custom.Prune(obj.Object)
	return obj, nil
}

// settled returns obj as it will be read.
func settled(served *Served, obj *unstructured.Unstructured) *unstructured.Unstructured {
	if served.Custom != nil || served.row.Defines {
		return obj
	}
	return withoutEmptyLists(obj)
}

// withoutEmptyLists returns obj with null for every list that is there and empty, as far as its kind keeps such a list at
// all: a cluster stores built-in kinds as protocol buffers, which do not tell an empty list from none. Obj is not changed.
func withoutEmptyLists(obj *unstructured.Unstructured) *unstructured.Unstructured {
	meta := obj.Object["metadata"]
	rest := maps.Clone(obj.Object)
	delete(rest, "metadata")
	kept, changed := nullEmptyLists(rest)
	if !changed {
		return obj
	}
	out := kept.(map[string]any)
	out["metadata"] = meta
	return &unstructured.Unstructured{Object: out}
}

func nullEmptyLists(value any) (any, bool) {
	switch v := value.(type) {
	case []any:
		if len(v) == 0 {
			return nil, true
		}
		out, changed := v, false
		for i, item := range v {
			if kept, differs := nullEmptyLists(item); differs {
				if !changed {
					out, changed = slices.Clone(v), true
				}
				out[i] = kept
			}
		}
		return out, changed
	case map[string]any:
		out, changed := v, false
		for k, item := range v {
			if kept, differs := nullEmptyLists(item); differs {
				if !changed {
					out, changed = maps.Clone(v), true
				}
				out[k] = kept
			}
		}
		return out, changed
	}
	return value, false
}
