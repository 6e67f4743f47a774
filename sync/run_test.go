package sync_test

import (
	"strings"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

const web = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers: [{name: web, image: nginx, envFrom: [{configMapRef: {name: settings}}]}]
`

const webService = `
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
`

const webAccount = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n"

// The life of a set: created, nothing to do, changed, one dropped, nothing to do.
func TestSetLives(t *testing.T) { onEach(t, testSetLives) }

func testSetLives(t *testing.T, e *env) {
	first := e.desired(docs(web, webService, webAccount, configMap("settings", "1"), configMap("extra", "1")))
	eng := e.engine(nil)

	r := e.sync(eng, first)
	assert.Equal(t, 5, r.Created)
	assert.Empty(t, r.Warnings)
	rec := e.record()
	require.Len(t, rec.Members, 5)
	assert.Nil(t, rec.Operation)
	for _, m := range rec.Members {
		obj, err := e.c.direct.Get(t.Context(), m.Ref, cluster.GetOptions{})
		require.NoError(t, err)
		assert.Equal(t, obj.GetUID(), m.UID)
		assert.Equal(t, e.inventory().ID(), obj.GetLabels()[inventory.LabelPartOf])
	}

	e.c.writes.Store(0)
	e.c.reads.Store(0)
	p := e.plan(eng, first)
	assert.True(t, p.Empty(), p.String())
	assert.Equal(t, "plan: 5 unchanged\n", p.String())
	reads := e.c.reads.Load()
	r, err := setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Zero(t, r.Writes())
	assert.Zero(t, e.c.writes.Load(), "an empty plan writes nothing")
	assert.Equal(t, reads, e.c.reads.Load(), "nor does it read")

	second := e.desired(docs(web, webService, webAccount, configMap("settings", "2")))
	p = e.plan(eng, second)
	assert.Equal(t, []string{"update/ConfigMap/" + e.ns + "/settings", "gate/prune", "prune/ConfigMap/" + e.ns + "/extra"}, ids(p))
	r, err = setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Equal(t, 1, r.Updated)
	assert.Equal(t, 1, r.Pruned)
	assert.Len(t, e.record().Members, 4)
	assert.Equal(t, "2", e.get("ConfigMap", "settings").Object["data"].(map[string]any)["key"])
	_, err = e.c.Get(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: "extra"}, cluster.GetOptions{})
	assert.ErrorIs(t, err, cluster.ErrNotFound)
	assert.True(t, e.plan(eng, second).Empty())
}

// An object that was there before, with the desired values, is adopted; afterwards it is ours and can be pruned.
func TestAdoptedObjectCanBePruned(t *testing.T) { onEach(t, testAdoptedObjectCanBePruned) }

func testAdoptedObjectCanBePruned(t *testing.T, e *env) {
	d := e.desired(docs(configMap("a", "1"), configMap("b", "1")))
	// Somebody made it by another manager, marks and all.
	theirs := d.Objects[0].DeepCopy()
	theirs.SetNamespace(e.ns)
	require.NoError(t, e.inventory().Label(theirs))
	_, err := e.c.direct.Create(t.Context(), theirs, cluster.WriteOptions{Manager: "hand"})
	require.NoError(t, err)

	eng := e.engine(nil)
	p := e.plan(eng, d)
	assert.Equal(t, setsync.Summary{Create: 1, Adopt: 1}, p.Summary(), p.String())
	_, err = setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	r := e.sync(eng, e.desired(configMap("b", "1")))
	assert.Equal(t, 1, r.Pruned)
}

// What only looks like ours is never pruned, and forgotten, each with its reason.
func TestPruneProvesOwnership(t *testing.T) { onEach(t, testPruneProvesOwnership) }

func testPruneProvesOwnership(t *testing.T, e *env) {
	var all []string
	for _, name := range []string{"unlabelled", "moved", "released", "replaced", "controlled", "keep", "pruned"} {
		all = append(all, configMap(name, "1"))
	}
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(append(all, configMap("stays", "1"))...)))

	patch := func(name, body string) {
		_, err := e.c.direct.Patch(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: name}, cluster.Patch{Type: types.MergePatchType, Data: []byte(body)}, cluster.WriteOptions{Manager: "hand"})
		require.NoError(t, err)
	}
	patch("unlabelled", `{"metadata":{"labels":{"applyset.kubernetes.io/part-of":null}}}`)
	patch("moved", `{"metadata":{"labels":{"applyset.kubernetes.io/part-of":"applyset-other-v1"}}}`)
	patch("released", `{"metadata":{"managedFields":[{}]}}`)
	patch("keep", `{"metadata":{"annotations":{"argocd.argoproj.io/sync-options":"Replace=true, Prune=false"}}}`)
	stays := e.get("ConfigMap", "stays")
	patch("controlled", `{"metadata":{"ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"stays","uid":"`+string(stays.GetUID())+`","controller":true}]}}`)
	require.NoError(t, e.c.direct.Delete(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: "replaced"}, cluster.DeleteOptions{}))
	again := e.desired(configMap("replaced", "1")).Objects[0]
	again.SetNamespace(e.ns)
	require.NoError(t, e.inventory().Label(again))
	_, err := e.c.direct.Apply(t.Context(), again, cluster.WriteOptions{Manager: "setpoint"})
	require.NoError(t, err)

	p := e.plan(eng, e.desired(configMap("stays", "1")))
	reasons := map[string]string{}
	for _, s := range p.Steps() {
		reasons[string(s.Action)+" "+s.Ref.Name] = s.Reason
	}
	assert.Equal(t, map[string]string{
		"skip unlabelled": "it does not carry the set's marks; it is left alone and forgotten",
		"skip moved":      "it belongs to another set: applyset.kubernetes.io/part-of=applyset-other-v1; it is left alone and forgotten",
		"skip released":   `"setpoint" never applied it; it is left alone and forgotten`,
		"skip replaced":   "it was replaced by another object of that name; it is left alone and forgotten",
		"skip controlled": "ConfigMap stays controls it; it is left alone and forgotten",
		"skip keep":       "argocd.argoproj.io/sync-options says Prune=false",
		"prune pruned":    "it left the desired state",
	}, reasons)
	r, err := setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Equal(t, 1, r.Pruned)
	var names []string
	for _, m := range e.record().Members {
		names = append(names, m.Name)
	}
	assert.Equal(t, []string{"keep", "stays"}, names)
}

// EndpointSlices copy the labels of their Service, and with them the membership.
func TestEndpointSliceIsNeverPruned(t *testing.T) { onEach(t, testEndpointSliceIsNeverPruned) }

func testEndpointSliceIsNeverPruned(t *testing.T, e *env) {
	eng := e.engine(nil)
	d := e.desired(docs(web, webService, webAccount, configMap("settings", "1")))
	e.sync(eng, d)
	_, err := setsync.Drain(eng.Wait(t.Context(), e.plan(eng, d)))
	require.NoError(t, err)
	slices := func() (out []*unstructured.Unstructured) {
		for obj, err := range e.c.direct.List(t.Context(), cluster.Selector{Group: "discovery.k8s.io", Kind: "EndpointSlice", Namespace: e.ns}) {
			require.NoError(t, err)
			out = append(out, obj)
		}
		return out
	}
	require.Eventually(t, func() bool { return len(slices()) > 0 }, waitFor, tick)
	slice := slices()[0]
	require.Equal(t, e.inventory().ID(), slice.GetLabels()[inventory.LabelPartOf], "the label is copied")

	// Even a record that claims it does not make it ours.
	rec := e.record()
	rec.Members = append(rec.Members, setsync.Member{Ref: cluster.RefOf(slice), UID: slice.GetUID()})
	require.NoError(t, e.inventory().Save(t.Context(), rec))
	p := e.plan(eng, d)
	for _, s := range p.Steps() {
		assert.NotEqual(t, setsync.Prune, s.Action, s.ID)
	}
	_, err = setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.NotEmpty(t, slices())
	for _, m := range e.record().Members {
		assert.NotEqual(t, "EndpointSlice", m.Kind)
	}
}

// Another manager's field stops its step alone; everything else is applied and nothing is pruned.
func TestConflictNamesTheManager(t *testing.T) { onEach(t, testConflictNamesTheManager) }

func testConflictNamesTheManager(t *testing.T, e *env) {
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(configMap("a", "1"), configMap("b", "1"), configMap("gone", "1"))))
	theirs := e.desired(configMap("a", "theirs")).Objects[0]
	theirs.SetNamespace(e.ns)
	_, err := e.c.direct.Apply(t.Context(), theirs, cluster.WriteOptions{Manager: "helm", Force: true})
	require.NoError(t, err)

	d := e.desired(docs(configMap("a", "2"), configMap("b", "2")))
	p := e.plan(eng, d)
	assert.Contains(t, p.String(), `conflict with "helm" over .data.key`)
	r, err := setsync.Drain(eng.Run(t.Context(), p))
	require.Error(t, err)
	var conflict *cluster.ConflictError
	require.ErrorAs(t, err, &conflict)
	assert.Equal(t, []cluster.FieldConflict{{Manager: "helm", Operation: "Apply", Field: ".data.key"}}, conflict.Conflicts)
	assert.EqualError(t, err, `apply ConfigMap `+e.ns+`/a (set.yaml:10): conflict with "helm" over .data.key`)
	assert.Equal(t, 1, r.Updated)
	assert.Equal(t, 2, r.Blocked, "the gate before pruning, and the prune")
	assert.Zero(t, r.Pruned)
	e.get("ConfigMap", "gone")
	assert.Len(t, e.record().Members, 3)

	forced := e.engine(func(o *setsync.Options) { o.Force = true })
	r = e.sync(forced, d)
	assert.Equal(t, 1, r.Updated)
	assert.Equal(t, 1, r.Pruned)
}

