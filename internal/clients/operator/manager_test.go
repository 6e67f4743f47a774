package operator_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// world is an API server with the definition, and a client that reads from it and not from a cache.
type world struct {
	server *memory.Server
	client client.WithWatch
	mu     sync.Mutex
	// degreased names the Sprockets that were finalized, and by which manager.
	degreased map[string]string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	crd, err := definition()
	require.NoError(t, err)
	s, err := memory.New(&memory.Options{Controllers: true, Objects: []*unstructured.Unstructured{crd}})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	scheme, err := newScheme()
	require.NoError(t, err)
	require.NoError(t, coordination.AddToScheme(scheme))
	c, err := client.NewWithWatch(s.Config(), client.Options{Scheme: scheme})
	require.NoError(t, err)
	return &world{server: s, client: c, degreased: map[string]string{}}
}

// run starts a manager that stands for election, and returns what stops it and waits until it has.
func (w *world) run(t *testing.T, name string) (stop func()) {
	t.Helper()
	scheme, err := newScheme()
	require.NoError(t, err)
	short, shorter, shortest := 2*time.Second, time.Second, 100*time.Millisecond
	manager, err := ctrl.NewManager(w.server.Config(), ctrl.Options{
		Scheme:                        scheme,
		Logger:                        logr.FromSlogHandler(slog.DiscardHandler),
		Metrics:                       server.Options{BindAddress: "0"},
		LeaderElection:                true,
		LeaderElectionID:              "sprockets.example.org",
		LeaderElectionNamespace:       "default",
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 &short,
		RenewDeadline:                 &shorter,
		RetryPeriod:                   &shortest,
	})
	require.NoError(t, err)
	r := &reconciler{Client: manager.GetClient(), scheme: scheme, degreased: func(sprocket string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.degreased[sprocket] = name
	}}
	require.NoError(t, r.register(manager))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- manager.Start(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		assert.NoError(t, <-done)
	})
}

// until watches objects of a kind and returns the first that satisfies want, or that was deleted when want is nil.
func until[T client.Object](t *testing.T, w *world, list client.ObjectList, name string, want func(T) bool) T {
	t.Helper()
	watcher, err := w.client.Watch(t.Context(), list, client.InNamespace("default"))
	require.NoError(t, err)
	defer watcher.Stop()
	for event := range watcher.ResultChan() {
		obj, ok := event.Object.(T)
		if !ok || obj.GetName() != name {
			continue
		}
		if deleted := event.Type == watch.Deleted; deleted && want == nil || !deleted && want != nil && want(obj) {
			return obj
		}
	}
	t.Fatalf("the watch for %s ended", name)
	panic("not reached")
}

func ready(s *Sprocket) bool {
	c := meta.FindStatusCondition(s.Status.Conditions, "Ready")
	return c != nil && c.Status == metav1.ConditionTrue && c.ObservedGeneration == s.Generation
}

func sprocket(name string, teeth int) *Sprocket {
	return &Sprocket{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: "default"}, Spec: SprocketSpec{Teeth: teeth}}
}

// A controller of controller-runtime does all that it does in a cluster: it makes an object for a resource, keeps it as it
// should be, reports, and finalizes; what the resource owned is collected.
func TestController(t *testing.T) {
	w := newWorld(t)
	stop := w.run(t, "one")
	defer stop()
	ctx := t.Context()
	require.NoError(t, w.client.Create(ctx, sprocket("front", 40)))
	s := until(t, w, &SprocketList{}, "front", ready)
	assert.Equal(t, []string{finalizer}, s.Finalizers)
	assert.EqualValues(t, 1, s.Generation, "a status is no change of the resource")
	assert.Equal(t, "40 teeth", s.Status.Conditions[0].Message)
	var child core.ConfigMap
	require.NoError(t, w.client.Get(ctx, client.ObjectKeyFromObject(s), &child))
	assert.Equal(t, map[string]string{"teeth": "40"}, child.Data)
	require.True(t, metav1.IsControlledBy(&child, s))

	// A change of the resource, and one of the child that has to be undone.
	s.Spec.Teeth = 42
	require.NoError(t, w.client.Update(ctx, s))
	s = until(t, w, &SprocketList{}, "front", func(s *Sprocket) bool { return s.Generation == 2 && ready(s) })
	assert.Equal(t, "42 teeth", s.Status.Conditions[0].Message)
	teeth := func(want string) func(*core.ConfigMap) bool {
		return func(c *core.ConfigMap) bool { return c.Data["teeth"] == want }
	}
	child = *until(t, w, &core.ConfigMapList{}, "front", teeth("42"))
	child.Data["teeth"] = "0"
	require.NoError(t, w.client.Update(ctx, &child))
	until(t, w, &core.ConfigMapList{}, "front", teeth("42"))
	require.NoError(t, w.client.Delete(ctx, &child))
	child = *until(t, w, &core.ConfigMapList{}, "front", teeth("42"))

	err := w.client.Create(ctx, sprocket("flat", 2))
	assert.True(t, apierrors.IsInvalid(err), "%v", err)

	gone, err := w.client.Watch(ctx, &core.ConfigMapList{}, client.InNamespace("default"), client.MatchingFields{"metadata.name": "front"})
	require.NoError(t, err)
	defer gone.Stop()
	require.NoError(t, w.client.Delete(ctx, s))
	for event := range gone.ResultChan() {
		if event.Type == watch.Deleted && event.Object.(*core.ConfigMap).UID == child.UID {
			break
		}
	}
	err = w.client.Get(ctx, client.ObjectKeyFromObject(s), &Sprocket{})
	assert.True(t, apierrors.IsNotFound(err), "%v", err)
	w.mu.Lock()
	defer w.mu.Unlock()
	assert.Equal(t, map[string]string{"front": "one"}, w.degreased)
}

// Of two managers one works, and the other goes on where it stopped.
func TestManagersTakeTurns(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	stopOne := w.run(t, "one")
	defer stopOne()
	require.NoError(t, w.client.Create(ctx, sprocket("front", 40)))
	until(t, w, &SprocketList{}, "front", ready)
	var lease coordination.Lease
	key := client.ObjectKey{Namespace: "default", Name: "sprockets.example.org"}
	require.NoError(t, w.client.Get(ctx, key, &lease))
	first := *lease.Spec.HolderIdentity

	stopTwo := w.run(t, "two")
	defer stopTwo()
	stopOne()
	require.NoError(t, w.client.Create(ctx, sprocket("rear", 17)))
	rear := until(t, w, &SprocketList{}, "rear", ready)
	require.NoError(t, w.client.Get(ctx, key, &lease))
	assert.NotEqual(t, first, *lease.Spec.HolderIdentity)
	deleted, err := w.client.Watch(ctx, &SprocketList{}, client.InNamespace("default"))
	require.NoError(t, err)
	defer deleted.Stop()
	require.NoError(t, w.client.Delete(ctx, rear))
	for event := range deleted.ResultChan() {
		if event.Type == watch.Deleted {
			break
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	assert.Equal(t, map[string]string{"rear": "two"}, w.degreased)
}

// A manager that has stopped, and a server that was closed, leave nothing behind.
func TestNothingKeepsRunning(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Run("manager", func(t *testing.T) {
		w := newWorld(t)
		stop := w.run(t, "one")
		defer stop()
		require.NoError(t, w.client.Create(t.Context(), sprocket("front", 40)))
		until(t, w, &SprocketList{}, "front", ready)
	})
	goleak.VerifyNone(t, before)
}
