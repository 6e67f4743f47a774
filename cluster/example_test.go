package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

func ExampleRefOf() {
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "cert-manager.io/v1", "kind": "Certificate",
		"metadata": map[string]any{"namespace": "apps", "name": "web"},
	}}
	fmt.Println(cluster.RefOf(obj))
	// Output: Certificate.cert-manager.io apps/web
}

func ExampleRef_Compare() {
	refs := []cluster.Ref{
		{Group: "apps", Kind: "Deployment", Namespace: "b", Name: "web"},
		{Kind: "Service", Namespace: "a", Name: "web"},
		{Group: "apps", Kind: "Deployment", Namespace: "a", Name: "web"},
	}
	slices.SortFunc(refs, cluster.Ref.Compare)
	fmt.Println(refs)
	// Output: [Service a/web Deployment a/web Deployment b/web]
}

func ExampleKindsFunc() {
	kinds := cluster.KindsFunc(func(_ context.Context, group, kind string) (cluster.Kind, error) {
		if group == "" && kind == "ConfigMap" {
			return cluster.Kind{Kind: kind, Resource: "configmaps", Namespaced: true, Versions: []string{"v1"}}, nil
		}
		return cluster.Kind{}, &cluster.Error{Op: "discover", Ref: cluster.Ref{Group: group, Kind: kind}, Err: cluster.ErrNoKind}
	})
	found, _ := kinds.Kind(context.Background(), "", "ConfigMap")
	fmt.Println(found.Resource, found.Serves("v1"))
	_, err := kinds.Kind(context.Background(), "", "Gadget")
	fmt.Println(err, errors.Is(err, cluster.ErrNoKind))
	// Output:
	// configmaps true
	// discover Gadget: no such kind true
}

func ExampleRetryable() {
	ref := cluster.Ref{Kind: "ConfigMap", Namespace: "apps", Name: "web"}
	busy := &cluster.Error{Op: "get", Ref: ref, Code: 429, RetryAfter: time.Second, Err: cluster.ErrUnavailable}
	stale := &cluster.Error{Op: "apply", Ref: ref, Code: 409, Err: cluster.ErrConflict}
	fmt.Println(busy, cluster.Retryable(busy))
	fmt.Println(stale, cluster.Retryable(stale))
	// Output:
	// get ConfigMap apps/web: server unavailable true
	// apply ConfigMap apps/web: the object has changed or was replaced false
}

// Fixture is a [cluster.Reader] of objects that a test writes down.
type Fixture map[cluster.Ref]*unstructured.Unstructured

// Get returns a copy, since the caller owns what it gets.
func (f Fixture) Get(_ context.Context, ref cluster.Ref, _ cluster.GetOptions) (*unstructured.Unstructured, error) {
	obj, ok := f[ref]
	if !ok {
		return nil, &cluster.Error{Op: "get", Ref: ref, Err: cluster.ErrNotFound}
	}
	return obj.DeepCopy(), nil
}

// List yields the objects of the kind by name.
func (f Fixture) List(_ context.Context, sel cluster.Selector) iter.Seq2[*unstructured.Unstructured, error] {
	return func(yield func(*unstructured.Unstructured, error) bool) {
		for _, ref := range slices.SortedFunc(maps.Keys(f), cluster.Ref.Compare) {
			if ref.Group == sel.Group && ref.Kind == sel.Kind && !yield(f[ref].DeepCopy(), nil) {
				return
			}
		}
	}
}

func ExampleReader() {
	ref := cluster.Ref{Kind: "ConfigMap", Namespace: "apps", Name: "web"}
	var reader cluster.Reader = Fixture{ref: {Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"namespace": "apps", "name": "web"},
	}}}
	for obj, err := range reader.List(context.Background(), cluster.Selector{Kind: "ConfigMap"}) {
		fmt.Println(cluster.RefOf(obj), err)
	}
	_, err := reader.Get(context.Background(), cluster.Ref{Kind: "ConfigMap", Namespace: "apps", Name: "db"}, cluster.GetOptions{})
	fmt.Println(err)
	// Output:
	// ConfigMap apps/web <nil>
	// get ConfigMap apps/db: not found
}
