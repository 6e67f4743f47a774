package sync_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
)

// cutAfterApply runs a plan and cuts it when an object has been applied.
func (e *env) cutAfterApply(eng *setsync.Engine, p *setsync.Plan, name string) {
	e.t.Helper()
	ctx, cancel := context.WithCancelCause(e.t.Context())
	defer cancel(nil)
	e.c.around = func(ctx context.Context, op string, ref cluster.Ref, send func() error) error {
		if errors.Is(context.Cause(ctx), errCut) {
			return errCut
		}
		err := send()
		if op == "apply" && ref.Name == name {
			cancel(errCut)
		}
		return err
	}
	_, err := setsync.Drain(eng.Run(ctx, p))
	require.ErrorIs(e.t, err, errCut)
	e.c.around = nil
}

func keySecret(value string) string {
	return "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {key: " + value + "}\n"
}

func postSync(name string) string {
	return hookJob("name: "+name, "argocd.argoproj.io/hook: PostSync", "works")
}

// Hooks that a Secret's change makes due are due until they have run, however the run ends.
func TestHooksStayDue(t *testing.T) { onEach(t, testHooksStayDue) }

func testHooksStayDue(t *testing.T, e *env) {
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(keySecret("one"), postSync("post"))))
	p := e.plan(eng, e.desired(docs(keySecret("two"), postSync("post"))))
	assert.Equal(t, setsync.Summary{Update: 1, Hook: 1}, p.Summary())
	e.cutAfterApply(eng, p, "s")
	p = e.plan(e.engine(nil), e.desired(docs(keySecret("two"), postSync("post"))))
	assert.Equal(t, 1, p.Summary().Hook, "%s", p)
	assert.Equal(t, 1, e.sync(e.engine(nil), e.desired(docs(keySecret("two"), postSync("post")))).Hooks)

	// A state without hooks in between makes that with them another one.
	e.sync(eng, e.desired(keySecret("two")))
	assert.Equal(t, 1, e.plan(eng, e.desired(docs(keySecret("two"), postSync("post")))).Summary().Hook)
}

// A sync of some objects leaves a whole one that was cut off where it is.
func TestSelectionBetweenTwoHalves(t *testing.T) { onEach(t, testSelectionBetweenTwoHalves) }

func testSelectionBetweenTwoHalves(t *testing.T, e *env) {
	eng := e.engine(nil)
	set := e.desired(docs(preSync("pre"), configMap("a", "1"), noted("b", "argocd.argoproj.io/sync-wave: '1'", "1"), postSync("post")))
	e.cutAfterApply(eng, e.plan(eng, set), "a")
	uid := e.job("pre").GetUID()
	some := set
	some.Only = setsync.Selection{Globs: []string{"ConfigMap/b"}}
	e.sync(e.engine(nil), some)
	assert.True(t, e.has("b"))
	r := e.sync(e.engine(nil), set)
	assert.Equal(t, 1, r.Hooks, "only the last one was left to run")
	assert.Equal(t, uid, e.job("pre").GetUID())
	assert.True(t, e.plan(eng, set).Empty())
}

// A hook that does not run has not done its work.
func TestHookThatIsSuspended(t *testing.T) { onEach(t, testHookThatIsSuspended) }

func testHookThatIsSuspended(t *testing.T, e *env) {
	job := strings.Replace(preSync("held"), "spec: {backoffLimit", "spec: {suspend: true, backoffLimit", 1)
	eng := e.engine(func(o *setsync.Options) { o.Deadline = 2 * time.Second })
	_, err := e.finished(eng, e.plan(eng, e.desired(docs(job, configMap("a", "1")))))
	require.ErrorIs(t, err, setsync.ErrUnhealthy)
	require.ErrorContains(t, err, "suspended")
	assert.False(t, e.has("a"))
}

// What another tool's hook still does is not broken off; what has ended gives way.
func TestHookOfAnotherTool(t *testing.T) { onEach(t, testHookOfAnotherTool) }

func testHookOfAnotherTool(t *testing.T, e *env) {
	running := e.desired(strings.Replace(hookJob("name: x, namespace: NS", "helm.sh/hook: pre-upgrade", "works"), "spec: {backoffLimit", "spec: {suspend: true, backoffLimit", 1)).Objects[0]
	_, err := e.c.direct.Create(t.Context(), running, cluster.WriteOptions{Manager: "helm"})
	require.NoError(t, err)
	eng := e.engine(nil)
	set := e.desired(docs(hookJob("name: x", "helm.sh/hook: pre-upgrade", "works"), configMap("a", "1")))
	_, err = e.finished(eng, e.plan(eng, set))
	require.ErrorContains(t, err, "a hook of that name is there that another tool runs; it is left alone until it has ended")
	uid := e.job("x").GetUID()
	_, err = e.c.direct.Patch(t.Context(), cluster.RefOf(e.job("x")), cluster.Patch{Type: types.MergePatchType, Data: []byte(`{"spec":{"suspend":false}}`)}, cluster.WriteOptions{Manager: "helm"})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return succeeded(e.job("x")) }, waitFor, tick)
	e.sync(eng, set)
	assert.NotEqual(t, uid, e.job("x").GetUID())

	// The hook of another set of ours is nobody else's.
	inv := e.named("other")
	other := setsync.New(e.c, inv, &setsync.Options{Namespace: e.ns, Schemas: e.schemas})
	p, err := other.Plan(t.Context(), e.desired(docs(hookJob("name: x", "helm.sh/hook: pre-upgrade", "works"), configMap("other", "1"))))
	require.NoError(t, err)
	_, err = setsync.Drain(other.Run(t.Context(), p))
	require.ErrorIs(t, err, setsync.ErrForeign)
}

