package sync_test

import (
	"context"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
)

// withHooks is a set with hooks of every phase that goes well, of several policies and waves.
func withHooks(e *env) setsync.Desired {
	return e.desired(docs(
		preSync("pre"), hookJob("name: pre-late", "argocd.argoproj.io/hook: PreSync, argocd.argoproj.io/sync-wave: '1', argocd.argoproj.io/hook-delete-policy: HookSucceeded", "works"),
		hookJob("name: mid", "argocd.argoproj.io/hook: Sync", "works"), hookJob("generateName: post-", "helm.sh/hook: post-upgrade", "works"),
		hookJob("name: alarm", "argocd.argoproj.io/hook: SyncFail", "works"),
		configMap("settings", "2"), inWave("3", "late", "")))
}

// executions counts the Jobs that were made in a namespace, by their beginnings: a Job that is made twice is counted twice.
func executions(e *env) (counted func() map[string]int) {
	ctx, cancel := context.WithCancel(e.t.Context())
	var mu sync.Mutex
	seen := map[types.UID]string{}
	synced := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for ev, err := range e.c.direct.Watch(ctx, cluster.Selector{Group: "batch", Version: "v1", Kind: "Job", Namespace: e.ns}) {
			if err != nil {
				return
			}
			if ev.Type == cluster.Synced {
				close(synced)
				continue
			}
			name := ev.Object.GetName()
			if len(name) > 5 && name[:5] == "post-" {
				name = "post-"
			}
			mu.Lock()
			seen[ev.Object.GetUID()] = name
			mu.Unlock()
		}
	})
	<-synced
	return func() map[string]int {
		// When this one has been seen, so has everything before.
		last := e.desired("apiVersion: batch/v1\nkind: Job\nmetadata: {name: last, namespace: NS}\nspec: {suspend: true, template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}\n").Objects[0]
		_, err := e.c.direct.Create(e.t.Context(), last, cluster.WriteOptions{Manager: "test"})
		require.NoError(e.t, err)
		require.Eventually(e.t, func() bool {
			mu.Lock()
			defer mu.Unlock()
			for _, name := range seen {
				if name == "last" {
					return true
				}
			}
			return false
		}, waitFor, tick)
		cancel()
		wg.Wait()
		out := map[string]int{}
		for _, name := range seen {
			out[name]++
		}
		delete(out, "last")
		return out
	}
}

// cutHooks cuts a run with hooks at its nth request, and then syncs again with a new engine.
func cutHooks(e *env, at int64, how string) (reached bool) {
	t := e.t
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(configMap("settings", "1"), configMap("old", "1"))))
	counted := executions(e)
	reached = e.cut(eng, e.plan(eng, withHooks(e)), at, how)

	eng = e.engine(nil)
	p := e.plan(eng, withHooks(e))
	_, err := setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err, "cut at %d, %s", at, how)
	again := e.plan(eng, withHooks(e))
	assert.True(t, again.Empty(), "cut at %d, %s: %s", at, how, again)
	assert.Nil(t, e.record().Operation)
	assert.Equal(t, []string{"ConfigMap late", "ConfigMap settings"}, recorded(e))
	got := counted()
	assert.Equal(t, map[string]int{"pre": 1, "pre-late": 1, "mid": 1, "post-": 1}, got, "each hook ran once; cut at %d, %s", at, how)
	return reached
}

// Wherever a run with hooks is cut, the next one goes on with it: every hook has run once.
func TestHooksRunOnceWhereverCut(t *testing.T) {
	t.Parallel()
	e := inMemory(t)
	cuts := map[string]int{}
	for _, how := range cutModes {
		for at := int64(1); cutHooks(e.fresh(), at, how); at++ {
			cuts[how]++
		}
	}
	t.Logf("cuts: %v", cuts)
	assert.Greater(t, min(cuts["before"], cuts["after"], cuts["lost"]), 20)
}

// The same on a real control plane, at some requests.
func TestHooksRunOnceOnTheRealServer(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	e := onControlPlane(t)
	kinds := map[string]int{}
	for range 8 {
		how := cutModes[rng.IntN(len(cutModes))]
		cutHooks(e.fresh(), 1+rng.Int64N(45), how)
		kinds[how]++
	}
	t.Logf("cuts: %v", maps.Clone(kinds))
}
