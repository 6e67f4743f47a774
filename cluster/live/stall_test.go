package live_test

import (
	"context"
	"errors"
	"iter"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/live"
)

// TestStalledWatch checks that reads of what was written go to the server when the watch does not bring it, and come from
// memory again when it does.
func TestStalledWatch(t *testing.T) {
	view, wire, direct, ns := open(t, &live.Options{Patience: 20 * time.Millisecond})
	ctx := t.Context()
	sel := cluster.Selector{Kind: "ConfigMap", Namespace: ns}
	ref := func(name string) cluster.Ref { return cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: name} }
	for _, name := range []string{"a", "b"} {
		_, err := direct.Apply(ctx, configMap(ns, name, "1"), us)
		require.NoError(t, err)
	}
	require.Equal(t, []string{"a", "b"}, names(t, view, sel))
	wire.block("/api/v1/configmaps")
	wire.cut()
	wire.awaitBlocked(t)

	_, err := view.Apply(ctx, configMap(ns, "a", "2"), us)
	require.NoError(t, err)
	require.NoError(t, view.Delete(ctx, ref("b"), cluster.DeleteOptions{}))
	_, err = view.Create(ctx, configMap(ns, "c", "1"), us)
	require.NoError(t, err)
	_, err = view.Create(ctx, configMap(ns, "d", "1"), us)
	require.NoError(t, err)
	require.NoError(t, direct.Delete(ctx, ref("d"), cluster.DeleteOptions{}))
	_, err = view.Create(ctx, configMap(ns, "e", "1"), us)
	require.NoError(t, err)
	require.NoError(t, view.Delete(ctx, ref("e"), cluster.DeleteOptions{}))

	same := func() {
		t.Helper()
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			want, wantErr := direct.Get(ctx, ref(name), cluster.GetOptions{})
			got, err := view.Get(ctx, ref(name), cluster.GetOptions{})
			assert.Equal(t, want, got, name)
			assert.Equal(t, wantErr == nil, err == nil, name)
		}
		assert.Equal(t, []string{"a", "c"}, names(t, view, sel))
	}
	same()
	wire.block("")
	wire.cancelBlocked()
	require.Eventually(t, func() bool {
		wire.reset()
		same()
		return len(wire.requests()) == 0
	}, 30*time.Second, 10*time.Millisecond, "no doubt is left")
}

// TestUnclearWrite checks what is read after a write that was executed and whose answer was lost, with a watch that brings
// it and with one that does not.
func TestUnclearWrite(t *testing.T) {
	for name, stalled := range map[string]bool{"running": false, "stalled": true} {
		t.Run(name, func(t *testing.T) {
			view, wire, direct, ns := open(t, &live.Options{Patience: 20 * time.Millisecond})
			ctx := t.Context()
			sel := cluster.Selector{Kind: "ConfigMap", Namespace: ns}
			ref := cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: "a"}
			_, err := direct.Apply(ctx, configMap(ns, "b", "1"), us)
			require.NoError(t, err)
			require.Equal(t, []string{"b"}, names(t, view, sel))
			if stalled {
				wire.block("/api/v1/configmaps")
				wire.cut()
				wire.awaitBlocked(t)
			}
			for _, step := range []struct {
				name string
				do   func() error
			}{
				{"created", func() error { _, err := view.Apply(ctx, configMap(ns, "a", "1"), us); return err }},
				{"changed", func() error { _, err := view.Apply(ctx, configMap(ns, "a", "2"), us); return err }},
				{"deleted", func() error { return view.Delete(ctx, ref, cluster.DeleteOptions{}) }},
				{"deleted, seen", func() error {
					return view.Delete(ctx, cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: "b"}, cluster.DeleteOptions{})
				}},
			} {
				wire.loseAnswer()
				require.ErrorIs(t, step.do(), cluster.ErrUnavailable, step.name)
				for range 2 {
					for _, name := range []string{"a", "b"} {
						ref.Name = name
						want, _ := direct.Get(ctx, ref, cluster.GetOptions{})
						got, _ := view.Get(ctx, ref, cluster.GetOptions{})
						require.Equal(t, want, got, step.name)
					}
					require.Equal(t, names(t, direct, sel), names(t, view, sel), step.name)
				}
				ref.Name = "a"
			}
			if stalled {
				wire.block("")
				wire.cancelBlocked()
			}
			require.Eventually(t, func() bool {
				wire.reset()
				return len(names(t, view, sel)) == 0 && len(wire.requests()) == 0
			}, 30*time.Second, time.Millisecond, "no doubt is left")
		})
	}
}

// TestLateNews checks that the creation of an object that was deleted through the view meanwhile is not believed.
func TestLateNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := &backend{events: make(chan cluster.Event)}
		view := live.Open(back, nil)
		defer view.Close()
		ref := cluster.Ref{Kind: "Node", Name: "n"}
		node := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": "n", "uid": "u", "resourceVersion": "7"},
		}}
		go func() { back.events <- cluster.Event{Type: cluster.Synced} }()
		back.absent = true
		_, err := view.Get(t.Context(), ref, cluster.GetOptions{})
		require.ErrorIs(t, err, cluster.ErrNotFound)
		require.NoError(t, view.Delete(t.Context(), ref, cluster.DeleteOptions{UID: "u"}))
		missing := func() {
			t.Helper()
			_, err := view.Get(t.Context(), ref, cluster.GetOptions{})
			require.ErrorIs(t, err, cluster.ErrNotFound)
		}
		missing()
		back.events <- cluster.Event{Type: cluster.Added, Object: node}
		synctest.Wait()
		missing()
		back.events <- cluster.Event{Type: cluster.Deleted, Object: node}
		synctest.Wait()
		_, before := back.counts()
		missing()
		_, after := back.counts()
		assert.Equal(t, before, after, "the end of the object was seen, so that memory is enough")
	})
}

