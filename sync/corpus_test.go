package sync_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/health"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/kustomize"
	"github.com/setpoint-dev/setpoint/render/plain"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// corpus renders a folder below the one that SETPOINT_CORPUS names.
func corpus(t *testing.T, r render.Renderer, path string) setsync.Desired {
	t.Helper()
	root := os.Getenv("SETPOINT_CORPUS")
	if root == "" {
		t.Skip("SETPOINT_CORPUS does not name a folder with kube-prometheus and online-boutique")
	}
	out, err := r.Render(t.Context(), render.Input{FS: os.DirFS(filepath.Join(root, path))})
	require.NoError(t, err)
	return setsync.Desired{Objects: out.Objects, Origins: out.Origins, Revision: path, Complete: true}
}

// kube-prometheus brings definitions and objects of their kinds without the operator that would act on them, and an
// APIService whose backend never answers. Everything goes in at the first try, and nothing is called healthy that is not.
func TestKubePrometheus(t *testing.T) {
	t.Parallel()
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		testKubePrometheus(t, inMemory(t).c)
	})
	t.Run("real", func(t *testing.T) {
		t.Parallel()
		d := corpus(t, plain.New(nil), "kube-prometheus/manifests")
		require.NotEmpty(t, d.Objects)
		// It is about what is cluster-wide, and so has a control plane of its own.
		c, err := kube.New(kubetest.Start(t, &kubetest.Options{Controllers: true}).Config(), nil)
		require.NoError(t, err)
		testKubePrometheus(t, newTap(c))
	})
}

func testKubePrometheus(t *testing.T, tapped *tap) {
	d := corpus(t, plain.New(&plain.Options{Recurse: true}), "kube-prometheus/manifests")
	inv, err := inventory.NewApplySet(tapped, "default", "kube-prometheus", nil)
	require.NoError(t, err)
	eng := setsync.New(tapped, inv, &setsync.Options{Namespace: "default", Prune: true, Deadline: 5 * time.Minute, Grace: time.Second})

	p, err := eng.Plan(t.Context(), d)
	require.NoError(t, err)
	assert.Equal(t, setsync.Summary{Create: len(d.Objects)}, p.Summary())
	r, err := setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Equal(t, len(d.Objects), r.Created)
	t.Logf("%d objects, %d writes, %d reads", len(d.Objects), tapped.writes.Load(), tapped.reads.Load())

	again, err := eng.Plan(t.Context(), d)
	require.NoError(t, err)
	assert.True(t, again.Empty(), again.String())
	tapped.writes.Store(0)
	_, err = setsync.Drain(eng.Run(t.Context(), again))
	require.NoError(t, err)
	assert.Zero(t, tapped.writes.Load())

	open := map[cluster.Ref]bool{}
	for ref := range again.Health() {
		open[ref] = true
	}
	for ev, err := range eng.Wait(t.Context(), again) {
		require.NoError(t, err)
		if ev.Health.Status == health.Healthy || ev.Health.Reason == "NoStatus" {
			delete(open, ev.Ref)
		}
		if len(open) == 1 {
			break
		}
	}
	short := setsync.New(tapped, inv, &setsync.Options{Deadline: 3 * time.Second, Grace: 100 * time.Millisecond})
	r, err = setsync.Drain(short.Wait(t.Context(), again))
	var unhealthy *setsync.HealthError
	require.ErrorAs(t, err, &unhealthy)
	var bad []string
	for _, u := range unhealthy.Objects {
		bad = append(bad, u.String())
	}
	require.Len(t, bad, 1, "%v", bad)
	assert.Contains(t, bad[0], "APIService v1beta1.metrics.k8s.io is Progressing: ")
	require.Len(t, r.Health, len(d.Objects))
	for ref, h := range r.Health {
		want := health.Healthy
		switch {
		case ref.Group == "monitoring.coreos.com":
			want = health.Unknown
		case ref.Kind == "APIService":
			want = unhealthy.Objects[0].Status
		}
		assert.Equal(t, want, h.Status, "%s: %s", ref, h.Message)
	}

	// The group without a backend is in nobody's way.
	kept := d
	kept.Objects, kept.Origins = nil, nil
	for i, obj := range d.Objects {
		if cluster.RefOf(obj).Name != "grafana" || obj.GetKind() != "Deployment" {
			kept.Objects, kept.Origins = append(kept.Objects, obj), append(kept.Origins, d.Origins[i])
		}
	}
	p, err = eng.Plan(t.Context(), kept)
	require.NoError(t, err)
	assert.Equal(t, []string{"prune/Deployment.apps/monitoring/grafana"}, ids(p))
	r, err = setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Equal(t, 1, r.Pruned)
}

func TestOnlineBoutique(t *testing.T) { onEach(t, testOnlineBoutique) }

func testOnlineBoutique(t *testing.T, e *env) {
	d := corpus(t, kustomize.New(nil), "online-boutique/kustomize")
	eng := e.engine(func(o *setsync.Options) { o.Deadline = 2 * time.Minute })
	r := e.sync(eng, d)
	assert.Equal(t, len(d.Objects), r.Created)
	p := e.plan(eng, d)
	assert.True(t, p.Empty(), p.String())
	r, err := setsync.Drain(eng.Wait(t.Context(), p))
	require.NoError(t, err)
	require.Len(t, r.Health, len(d.Objects))
	for ref, h := range r.Health {
		assert.Equal(t, health.Healthy, h.Status, "%s: %s", ref, h.Message)
	}
	assert.True(t, e.plan(eng, d).Empty(), "its controllers have written, and nothing has drifted")
}
