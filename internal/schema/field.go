package schema

import (
	"maps"
	"slices"
)

// Field is what the tables know of one field of a native structure.
type Field struct {
	// Name is the field's name in JSON.
	Name string
	// Kind is how a value is kept: struct, string, bool, int, int32, float, quantity, milli, intstr, time, microtime, duration, bytes or
	// raw. Model names the structure of a struct.
	Kind, Model string
	// In is "list" or "map" when the field holds elements, which Kind and Model are about.
	In string
	// Pointer says that the type tells an empty value from none.
	Pointer bool
	// Default is what a server puts in the place of nothing, nil for no default. It must not be changed.
	Default any
}

// FieldsOf returns the fields of a native structure by its name in OpenAPI, in the order of their names. It is empty for one that the
// tables do not hold.
func FieldsOf(model string) []Field {
	m := table().model(model)
	out := make([]Field, 0, len(m))
	for _, name := range slices.Sorted(maps.Keys(m)) {
		f := m[name]
		out = append(out, Field{Name: name, Kind: f.Kind, Model: f.Model, In: f.In, Pointer: f.Pointer, Default: f.Default})
	}
	return out
}

// Model names the structure of a native kind's objects as OpenAPI does. It is empty for other kinds.
func (k *Kind) Model() string { return k.model }
