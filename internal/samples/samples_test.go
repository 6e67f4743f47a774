package samples_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/samples"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

func newDeck(t *testing.T) (*samples.Deck, *schema.Set) {
	t.Helper()
	objects, err := samples.ReadMore()
	require.NoError(t, err)
	set := schema.New(nil)
	deck, err := samples.NewDeck(set, objects)
	require.NoError(t, err)
	return deck, set
}

func complete() []kschema.GroupVersionKind {
	var out []kschema.GroupVersionKind
	for _, f := range schema.AllFacts() {
		if f.Complete {
			out = append(out, kschema.GroupVersionKind{Group: f.Group, Version: f.Version, Kind: f.Kind})
		}
	}
	slices.SortFunc(out, func(a, b kschema.GroupVersionKind) int { return slices.Compare([]string{a.Kind}, []string{b.Kind}) })
	return out
}

// Every complete kind has samples; what is made of them fits and is something else.
func TestVariationsFit(t *testing.T) {
	deck, _ := newDeck(t)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for _, gvk := range complete() {
		others := 0
		for range 20 {
			obj := deck.Draw(r, gvk, "")
			require.NotNil(t, obj, gvk.Kind)
			require.True(t, deck.Fits(gvk, obj), gvk.Kind)
			varied := deck.Vary(r, gvk, obj, &samples.Variation{Steps: 12})
			require.True(t, deck.Fits(gvk, varied), "%s: %v", gvk.Kind, varied)
			if !assert.ObjectsAreEqual(obj, varied) {
				others++
			}
		}
		assert.Positive(t, others, gvk.Kind)
	}
}

// A thin variation has nothing that the object has not, and what is kept is kept.
func TestVariationsAreLimited(t *testing.T) {
	deck, _ := newDeck(t)
	r := rand.New(rand.NewPCG(1, 0))
	gvk := kschema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}
	obj := deck.Draw(r, gvk, "spec.template.spec.containers[].livenessProbe.periodSeconds")
	before := obj["spec"].(map[string]any)["selector"]
	keep := func(path []string) bool { return len(path) > 1 && path[1] == "selector" || len(path) == 1 }
	for range 50 {
		thin := deck.Vary(r, gvk, obj, &samples.Variation{Steps: 30, Thin: true, Keep: keep})
		assert.Equal(t, before, thin["spec"].(map[string]any)["selector"])
		assert.LessOrEqual(t, size(thin), size(obj))
	}
}

func size(v any) int {
	n := 1
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			n += size(e)
		}
	case []any:
		for _, e := range v {
			n += size(e)
		}
	}
	return n
}

// What reaches a place has it filled in.
func TestReach(t *testing.T) {
	deck, set := newDeck(t)
	r := rand.New(rand.NewPCG(1, 0))
	gvk := kschema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "DaemonSet"}
	kind := set.Kinds(gvk)[0]
	small := map[string]any{
		"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": map[string]any{"name": "x"},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": map[string]any{"a": "b"}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"a": "b"}},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "c", "image": "i"}}},
			},
		},
	}
	for _, place := range []string{
		"spec.updateStrategy.type", "spec.template.spec.volumes[].secret.defaultMode", "spec.template.spec.containers[].ports[].protocol",
		"spec.template.spec.containers[].livenessProbe.httpGet.scheme",
	} {
		assert.Contains(t, samples.Defaulted(kind), place)
		obj, ok := deck.Reach(r, gvk, small, place)
		require.True(t, ok, place)
		assert.Contains(t, samples.Filled(kind, obj), place)
	}
	_, ok := deck.Reach(r, gvk, small, "spec.nothing[].more")
	assert.False(t, ok)
}

func TestLists(t *testing.T) {
	_, set := newDeck(t)
	kind := set.Kinds(kschema.GroupVersionKind{Version: "v1", Kind: "Service"})[0]
	types := samples.Lists(kind)
	assert.Equal(t, "map of port, protocol", types["spec.ports"])
	assert.Equal(t, "atomic", types["spec.externalIPs"])
	assert.Equal(t, "set", types["metadata.finalizers"])
	assert.NotContains(t, types, "status.conditions")
	obj := map[string]any{"spec": map[string]any{"ports": []any{map[string]any{"port": int64(1)}}, "externalIPs": []any{}}}
	assert.Equal(t, []string{"spec.ports"}, samples.Listed(kind, obj))
}
