package apiserver

import (
	"fmt"
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
	obj, err = served.definition.Convert(obj, served.GVK.Version)
	if err != nil {
		return nil, err
	}
	served.Custom.Read(obj.Object)
	return obj, nil
}
