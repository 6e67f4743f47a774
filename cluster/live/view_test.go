package live_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/live"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// open returns a view over a control plane, the wire below it, a client that goes around both, and a namespace.
func open(t *testing.T, opts *live.Options) (*live.View, *wire, *kube.Client, string) {
	t.Helper()
	plane := kubetest.Shared(t, nil)
	direct, err := kube.New(plane.Config(), nil)
	require.NoError(t, err)
	w := newWire()
	config := plane.Config()
	config.Wrap(w.wrap)
	client, err := kube.New(config, nil)
	require.NoError(t, err)
	view := live.Open(client, opts)
	t.Cleanup(view.Close)
	return view, w, direct, kubetest.Namespace(t, plane.Config())
}

func configMap(namespace, name, value string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"k": value},
		"metadata": map[string]any{"namespace": namespace, "name": name},
	}}
}

func names(t *testing.T, r cluster.Reader, sel cluster.Selector) []string {
	t.Helper()
	out := []string{}
	for obj, err := range r.List(t.Context(), sel) {
		require.NoError(t, err)
		require.Equal(t, sel.Kind, obj.GetKind())
		out = append(out, obj.GetName())
	}
	return out
}

var us = cluster.WriteOptions{Manager: "us", Force: true}

// TestNoRequests checks the purpose of a view: reads of what is followed cost nothing, whatever their form.
func TestNoRequests(t *testing.T) {
	view, wire, direct, ns := open(t, nil)
	ctx := t.Context()
	for i := range 5 {
		obj := configMap(ns, fmt.Sprint("cm-", i), "1")
		obj.SetLabels(map[string]string{"odd": fmt.Sprint(i%2 == 1)})
		_, err := direct.Apply(ctx, obj, us)
		require.NoError(t, err)
	}
	ref := cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: "cm-1"}
	got, err := view.Get(ctx, ref, cluster.GetOptions{})
	require.NoError(t, err)
	want, err := direct.Get(ctx, ref, cluster.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, want, got)
	assert.Equal(t, []string{"GET /api", "WATCH /api/v1/configmaps"}, wire.requests())

	wire.reset()
	for range 100 {
		_, err := view.Get(ctx, ref, cluster.GetOptions{AtLeast: want.GetResourceVersion()})
		require.NoError(t, err)
		_, err = view.Get(ctx, cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: "none"}, cluster.GetOptions{})
		require.EqualError(t, err, "get ConfigMap "+ns+"/none: not found")
		require.ErrorIs(t, err, cluster.ErrNotFound)
	}
	assert.Equal(t, []string{"cm-0", "cm-1", "cm-2", "cm-3", "cm-4"}, names(t, view, cluster.Selector{Kind: "ConfigMap", Namespace: ns}))
	assert.Equal(t, []string{"cm-1", "cm-3"}, names(t, view, cluster.Selector{Kind: "ConfigMap", Namespace: ns, Labels: "odd=true"}))
	assert.Equal(t, []string{"cm-4"}, names(t, view, cluster.Selector{Kind: "ConfigMap", Namespace: ns, Fields: "metadata.name=cm-4"}))
	assert.Contains(t, names(t, view, cluster.Selector{Kind: "ConfigMap"}), "cm-2")
	for obj, err := range view.List(ctx, cluster.Selector{Kind: "ConfigMap", Namespace: ns, MetadataOnly: true}) {
		require.NoError(t, err)
		assert.Len(t, obj.Object, 3)
	}
	assert.Empty(t, wire.requests())
	assert.Equal(t, names(t, direct, cluster.Selector{Kind: "ConfigMap"}), names(t, view, cluster.Selector{Kind: "ConfigMap"}), "the server's order")
}

// TestCopies checks that a caller cannot change what the next one reads.
func TestCopies(t *testing.T) {
	view, _, direct, ns := open(t, nil)
	_, err := direct.Apply(t.Context(), configMap(ns, "a", "1"), us)
	require.NoError(t, err)
	ref := cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: "a"}
	first, err := view.Get(t.Context(), ref, cluster.GetOptions{})
	require.NoError(t, err)
	clear(first.Object["data"].(map[string]any))
	for obj, err := range view.List(t.Context(), cluster.Selector{Kind: "ConfigMap", Namespace: ns}) {
		require.NoError(t, err)
		assert.Equal(t, map[string]any{"k": "1"}, obj.Object["data"])
		clear(obj.Object)
	}
	second, err := view.Get(t.Context(), ref, cluster.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"k": "1"}, second.Object["data"])
}