// A step is for the state that was looked at: what moved in a way that matters is stale, what moved otherwise is not.
func TestStepIsForTheStateThatWasSeen(t *testing.T) { onEach(t, testStepIsForTheStateThatWasSeen) }

func testStepIsForTheStateThatWasSeen(t *testing.T, e *env) {
	eng := e.engine(nil)
	e.sync(eng, e.desired(docs(configMap("drifts", "1"), configMap("annotated", "1"), configMap("deleted", "1"), configMap("replaced", "1"))))
	d := e.desired(docs(configMap("drifts", "2"), configMap("annotated", "2"), configMap("deleted", "2"), configMap("replaced", "2"), configMap("appears", "2")))
	p := e.plan(eng, d)

	patch := func(name, body string) {
		_, err := e.c.direct.Patch(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: name}, cluster.Patch{Type: types.MergePatchType, Data: []byte(body)}, cluster.WriteOptions{Manager: "hand"})
		require.NoError(t, err)
	}
	patch("drifts", `{"data":{"key":"3"}}`)
	patch("annotated", `{"metadata":{"annotations":{"seen":"yes"}}}`)
	for _, name := range []string{"deleted", "replaced"} {
		require.NoError(t, e.c.direct.Delete(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: name}, cluster.DeleteOptions{}))
	}
	for _, name := range []string{"replaced", "appears"} {
		obj := e.desired(configMap(name, "9")).Objects[0]
		obj.SetNamespace(e.ns)
		_, err := e.c.direct.Create(t.Context(), obj, cluster.WriteOptions{Manager: "hand"})
		require.NoError(t, err)
	}
	r, err := setsync.Drain(eng.Run(t.Context(), p))
	require.ErrorIs(t, err, setsync.ErrStale)
	for _, says := range []string{
		"/drifts (set.yaml:10): stale plan: the object changed since",
		"/deleted (set.yaml:30): stale plan: the object was deleted",
		"/replaced (set.yaml:40): stale plan: the object was replaced by another of that name",
		"/appears (set.yaml:50): stale plan: an object of that name appeared since",
	} {
		assert.ErrorContains(t, err, says)
	}
	assert.Equal(t, 4, strings.Count(err.Error(), "stale plan"))
	assert.Equal(t, 1, r.Updated, "a change elsewhere in the object does not matter")
	value := func(name string) any { return e.get("ConfigMap", name).Object["data"].(map[string]any)["key"] }
	assert.Equal(t, "2", value("annotated"))
	assert.Equal(t, "3", value("drifts"))
	assert.Equal(t, "9", value("appears"))
	assert.Equal(t, "9", value("replaced"))
}
