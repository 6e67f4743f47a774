package sync_test

import (
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A plan is run only by an engine for what it was made for.
func TestRunRefusesAPlanForAnotherTarget(t *testing.T) {
	onEach(t, testRunRefusesAPlanForAnotherTarget)
}

func testRunRefusesAPlanForAnotherTarget(t *testing.T, e *env) {
	p := e.plan(e.engine(nil), e.desired(configMap("a", "1")))
	opts := &setsync.Options{Namespace: e.ns, Schemas: e.schemas}
	other := inMemory(t)
	for name, tc := range map[string]struct {
		engine *setsync.Engine
		says   string
	}{
		"inventory": {setsync.New(e.c, e.named("other"), opts), "inventory"},
		"manager":   {e.engine(func(o *setsync.Options) { o.Manager = "other" }), `field manager "setpoint" and not "other"`},
		"cluster":   {setsync.New(other.c, (&env{t: t, c: other.c, ns: e.ns}).inventory(), &setsync.Options{Namespace: e.ns}), "cluster"},
	} {
		t.Run(name, func(t *testing.T) {
			writes := e.c.writes.Load() + other.c.writes.Load()
			for range 2 {
				_, err := setsync.Drain(tc.engine.Run(t.Context(), p))
				require.ErrorIs(t, err, setsync.ErrTarget)
				assert.ErrorContains(t, err, "run: plan is for another target: "+tc.says)
			}
			assert.Equal(t, writes, e.c.writes.Load()+other.c.writes.Load())
		})
	}
	_, err := setsync.Drain(e.engine(nil).Run(t.Context(), p))
	assert.NoError(t, err, "another engine for the same target may run it")
}

// Without a plan there is nothing to run, and that is not success.
func TestRunWithoutAPlan(t *testing.T) {
	t.Parallel()
	s, err := memory.New(nil)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	c, err := kube.New(s.Config(), nil)
	require.NoError(t, err)
	e := &env{t: t, c: newTap(c), ns: "default"}
	_, err = setsync.Drain(e.engine(nil).Run(t.Context(), nil))
	require.EqualError(t, err, "run: there is no plan")
	_, err = setsync.Drain(e.engine(nil).Wait(t.Context(), nil))
	require.EqualError(t, err, "wait: there is no plan")
	assert.Zero(t, e.c.reads.Load()+e.c.writes.Load())
	var typed *cluster.Error
	assert.NotErrorAs(t, err, &typed)
}
