package check_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"

	known "github.com/setpoint-dev/setpoint/internal/samples"
)

// object is one that the server accepts.
type object map[string]any

func (o object) kind() schema.GroupVersionKind {
	version, _ := o["apiVersion"].(string)
	kind, _ := o["kind"].(string)
	return schema.FromAPIVersionAndKind(version, kind)
}

func (o object) meta() map[string]any {
	m, _ := o["metadata"].(map[string]any)
	return m
}

// samples returns the objects that the rules were learned from.
func samples(t testing.TB) []object {
	t.Helper()
	all, err := known.Read()
	require.NoError(t, err)
	out := make([]object, len(all))
	for i, obj := range all {
		out[i] = obj
	}
	return out
}

// resource is the plural of a kind of the samples.
func resource(kind string) string {
	kind = strings.ToLower(kind)
	switch {
	case kind == "endpoints":
		return kind
	case strings.HasSuffix(kind, "ss"):
		return kind + "es"
	case strings.HasSuffix(kind, "y"):
		return strings.TrimSuffix(kind, "y") + "ies"
	}
	return kind + "s"
}