// TestReadsOwnWrites performs random writes through a view whose watch is delayed and cut at random, beside another
// writer, and checks after each that reads are not older than it.
func TestReadsOwnWrites(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	view, wire, direct, ns := open(t, &live.Options{Patience: 20 * time.Second})
	ctx := t.Context()
	kinds := map[string]int{}
	_ = names(t, view, cluster.Selector{Kind: "ConfigMap", Namespace: ns})
	for step := range 400 {
		obj := configMap(ns, fmt.Sprint("cm-", random.IntN(6)), fmt.Sprint(step))
		ref := cluster.RefOf(obj)
		now, err := direct.Get(ctx, ref, cluster.GetOptions{})
		exists := err == nil
		if !exists {
			require.ErrorIs(t, err, cluster.ErrNotFound)
		}
		wire.delay(time.Duration(random.IntN(3)) * time.Millisecond)
		if random.IntN(60) == 0 {
			wire.cut()
			kinds["cut"]++
		}
		switch verb := random.IntN(8); {
		case verb == 0 && exists:
			next := now.DeepCopy()
			next.SetFinalizers([]string{"example.com/hold"})
			_, err = view.Replace(ctx, next, cluster.WriteOptions{Manager: "us"})
			kinds["replace"]++
		case verb == 1 && exists:
			_, err = view.Patch(ctx, ref, cluster.Patch{Type: types.MergePatchType, Data: fmt.Appendf(nil, `{"data":{"k":"p%d"},"metadata":{"finalizers":null}}`, step)}, us)
			kinds["patch"]++
		case verb <= 3 && exists:
			err = view.Delete(ctx, ref, cluster.DeleteOptions{})
			kinds["delete"]++
		case verb == 4 && exists && len(now.GetFinalizers()) == 0:
			require.NoError(t, direct.Delete(ctx, ref, cluster.DeleteOptions{}))
			_, err = view.Create(ctx, obj, cluster.WriteOptions{Manager: "us"})
			kinds["delete by others, create"]++
		case verb == 5 && exists && len(now.GetFinalizers()) == 0:
			require.NoError(t, direct.Delete(ctx, ref, cluster.DeleteOptions{}))
			_, err = direct.Create(ctx, obj, cluster.WriteOptions{Manager: "us"})
			require.NoError(t, err)
			err = view.Delete(ctx, ref, cluster.DeleteOptions{})
			kinds["recreate by others, delete"]++
		default:
			_, err = view.Apply(ctx, obj, us)
			kinds["apply"]++
		}
		require.NoError(t, err)

		want, wantErr := direct.Get(ctx, ref, cluster.GetOptions{})
		if random.IntN(2) == 0 {
			got, err := view.Get(ctx, ref, cluster.GetOptions{})
			require.Equal(t, wantErr == nil, err == nil, "step %d: %v, want %v", step, err, wantErr)
			require.Equal(t, want, got)
		} else {
			var got *unstructured.Unstructured
			for obj, err := range view.List(ctx, cluster.Selector{Kind: "ConfigMap", Namespace: ns}) {
				require.NoError(t, err)
				if obj.GetName() == ref.Name {
					got = obj
				}
			}
			require.Equal(t, want, got, "step %d", step)
		}
	}
	t.Log(kinds)
	for i := range 6 {
		_, _ = direct.Patch(ctx, cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: fmt.Sprint("cm-", i)}, cluster.Patch{Type: types.MergePatchType, Data: []byte(`{"metadata":{"finalizers":null}}`)}, us)
	}
}

