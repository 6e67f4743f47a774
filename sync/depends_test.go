package sync_test

import (
	"context"
	"slices"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func after(name, ref string) string { return noted(name, "config.kubernetes.io/depends-on: "+ref, "1") }

const slow = `apiVersion: apps/v1
kind: Deployment
metadata: {name: slow}
spec:
  selector: {matchLabels: {app: slow}}
  template:
    metadata: {labels: {app: slow}}
    spec: {containers: [{name: a, image: a}]}
`

// What depends on an object by name is applied when that is healthy, and not just applied; others do not wait.
func TestDependsOn(t *testing.T) { onEach(t, testDependsOn) }

func testDependsOn(t *testing.T, e *env) {
	eng := e.engine(nil)
	set := docs(after("b", "/namespaces/NS/ConfigMap/a"), after("a", "apps/namespaces/NS/Deployment/slow"), slow, configMap("free", "1"))
	p := e.plan(eng, e.desired(set))
	again := e.plan(eng, e.desired(set))
	assert.Equal(t, p.Digest(), again.Digest())
	var order []string
	e.c.around = func(_ context.Context, op string, ref cluster.Ref, send func() error) error {
		err := send()
		if op == "apply" && ref.Name == "a" {
			live := e.get("Deployment", "slow")
			status, _ := live.Object["status"].(map[string]any)
			assert.EqualValues(t, 1, status["availableReplicas"], "the deployment is up before what depends on it is applied")
		}
		return err
	}
	for ev, err := range eng.Run(t.Context(), p) {
		require.NoError(t, err)
		if ev.Type == setsync.Done {
			order = append(order, ev.Step)
		}
	}
	at := func(id string) int { return slices.Index(order, e.in(id)) }
	require.NotContains(t, []int{at("create/ConfigMap/NS/a"), at("create/ConfigMap/NS/b"), at("gate/ready/Deployment.apps/NS/slow")}, -1, "%v", order)
	assert.Less(t, at("gate/ready/Deployment.apps/NS/slow"), at("create/ConfigMap/NS/a"))
	assert.Less(t, at("create/ConfigMap/NS/a"), at("create/ConfigMap/NS/b"))
	assert.True(t, e.plan(eng, e.desired(set)).Empty())
}

// Dependencies that cannot be met are faults of the plan, and a circle is shown.
func TestBadDependencies(t *testing.T) { onEach(t, testBadDependencies) }

func testBadDependencies(t *testing.T, e *env) {
	for name, test := range map[string]struct {
		docs string
		says []string
	}{
		"one that is not there": {after("a", "/namespaces/NS/ConfigMap/b"), []string{"plan ConfigMap NS/a (set.yaml:10): dependency: it depends on ConfigMap NS/b, which is not among the desired objects"}},
		"one that is left alone": {
			docs(after("a", "/namespaces/NS/ConfigMap/b"), noted("b", "kustomize.toolkit.fluxcd.io/reconcile: disabled", "1")),
			[]string{"it depends on ConfigMap NS/b, which is left alone: kustomize.toolkit.fluxcd.io/reconcile says disabled"},
		},
		"a hook": {
			docs(after("a", "/namespaces/NS/ConfigMap/h"), hooked), []string{"it depends on ConfigMap NS/h, which is a hook"},
		},
		"a hook that runs too early": {
			docs(noted("a", "argocd.argoproj.io/hook: PreSync, config.kubernetes.io/depends-on: /namespaces/NS/ConfigMap/b", "1"), configMap("b", "1")),
			[]string{"the PreSync hook depends on ConfigMap NS/b, which is applied after it"},
		},
		"a later wave": {
			docs(after("a", "/namespaces/NS/ConfigMap/b"), noted("b", "argocd.argoproj.io/sync-wave: '1'", "1")),
			[]string{"it is in wave 0 and depends on ConfigMap NS/b, which is in wave 1"},
		},
		"itself": {after("a", "/namespaces/NS/ConfigMap/a"), []string{"it depends on itself: ConfigMap NS/a -> ConfigMap NS/a"}},
		"a circle": {
			docs(after("a", "/namespaces/NS/ConfigMap/b"), after("b", "/namespaces/NS/ConfigMap/c"), after("c", "/namespaces/NS/ConfigMap/a")),
			[]string{"it depends on itself: ConfigMap NS/a -> ConfigMap NS/b -> ConfigMap NS/c -> ConfigMap NS/a"},
		},
		"two circles": {
			docs(after("a", "/namespaces/NS/ConfigMap/b"), after("b", "/namespaces/NS/ConfigMap/a"), after("c", "/namespaces/NS/ConfigMap/d"), after("d", "/namespaces/NS/ConfigMap/c")),
			[]string{"ConfigMap NS/a -> ConfigMap NS/b -> ConfigMap NS/a", "ConfigMap NS/c -> ConfigMap NS/d -> ConfigMap NS/c"},
		},
		"a circle by way of what a workload needs": {
			docs(after("a", "apps/namespaces/NS/Deployment/slow"), mounting),
			[]string{"ConfigMap NS/a -> Deployment NS/slow -> ConfigMap NS/a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := e.engine(nil).Plan(t.Context(), e.desired(test.docs))
			require.ErrorIs(t, err, setsync.ErrDependency)
			for _, text := range test.says {
				assert.ErrorContains(t, err, e.in(text))
			}
		})
	}
	assert.Zero(t, e.c.writes.Load(), "nothing is written for a plan that cannot be")
}

const mounting = `apiVersion: apps/v1
kind: Deployment
metadata: {name: slow}
spec:
  selector: {matchLabels: {app: slow}}
  template:
    metadata: {labels: {app: slow}}
    spec:
      containers: [{name: a, image: a}]
      volumes: [{name: a, configMap: {name: a}}]
`

// An object whose health is to be ignored holds nothing up, and a wait does not see it.
func TestIgnoredHealth(t *testing.T) { onEach(t, testIgnoredHealth) }

func testIgnoredHealth(t *testing.T, e *env) {
	never := `apiVersion: apps/v1
kind: Deployment
metadata: {name: never, annotations: {argocd.argoproj.io/ignore-healthcheck: "true"}}
spec:
  selector: {matchLabels: {app: never}}
  template:
    metadata: {labels: {app: never}, annotations: {sim.setpoint.dev/fail: never-ready}}
    spec: {containers: [{name: a, image: a}]}
`
	eng := e.engine(nil)
	p := e.plan(eng, e.desired(docs(never, noted("later", "argocd.argoproj.io/sync-wave: '1'", "1"))))
	_, err := setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	_, err = setsync.Drain(eng.Wait(t.Context(), p))
	require.NoError(t, err)
}
