package sync_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/health"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// hookJob is a Job that does its work, or with the word "fails" does not.
func hookJob(name, notes, fate string) string {
	pod := ""
	if fate == "fails" {
		pod = "metadata: {annotations: {sim.setpoint.dev/fail: crash-loop}}, "
	}
	return fmt.Sprintf("apiVersion: batch/v1\nkind: Job\nmetadata: {%s, annotations: {%s}}\nspec: {backoffLimit: 0, template: {%sspec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}\n", name, notes, pod)
}

func preSync(name string) string {
	return hookJob("name: "+name, "argocd.argoproj.io/hook: PreSync", "works")
}

func (e *env) job(name string) *unstructured.Unstructured {
	e.t.Helper()
	obj, err := e.c.direct.Get(e.t.Context(), cluster.Ref{Group: "batch", Kind: "Job", Namespace: e.ns, Name: name}, cluster.GetOptions{})
	if errors.Is(err, cluster.ErrNotFound) {
		return nil
	}
	require.NoError(e.t, err)
	return obj
}

// finished lists the steps of a run in the order in which they succeeded, without gates and with NS for the namespace.
func (e *env) finished(eng *setsync.Engine, p *setsync.Plan) (steps []string, faults error) {
	for ev, err := range eng.Run(e.t.Context(), p) {
		switch {
		case err != nil:
			return steps, errors.Join(faults, err)
		case ev.Type == setsync.Done && ev.Action != setsync.Gate:
			steps = append(steps, strings.ReplaceAll(ev.Step, e.ns, "NS"))
		case ev.Type == setsync.Failed:
			faults = errors.Join(faults, ev.Err)
		}
	}
	return steps, faults
}

// Hooks run at their times, wave after wave, each to its end before what comes after begins.
func TestHooks(t *testing.T) { onEach(t, testHooks) }

func testHooks(t *testing.T, e *env) {
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(configMap("a", "0"), configMap("old", "0"))))
	set := docs(
		hookJob("name: post", "helm.sh/hook: post-upgrade", "works"),
		hookJob("name: second", "argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/sync-wave: '1'", "works"),
		hookJob("name: first", "helm.sh/hook: pre-install, helm.sh/hook-weight: '-1'", "works"),
		hookJob("name: between", "argocd.argoproj.io/hook: Sync, argocd.argoproj.io/sync-wave: '1'", "works"),
		hookJob("name: alarm", "argocd.argoproj.io/hook: SyncFail", "works"),
		hookJob("name: never", "argocd.argoproj.io/hook: PostDelete", "works"),
		configMap("a", "1"), noted("late", "argocd.argoproj.io/sync-wave: '2'", "1"),
	)
	p := e.plan(eng, e.desired(set))
	assert.Equal(t, setsync.Summary{Create: 1, Update: 1, Hook: 4, Prune: 1, Skip: 1}, p.Summary(), p.String())
	assert.Equal(t, map[string]string{e.in("skip/Job.batch/NS/never"): "argocd.argoproj.io/hook says PostDelete: it is for when the set is deleted"}, skips(p))
	assert.Equal(t, p.Digest(), e.plan(eng, e.desired(set)).Digest())
	stored, err := p.MarshalJSON()
	require.NoError(t, err)
	p, err = eng.Bind(t.Context(), stored, e.desired(set))
	require.NoError(t, err)
	for step, text := range map[string]string{"hook/PreSync/Job.batch/NS/first": "PreSync hook", "hook/SyncFail/Job.batch/NS/alarm": "SyncFail hook: it runs if something fails"} {
		i := slices.IndexFunc(p.Steps(), func(s setsync.Step) bool { return s.ID == e.in(step) })
		require.GreaterOrEqual(t, i, 0, "%s", p)
		assert.Equal(t, text, p.Steps()[i].Reason)
	}
	got, err := e.finished(eng, p)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"hook/PreSync/Job.batch/NS/first", "hook/PreSync/Job.batch/NS/second", "update/ConfigMap/NS/a", "hook/Sync/Job.batch/NS/between",
		"create/ConfigMap/NS/late", "prune/ConfigMap/NS/old", "hook/PostSync/Job.batch/NS/post",
	}, got)
	for _, name := range []string{"first", "second", "between", "post"} {
		assert.True(t, succeeded(e.job(name)), name)
	}
	assert.Nil(t, e.job("alarm"))
	assert.Len(t, e.record().Members, 2, "hooks are no members")
	assert.Nil(t, e.record().Operation)

	// They ran for this desired state, and do not run again: not for nothing, and not when drift is undone.
	assert.True(t, e.plan(eng, e.desired(set)).Empty(), "%s", e.plan(eng, e.desired(set)))
	uid := e.job("first").GetUID()
	require.NoError(t, e.c.direct.Delete(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: "a"}, cluster.DeleteOptions{}))
	r := e.sync(eng, e.desired(set))
	assert.Equal(t, 1, r.Created)
	assert.Zero(t, r.Hooks)
	assert.Equal(t, uid, e.job("first").GetUID())

	// Another state, and another occasion, run them; what an earlier run left goes first.
	changed := e.desired(strings.Replace(set, "key: \"1\"", "key: \"2\"", 1))
	r = e.sync(eng, changed)
	assert.Equal(t, 4, r.Hooks)
	assert.NotEqual(t, uid, e.job("first").GetUID())
	changed.Trigger = "again"
	r = e.sync(eng, changed)
	assert.Equal(t, 4, r.Hooks)
	assert.True(t, e.plan(eng, changed).Empty())
}