// TestLastFinalizer checks that an object is gone for a reader once a write through the view took its last finalizer off,
// which the server answers with the object's last state.
func TestLastFinalizer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		back := &backend{events: make(chan cluster.Event), absent: true}
		view := live.Open(back, nil)
		defer view.Close()
		ref := cluster.Ref{Kind: "Node", Name: "n"}
		node := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{
			"name": "n", "uid": "u", "resourceVersion": "7", "deletionTimestamp": "2026-01-01T00:00:00Z",
			"deletionGracePeriodSeconds": int64(0), "finalizers": []any{"example.com/hold"},
		}}}
		go func() {
			back.events <- cluster.Event{Type: cluster.Added, Object: node}
			back.events <- cluster.Event{Type: cluster.Synced}
		}()
		_, err := view.Get(t.Context(), ref, cluster.GetOptions{})
		require.NoError(t, err)
		back.patched = node.DeepCopy()
		back.patched.SetFinalizers(nil)
		_, err = view.Patch(t.Context(), ref, cluster.Patch{}, cluster.WriteOptions{})
		require.NoError(t, err)
		_, err = view.Get(t.Context(), ref, cluster.GetOptions{})
		require.ErrorIs(t, err, cluster.ErrNotFound)
	})
}

// TestEndedWatch checks that reads go to the server after a watch has ended for good, and that another watch is tried
// after a rest.
func TestEndedWatch(t *testing.T) {
	for name, tt := range map[string]struct {
		err  error
		rest time.Duration
	}{
		"unauthorized": {cluster.ErrUnauthorized, time.Minute},
		"forbidden":    {cluster.ErrForbidden, 10 * time.Minute},
		"silent":       {nil, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				back := &backend{err: tt.err}
				view := live.Open(back, nil)
				defer view.Close()
				read := func() {
					t.Helper()
					obj, err := view.Get(t.Context(), cluster.Ref{Kind: "Node", Name: "n"}, cluster.GetOptions{})
					require.NoError(t, err)
					require.Equal(t, "server", obj.GetResourceVersion())
				}
				read()
				read()
				watches, gets := back.counts()
				assert.Equal(t, []int{1, 2}, []int{watches, gets})
				time.Sleep(tt.rest - time.Second) // The bubble's clock.
				read()
				watches, _ = back.counts()
				assert.Equal(t, 1, watches)
				time.Sleep(2 * time.Second)
				read()
				watches, _ = back.counts()
				assert.Equal(t, 2, watches)
			})
		})
	}
}

// backend is a server whose watch fails.
type backend struct {
	cluster.Client
	err    error
	events chan cluster.Event // what the watch yields, when not nil
	absent bool
	// patched is the answer to a patch.
	patched *unstructured.Unstructured

	mu            sync.Mutex
	watches, gets int
}

func (b *backend) counts() (watches, gets int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.watches, b.gets
}

func (b *backend) Kind(context.Context, string, string) (cluster.Kind, error) {
	return cluster.Kind{Kind: "Node", Resource: "nodes", Versions: []string{"v1"}}, nil
}

func (b *backend) Watch(ctx context.Context, sel cluster.Selector) iter.Seq2[cluster.Event, error] {
	return func(yield func(cluster.Event, error) bool) {
		b.mu.Lock()
		b.watches++
		b.mu.Unlock()
		for b.events != nil {
			select {
			case e := <-b.events:
				if !yield(e, nil) {
					return
				}
			case <-ctx.Done():
				return
			}
		}
		if b.err != nil {
			yield(cluster.Event{}, &cluster.Error{Op: "watch", Ref: cluster.Ref{Kind: sel.Kind}, Err: b.err})
		}
	}
}

func (b *backend) Get(_ context.Context, ref cluster.Ref, _ cluster.GetOptions) (*unstructured.Unstructured, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.gets++
	if b.absent {
		return nil, &cluster.Error{Op: "get", Ref: ref, Code: 404, Err: cluster.ErrNotFound}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": ref.Kind, "metadata": map[string]any{"name": ref.Name, "resourceVersion": "server"},
	}}, nil
}

func (b *backend) Patch(context.Context, cluster.Ref, cluster.Patch, cluster.WriteOptions) (*cluster.Written, error) {
	return &cluster.Written{Object: b.patched, Changed: true}, nil
}

func (b *backend) Delete(context.Context, cluster.Ref, cluster.DeleteOptions) error { return nil }

// TestNoSchemas checks the error for a client that publishes none.
func TestNoSchemas(t *testing.T) {
	view := live.Open(&backend{}, nil)
	defer view.Close()
	_, _, err := view.OpenAPI(t.Context(), "apps", "v1")
	assert.True(t, errors.Is(err, cluster.ErrNoKind))
}