// TestFollowsOthers checks that the writes of others arrive.
func TestFollowsOthers(t *testing.T) {
	view, wire, direct, ns := open(t, nil)
	ctx := t.Context()
	require.Empty(t, names(t, view, cluster.Selector{Kind: "ConfigMap", Namespace: ns}))
	_, err := direct.Apply(ctx, configMap(ns, "a", "1"), us)
	require.NoError(t, err)
	arrives := func(want ...string) {
		t.Helper()
		require.Eventually(t, func() bool {
			return fmt.Sprint(names(t, view, cluster.Selector{Kind: "ConfigMap", Namespace: ns})) == fmt.Sprint(want)
		}, 20*time.Second, time.Millisecond)
	}
	arrives("a")
	wire.cut()
	_, err = direct.Apply(ctx, configMap(ns, "b", "1"), us)
	require.NoError(t, err)
	require.NoError(t, direct.Delete(ctx, cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: "a"}, cluster.DeleteOptions{}))
	arrives("b")
}

// TestNarrow checks that a view of somebody who may watch one namespace only follows that.
func TestNarrow(t *testing.T) {
	_, _, direct, ns := open(t, nil)
	ctx := t.Context()
	plane := kubetest.Shared(t, nil)
	rule := func(kind string, fields map[string]any) {
		fields["apiVersion"], fields["kind"] = "rbac.authorization.k8s.io/v1", kind
		fields["metadata"] = map[string]any{"namespace": ns, "name": "reader"}
		_, err := direct.Apply(ctx, &unstructured.Unstructured{Object: fields}, us)
		require.NoError(t, err)
	}
	rule("Role", map[string]any{"rules": []any{
		map[string]any{"apiGroups": []any{""}, "resources": []any{"configmaps"}, "verbs": []any{"get", "list", "watch"}},
		map[string]any{"apiGroups": []any{""}, "resources": []any{"secrets"}, "verbs": []any{"get"}},
	}})
	rule("RoleBinding", map[string]any{
		"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
		"subjects": []any{map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "reader"}},
	})
	config, err := plane.User("reader")
	require.NoError(t, err)
	wire := newWire()
	config.Wrap(wire.wrap)
	client, err := kube.New(config, nil)
	require.NoError(t, err)
	view := live.Open(client, nil)
	defer view.Close()
	_, err = direct.Apply(ctx, configMap(ns, "a", "1"), us)
	require.NoError(t, err)
	ref := cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: "a"}
	require.Eventually(t, func() bool { _, err := client.Get(ctx, ref, cluster.GetOptions{}); return err == nil }, 20*time.Second, 10*time.Millisecond)

	wire.reset()
	_, err = view.Get(ctx, ref, cluster.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, []string{"WATCH /api/v1/configmaps", "WATCH /api/v1/namespaces/" + ns + "/configmaps"}, wire.requests())
	wire.reset()
	assert.Equal(t, []string{"a"}, names(t, view, cluster.Selector{Kind: "ConfigMap", Namespace: ns}))
	_, err = view.Get(ctx, ref, cluster.GetOptions{})
	require.NoError(t, err)
	assert.Empty(t, wire.requests())

	for _, err := range view.List(ctx, cluster.Selector{Kind: "ConfigMap"}) {
		assert.ErrorIs(t, err, cluster.ErrForbidden, "all namespaces")
	}
	wire.reset()
	for range 3 {
		_, err = view.Get(ctx, cluster.Ref{Kind: "Secret", Namespace: ns, Name: "none"}, cluster.GetOptions{})
		assert.ErrorIs(t, err, cluster.ErrNotFound, "what may be read and not watched is read")
	}
	secret := "GET /api/v1/namespaces/" + ns + "/secrets/none"
	assert.Equal(t, []string{"WATCH /api/v1/secrets", "WATCH /api/v1/namespaces/" + ns + "/secrets", secret, secret, secret}, wire.requests())
}

