package sync_test

import (
	"strings"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Everything that the server would refuse is known before anything is written, and what cannot be known yet is told.
func TestRehearse(t *testing.T) { onEach(t, testRehearse) }

func testRehearse(t *testing.T, e *env) {
	e.dropCRD()
	e.dropNamespace("NS-apps")
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(configMap("a", "1"), configMap("old", "1"))))
	badService := "apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: []}\n"
	badHook := strings.Replace(preSync("bad-hook"), "restartPolicy: Never", "restartPolicy: Always", 1)
	p := e.plan(eng, e.desired(docs(configMap("a", "2"), configMap("b", "1"), badService, preSync("good-hook"), badHook, apps, inApps,
		definition(e, "Namespaced", ""), gadget(e, "one", "spec: {size: 1}"))))
	writes := e.c.writes.Load()
	out, err := eng.Rehearse(t.Context(), p)
	var invalid *cluster.InvalidError
	require.ErrorAs(t, err, &invalid)
	for _, text := range []string{"apply Service NS/bad (set.yaml:30)", "spec.ports: Required value", "hook Job NS/bad-hook (set.yaml:50)", "restartPolicy: Required value"} {
		require.ErrorContains(t, err, e.in(text))
	}
	assert.NotContains(t, err.Error(), "good-hook")
	assert.Equal(t, 6, out.Verified, "two ConfigMaps, a hook, a namespace, a definition and a prune")
	assert.Equal(t, []string{e.in("create/ConfigMap/NS-apps/x"), e.in("create/Gadget.NS.example.org/NS/one")}, out.Open)
	assert.Equal(t, writes, e.c.writes.Load()-dryDeletes(p), "nothing is written")
	assert.True(t, e.has("old"))
	assert.Nil(t, e.job("good-hook"))

	// What an earlier run of a hook has left is in nobody's way.
	d := e.desired(docs(preSync("good-hook"), configMap("a", "2")))
	e.sync(eng, d)
	d.Trigger = "again"
	out, err = eng.Rehearse(t.Context(), e.plan(eng, d))
	require.NoError(t, err)
	assert.Equal(t, 1, out.Verified)
	_, err = eng.Rehearse(t.Context(), nil)
	require.ErrorContains(t, err, "there is no plan")
}

// dryDeletes is how many deletions are tried, which the tap counts as writes.
func dryDeletes(p *setsync.Plan) int64 { return int64(p.Summary().Prune) }
