package sync_test

import (
	"context"
	"errors"
	"testing"

	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// Whatever way a stream ends, nothing keeps running behind it. The test is not parallel, so that no other test is seen.
func TestNothingKeepsRunning(t *testing.T) {
	e := inMemory(t)
	eng := e.engine(withStated)
	d := e.desired(docs(inWave("0", "a", "Progressing"), inWave("1", "b", ""), configMap("c", "1")))
	p := e.plan(eng, d)
	before := goleak.IgnoreCurrent()

	for ev, err := range eng.Run(t.Context(), p) {
		require.NoError(t, err)
		if ev.Type == setsync.HealthChanged {
			break
		}
	}
	goleak.VerifyNone(t, before)

	for range eng.Wait(t.Context(), e.plan(eng, d)) {
		break
	}
	goleak.VerifyNone(t, before)

	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	for _, err := range eng.Run(ctx, e.plan(eng, d)) {
		cancel(errors.New("enough"))
		if err != nil {
			require.EqualError(t, err, "enough")
		}
	}
	goleak.VerifyNone(t, before)

	_, err := setsync.Drain(eng.Wait(t.Context(), e.plan(eng, d)))
	require.ErrorIs(t, err, setsync.ErrUnhealthy)
	goleak.VerifyNone(t, before)
}
