package sync_test

import (
	"context"
	"strings"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	apps   = "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS-apps}\n"
	inApps = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: NS-apps}\ndata: {key: v}\n"
	kept   = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: k, namespace: NS-apps, annotations: {helm.sh/resource-policy: keep}}\n"
	hooked = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: h, annotations: {helm.sh/hook: pre-install}}\n"
)

func (e *env) dropNamespace(name string) {
	e.t.Cleanup(func() {
		_ = e.c.direct.Delete(context.WithoutCancel(e.t.Context()), cluster.Ref{Kind: "Namespace", Name: e.in(name)}, cluster.DeleteOptions{})
	})
}

func skips(p *setsync.Plan) map[string]string {
	out := map[string]string{}
	for _, s := range p.Steps() {
		if s.Action == setsync.Skip {
			out[s.ID] = s.Reason
		}
	}
	return out
}

// Who leaves the manifest of a namespace out but not what is in it does not mean the end of all that.
func TestNamespaceWithDesiredObjectsIsNotPruned(t *testing.T) {
	onEach(t, testNamespaceWithDesiredObjectsIsNotPruned)
}

func testNamespaceWithDesiredObjectsIsNotPruned(t *testing.T, e *env) {
	e.dropNamespace("NS-apps")
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(apps, inApps, configMap("a", "1"))))

	p := e.plan(eng, e.desired(docs(inApps, configMap("a", "1"))))
	assert.Equal(t, map[string]string{
		e.in("skip/Namespace/NS-apps"): e.in("it holds ConfigMap NS-apps/x, which is desired"),
	}, skips(p))
	assert.True(t, p.Empty(), p.String())
	assert.Len(t, e.record().Members, 3, "it stays recorded")

	// An object that is yet to be made counts as well.
	other := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: z, namespace: NS-apps}\n"
	p = e.plan(eng, e.desired(docs(other, configMap("a", "1"))))
	assert.Equal(t, setsync.Summary{Create: 1, Prune: 1, Skip: 1, Same: 1}, p.Summary(), p.String())
	_, err := setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)

	// When all of it goes, so does the namespace, last.
	p = e.plan(eng, e.desired(configMap("a", "1")))
	assert.Equal(t, []string{e.in("prune/ConfigMap/NS-apps/z"), e.in("prune/Namespace/NS-apps")}, ids(p))
	_, err = setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Len(t, e.record().Members, 1)
}

// A member that is to be kept is kept together with its namespace.
func TestNamespaceWithKeptMembersIsNotPruned(t *testing.T) {
	onEach(t, testNamespaceWithKeptMembersIsNotPruned)
}

func testNamespaceWithKeptMembersIsNotPruned(t *testing.T, e *env) {
	e.dropNamespace("NS-apps")
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(apps, inApps, kept, configMap("a", "1"))))
	p := e.plan(eng, e.desired(configMap("a", "1")))
	assert.Equal(t, map[string]string{
		e.in("skip/ConfigMap/NS-apps/k"): "helm.sh/resource-policy says keep",
		e.in("skip/Namespace/NS-apps"):   e.in("it holds ConfigMap NS-apps/k, which is not pruned"),
	}, skips(p))
	assert.Equal(t, 1, p.Summary().Prune)
}

// The record survives the set that it is of.
func TestNamespaceOfTheRecordIsNotPruned(t *testing.T) {
	onEach(t, testNamespaceOfTheRecordIsNotPruned)
}

func testNamespaceOfTheRecordIsNotPruned(t *testing.T, e *env) {
	e.dropNamespace("NS-apps")
	eng := e.engine(nil)
	own := "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS}\n"
	e.sync(eng, e.desired(docs(own, apps, inApps)))
	p := e.plan(eng, e.desired(docs(apps, inApps)))
	assert.Equal(t, map[string]string{
		e.in("skip/Namespace/NS"): e.in("it holds Secret NS/set, which keeps the record"),
	}, skips(p))
	assert.True(t, p.Empty())
}

// To delete a definition is to delete every object of its kind.
func TestDefinitionWithDesiredObjectsIsNotPruned(t *testing.T) {
	onEach(t, testDefinitionWithDesiredObjectsIsNotPruned)
}

