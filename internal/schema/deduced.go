package schema

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/structured-merge-diff/v4/typed"
)

// Deduced returns a kind of which no more is known than its objects show: maps are divided into fields, lists are one value.
func Deduced(gvk schema.GroupVersionKind) *Kind {
	return &Kind{GVK: gvk, Type: typed.DeducedParseableType}
}
