package apply_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/internal/apiserver/apply"
)

// Old times come back where they are all that differs, and only there.
func TestIgnoreTimes(t *testing.T) {
	object := func(time, manager, label string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"kind": "ConfigMap", "metadata": map[string]any{
			"labels": map[string]any{"a": label},
			"managedFields": []any{
				map[string]any{"manager": "first", "time": "2026-01-01T00:00:00Z"},
				map[string]any{"manager": manager, "time": time, "fieldsV1": map[string]any{"f:data": map[string]any{}}},
			},
		}}}
	}
	const before, after = "2026-01-01T00:00:00Z", "2026-01-01T00:00:09Z"
	tests := []struct {
		name     string
		obj, old *unstructured.Unstructured
		kept     bool
	}{
		{"another time", object(after, "m", "x"), object(before, "m", "x"), true},
		{"another manager", object(after, "n", "x"), object(before, "m", "x"), false},
		{"another label", object(after, "m", "y"), object(before, "m", "x"), false},
		{"no account before", object(after, "m", "x"), &unstructured.Unstructured{Object: map[string]any{"kind": "ConfigMap"}}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			want, old := test.obj.DeepCopy(), test.old.DeepCopy()
			if test.kept {
				want = old
			}
			apply.IgnoreTimes(test.obj, test.old)
			assert.Equal(t, want, test.obj)
			assert.Equal(t, old, test.old)
		})
	}
}
