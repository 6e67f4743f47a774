package apply

import (
	"fmt"

	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// TypesOf builds the converter for schemas by name. preserveUnknown is for kinds whose schema does not prune.
func TypesOf(schemas map[string]*spec.Schema, preserveUnknown bool) (managedfields.TypeConverter, error) {
	c, err := managedfields.NewTypeConverter(schemas, preserveUnknown)
	if err != nil {
		return nil, fmt.Errorf("read schemas: %w", err)
	}
	return c, nil
}
