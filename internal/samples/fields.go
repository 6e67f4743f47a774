package samples

import (
	"slices"
	"strings"
	"sync"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// fields holds what fieldsOf was asked for.
var fields sync.Map

// fieldsOf returns the fields of a type in the order of their names.
func fieldsOf(model string) []schema.Field {
	if known, ok := fields.Load(model); ok {
		return known.([]schema.Field)
	}
	known, _ := fields.LoadOrStore(model, schema.FieldsOf(model))
	return known.([]schema.Field)
}

// fieldOf returns a field of a type by its name.
func fieldOf(model, name string) (schema.Field, bool) {
	all := fieldsOf(model)
	i, ok := slices.BinarySearchFunc(all, name, func(f schema.Field, name string) int { return strings.Compare(f.Name, name) })
	if !ok {
		return schema.Field{}, false
	}
	return all[i], true
}
