package schema_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/schema"
	"github.com/setpoint-dev/setpoint/internal/schema/embedded"
)

// What the registries say of a kind is what a real server's discovery says.
func TestFactsAgreeWithDiscovery(t *testing.T) {
	complete := 0
	for _, f := range schema.AllFacts() {
		resources, ok := embedded.Resources(apischema.GroupVersion{Group: f.Group, Version: f.Version})
		require.True(t, ok, f.Kind)
		var found *metav1.APIResource
		subresources := map[string]bool{}
		for _, r := range resources {
			if r.Name == f.Resource {
				found = &r
			}
			subresources[r.Name] = true
		}
		if !assert.NotNil(t, found, f.Kind) {
			continue
		}
		assert.Equal(t, f.Kind, found.Kind)
		assert.Equal(t, f.Namespaced, found.Namespaced, f.Kind)
		assert.ElementsMatch(t, f.ShortNames, found.ShortNames, f.Kind)
		assert.ElementsMatch(t, f.Categories, found.Categories, f.Kind)
		assert.Equal(t, subresources[f.Resource+"/status"], len(f.StatusReset) > 0, "%s has a status", f.Kind)
		if f.Complete {
			complete++
		}
	}
	assert.Equal(t, 40, complete)
}

func TestFactsOfAnUnknownKind(t *testing.T) {
	_, ok := schema.FactsOf("example.com", "Widget")
	assert.False(t, ok)
}
