package sync_test

import (
	"strings"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A set is deleted as it was made, backwards, with its hooks before and after, and without what is to be kept.
func TestPlanDelete(t *testing.T) { onEach(t, testPlanDelete) }

func testPlanDelete(t *testing.T, e *env) {
	e.dropCRD()
	e.dropNamespace("NS-apps")
	set := e.desired(docs(
		hookJob("name: before", "argocd.argoproj.io/hook: PreDelete", "works"), hookJob("name: after", "helm.sh/hook: post-delete", "works"),
		preSync("pre"), apps, inApps, configMap("a", "1"), noted("late", "argocd.argoproj.io/sync-wave: '1'", "1"),
		noted("kept", "argocd.argoproj.io/sync-options: Delete=false", "1"), noted("asks", "setpoint.dev/delete: confirm", "1"),
		definition(e, "Namespaced", ""), gadget(e, "one", "spec: {size: 1}"),
	))
	eng := e.engine(nil)
	e.sync(eng, set)
	assert.Nil(t, e.job("before"))

	p, err := eng.PlanDelete(t.Context(), set)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{
		e.in("skip/ConfigMap/NS/kept"): "argocd.argoproj.io/sync-options says Delete=false",
		e.in("skip/ConfigMap/NS/asks"): "setpoint.dev/delete says confirm",
	}, skips(p))
	stored, err := p.MarshalJSON()
	require.NoError(t, err)
	bound, err := eng.Bind(t.Context(), stored, set)
	require.NoError(t, err)
	assert.Equal(t, p.Digest(), bound.Digest())
	got, err := e.finished(eng, bound)
	require.NoError(t, err)
	require.Len(t, got, 8)
	assert.Equal(t, []string{"hook/PreDelete/Job.batch/NS/before", "prune/ConfigMap/NS/late"}, got[:2])
	assert.Equal(t, "hook/PostDelete/Job.batch/NS/after", got[7])
	at := map[string]int{}
	for i, id := range got {
		at[strings.ReplaceAll(id, "."+"NS"+".", ".")] = i
	}
	assert.Less(t, at["prune/ConfigMap/NS-apps/x"], at["prune/Namespace/NS-apps"])
	assert.Len(t, e.record().Members, 2)
	assert.True(t, e.has("kept"))
	assert.False(t, e.has("a"))
	assert.Nil(t, e.record().Operation)

	// Who consents gets the rest. What is brought back runs its hooks again.
	approving := e.engine(func(o *setsync.Options) { o.Approve = func(r cluster.Ref) bool { return r.Name == "asks" } })
	p, err = approving.PlanDelete(t.Context(), setsync.Desired{})
	require.NoError(t, err)
	_, err = setsync.Drain(approving.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Len(t, e.record().Members, 1)
	require.Eventually(t, func() bool { return !e.exists(cluster.Ref{Kind: "Namespace", Name: e.in("NS-apps")}) }, waitFor, tick)
	assert.Equal(t, 1, e.sync(eng, set).Hooks)

	// A hook in a namespace that goes could never run.
	inside := strings.Replace(hookJob("name: after", "helm.sh/hook: post-delete", "works"), "name: after,", "name: after, namespace: NS-apps,", 1)
	_, err = eng.PlanDelete(t.Context(), e.desired(inside))
	require.ErrorIs(t, err, setsync.ErrNamespace)
}

// A hook before the deletion that fails keeps everything.
func TestPlanDeleteFails(t *testing.T) { onEach(t, testPlanDeleteFails) }

func testPlanDeleteFails(t *testing.T, e *env) {
	eng := e.engine(nil)
	set := e.desired(docs(hookJob("name: before", "argocd.argoproj.io/hook: PreDelete", "fails"), configMap("a", "1")))
	e.sync(eng, set)
	p, err := eng.PlanDelete(t.Context(), set)
	require.NoError(t, err)
	_, err = setsync.Drain(eng.Run(t.Context(), p))
	require.ErrorIs(t, err, setsync.ErrUnhealthy)
	assert.True(t, e.has("a"))
	assert.Len(t, e.record().Members, 1)
}
