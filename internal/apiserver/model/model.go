package model

import (
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// Model is the shape of one kind at one version. Implementations are safe for concurrent use.
type Model interface {
	// Decode reads a JSON or YAML body. With strict, unknown and duplicate fields are returned; they are dropped either
	// way. An error is a fault of the body, in the words that the real server uses.
	Decode(body []byte, strict bool) (obj map[string]any, dropped []error, err error)
	// Canonical writes obj's values as the server stores them and drops what the shape does not know, which it returns
	// with strict. obj is not changed; it may itself be what is returned when it is canonical.
	Canonical(obj map[string]any, strict bool) (canonical map[string]any, dropped []error, err error)
	// Default fills obj in with the defaults of its kind.
	Default(obj map[string]any)
	// Validate checks values; old is nil for a new object. status says that only the status is written.
	Validate(obj, old map[string]any, status bool) field.ErrorList
	// StrategicMerge returns original with a strategic merge patch applied, or [ErrNoStrategicMerge].
	StrategicMerge(original, patch map[string]any) (map[string]any, error)
	// Converter turns objects into the typed values that field ownership is computed on.
	Converter() (managedfields.TypeConverter, error)
}
