package sync_test

import (
	"testing"

	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A definition of the kind of definitions does not wait for itself: the server gets to say what it thinks of it.
func TestDefinitionOfDefinitions(t *testing.T) { onEach(t, testDefinitionOfDefinitions) }

func testDefinitionOfDefinitions(t *testing.T, e *env) {
	const id = "create/CustomResourceDefinition.apiextensions.k8s.io/customresourcedefinitions.apiextensions.k8s.io"
	p := e.plan(e.engine(nil), e.desired(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: customresourcedefinitions.apiextensions.k8s.io}
spec:
  group: apiextensions.k8s.io
  scope: Cluster
  names: {kind: CustomResourceDefinition, plural: customresourcedefinitions}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]
`))
	require.Equal(t, []string{id}, ids(p))
	assert.Empty(t, p.Steps()[0].Needs)
	r, err := setsync.Drain(e.engine(nil).Run(t.Context(), p))
	assert.ErrorContains(t, err, "api-approved.kubernetes.io", "the server's own words")
	assert.Equal(t, 1, r.Failed)
}
