package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// The facts that the repository carries are those that the registries show now.
func TestFactsAreCurrent(t *testing.T) {
	found, err := probe()
	require.NoError(t, err)
	complete := 0
	for _, want := range found {
		got, ok := schema.FactsOf(want.Group, want.Kind)
		if !assert.True(t, ok, "%s: run go generate in internal/schema", want.Kind) {
			continue
		}
		assert.JSONEq(t, text(t, want), text(t, *got), "%s: run go generate in internal/schema", want.Kind)
		if want.Complete {
			complete++
		}
	}
	assert.Equal(t, 40, complete)
}

func text(t *testing.T, f schema.Facts) string {
	data, err := json.Marshal(f)
	require.NoError(t, err)
	return string(data)
}

// A refusal is one of the change: the same value in a new object is taken. What the facts say of a few kinds, by hand.
func TestFactsSayWhatIsKnown(t *testing.T) {
	known := func(group, kind string) *schema.Facts {
		f, ok := schema.FactsOf(group, kind)
		require.True(t, ok, kind)
		return f
	}
	assert.Equal(t, []schema.Frozen{{Path: []string{"spec", "selector"}, Message: "field is immutable"}}, known("apps", "Deployment").Frozen[base])
	assert.Equal(t, [][]string{{"metadata", "annotations"}, {"spec"}}, known("apps", "Deployment").Generation)
	assert.Equal(t, "Orphan", known("batch", "Job").Propagation)
	assert.Equal(t, []string{"deploy"}, known("apps", "Deployment").ShortNames)
	assert.False(t, known("coordination.k8s.io", "Lease").Unconditional)
	assert.Contains(t, known("", "Service").Allocated, []string{"spec", "ports", "*", "nodePort"})
	assert.Zero(t, known("storage.k8s.io", "CSIDriver").NewGeneration)
	assert.Equal(t, [][]string{{"spec"}}, known("storage.k8s.io", "CSIDriver").Generation)
	assert.EqualValues(t, 1, known("scheduling.k8s.io", "PriorityClass").NewGeneration)
	assert.Empty(t, known("scheduling.k8s.io", "PriorityClass").Generation)
}
