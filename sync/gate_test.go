package sync_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/health"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// stated is a checker that believes what a ConfigMap says of itself, so that a test decides on health.
var stated = health.CheckerFunc(func(obj *unstructured.Unstructured) (health.Result, error) {
	if obj == nil {
		return health.Result{Status: health.Missing, Message: "it does not exist"}, nil
	}
	said := obj.GetAnnotations()["health"]
	switch said {
	case "":
		return health.Result{Status: health.Healthy}, nil
	case "NoStatus":
		return health.Result{Status: health.Unknown, Reason: "NoStatus"}, nil
	}
	return health.Result{Status: health.Status(said), Message: "it says so"}, nil
})

func inWave(wave, name, said string) string {
	notes := "argocd.argoproj.io/sync-wave: " + fmt.Sprintf("%q", wave)
	if said != "" {
		notes += ", health: " + said
	}
	return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", annotations: {" + notes + "}}\n"
}

func withStated(o *setsync.Options) {
	o.Health = stated
	o.Deadline = 3 * time.Second
	o.Grace = 100 * time.Millisecond
}

// A later wave begins when the earlier one is healthy, and no request of it is sent before.
func TestWaveWaitsForHealth(t *testing.T) { onEach(t, testWaveWaitsForHealth) }

func testWaveWaitsForHealth(t *testing.T, e *env) {
	eng := e.engine(func(o *setsync.Options) { withStated(o); o.Deadline = time.Minute })
	d := e.desired(docs(inWave("5", "late", ""), inWave("-1", "early", "Progressing"), inWave("0", "middle", "")))
	p := e.plan(eng, d)
	assert.Equal(t, []string{
		e.in("create/ConfigMap/NS/early"), "gate/wave/-1", e.in("create/ConfigMap/NS/middle"), "gate/wave/0", e.in("create/ConfigMap/NS/late"),
	}, ids(p), "the last wave has no gate")

	var seen []string
	for ev, err := range eng.Run(t.Context(), p) {
		require.NoError(t, err)
		seen = append(seen, fmt.Sprintf("%s %s%s %s", ev.Type, ev.Action, strings.TrimPrefix(ev.Step, string(ev.Action)), ev.Health.Status))
		if ev.Type == setsync.HealthChanged && ev.Health.Status == health.Progressing {
			_, err := e.c.direct.Get(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: "middle"}, cluster.GetOptions{})
			assert.ErrorIs(t, err, cluster.ErrNotFound)
			_, err = e.c.direct.Patch(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: "early"}, cluster.Patch{Type: types.MergePatchType, Data: []byte(`{"metadata":{"annotations":{"health":"Healthy"}}}`)}, cluster.WriteOptions{Manager: "test"})
			require.NoError(t, err)
		}
	}
	assert.Equal(t, strings.Split(e.in(`Started create/ConfigMap/NS/early 
Done create/ConfigMap/NS/early 
Started gate/wave/-1 
HealthChanged gate/wave/-1 Progressing
HealthChanged gate/wave/-1 Healthy
Done gate/wave/-1 
Started create/ConfigMap/NS/middle 
Done create/ConfigMap/NS/middle 
Started gate/wave/0 
HealthChanged gate/wave/0 Healthy
Done gate/wave/0 
Started create/ConfigMap/NS/late 
Done create/ConfigMap/NS/late `), "\n"), seen)
}

// A gate gives up on an object that stays failed, or on one that takes too long, names it, and what is behind is not begun.
func TestGateGivesUp(t *testing.T) { onEach(t, testGateGivesUp) }

func testGateGivesUp(t *testing.T, first *env) {
	for status, deadline := range map[string]bool{"Degraded": false, "Progressing": true, "Unknown": true} {
		t.Run(status, func(t *testing.T) {
			e := first.fresh()
			eng := e.engine(withStated)
			r, err := setsync.Drain(eng.Run(t.Context(), e.plan(eng, e.desired(docs(inWave("0", "a", status), inWave("0", "b", ""), inWave("1", "c", ""))))))
			require.ErrorIs(t, err, setsync.ErrUnhealthy)
			var unhealthy *setsync.HealthError
			require.ErrorAs(t, err, &unhealthy)
			require.Len(t, unhealthy.Objects, 1)
			assert.Equal(t, cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: "a"}, unhealthy.Objects[0].Ref)
			assert.Equal(t, 10, unhealthy.Objects[0].Origin.Line)
			assert.Equal(t, deadline, unhealthy.Deadline)
			assert.ErrorContains(t, err, e.in("ConfigMap NS/a is "+status+": it says so"))
			assert.Equal(t, 2, r.Created)
			assert.Equal(t, 1, r.Blocked)
			assert.Len(t, e.record().Members, 3)
			assert.Nil(t, e.record().Operation)
		})
	}
}

// An object that nobody reports on holds a wave up for the grace period only, and is not called healthy.
func TestUnreportedObjectPassesWithWarning(t *testing.T) {
	onEach(t, testUnreportedObjectPassesWithWarning)
}

func testUnreportedObjectPassesWithWarning(t *testing.T, e *env) {
	eng := e.engine(func(o *setsync.Options) { withStated(o); o.Deadline = time.Minute })
	d := e.desired(docs(inWave("0", "a", "NoStatus"), inWave("1", "b", "")))
	r := e.sync(eng, d)
	assert.Equal(t, []string{e.in("ConfigMap NS/a: no controller has reported on it; it is not known to be healthy")}, r.Warnings)
	assert.Equal(t, 2, r.Created)
	assert.Equal(t, health.Unknown, r.Health[cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: "a"}].Status)

	r, err := setsync.Drain(eng.Wait(t.Context(), e.plan(eng, d)))
	require.NoError(t, err)
	assert.Len(t, r.Warnings, 1)
}

// Wait tells of every object, and ends although some never get healthy.
func TestWaitNamesWhatIsNotHealthy(t *testing.T) { onEach(t, testWaitNamesWhatIsNotHealthy) }

func testWaitNamesWhatIsNotHealthy(t *testing.T, e *env) {
	eng := e.engine(withStated)
	d := e.desired(docs(inWave("0", "bad", "Degraded"), inWave("0", "good", ""), inWave("0", "paused", "Suspended")))
	e.sync(eng, d)
	p := e.plan(eng, d)
	require.True(t, p.Empty())
	e.c.writes.Store(0)
	r, err := setsync.Drain(eng.Wait(t.Context(), p))
	assert.EqualError(t, err, e.in("not healthy: ConfigMap NS/bad is Degraded: it says so"))
	assert.Len(t, r.Health, 3)
	assert.Zero(t, e.c.writes.Load())

	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	_, err = setsync.Drain(eng.Wait(ctx, p))
	assert.ErrorIs(t, err, enough)
}