func testDefinitionWithDesiredObjectsIsNotPruned(t *testing.T, e *env) {
	e.dropCRD()
	eng := e.engine(nil)
	one := gadget(e, "one", "spec: {size: 1}")
	e.sync(eng, e.desired(docs(definition(e, "Namespaced", ""), one)))
	p := e.plan(eng, e.desired(one))
	assert.Equal(t, map[string]string{
		e.in("skip/CustomResourceDefinition.apiextensions.k8s.io/gadgets.NS.example.org"): e.in("it holds Gadget.NS.example.org NS/one, which is desired"),
	}, skips(p))
	assert.True(t, p.Empty(), p.String())
}

// Hooks are no members. A set of nothing else is as empty as one without them.
func TestOnlyHooksAreAnEmptySet(t *testing.T) { onEach(t, testOnlyHooksAreAnEmptySet) }

func testOnlyHooksAreAnEmptySet(t *testing.T, e *env) {
	e.sync(e.engine(nil), e.desired(docs(configMap("a", "1"), configMap("b", "1"))))
	_, err := e.engine(nil).Plan(t.Context(), e.desired(hooked))
	require.ErrorIs(t, err, setsync.ErrGuard)
	p := e.plan(e.engine(func(o *setsync.Options) { o.AllowEmpty = true }), e.desired(hooked))
	assert.Equal(t, 2, p.Summary().Prune)
}

// A namespace may be made by a hook that runs before what is in it, and not by one that runs after.
func TestNamespaceThatIsAHook(t *testing.T) { onEach(t, testNamespaceThatIsAHook) }

func testNamespaceThatIsAHook(t *testing.T, e *env) {
	e.dropNamespace("NS-apps")
	hook := "apiVersion: v1\nkind: Namespace\nmetadata: {name: NS-apps, annotations: {argocd.argoproj.io/hook: PHASE}}\n"
	_, err := e.engine(nil).Plan(t.Context(), e.desired(docs(strings.Replace(hook, "PHASE", "PostSync", 1), inApps)))
	require.ErrorIs(t, err, setsync.ErrNamespace)
	assert.ErrorContains(t, err, e.in("namespace NS-apps does not exist"))
	e.sync(e.engine(nil), e.desired(docs(strings.Replace(hook, "PHASE", "PreSync", 1), inApps)))
	assert.Len(t, e.record().Members, 1, "the namespace is no member")
}

// A run that prunes takes the record first, so that one that is no longer the plan's stops it before anything is lost.
func TestPruneTakesTheRecordFirst(t *testing.T) { onEach(t, testPruneTakesTheRecordFirst) }

func testPruneTakesTheRecordFirst(t *testing.T, e *env) {
	eng := e.engine(nil)
	both := e.desired(docs(configMap("a", "1"), configMap("b", "1")))
	e.sync(eng, both)
	older := e.plan(eng, e.desired(configMap("a", "1")))
	assert.Equal(t, []string{e.in("prune/ConfigMap/NS/b")}, ids(older))
	e.sync(eng, e.desired(docs(configMap("a", "1"), configMap("b", "1"), configMap("c", "1"))))

	before := e.c.writes.Load()
	_, err := setsync.Drain(eng.Run(t.Context(), older))
	require.ErrorIs(t, err, setsync.ErrStale)
	assert.Equal(t, int64(1), e.c.writes.Load()-before, "the refused record is the only write")
	e.get("ConfigMap", "b")
	assert.Len(t, e.record().Members, 3)

	// While a prune is under way the record says so.
	p := e.plan(eng, e.desired(docs(configMap("a", "1"), configMap("c", "1"))))
	e.c.around = func(_ context.Context, op string, _ cluster.Ref, send func() error) error {
		if op == "delete" {
			rec, err := e.inventory().Load(t.Context())
			if assert.NoError(t, err) && assert.NotNil(t, rec.Operation) {
				assert.Equal(t, p.Digest(), rec.Operation.Plan)
			}
		}
		return send()
	}
	_, err = setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Nil(t, e.record().Operation)
	assert.Len(t, e.record().Members, 2)
}
