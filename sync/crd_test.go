package sync_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// definition is a CustomResourceDefinition in a group of the test's own.
func definition(e *env, scope, extra string) string {
	return fmt.Sprintf(`
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: gadgets.%[1]s.example.org, annotations: {%[3]s}}
spec:
  group: %[1]s.example.org
  scope: %[2]s
  names: {plural: gadgets, singular: gadget, kind: Gadget, listKind: GadgetList}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec: {type: object, properties: {size: {type: integer}, colour: {type: string, default: red}}}
`, e.ns, scope, extra)
}

func gadget(e *env, name, body string) string {
	return fmt.Sprintf("apiVersion: %s.example.org/v1\nkind: Gadget\nmetadata: {name: %s}\n%s\n", e.ns, name, body)
}

func (e *env) dropCRD() {
	e.t.Cleanup(func() {
		ref := cluster.Ref{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition", Name: "gadgets." + e.ns + ".example.org"}
		_ = e.c.direct.Delete(context.WithoutCancel(e.t.Context()), ref, cluster.DeleteOptions{})
	})
}

// A definition and objects of its kind go in at the first try, whatever waves they name, and leave in reverse.
func TestDefinitionAndItsObjectsAtOnce(t *testing.T) { onEach(t, testDefinitionAndItsObjectsAtOnce) }

func testDefinitionAndItsObjectsAtOnce(t *testing.T, e *env) {
	e.dropCRD()
	eng := e.engine(nil)
	all := docs(gadget(e, "one", "spec: {size: 1}"), definition(e, "Namespaced", `argocd.argoproj.io/sync-wave: "5"`), gadget(e, "two", "spec: {size: 2}"), configMap("a", "1"))
	p := e.plan(eng, e.desired(all))
	crd, group := "gadgets."+e.ns+".example.org", e.ns+".example.org"
	assert.Equal(t, []string{
		e.in("create/ConfigMap/NS/a"),
		"create/CustomResourceDefinition.apiextensions.k8s.io/" + crd,
		"gate/served/" + crd,
		"create/Gadget." + group + "/" + e.ns + "/one",
		"create/Gadget." + group + "/" + e.ns + "/two",
	}, ids(p))
	steps := p.Steps()
	assert.Equal(t, []string{steps[1].ID}, steps[2].Needs)
	assert.Equal(t, []string{steps[2].ID}, steps[3].Needs)
	r, err := setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Equal(t, 4, r.Created)
	assert.Len(t, e.record().Members, 4)
	p = e.plan(eng, e.desired(all))
	assert.True(t, p.Empty(), p.String())

	p = e.plan(eng, e.desired(configMap("a", "1")))
	assert.Equal(t, []string{
		"prune/Gadget." + group + "/" + e.ns + "/two",
		"prune/Gadget." + group + "/" + e.ns + "/one",
		"prune/CustomResourceDefinition.apiextensions.k8s.io/" + crd,
	}, ids(p))
	assert.ElementsMatch(t, []string{p.Steps()[0].ID, p.Steps()[1].ID}, p.Steps()[2].Needs)
	r, err = setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Equal(t, 3, r.Pruned)
	assert.True(t, e.plan(eng, e.desired(configMap("a", "1"))).Empty())
}

// The scope of a kind that is not served yet is what its definition says.
func TestScopeFromDefinition(t *testing.T) { onEach(t, testScopeFromDefinition) }

func testScopeFromDefinition(t *testing.T, e *env) {
	e.dropCRD()
	_, err := e.engine(nil).Plan(t.Context(), e.desired(docs(definition(e, "Cluster", ""), strings.Replace(gadget(e, "one", ""), "{name: one", "{name: one, namespace: NS", 1))))
	assert.ErrorIs(t, err, setsync.ErrNamespace)
	r := e.sync(e.engine(nil), e.desired(docs(definition(e, "Cluster", ""), gadget(e, "one", "spec: {size: 1}"))))
	assert.Equal(t, 2, r.Created)
}

// A definition that grows a field and an object that uses it go in at once, too.
func TestDefinitionGrowsWithItsObjects(t *testing.T) { onEach(t, testDefinitionGrowsWithItsObjects) }

func testDefinitionGrowsWithItsObjects(t *testing.T, e *env) {
	e.dropCRD()
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(definition(e, "Namespaced", ""), gadget(e, "one", "spec: {size: 1}"))))
	grown := strings.Replace(definition(e, "Namespaced", ""), "size: {type: integer}", "size: {type: integer}, weight: {type: integer}", 1)
	d := e.desired(docs(grown, gadget(e, "one", "spec: {size: 1, weight: 7}")))
	p := e.plan(eng, d)
	require.Len(t, p.Steps(), 2, p.String())
	assert.Equal(t, []string{p.Steps()[0].ID}, p.Steps()[1].Needs)
	_, err := setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	obj, err := e.c.direct.Get(t.Context(), cluster.Ref{Group: e.ns + ".example.org", Kind: "Gadget", Namespace: e.ns, Name: "one"}, cluster.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"size": int64(1), "weight": int64(7), "colour": "red"}, obj.Object["spec"])
	p = e.plan(eng, d)
	assert.True(t, p.Empty(), p.String())
}