func succeeded(job *unstructured.Unstructured) bool {
	if job == nil {
		return false
	}
	n, _, _ := unstructured.NestedInt64(job.Object, "status", "succeeded")
	return n == 1
}

// A hook that fails stops what comes after it, and the hooks for failures run. The next plan begins anew.
func TestHookFails(t *testing.T) { onEach(t, testHookFails) }

func testHookFails(t *testing.T, e *env) {
	eng := e.engine(nil)
	set := func(fate string) setsync.Desired {
		return e.desired(docs(
			hookJob("name: before", "argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/sync-wave: '-1'", "works"),
			hookJob("name: migrate", "argocd.argoproj.io/hook: PreSync", fate), configMap("a", "1"),
			hookJob("name: alarm", "argocd.argoproj.io/hook: SyncFail", "works"), hookJob("name: post", "argocd.argoproj.io/hook: PostSync", "works")))
	}
	got, err := e.finished(eng, e.plan(eng, set("fails")))
	require.ErrorIs(t, err, setsync.ErrUnhealthy)
	require.ErrorContains(t, err, e.in("hook Job NS/migrate (set.yaml:20): not healthy"))
	assert.Equal(t, []string{"hook/PreSync/Job.batch/NS/before", "hook/SyncFail/Job.batch/NS/alarm"}, got)
	assert.False(t, e.has("a"))
	assert.True(t, succeeded(e.job("alarm")))
	assert.Nil(t, e.record().Operation)
	before := e.job("before").GetUID()

	got, err = e.finished(eng, e.plan(eng, set("works")))
	require.NoError(t, err)
	assert.Equal(t, []string{"hook/PreSync/Job.batch/NS/before", "hook/PreSync/Job.batch/NS/migrate", "create/ConfigMap/NS/a", "hook/PostSync/Job.batch/NS/post"}, got)
	assert.NotEqual(t, before, e.job("before").GetUID())

	// A failure anywhere runs them, and a hook for failures alone is no reason for a plan.
	assert.True(t, e.plan(eng, set("works")).Empty())
	bad := set("works")
	bad.Objects = append(bad.Objects, e.desired("apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: []}\n").Objects...)
	alarm := e.job("alarm").GetUID()
	got, err = e.finished(eng, e.plan(eng, bad))
	var invalid *cluster.InvalidError
	require.ErrorAs(t, err, &invalid)
	assert.Contains(t, got, "hook/SyncFail/Job.batch/NS/alarm")
	assert.NotContains(t, got, "hook/PostSync/Job.batch/NS/post")
	assert.NotEqual(t, alarm, e.job("alarm").GetUID())
}

// Every delete policy, when the sync goes well and when it fails.
func TestHookDeletePolicies(t *testing.T) { onEach(t, testHookDeletePolicies) }

func testHookDeletePolicies(t *testing.T, e *env) {
	eng := e.engine(nil)
	for _, phase := range []string{"PreSync", "Sync", "PostSync"} {
		for _, policy := range []string{"BeforeHookCreation", "HookSucceeded", "HookFailed", "HookSucceeded,HookFailed"} {
			for _, fate := range []string{"works", "fails"} {
				t.Run(phase+" "+policy+" "+fate, func(t *testing.T) {
					name := strings.ToLower(strings.NewReplacer(",", "-").Replace(phase + "-" + policy + "-" + fate))
					d := e.desired(docs(configMap("a", "1"), hookJob("name: "+name, fmt.Sprintf("argocd.argoproj.io/hook: %s, argocd.argoproj.io/hook-delete-policy: '%s'", phase, policy), fate)))
					_, err := e.finished(eng, e.plan(eng, d))
					goes := strings.Contains(policy, "HookSucceeded")
					if fate == "fails" {
						require.ErrorIs(t, err, setsync.ErrUnhealthy)
						goes = strings.Contains(policy, "HookFailed")
					} else {
						require.NoError(t, err)
					}
					if !goes {
						require.NotNil(t, e.job(name))
						assert.Nil(t, e.job(name).GetDeletionTimestamp())
						return
					}
					require.Eventually(t, func() bool { return e.job(name) == nil }, waitFor, tick)
				})
			}
		}
	}
}

// A name that is to be generated comes from the run, so that it is another one each time and the same when a run is gone on with.
func TestHookWithGeneratedName(t *testing.T) { onEach(t, testHookWithGeneratedName) }

