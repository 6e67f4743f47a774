package sync_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errCut = errors.New("cut")

// The ways in which a run can be cut at a request.
var cutModes = []string{"before", "after", "lost"}

func cutBefore(e *env) setsync.Desired {
	return e.desired(docs(web, webAccount, configMap("settings", "1"), configMap("old-1", "1"), configMap("old-2", "1")))
}

func cutAfter(e *env) setsync.Desired {
	return e.desired(docs(web, webAccount, webService, configMap("settings", "2"), inWave("-1", "early", ""), inWave("3", "late", ""),
		definition(e, "Namespaced", ""), gadget(e, "one", "spec: {size: 1}")))
}

func judgedHealthy(o *setsync.Options) { o.Health = healthy }

// recorded lists the record, whose UIDs have to be those of the live objects.
func recorded(e *env) (out []string) {
	for _, m := range e.record().Members {
		out = append(out, m.Kind+" "+strings.ReplaceAll(m.Name, e.ns, "NS"))
		obj, err := e.c.direct.Get(e.t.Context(), m.Ref, cluster.GetOptions{})
		require.NoError(e.t, err)
		assert.Equal(e.t, obj.GetUID(), m.UID, "%s", m.Ref)
	}
	return out
}

// cut runs a plan and ends the run at its nth request. It reports whether there were so many.
func (e *env) cut(eng *setsync.Engine, plan *setsync.Plan, at int64, how string) (reached bool) {
	t := e.t
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var n atomic.Int64
	e.c.around = func(ctx context.Context, op string, _ cluster.Ref, send func() error) error {
		if errors.Is(context.Cause(ctx), errCut) {
			return errCut
		}
		if n.Add(1) != at {
			return send()
		}
		if how == "before" {
			cancel(errCut)
			return errCut
		}
		err := send()
		cancel(errCut)
		if how == "lost" {
			return &cluster.Error{Op: op, Err: cluster.ErrUnavailable}
		}
		return err
	}
	_, err := setsync.Drain(eng.Run(ctx, plan))
	// A cut after the very last answer leaves a run that is whole.
	if err != nil {
		require.ErrorIs(t, err, errCut, "at %d, %s", at, how)
	}
	e.c.around = nil
	return n.Load() >= at
}

// wholeRun syncs without a cut. It returns the record and the number of requests of the run.
func wholeRun(e *env) (record []string, requests int64) {
	e.dropCRD()
	e.sync(e.engine(judgedHealthy), cutBefore(e))
	p := e.plan(e.engine(judgedHealthy), cutAfter(e))
	var total atomic.Int64
	e.c.around = func(_ context.Context, _ string, _ cluster.Ref, send func() error) error { total.Add(1); return send() }
	_, err := setsync.Drain(e.engine(judgedHealthy).Run(e.t.Context(), p))
	require.NoError(e.t, err)
	return recorded(e), total.Load()
}

// cutRun cuts a run at its nth request and then syncs again, by a new engine, so that nothing is kept in the process. Reached
// says that the run had so many requests; the result has to be that of a whole run.
func cutRun(e *env, at int64, how string, want []string) (reached bool) {
	t := e.t
	e.dropCRD()
	eng := e.engine(judgedHealthy)
	e.sync(eng, cutBefore(e))
	plan := e.plan(eng, cutAfter(e))
	reached = e.cut(eng, plan, at, how)

	eng = e.engine(judgedHealthy)
	e.sync(eng, cutAfter(e))
	assert.Equal(t, want, recorded(e), "cut at %d, %s", at, how)
	assert.Nil(t, e.record().Operation)
	p := e.plan(eng, cutAfter(e))
	assert.True(t, p.Empty(), "cut at %d, %s: %s", at, how, p)
	for _, gone := range []string{"old-1", "old-2"} {
		_, err := e.c.Get(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: gone}, cluster.GetOptions{})
		assert.ErrorIs(t, err, cluster.ErrNotFound, "cut at %d, %s", at, how)
	}
	return reached
}

// A run that is cut anywhere, before a request, after it, or with its answer lost, leaves a state from which the next run
// reaches what a run without a cut reaches, record included.
func TestCutRunConverges(t *testing.T) {
	t.Parallel()
	const cuts = 25
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	e := onControlPlane(t)
	want, total := wholeRun(e)
	kinds, reached := map[string]int{}, 0
	for range cuts {
		how := cutModes[rng.IntN(len(cutModes))]
		kinds[how]++
		if cutRun(e.fresh(), 1+rng.Int64N(total), how, want) {
			reached++
		}
	}
	t.Logf("a whole run has %d requests; cuts %v, %d of them reached", total, kinds, reached)
	assert.Greater(t, reached, cuts/2)
}

// The same at every request there is, in every way.
func TestCutAtEveryRequest(t *testing.T) {
	t.Parallel()
	e := inMemory(t)
	want, total := wholeRun(e)
	cuts := 0
	for _, how := range cutModes {
		for at := int64(1); ; at++ {
			if !cutRun(e.fresh(), at, how, want) {
				break
			}
			cuts++
		}
	}
	t.Logf("a whole run has %d requests; %d cuts", total, cuts)
	assert.Greater(t, cuts, int(total))
}
