package sync_test

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/health"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// behind is a client whose watches begin with a state from before the last write, as one from a lagging cache does.
type behind struct {
	*tap
	old *unstructured.Unstructured
}

func (b *behind) Watch(ctx context.Context, sel cluster.Selector) iter.Seq2[cluster.Event, error] {
	return func(yield func(cluster.Event, error) bool) {
		if sel.Kind == b.old.GetKind() && !yield(cluster.Event{Type: cluster.Added, Object: b.old}, nil) {
			return
		}
		b.tap.Watch(ctx, sel)(yield)
	}
}

// The health of a state that our write has replaced opens no gate.
func TestHealthBeforeTheWriteDoesNotCount(t *testing.T) {
	onEach(t, testHealthBeforeTheWriteDoesNotCount)
}

func testHealthBeforeTheWriteDoesNotCount(t *testing.T, e *env) {
	eng := e.engine(withStated)
	e.sync(eng, e.desired(docs(web, webAccount, configMap("settings", "1"))))
	b := &behind{tap: e.c, old: e.get("Deployment", "web")}
	require.Equal(t, health.Healthy, must(stated.Check(b.old)).Status)

	next := strings.Replace(strings.Replace(web, "replicas: 2", "replicas: 3", 1), "{name: web}", "{name: web, annotations: {health: Degraded}}", 1)
	opts := &setsync.Options{Namespace: e.ns}
	withStated(opts)
	eng = setsync.New(b, e.inventory(), opts)
	p := e.plan(eng, e.desired(docs(next, webAccount, configMap("settings", "1"), inWave("1", "late", ""))))
	var seen []health.Status
	var fault error
	for ev, err := range eng.Run(t.Context(), p) {
		require.NoError(t, err)
		if ev.Type == setsync.HealthChanged && ev.Ref.Kind == "Deployment" {
			seen = append(seen, ev.Health.Status)
		}
		if ev.Type == setsync.Failed {
			fault = ev.Err
		}
	}
	assert.ErrorIs(t, fault, setsync.ErrUnhealthy)
	assert.Equal(t, []health.Status{health.Degraded}, seen)
}
