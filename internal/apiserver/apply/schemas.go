package apply

import (
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// Types builds the converter for the kinds of an OpenAPI v3 document.
func Types(document []byte) (managedfields.TypeConverter, error) {
	schemas, err := Schemas(document)
	if err != nil {
		return nil, err
	}
	return TypesOf(schemas, false)
}

// Schemas returns the schemas of an OpenAPI v3 document by name.
func Schemas(document []byte) (map[string]*spec.Schema, error) {
	var doc spec3.OpenAPI
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, fmt.Errorf("read OpenAPI document: %w", err)
	}
	if doc.Components == nil {
		return map[string]*spec.Schema{}, nil
	}
	return doc.Components.Schemas, nil
}

// TypesOf builds the converter for schemas by name. preserveUnknown is for kinds whose schema does not prune.
func TypesOf(schemas map[string]*spec.Schema, preserveUnknown bool) (managedfields.TypeConverter, error) {
	c, err := managedfields.NewTypeConverter(schemas, preserveUnknown)
	if err != nil {
		return nil, fmt.Errorf("read schemas: %w", err)
	}
	return c, nil
}