func testHookWithGeneratedName(t *testing.T, e *env) {
	eng := e.engine(nil)
	one := hookJob("generateName: job-", "argocd.argoproj.io/hook: PreSync", "works")
	d := e.desired(docs(one, one, configMap("a", "1")))
	names := func() []string {
		var out []string
		for obj, err := range e.c.direct.List(t.Context(), cluster.Selector{Group: "batch", Kind: "Job", Namespace: e.ns}) {
			require.NoError(t, err)
			require.Regexp(t, "^job-[0-9a-f]{10}$", obj.GetName())
			out = append(out, obj.GetName())
		}
		return out
	}
	assert.Equal(t, 2, e.sync(eng, d).Hooks)
	assert.Len(t, names(), 2)
	d.Trigger = "again"
	assert.Equal(t, 2, e.sync(eng, d).Hooks)
	assert.Len(t, names(), 4)

	_, err := eng.Plan(t.Context(), e.desired("apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: x-}\n"))
	require.ErrorContains(t, err, "the object has no name; only a hook's may be generated")
}

// What is in a hook's way and is no hook, or is to be kept, stays, and the hook fails.
func TestHookInTheWay(t *testing.T) { onEach(t, testHookInTheWay) }

func testHookInTheWay(t *testing.T, e *env) {
	stranger := e.desired(strings.Replace(preSync("taken"), "annotations: {argocd.argoproj.io/hook: PreSync}", "namespace: NS", 1)).Objects[0]
	_, err := e.c.direct.Create(t.Context(), stranger, cluster.WriteOptions{Manager: "somebody"})
	require.NoError(t, err)
	eng := e.engine(nil)
	_, err = e.finished(eng, e.plan(eng, e.desired(docs(preSync("taken"), configMap("a", "1")))))
	require.ErrorContains(t, err, e.in("hook Job NS/taken (set.yaml:10): an object of that name is there that is no hook; it is left alone"))
	assert.NotNil(t, e.job("taken"))
	assert.False(t, e.has("a"))

	keep := hookJob("name: kept", "argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/hook-delete-policy: HookFailed", "works")
	d := e.desired(docs(keep, configMap("a", "1")))
	e.sync(eng, d)
	d.Trigger = "again"
	_, err = e.finished(eng, e.plan(eng, d))
	require.ErrorContains(t, err, "the object of an earlier run is there, and the delete policy keeps it: add BeforeHookCreation")
}

// A hook whose object goes before its end was seen is lost: it may have done its work, and is not started again behind everybody's back.
func TestHookLost(t *testing.T) { onEach(t, testHookLost) }

func testHookLost(t *testing.T, e *env) {
	slow := strings.Replace(hookJob("name: slow", "argocd.argoproj.io/hook: PreSync", "works"), "spec: {backoffLimit", "spec: {suspend: true, backoffLimit", 1)
	slow = strings.Replace(slow, "kind: Job", "kind: Job", 1)
	eng := e.engine(func(o *setsync.Options) { o.Health = waitsForever })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var faults error
	for ev, err := range eng.Run(ctx, e.plan(eng, e.desired(docs(slow, configMap("a", "1"))))) {
		require.NoError(t, err)
		if ev.Type == setsync.HealthChanged && ev.Ref.Name == "slow" && ev.Health.Reason == "Waiting" {
			require.NoError(t, e.c.direct.Delete(ctx, ev.Ref, cluster.DeleteOptions{Propagation: cluster.PropagationBackground}))
		}
		if ev.Type == setsync.Failed {
			faults = errors.Join(faults, ev.Err)
		}
	}
	require.ErrorIs(t, faults, setsync.ErrHookLost)
	assert.False(t, e.has("a"))
}

// The namespace and the definition that a hook needs are made before it, whatever else waits for it.
func TestHookInANewNamespace(t *testing.T) { onEach(t, testHookInANewNamespace) }

func testHookInANewNamespace(t *testing.T, e *env) {
	e.dropNamespace("NS-apps")
	job := strings.Replace(preSync("migrate"), "name: migrate,", "name: migrate, namespace: NS-apps,", 1)
	eng := e.engine(nil)
	got, err := e.finished(eng, e.plan(eng, e.desired(docs(inApps, job, apps, configMap("a", "1")))))
	require.NoError(t, err)
	assert.Equal(t, []string{"create/Namespace/NS-apps", "hook/PreSync/Job.batch/NS-apps/migrate"}, got[:2])

	_, err = eng.Plan(t.Context(), e.desired(strings.Replace(preSync("x"), "name: x,", "name: x, namespace: NS-none,", 1)))
	require.ErrorIs(t, err, setsync.ErrNamespace)
}

var waitsForever = health.CheckerFunc(func(obj *unstructured.Unstructured) (health.Result, error) {
	if obj == nil {
		return health.Result{Status: health.Missing}, nil
	}
	return health.Result{Status: health.Progressing, Reason: "Waiting"}, nil
})
