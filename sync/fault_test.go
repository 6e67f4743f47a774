package sync_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/health"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

var healthy = health.CheckerFunc(func(obj *unstructured.Unstructured) (health.Result, error) {
	if obj == nil {
		return health.Result{Status: health.Missing}, nil
	}
	return health.Result{Status: health.Healthy}, nil
})

// Every answer that gets lost once is found out about; nothing is done twice and nothing fails.
func TestLostAnswers(t *testing.T) { onEach(t, testLostAnswers) }

func testLostAnswers(t *testing.T, e *env) {
	quick := func(o *setsync.Options) { o.Health = healthy }
	e.sync(e.engine(quick), e.desired(docs(configMap("a", "1"), configMap("b", "1"))))
	lost := 0
	var odd atomic.Int64
	e.c.around = func(ctx context.Context, op string, ref cluster.Ref, send func() error) error {
		err := send()
		if odd.Add(1)%2 == 1 && op != "watch" {
			lost++
			return &cluster.Error{Op: op, Ref: ref, Err: cluster.ErrUnavailable}
		}
		return err
	}
	r := e.sync(e.engine(func(o *setsync.Options) { quick(o); o.Concurrency = 1 }), e.desired(docs(configMap("a", "2"), configMap("c", "1"))))
	t.Logf("%d answers were lost", lost)
	assert.Equal(t, setsync.Result{Created: 1, Updated: 1, Pruned: 1, Health: map[cluster.Ref]health.Result{}}, r)
	e.c.around = nil
	assert.True(t, e.plan(e.engine(quick), e.desired(docs(configMap("a", "2"), configMap("c", "1")))).Empty())
}

// A server that goes away in the middle ends the run in time, by a typed error; nothing is pruned, and when it is back the next
// run goes on.
func TestServerGoesAway(t *testing.T) { onEach(t, testServerGoesAway) }

func testServerGoesAway(t *testing.T, e *env) {
	change := func(o *setsync.Options) { o.Health = healthy; o.Concurrency = 2; o.Patience = 300 * time.Millisecond }
	var before, after []string
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		before, after = append(before, configMap(name, "1")), append(after, configMap(name, "2"))
	}
	e.sync(e.engine(change), e.desired(docs(append(before, configMap("old", "1"))...)))
	p := e.plan(e.engine(change), e.desired(docs(after...)))
	var n atomic.Int64
	e.c.around = func(_ context.Context, op string, ref cluster.Ref, send func() error) error {
		if n.Add(1) > 3 {
			return &cluster.Error{Op: op, Ref: ref, Err: cluster.ErrUnavailable}
		}
		return send()
	}
	r, err := setsync.Drain(e.engine(change).Run(t.Context(), p))
	require.ErrorIs(t, err, cluster.ErrUnavailable)
	assert.Positive(t, r.Failed)
	assert.Positive(t, r.Blocked)
	assert.Equal(t, 10, r.Updated+r.Failed+r.Blocked, "each step has an end: eight updates, the gate and the prune")
	assert.Zero(t, r.Pruned)

	e.c.around = nil
	e.get("ConfigMap", "old")
	r = e.sync(e.engine(change), e.desired(docs(after...)))
	assert.Equal(t, 1, r.Pruned)
	assert.True(t, e.plan(e.engine(change), e.desired(docs(after...))).Empty())
}

// A fault that hits every object of a kind, such as that of a webhook, costs the run its patience once, and the other objects
// nothing.
func TestFaultOfOneKind(t *testing.T) { onEach(t, testFaultOfOneKind) }

func testFaultOfOneKind(t *testing.T, e *env) {
	eng := e.engine(func(o *setsync.Options) { o.Health = healthy; o.Concurrency = 1; o.Patience = time.Second })
	tries := map[string]int{}
	e.c.around = func(_ context.Context, op string, ref cluster.Ref, send func() error) error {
		if op != "apply" || ref.Kind != "ConfigMap" {
			return send()
		}
		tries[ref.Name]++
		return &cluster.Error{Op: op, Ref: ref, Code: 500, Err: errors.New("failed calling webhook")}
	}
	r, err := setsync.Drain(eng.Run(t.Context(), e.plan(eng, e.desired(docs(configMap("a", "1"), configMap("b", "1"), configMap("c", "1"), webService)))))
	assert.ErrorContains(t, err, "failed calling webhook, after ")
	assert.Equal(t, 3, r.Failed)
	assert.Equal(t, 1, r.Created, "the Service")
	assert.Greater(t, tries["a"], 1)
	t.Logf("attempts: %v", tries)
}

