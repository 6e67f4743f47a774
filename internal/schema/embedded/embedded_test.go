package embedded_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/schema/embedded"
)

// Every group version unpacks, and every resource's kind has a schema in the same group's documents.
func TestEveryResourceHasASchema(t *testing.T) {
	versions := embedded.GroupVersions()
	require.Greater(t, len(versions), 30)
	kinds := map[string]bool{}
	for _, gv := range versions {
		raw, ok := embedded.OpenAPI(gv)
		require.True(t, ok, gv)
		var doc struct {
			Components struct {
				Schemas map[string]struct {
					GVK []struct{ Group, Version, Kind string } `json:"x-kubernetes-group-version-kind"`
				}
			}
			Paths map[string]any
		}
		require.NoError(t, json.Unmarshal(raw, &doc), gv)
		assert.NotEmpty(t, doc.Paths, gv)
		assert.NotContains(t, string(raw), `/watch/`, gv)
		for _, s := range doc.Components.Schemas {
			for _, k := range s.GVK {
				kinds[fmt.Sprintf("%s/%s %s", k.Group, k.Version, k.Kind)] = true
			}
		}
	}
	for _, gv := range versions {
		resources, ok := embedded.Resources(gv)
		require.True(t, ok, gv)
		require.NotEmpty(t, resources, gv)
		for _, r := range resources {
			if strings.HasSuffix(r.Kind, "Options") {
				continue // The query parameters of a connection, not a document.
			}
			group, version := gv.Group, gv.Version
			if r.Group != "" || r.Version != "" {
				group, version = r.Group, r.Version
			}
			assert.True(t, kinds[fmt.Sprintf("%s/%s %s", group, version, r.Kind)], "%s %s %s", gv, r.Name, r.Kind)
		}
	}
}

func TestResourcesKeepWhatClientsNeed(t *testing.T) {
	resources, ok := embedded.Resources(schema.GroupVersion{Group: "apps", Version: "v1"})
	require.True(t, ok)
	for _, r := range resources {
		if r.Name == "deployments" {
			assert.Equal(t, []string{"deploy"}, r.ShortNames)
			assert.Equal(t, []string{"all"}, r.Categories)
			assert.Equal(t, "deployment", r.SingularName)
			assert.True(t, r.Namespaced)
			assert.Contains(t, r.Verbs, "watch")
			return
		}
	}
	t.Fatal("no deployments")
}

func TestUnknownGroupVersion(t *testing.T) {
	_, ok := embedded.OpenAPI(schema.GroupVersion{Group: "example.com", Version: "v1"})
	assert.False(t, ok)
	_, ok = embedded.Resources(schema.GroupVersion{Group: "apps", Version: "v1beta1"})
	assert.False(t, ok)
}

func ExampleGroupVersions() {
	for _, gv := range embedded.GroupVersions() {
		if strings.HasPrefix(gv.Group, "autoscaling") {
			fmt.Println(gv)
		}
	}
	// Output:
	// autoscaling/v2
	// autoscaling/v1
}