// A definition that grows a version and an object written in it go in at once; the object is the one that was there.
func TestDefinitionGrowsAVersion(t *testing.T) { onEach(t, testDefinitionGrowsAVersion) }

func testDefinitionGrowsAVersion(t *testing.T, e *env) {
	e.dropCRD()
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(definition(e, "Namespaced", ""), gadget(e, "one", "spec: {size: 1}"))))
	before := e.record().Members
	grown := definition(e, "Namespaced", "")
	at := strings.Index(grown, "  - name: v1\n")
	grown += strings.Replace(strings.Replace(grown[at:], "name: v1", "name: v2", 1), "storage: true", "storage: false", 1)
	d := e.desired(docs(grown, strings.Replace(gadget(e, "one", "spec: {size: 2}"), "/v1", "/v2", 1), strings.Replace(gadget(e, "two", "spec: {size: 2}"), "/v1", "/v2", 1)))
	p := e.plan(eng, d)
	assert.Equal(t, setsync.Summary{Update: 2, Create: 1}, p.Summary(), p.String())
	r, err := setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Empty(t, r.Warnings)
	p = e.plan(eng, d)
	assert.True(t, p.Empty(), p.String())
	for _, m := range before {
		assert.Contains(t, e.record().Members, m)
	}
}

// A namespace comes before what is in it, and goes after it.
func TestNamespaceHoldsItsObjects(t *testing.T) { onEach(t, testNamespaceHoldsItsObjects) }

func testNamespaceHoldsItsObjects(t *testing.T, e *env) {
	ns := "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS-inner, annotations: {setpoint.dev/sync-wave: \"9\"}}\n"
	inner := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: NS-inner}\n"
	eng := e.engine(nil)
	d := e.desired(docs(inner, ns, configMap("b", "1")))
	p := e.plan(eng, d)
	assert.Equal(t, []string{"create/Namespace/" + e.ns + "-inner", "create/ConfigMap/" + e.ns + "/b", "create/ConfigMap/" + e.ns + "-inner/a"}, ids(p))
	assert.Equal(t, []string{ids(p)[0]}, p.Steps()[2].Needs)
	_, err := setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.True(t, e.plan(eng, d).Empty())

	p = e.plan(eng, e.desired(configMap("b", "1")))
	assert.Equal(t, []string{"prune/ConfigMap/" + e.ns + "-inner/a", "prune/Namespace/" + e.ns + "-inner"}, ids(p))
	assert.Equal(t, []string{ids(p)[0]}, p.Steps()[1].Needs)
	r, err := setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Equal(t, 2, r.Pruned)

	// It may take its time to go; a new one is made when it is gone.
	p = e.plan(eng, d)
	assert.Equal(t, 2, p.Summary().Create, p.String())
	r, err = setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Equal(t, 2, r.Created)
	assert.True(t, e.plan(eng, d).Empty())
}
