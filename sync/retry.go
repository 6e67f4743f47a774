package sync

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
)

// retry repeats a request while its fault may pass, with growing pauses, until the engine's patience is over. It returns the
// last fault.
func (e *Engine) retry(ctx context.Context, do func() error) error {
	return e.retryIf(ctx, e.opts.Patience, cluster.Retryable, do)
}

func (e *Engine) retryIf(ctx context.Context, patience time.Duration, again func(error) bool, do func() error) error {
	end := time.Now().Add(patience)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := do()
		if err == nil || !again(err) || ctx.Err() != nil {
			return err
		}
		wait := pause/2 + rand.N(pause)
		var ce *cluster.Error
		if errors.As(err, &ce) && ce.RetryAfter > wait {
			wait = ce.RetryAfter
		}
		if time.Now().Add(wait).After(end) {
			return err
		}
		e.opts.Logger.DebugContext(ctx, "request will be repeated", "error", err, "after", wait)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

func retryValue[T any](ctx context.Context, e *Engine, do func() (T, error)) (v T, err error) {
	err = e.retry(ctx, func() error {
		v, err = do()
		return err
	})
	return v, err
}
