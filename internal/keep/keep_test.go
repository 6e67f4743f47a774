package keep_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/internal/keep"
)

func TestAsked(t *testing.T) {
	tests := []struct{ key, value, want string }{
		{"argocd.argoproj.io/sync-options", "Replace=true, Prune=false", "argocd.argoproj.io/sync-options says Prune=false"},
		{"argocd.argoproj.io/sync-options", "Delete=confirm", "argocd.argoproj.io/sync-options says Delete=confirm"},
		{"argocd.argoproj.io/sync-options", "Prune=true", ""},
		{"helm.sh/resource-policy", "keep", "helm.sh/resource-policy says keep"},
		{"helm.sh/resource-policy", "delete", ""},
		{"kustomize.toolkit.fluxcd.io/prune", "disabled", "kustomize.toolkit.fluxcd.io/prune says disabled"},
		{"example.org/prune", "disabled", ""},
	}
	for _, test := range tests {
		obj := &unstructured.Unstructured{Object: map[string]any{}}
		obj.SetAnnotations(map[string]string{test.key: test.value})
		assert.Equal(t, test.want, keep.Asked(obj), "%s=%s", test.key, test.value)
	}
	assert.Empty(t, keep.Asked(&unstructured.Unstructured{Object: map[string]any{}}))
}
