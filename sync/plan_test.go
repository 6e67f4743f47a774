package sync_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/dialect"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every fault is told, with the object and the place.
func TestBadDesiredState(t *testing.T) { onEach(t, testBadDesiredState) }

func testBadDesiredState(t *testing.T, e *env) {
	for name, tc := range map[string]struct {
		docs string
		is   error
		says []string
	}{
		"the same object twice": {
			docs(configMap("a", "1"), configMap("b", "1"), configMap("a", "2")), setsync.ErrDuplicate,
			[]string{"plan ConfigMap NS/a (set.yaml:30): the same object twice: it is in set.yaml:10 already"},
		},
		"the same object twice, once with its namespace": {
			docs(configMap("a", "1"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: NS}\n"), setsync.ErrDuplicate,
			[]string{"plan ConfigMap NS/a (set.yaml:20): the same object twice"},
		},
		"no kind": {
			"apiVersion: v1\nmetadata: {name: a}\n", nil, []string{"(set.yaml:10): the object has no apiVersion or no kind"},
		},
		"no name": {
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}\n", nil, []string{"plan ConfigMap (set.yaml:10): the object has no name"},
		},
		"an unknown kind": {
			"apiVersion: example.org/v1\nkind: Gadget\nmetadata: {name: a}\n", cluster.ErrNoKind,
			[]string{"plan Gadget.example.org a (set.yaml:10): the cluster does not serve example.org/v1, Kind=Gadget and no desired object defines it"},
		},
		"an unknown version": {
			"apiVersion: apps/v1beta1\nkind: Deployment\nmetadata: {name: a}\n", cluster.ErrNoKind,
			[]string{"plan Deployment a (set.yaml:10): version v1beta1 is not served, only [v1]"},
		},
		"a cluster-scoped object in a namespace": {
			"apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: b}\n", setsync.ErrNamespace,
			[]string{"plan Namespace b/a (set.yaml:10): namespace b: Namespace is cluster-scoped; leave the namespace out"},
		},
		"a namespace that nobody makes": {
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: nowhere}\n", setsync.ErrNamespace,
			[]string{"plan ConfigMap nowhere/a (set.yaml:10): namespace nowhere does not exist and is not among the desired objects"},
		},
		"a wave that is no number": {
			"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {argocd.argoproj.io/sync-wave: first}}\n", dialect.ErrMalformed,
			[]string{`plan ConfigMap NS/a (set.yaml:10): annotation argocd.argoproj.io/sync-wave is "first": it should be an integer`},
		},
		"several faults": {
			docs("apiVersion: v1\nkind: Gadget\nmetadata: {name: a}\n", configMap("a", "1"), "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: b}\n"), cluster.ErrNoKind,
			[]string{"plan Gadget a (set.yaml:10)", "plan Namespace b/a (set.yaml:30)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := e.engine(nil).Plan(t.Context(), e.desired(tc.docs))
			require.Error(t, err)
			if tc.is != nil {
				assert.ErrorIs(t, err, tc.is)
			}
			var typed *setsync.Error
			assert.ErrorAs(t, err, &typed)
			for _, says := range tc.says {
				assert.ErrorContains(t, err, e.in(says))
			}
		})
	}
	assert.Zero(t, e.c.writes.Load())

	t.Run("no namespace and no default", func(t *testing.T) {
		_, err := e.engine(func(o *setsync.Options) { o.Namespace = "" }).Plan(t.Context(), e.desired(configMap("a", "1")))
		assert.ErrorIs(t, err, setsync.ErrNamespace)
		assert.ErrorContains(t, err, "plan ConfigMap a (set.yaml:10): namespace missing: ConfigMap is namespaced and there is no default")
	})
	t.Run("no object at all", func(t *testing.T) {
		d := e.desired(configMap("a", "1"))
		d.Objects[0] = nil
		_, err := e.engine(nil).Plan(t.Context(), d)
		assert.ErrorContains(t, err, "plan (set.yaml:10): object 0 is nil")
	})
}

// What is desired is copied before it is completed.
func TestDesiredObjectsAreNotTouched(t *testing.T) { onEach(t, testDesiredObjectsAreNotTouched) }

func testDesiredObjectsAreNotTouched(t *testing.T, e *env) {
	d := e.desired(docs(web, webService, configMap("a", "1")))
	before := e.desired(docs(web, webService, configMap("a", "1")))
	eng := e.engine(nil)
	p := e.plan(eng, d)
	for range eng.Run(t.Context(), p) {
		break
	}
	assert.Equal(t, before.Objects, d.Objects)
}

// An object with another set's mark is that set's.
func TestObjectOfAnotherSet(t *testing.T) { onEach(t, testObjectOfAnotherSet) }

func testObjectOfAnotherSet(t *testing.T, e *env) {
	obj := e.desired(configMap("a", "1")).Objects[0]
	obj.SetNamespace(e.ns)
	obj.SetLabels(map[string]string{"applyset.kubernetes.io/part-of": "applyset-other-v1"})
	_, err := e.c.direct.Create(t.Context(), obj, cluster.WriteOptions{})
	require.NoError(t, err)
	_, err = e.engine(nil).Plan(t.Context(), e.desired(configMap("a", "1")))
	require.ErrorIs(t, err, setsync.ErrForeign)
	assert.EqualError(t, err, e.in("plan ConfigMap NS/a (set.yaml:10): belongs to another set: the live object has applyset.kubernetes.io/part-of=applyset-other-v1"))
}

