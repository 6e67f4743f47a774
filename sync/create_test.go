package sync_test

import (
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Two sets plan to create the same object. The one that comes second does not overwrite it, not by force either.
func TestCreateDoesNotOverwrite(t *testing.T) { onEach(t, testCreateDoesNotOverwrite) }

func testCreateDoesNotOverwrite(t *testing.T, e *env) {
	for _, force := range []bool{false, true} {
		of := func(name string) *setsync.Engine {
			return setsync.New(e.c, e.named(name), &setsync.Options{Namespace: e.ns, Force: force, Schemas: e.schemas})
		}
		name := map[bool]string{false: "first", true: "second"}[force]
		service := "apiVersion: v1\nkind: Service\nmetadata: {name: " + name + "}\nspec: {ports: [{port: 80}]}\n"
		a, b := of("a"), of("b")
		pa := e.plan(a, e.desired(docs(configMap(name, "1"), service)))
		pb := e.plan(b, e.desired(docs(configMap(name, "2"), service)))
		_, err := setsync.Drain(a.Run(t.Context(), pa))
		require.NoError(t, err)
		r, err := setsync.Drain(b.Run(t.Context(), pb))
		require.ErrorIs(t, err, setsync.ErrStale)
		assert.ErrorContains(t, err, "an object of that name appeared since")
		assert.Equal(t, 2, r.Failed)
		for _, kind := range []string{"ConfigMap", "Service"} {
			assert.Equal(t, e.named("a").ID(), e.get(kind, name).GetLabels()["applyset.kubernetes.io/part-of"])
		}
		assert.Equal(t, "1", e.get("ConfigMap", name).Object["data"].(map[string]any)["key"])

		_, err = b.Plan(t.Context(), e.desired(configMap(name, "2")))
		require.ErrorIs(t, err, setsync.ErrForeign, "and the next plan says whose it is")
	}
}

// What appears in a namespace that the run made itself, such as its default ServiceAccount, was made by the cluster and is
// applied onto.
func TestCreateInOwnNamespace(t *testing.T) { onEach(t, testCreateInOwnNamespace) }

func testCreateInOwnNamespace(t *testing.T, e *env) {
	eng := e.engine(nil)
	p := e.plan(eng, e.desired("apiVersion: v1\nkind: Namespace\nmetadata: {name: NS-own}\n---\n"+
		"apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: default, namespace: NS-own}\nimagePullSecrets: [{name: pull}]\n"))
	ref := cluster.Ref{Kind: "ServiceAccount", Namespace: e.in("NS-own"), Name: "default"}
	warned := 0
	for ev, err := range eng.Run(t.Context(), p) {
		require.NoError(t, err)
		if ev.Type == setsync.Done && ev.Ref.Kind == "Namespace" {
			require.Eventually(t, func() bool {
				_, err := e.c.direct.Get(t.Context(), ref, cluster.GetOptions{})
				return err == nil
			}, waitFor, tick)
		}
		require.NotEqual(t, setsync.Failed, ev.Type, "%v", ev.Err)
		if ev.Type == setsync.Warning {
			warned++
		}
	}
	assert.Equal(t, 1, warned)
	obj, err := e.c.direct.Get(t.Context(), ref, cluster.GetOptions{})
	require.NoError(t, err)
	assert.NotEmpty(t, obj.Object["imagePullSecrets"])
}
