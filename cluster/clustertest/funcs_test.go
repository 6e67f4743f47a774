package clustertest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/clustertest"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// pass calls next in every function, so that nothing changes but what may be counted.
func pass(count func(string)) clustertest.Funcs {
	return clustertest.Funcs{
		Around: func(_ context.Context, call clustertest.Call, send func() error) error {
			count("around " + call.Method)
			return send()
		},
		Get: func(ctx context.Context, next cluster.Client, ref cluster.Ref, opts cluster.GetOptions) (*unstructured.Unstructured, error) {
			count("Get")
			return next.Get(ctx, ref, opts)
		},
		List: func(ctx context.Context, next cluster.Client, sel cluster.Selector) iter.Seq2[*unstructured.Unstructured, error] {
			count("List")
			return next.List(ctx, sel)
		},
		Watch: func(ctx context.Context, next cluster.Client, sel cluster.Selector) iter.Seq2[cluster.Event, error] {
			count("Watch")
			return next.Watch(ctx, sel)
		},
		Kind: func(ctx context.Context, next cluster.Client, group, kind string) (cluster.Kind, error) {
			count("Kind")
			return next.Kind(ctx, group, kind)
		},
		Apply: func(ctx context.Context, next cluster.Client, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
			count("Apply")
			return next.Apply(ctx, obj, opts)
		},
		Create: func(ctx context.Context, next cluster.Client, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
			count("Create")
			return next.Create(ctx, obj, opts)
		},
		Replace: func(ctx context.Context, next cluster.Client, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
			count("Replace")
			return next.Replace(ctx, obj, opts)
		},
		Patch: func(ctx context.Context, next cluster.Client, ref cluster.Ref, p cluster.Patch, opts cluster.WriteOptions) (*cluster.Written, error) {
			count("Patch")
			return next.Patch(ctx, ref, p, opts)
		},
		Delete: func(ctx context.Context, next cluster.Client, ref cluster.Ref, opts cluster.DeleteOptions) error {
			count("Delete")
			return next.Delete(ctx, ref, opts)
		},
		OpenAPI: func(ctx context.Context, next cluster.OpenAPI, group, version string) ([]byte, string, error) {
			count("OpenAPI")
			return next.OpenAPI(ctx, group, version)
		},
	}
}

// A wrapped client is a client: every rule holds of it, behind no functions and behind all of them.
func TestWrappedClientKeepsTheRules(t *testing.T) {
	server, err := memory.New(nil)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	var mu sync.Mutex
	counted := map[string]int{}
	funcs := pass(func(what string) {
		mu.Lock()
		defer mu.Unlock()
		counted[what]++
	})
	c := client(t, server.Config())
	wrapped := funcs.Wrap(clustertest.Funcs{}.Wrap(c))
	t.Run("rules", func(t *testing.T) {
		clustertest.Run(t, func(*testing.T) cluster.Client { return wrapped })
	})
	_, _, err = wrapped.(cluster.OpenAPI).OpenAPI(t.Context(), "apps", "v1")
	require.NoError(t, err)
	for _, method := range []string{"Get", "List", "Watch", "Kind", "Apply", "Create", "Replace", "Patch", "Delete", "OpenAPI"} {
		assert.Positive(t, counted[method], method)
		assert.Equal(t, counted[method], counted["around "+method], method)
	}
}

func TestWrapForwardsOnlyWhatIsThere(t *testing.T) {
	server, err := memory.New(nil)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	plain := struct{ cluster.Client }{client(t, server.Config())}
	_, ok := clustertest.Funcs{}.Wrap(plain).(cluster.OpenAPI)
	assert.False(t, ok)
}

// The error of Around is the caller's, and no answer comes with it.
func TestAroundFails(t *testing.T) {
	server, err := memory.New(nil)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	odd := errors.New("odd")
	c := clustertest.Funcs{Around: func(_ context.Context, call clustertest.Call, send func() error) error {
		return errors.Join(send(), odd)
	}}.Wrap(client(t, server.Config()))
	ref := cluster.Ref{Kind: "Namespace", Name: "default"}
	obj, err := c.Get(t.Context(), ref, cluster.GetOptions{})
	assert.Nil(t, obj)
	require.ErrorIs(t, err, odd)
	kind, err := c.Kind(t.Context(), "", "Namespace")
	assert.Empty(t, kind)
	require.ErrorIs(t, err, odd)
	doc, _, err := c.(cluster.OpenAPI).OpenAPI(t.Context(), "", "v1")
	assert.Nil(t, doc)
	require.ErrorIs(t, err, odd)
	var names []string
	err = nil
	for obj, e := range c.List(t.Context(), cluster.Selector{Kind: "Namespace"}) {
		if err = e; err == nil {
			names = append(names, obj.GetName())
		}
	}
	assert.Contains(t, names, "default")
	require.ErrorIs(t, err, odd)
	for range c.List(t.Context(), cluster.Selector{Kind: "Namespace"}) {
		break // Who has left is told nothing more.
	}
}

// The second write fails on its way back: it is stored, and the caller does not know.
func ExampleFuncs() {
	server, err := memory.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	direct, err := kube.New(server.Config(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	writes := 0
	client := clustertest.Funcs{Around: func(_ context.Context, call clustertest.Call, send func() error) error {
		err := send()
		if call.Writes() {
			if writes++; writes == 2 {
				return &cluster.Error{Op: "apply", Ref: call.Ref, Err: cluster.ErrUnavailable}
			}
		}
		return err
	}}.Wrap(direct)

	for _, name := range []string{"a", "b", "c"} {
		namespace := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name},
		}}
		_, err := client.Apply(context.Background(), namespace, cluster.WriteOptions{Manager: "example"})
		fmt.Println(name, err)
	}
	_, err = direct.Get(context.Background(), cluster.Ref{Kind: "Namespace", Name: "b"}, cluster.GetOptions{})
	fmt.Println("b is stored:", err == nil)
	// Output:
	// a <nil>
	// b apply Namespace b: server unavailable
	// c <nil>
	// b is stored: true
}
