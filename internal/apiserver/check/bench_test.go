package check_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver/check"
	"github.com/setpoint-dev/setpoint/internal/apiserver/model"
)

// Checks of every object that the rules were learned from, all of them valid.
func BenchmarkObject(b *testing.B) {
	for _, kind := range []string{"ConfigMap", "Service", "Deployment"} {
		b.Run(kind, func(b *testing.B) {
			gvk, obj := valid(b, kind)
			b.ReportAllocs()
			for b.Loop() {
				if errs := check.Object(gvk, obj, nil); len(errs) > 0 {
					b.Fatal(errs)
				}
			}
		})
	}
}

// valid returns a sample of a kind in the form in which it would be stored.
func valid(tb testing.TB, kind string) (schema.GroupVersionKind, map[string]any) {
	tb.Helper()
	for _, o := range samples(tb) {
		if o.kind().Kind != kind {
			continue
		}
		m, ok := model.Builtin(o.kind(), nil)
		require.True(tb, ok)
		obj, _, err := m.Canonical(o, false)
		require.NoError(tb, err)
		m.Default(obj)
		require.Empty(tb, check.Object(o.kind(), obj, nil))
		return o.kind(), obj
	}
	require.Failf(tb, "no sample", "of %s", kind)
	return schema.GroupVersionKind{}, nil
}