// An object of the set that becomes a hook makes room for it.
func TestMemberThatBecomesAHook(t *testing.T) { onEach(t, testMemberThatBecomesAHook) }

func testMemberThatBecomesAHook(t *testing.T, e *env) {
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(strings.Replace(preSync("mig"), "argocd.argoproj.io/hook: PreSync", "example.com/note: x", 1), configMap("a", "1"))))
	uid := e.job("mig").GetUID()
	set := e.desired(docs(preSync("mig"), configMap("a", "1")))
	e.sync(eng, set)
	assert.NotEqual(t, uid, e.job("mig").GetUID())
	assert.Len(t, e.record().Members, 1)
	assert.True(t, e.plan(eng, set).Empty())
}

// Hooks whose time is another do not trouble a sync, whatever their names; those that are Secrets need a key.
func TestHooksOfOtherTimes(t *testing.T) { onEach(t, testHooksOfOtherTimes) }

func testHooksOfOtherTimes(t *testing.T, e *env) {
	eng := e.engine(nil)
	set := e.desired(docs(hookJob("generateName: bye-", "argocd.argoproj.io/hook: PreDelete", "works"), hookJob("generateName: test-", "helm.sh/hook: test", "works"), configMap("a", "1")))
	e.sync(eng, set)
	p, err := eng.PlanDelete(t.Context(), set)
	require.NoError(t, err)
	r, err := setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Equal(t, 1, r.Hooks)
	p, err = eng.PlanDelete(t.Context(), set)
	require.NoError(t, err)
	assert.True(t, p.Empty(), "what is gone needs no more hooks: %s", p)

	content := func(v string) setsync.Desired {
		return e.desired(docs("apiVersion: v1\nkind: Secret\nmetadata: {name: h, annotations: {helm.sh/hook: pre-upgrade}}\nstringData: {key: "+v+"}\n", configMap("a", "1")))
	}
	_, err = eng.Plan(t.Context(), content("one"))
	require.ErrorContains(t, err, "a hook that is a Secret needs Options.Key")
	keyed := e.engine(func(o *setsync.Options) { o.Key = []byte("k") })
	stored, err := e.plan(keyed, content("one")).MarshalJSON()
	require.NoError(t, err)
	_, err = keyed.Bind(t.Context(), stored, content("two"))
	require.ErrorIs(t, err, setsync.ErrStale)
	e.sync(keyed, content("one"))
	assert.Equal(t, 1, e.plan(keyed, content("two")).Summary().Hook)
}

// What hooks need, and what objects that stay depend on, stays.
func TestNeededIsKept(t *testing.T) { onEach(t, testNeededIsKept) }

func testNeededIsKept(t *testing.T, e *env) {
	e.dropNamespace("NS-apps")
	eng := e.engine(nil)
	hook := strings.Replace(postSync("in"), "name: in,", "name: in, namespace: NS-apps,", 1)
	e.sync(eng, e.desired(docs(apps, hook, configMap("a", "1"))))
	p := e.plan(eng, e.desired(docs(hook, configMap("a", "2"))))
	assert.Equal(t, map[string]string{e.in("skip/Namespace/NS-apps"): e.in("it holds Job NS-apps/in, which is desired")}, skips(p))

	e2 := e.fresh()
	eng = e2.engine(nil)
	e2.sync(eng, e2.desired(docs(configMap("base", "1"), noted("kept", "setpoint.dev/delete: 'false', config.kubernetes.io/depends-on: /namespaces/NS/ConfigMap/base", "1"),
		noted("hook", "argocd.argoproj.io/hook: PreDelete, config.kubernetes.io/depends-on: /namespaces/NS/ConfigMap/base", "1"))))
	p, err := eng.PlanDelete(t.Context(), e2.desired(noted("hook", "argocd.argoproj.io/hook: PreDelete, config.kubernetes.io/depends-on: /namespaces/NS/ConfigMap/base", "1")))
	require.NoError(t, err)
	assert.Equal(t, map[string]string{
		e2.in("skip/ConfigMap/NS/kept"): "setpoint.dev/delete says false", e2.in("skip/ConfigMap/NS/base"): e2.in("ConfigMap NS/kept depends on it and is kept"),
	}, skips(p))
}

// Who goes on with a deletion waits for what is on its way out before what that depends on goes.
func TestDeletionKeepsItsOrder(t *testing.T) { onEach(t, testDeletionKeepsItsOrder) }

func testDeletionKeepsItsOrder(t *testing.T, e *env) {
	eng := e.engine(func(o *setsync.Options) { o.Deadline = 2 * time.Second })
	fin := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fin, finalizers: [example.com/wait], annotations: {config.kubernetes.io/depends-on: /namespaces/NS/ConfigMap/oper}}\n"
	e.sync(eng, e.desired(docs(configMap("oper", "1"), fin)))
	for range 2 {
		p, err := eng.PlanDelete(t.Context(), setsync.Desired{})
		require.NoError(t, err)
		assert.Equal(t, 2, p.Summary().Prune, "%s", p)
		_, err = setsync.Drain(eng.Run(t.Context(), p))
		require.ErrorContains(t, err, "look at its finalizers")
		assert.True(t, e.has("oper"))
	}
	_, err := e.c.direct.Patch(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: "fin"}, cluster.Patch{Type: types.MergePatchType, Data: []byte(`{"metadata":{"finalizers":null}}`)}, cluster.WriteOptions{Manager: "test"})
	require.NoError(t, err)
	p, err := eng.PlanDelete(t.Context(), setsync.Desired{})
	require.NoError(t, err)
	_, err = setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.False(t, e.has("oper"))
	assert.Empty(t, e.record().Members)
}
