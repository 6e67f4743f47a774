package sync_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/dialect"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func noted(name, note, value string) string {
	return fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s, annotations: {%s}}\ndata: {key: %q}\n", name, note, value)
}

// has reports whether a ConfigMap exists.
func (e *env) has(name string) bool {
	return e.exists(cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: name})
}

func (e *env) exists(ref cluster.Ref) bool {
	_, err := e.c.direct.Get(e.t.Context(), ref, cluster.GetOptions{})
	if !errors.Is(err, cluster.ErrNotFound) {
		require.NoError(e.t, err)
	}
	return err == nil
}

func pruned(p *setsync.Plan) []string {
	var out []string
	for _, s := range p.Steps() {
		if s.Action == setsync.Prune {
			out = append(out, s.ID)
		}
	}
	return out
}

// What is to be created only is created where there is none, and left as it is where there is one, whoever it belongs to.
func TestCreateOnly(t *testing.T) { onEach(t, testCreateOnly) }

func testCreateOnly(t *testing.T, e *env) {
	const once = "kustomize.toolkit.fluxcd.io/ssa: IfNotPresent"
	eng := e.engine(nil)
	e.sync(eng, e.desired(noted("a", once, "1")))
	assert.Equal(t, "1", e.get("ConfigMap", "a").Object["data"].(map[string]any)["key"])
	p := e.plan(eng, e.desired(noted("a", once, "2")))
	assert.Equal(t, map[string]string{e.in("skip/ConfigMap/NS/a"): "it exists, and kustomize.toolkit.fluxcd.io/ssa says IfNotPresent"}, skips(p))
	assert.True(t, p.Empty(), p.String())

	require.NoError(t, e.c.direct.Delete(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: "a"}, cluster.DeleteOptions{}))
	e.sync(eng, e.desired(noted("a", once, "3")))
	assert.Equal(t, "3", e.get("ConfigMap", "a").Object["data"].(map[string]any)["key"])
}

// What is to be left alone is neither applied nor pruned, and does not leave the record.
func TestNever(t *testing.T) { onEach(t, testNever) }

func testNever(t *testing.T, e *env) {
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(configMap("a", "1"), configMap("b", "1"))))
	p := e.plan(eng, e.desired(docs(noted("a", "kustomize.toolkit.fluxcd.io/reconcile: disabled", "2"), configMap("b", "1"))))
	assert.Equal(t, map[string]string{e.in("skip/ConfigMap/NS/a"): "kustomize.toolkit.fluxcd.io/reconcile says disabled"}, skips(p))
	assert.True(t, p.Empty(), p.String())
	assert.Len(t, e.record().Members, 2)
}

// Live objects say themselves whether they may be pruned; what they say and cannot be read keeps them.
func TestPruneConsent(t *testing.T) { onEach(t, testPruneConsent) }

func testPruneConsent(t *testing.T, e *env) {
	const ask = "argocd.argoproj.io/sync-options: Prune=confirm"
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(configMap("a", "1"), noted("asks", ask, "1"), noted("refuses", "setpoint.dev/prune: 'false'", "1"), noted("goes", "argocd.argoproj.io/sync-options: Delete=false", "1"), configMap("odd", "1"))))
	odd := e.get("ConfigMap", "odd")
	odd.SetAnnotations(map[string]string{"argocd.argoproj.io/sync-options": "Prune=flase"})
	_, err := e.c.direct.Replace(t.Context(), odd, cluster.WriteOptions{Manager: "kubectl"})
	require.NoError(t, err)

	want := map[string]string{
		e.in("skip/ConfigMap/NS/asks"):    "argocd.argoproj.io/sync-options says Prune=confirm",
		e.in("skip/ConfigMap/NS/refuses"): "setpoint.dev/prune says false",
		e.in("skip/ConfigMap/NS/odd"):     `annotation argocd.argoproj.io/sync-options is "Prune=flase": "Prune=flase" is no sync option`,
	}
	p := e.plan(eng, e.desired(configMap("a", "1")))
	assert.Equal(t, want, skips(p))
	assert.Equal(t, []string{e.in("prune/ConfigMap/NS/goes")}, pruned(p))

	approving := e.engine(func(o *setsync.Options) { o.Approve = func(cluster.Ref) bool { return true } })
	delete(want, e.in("skip/ConfigMap/NS/asks"))
	p = e.plan(approving, e.desired(configMap("a", "1")))
	assert.Equal(t, want, skips(p), "an approval is for what asks for one")
	_, err = setsync.Drain(approving.Run(t.Context(), p))
	require.NoError(t, err)
	assert.False(t, e.has("asks"))
	assert.True(t, e.has("refuses"))

	deaf := e.engine(func(o *setsync.Options) { o.Dialect.Off = []dialect.Tool{dialect.ArgoCD} })
	p = e.plan(deaf, e.desired(configMap("a", "1")))
	assert.Equal(t, []string{e.in("prune/ConfigMap/NS/odd")}, pruned(p), "who does not read a tool's annotations does not heed them")
}

// An object says what becomes of what it owns, and the request does.
func TestPropagationOfAnObject(t *testing.T) { onEach(t, testPropagationOfAnObject) }

func testPropagationOfAnObject(t *testing.T, e *env) {
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(configMap("a", "1"), noted("owner", "argocd.argoproj.io/sync-options: PrunePropagationPolicy=orphan", "1"))))
	owner := e.get("ConfigMap", "owner")
	child := e.desired("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: child, namespace: NS}\n").Objects[0]
	child.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: "owner", UID: owner.GetUID()}})
	_, err := e.c.direct.Create(t.Context(), child, cluster.WriteOptions{Manager: "test"})
	require.NoError(t, err)
	p := e.plan(eng, e.desired(configMap("a", "1")))
	for _, s := range p.Steps() {
		if s.Action == setsync.Prune {
			assert.Equal(t, cluster.PropagationOrphan, s.Propagation)
		}
	}
	_, err = setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return e.has("child") && len(e.get("ConfigMap", "child").GetOwnerReferences()) == 0 && !e.has("owner")
	}, waitFor, tick, "the child stays, without its owner")
}

// Objects that are to go last go after all others, and what depends on another by name goes before it.
func TestOrderOfPruning(t *testing.T) { onEach(t, testOrderOfPruning) }

func testOrderOfPruning(t *testing.T, e *env) {
	eng := e.engine(func(o *setsync.Options) { o.PruneShare = 1 })
	e.sync(eng, e.desired(docs(configMap("stays", "1"),
		noted("last", "argocd.argoproj.io/sync-options: PruneLast=true, argocd.argoproj.io/sync-wave: '7'", "1"),
		noted("base", "argocd.argoproj.io/sync-wave: '2'", "1"),
		noted("leans", "argocd.argoproj.io/sync-wave: '2', config.kubernetes.io/depends-on: /namespaces/NS/ConfigMap/base", "1"),
		noted("early", "argocd.argoproj.io/sync-wave: '-3'", "1"))))
	p := e.plan(eng, e.desired(configMap("stays", "1")))
	got := pruned(p)
	require.Len(t, got, 4)
	assert.ElementsMatch(t, []string{e.in("prune/ConfigMap/NS/base"), e.in("prune/ConfigMap/NS/leans")}, got[:2])
	assert.Equal(t, []string{e.in("prune/ConfigMap/NS/early"), e.in("prune/ConfigMap/NS/last")}, got[2:])
	for _, s := range p.Steps() {
		if s.Ref.Name == "base" {
			assert.Contains(t, s.Needs, e.in("prune/ConfigMap/NS/leans"))
		}
	}
	_, err := setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Len(t, e.record().Members, 1)
}