// What is not known, or too much at once, is not pruned.
func TestPruneGuards(t *testing.T) { onEach(t, testPruneGuards) }

func testPruneGuards(t *testing.T, e *env) {
	var all []string
	for i := range 30 {
		all = append(all, configMap(fmt.Sprint("c-", i), "1"))
	}
	e.sync(e.engine(nil), e.desired(docs(all...)))

	skipped := func(reason string, d setsync.Desired, change func(*setsync.Options)) {
		t.Helper()
		p := e.plan(e.engine(change), d)
		assert.True(t, p.Empty(), "a skip needs no run")
		require.NotEmpty(t, p.Steps())
		for _, s := range p.Steps() {
			assert.Equal(t, setsync.Skip, s.Action)
			assert.Equal(t, reason, s.Reason)
		}
	}
	partial := e.desired(docs(all[:20]...))
	partial.Complete = false
	skipped("the desired state is not complete", partial, nil)
	skipped("pruning is off", e.desired(docs(all[:20]...)), func(o *setsync.Options) { o.Prune = false })

	_, err := e.engine(nil).Plan(t.Context(), e.desired(""))
	require.ErrorIs(t, err, setsync.ErrGuard)
	assert.EqualError(t, err, e.in("plan: prune refused: the desired state is empty and all of 30 recorded objects would go, ConfigMap NS/c-0 among them; check the path, or set AllowEmpty"))
	_, err = e.engine(nil).Plan(t.Context(), e.desired(docs(all[:10]...)))
	require.ErrorIs(t, err, setsync.ErrGuard)
	assert.EqualError(t, err, e.in("plan: prune refused: 20 of 30 recorded objects would go, ConfigMap NS/c-10 among them; the limit is a share of 0.50, see PruneShare"))

	p := e.plan(e.engine(nil), e.desired(docs(all[:15]...)))
	assert.Equal(t, 15, p.Summary().Prune)
	p = e.plan(e.engine(func(o *setsync.Options) { o.PruneShare = 0.7 }), e.desired(docs(all[:10]...)))
	assert.Equal(t, 20, p.Summary().Prune)

	r := e.sync(e.engine(func(o *setsync.Options) { o.AllowEmpty = true }), e.desired(""))
	assert.Equal(t, 30, r.Pruned)
	assert.Empty(t, e.record().Members)
}

// A group whose discovery fails stops the pruning and nothing else; a kind that is known to be gone has no objects.
func TestPruneNeedsDiscovery(t *testing.T) { onEach(t, testPruneNeedsDiscovery) }

func testPruneNeedsDiscovery(t *testing.T, e *env) {
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(configMap("a", "1"), configMap("b", "1"))))
	rec := e.record()
	rec.Members = append(rec.Members, setsync.Member{Ref: cluster.Ref{Group: "example.org", Kind: "Gadget", Name: "g"}})
	require.NoError(t, e.inventory().Save(t.Context(), rec))

	e.c.around = func(_ context.Context, _ string, _ cluster.Ref, send func() error) error { return send() }
	broken := &brokenGroup{tap: e.c, group: "example.org"}
	p, err := setsync.New(broken, e.inventory(), &setsync.Options{Namespace: e.ns, Prune: true}).Plan(t.Context(), e.desired(configMap("a", "2")))
	require.NoError(t, err)
	assert.Equal(t, setsync.Summary{Update: 1, Skip: 2}, p.Summary(), p.String())
	assert.Contains(t, p.String(), "what is known of the cluster is not complete: discover group example.org: no backend")

	p = e.plan(eng, e.desired(configMap("a", "1")))
	assert.Equal(t, []string{e.in("prune/ConfigMap/NS/b")}, ids(p))
	_, err = setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Len(t, e.record().Members, 1)
}

type brokenGroup struct {
	*tap
	group string
}

func (b *brokenGroup) Kind(ctx context.Context, group, kind string) (cluster.Kind, error) {
	if group == b.group {
		return cluster.Kind{}, &cluster.DiscoveryError{Group: group, Err: errors.New("no backend")}
	}
	return b.tap.Kind(ctx, group, kind)
}

// A definition that is a hook is not applied like others, so that nothing may wait for what it would define.
func TestDefinitionThatIsAHook(t *testing.T) { onEach(t, testDefinitionThatIsAHook) }

func testDefinitionThatIsAHook(t *testing.T, e *env) {
	crd := "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: hooked.example.com, annotations: {helm.sh/hook: pre-upgrade}}\n" +
		"spec: {group: example.com, scope: Namespaced, names: {kind: Hooked, plural: hooked}, versions: [{name: v1, served: true, storage: true}]}\n"
	_, err := e.engine(nil).Plan(t.Context(), e.desired(docs(crd, "apiVersion: example.com/v1\nkind: Hooked\nmetadata: {name: a}\n")))
	require.ErrorIs(t, err, cluster.ErrNoKind)
}