// The same with a server that is really stopped, and started again.
func TestStoppedServer(t *testing.T) {
	t.Parallel()
	cp := kubetest.Start(t, nil)
	c, err := kube.New(cp.Config(), nil)
	require.NoError(t, err)
	inv, err := inventory.NewApplySet(c, "default", "set", nil)
	require.NoError(t, err)
	eng := setsync.New(c, inv, &setsync.Options{Namespace: "default", Prune: true, Health: healthy, Patience: time.Second})
	_, err = setsync.Drain(eng.Run(t.Context(), must(eng.Plan(t.Context(), parse(t, docs(configMap("a", "1"), configMap("b", "1")))))))
	require.NoError(t, err)
	next := parse(t, docs(configMap("a", "2"), configMap("c", "1")))
	p, err := eng.Plan(t.Context(), next)
	require.NoError(t, err)

	cp.Stop()
	_, err = setsync.Drain(eng.Run(t.Context(), p))
	require.ErrorIs(t, err, cluster.ErrUnavailable)
	_, err = eng.Plan(t.Context(), next)
	require.ErrorIs(t, err, cluster.ErrUnavailable)
	assert.NotContains(t, err.Error(), cp.Config().BearerToken)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// What the identity may not write is refused by the server and named; the rest is done.
func TestForbiddenNamespace(t *testing.T) { onEach(t, testForbiddenNamespace) }

func testForbiddenNamespace(t *testing.T, e *env) {
	other := e.fresh()
	e.c.around = func(_ context.Context, op string, ref cluster.Ref, send func() error) error {
		if ref.Namespace == other.ns && op == "apply" {
			return &cluster.Error{Op: op, Ref: ref, Code: 403, Err: cluster.ErrForbidden}
		}
		return send()
	}
	d := e.desired(docs(configMap("a", "1"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: "+other.ns+"}\n"))
	eng := e.engine(nil)
	r, err := setsync.Drain(eng.Run(t.Context(), e.plan(eng, d)))
	require.ErrorIs(t, err, cluster.ErrForbidden)
	assert.EqualError(t, err, "apply ConfigMap "+other.ns+"/b (set.yaml:20): forbidden")
	assert.Equal(t, 1, r.Created)
	assert.Len(t, e.record().Members, 2)
}

// Of two runs from one record the second does not write.
func TestRunFromAnOldRecord(t *testing.T) { onEach(t, testRunFromAnOldRecord) }

func testRunFromAnOldRecord(t *testing.T, e *env) {
	eng := e.engine(nil)
	first, second := e.plan(eng, e.desired(configMap("a", "1"))), e.plan(eng, e.desired(configMap("b", "1")))
	_, err := setsync.Drain(eng.Run(t.Context(), first))
	require.NoError(t, err)
	r, err := setsync.Drain(eng.Run(t.Context(), second))
	require.ErrorIs(t, err, setsync.ErrStale)
	assert.Zero(t, r.Writes())
	_, err = e.c.Get(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: "b"}, cluster.GetOptions{})
	assert.ErrorIs(t, err, cluster.ErrNotFound)
}

// Breaking out of the events stops the run.
func TestBreakStopsTheRun(t *testing.T) { onEach(t, testBreakStopsTheRun) }

func testBreakStopsTheRun(t *testing.T, e *env) {
	eng := e.engine(func(o *setsync.Options) { o.Health = healthy; o.Concurrency = 1 })
	p := e.plan(eng, e.desired(docs(configMap("a", "1"), configMap("b", "1"), configMap("c", "1"), configMap("d", "1"))))
	for ev, err := range eng.Run(t.Context(), p) {
		require.NoError(t, err)
		if ev.Type == setsync.Done {
			break
		}
	}
	writes := e.c.writes.Load()
	assert.LessOrEqual(t, writes, int64(3), "the record, the first, and perhaps the one after")
	rec := e.record()
	assert.Len(t, rec.Members, 4, "the record names all that may exist")
	require.NotNil(t, rec.Operation)
	assert.Equal(t, p.Digest(), rec.Operation.Plan)
	assert.Equal(t, "r1", rec.Operation.Revision)
	assert.Equal(t, writes, e.c.writes.Load())

	assert.Panics(t, func() {
		for range eng.Run(t.Context(), e.plan(eng, e.desired(configMap("new", "1")))) {
			panic("in the caller's loop")
		}
	})
}

// A prune that fails stops those that have not begun.
func TestFailedPruneStopsPruning(t *testing.T) { onEach(t, testFailedPruneStopsPruning) }

func testFailedPruneStopsPruning(t *testing.T, e *env) {
	eng := e.engine(func(o *setsync.Options) { o.Health = healthy; o.Concurrency = 1 })
	e.sync(eng, e.desired(docs(configMap("a", "1"), configMap("b", "1"), configMap("c", "1"), configMap("d", "1"))))
	e.c.around = func(_ context.Context, op string, ref cluster.Ref, send func() error) error {
		if ref.Name == "c" && op == "delete" {
			return &cluster.Error{Op: op, Ref: ref, Code: 403, Err: cluster.ErrForbidden}
		}
		return send()
	}
	r, err := setsync.Drain(eng.Run(t.Context(), e.plan(eng, e.desired(configMap("a", "1")))))
	assert.EqualError(t, err, e.in("prune ConfigMap NS/c: forbidden"))
	assert.Equal(t, []int{1, 1, 1}, []int{r.Pruned, r.Failed, r.Blocked}, "d, c and b, in reverse order")
	assert.Len(t, e.record().Members, 3)
	e.get("ConfigMap", "b")
}