// TestPassesThrough checks the requests that a view cannot answer.
func TestPassesThrough(t *testing.T) {
	view, _, direct, ns := open(t, nil)
	ctx := t.Context()
	pod := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"namespace": ns, "name": "p"},
		"spec": map[string]any{"nodeName": "n1", "containers": []any{map[string]any{"name": "c", "image": "i"}}},
	}}
	_, err := direct.Create(ctx, pod, us)
	require.NoError(t, err)
	assert.Equal(t, []string{"p"}, names(t, view, cluster.Selector{Kind: "Pod", Namespace: ns, Fields: "spec.nodeName=n1"}))
	assert.Empty(t, names(t, view, cluster.Selector{Kind: "Pod", Namespace: ns, Fields: "spec.nodeName=n2"}))

	_, err = view.Get(ctx, cluster.Ref{Kind: "Gadget", Name: "x"}, cluster.GetOptions{})
	assert.EqualError(t, err, "get Gadget x: no such kind in v1")
	_, err = view.Get(ctx, cluster.Ref{Kind: "Pod", Name: "x"}, cluster.GetOptions{})
	assert.ErrorContains(t, err, "the kind is namespaced and the object names no namespace")
	_, err = view.Get(ctx, cluster.Ref{Kind: "Pod", Namespace: ns, Name: "p"}, cluster.GetOptions{Version: "v9"})
	assert.ErrorIs(t, err, cluster.ErrNoKind)
	for _, err := range view.List(ctx, cluster.Selector{Kind: "Pod", Labels: "a b"}) {
		assert.ErrorContains(t, err, "list Pod: unable to parse requirement")
	}
	kind, err := view.Kind(ctx, "apps", "Deployment")
	require.NoError(t, err)
	assert.Equal(t, "deployments", kind.Resource)
	_, hash, err := view.OpenAPI(ctx, "apps", "v1")
	require.NoError(t, err)
	assert.NotEmpty(t, hash)
	for e, err := range view.Watch(ctx, cluster.Selector{Kind: "Pod", Namespace: ns}) {
		require.NoError(t, err)
		assert.Equal(t, cluster.Added, e.Type)
		break
	}
	future := names(t, view, cluster.Selector{Kind: "Pod", Namespace: ns})
	assert.Equal(t, []string{"p"}, future)
}

// TestClose checks that everything ends with the view, waiting reads too, and that nothing works afterwards.
func TestClose(t *testing.T) {
	plane := kubetest.Shared(t, nil)
	ns := kubetest.Namespace(t, plane.Config())
	ignore := goleak.IgnoreCurrent()
	w := newWire()
	config := plane.Config()
	config.Wrap(w.wrap)
	client, err := kube.New(config, nil)
	require.NoError(t, err)
	view := live.Open(client, &live.Options{Patience: time.Hour})
	w.block("/api/v1/secrets")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := view.Get(t.Context(), cluster.Ref{Kind: "Secret", Namespace: ns, Name: "x"}, cluster.GetOptions{})
			assert.ErrorIs(t, err, live.ErrClosed)
		})
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("enough")
	wg.Go(func() {
		_, err := view.Get(ctx, cluster.Ref{Kind: "Secret", Namespace: ns, Name: "x"}, cluster.GetOptions{})
		assert.ErrorIs(t, err, cause)
	})
	assert.Empty(t, names(t, view, cluster.Selector{Kind: "ConfigMap", Namespace: ns}))
	w.awaitBlocked(t)
	cancel(cause)
	view.Close()
	wg.Wait()
	view.Close()

	_, err = view.Get(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: "x"}, cluster.GetOptions{})
	assert.EqualError(t, err, "get ConfigMap "+ns+"/x: the view is closed")
	_, err = view.Apply(t.Context(), configMap(ns, "x", "1"), us)
	assert.ErrorIs(t, err, live.ErrClosed)
	assert.ErrorIs(t, view.Delete(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: "x"}, cluster.DeleteOptions{}), live.ErrClosed)
	for _, err := range view.List(t.Context(), cluster.Selector{Kind: "ConfigMap"}) {
		assert.ErrorIs(t, err, live.ErrClosed)
	}
	for _, err := range view.Watch(t.Context(), cluster.Selector{Kind: "ConfigMap"}) {
		assert.ErrorIs(t, err, live.ErrClosed)
	}
	_, err = view.Kind(t.Context(), "", "ConfigMap")
	assert.ErrorIs(t, err, live.ErrClosed)
	w.idle()
	assert.NoError(t, goleak.Find(ignore))
}
