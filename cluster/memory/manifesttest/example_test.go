package manifesttest_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/memory/manifesttest"
)

// printer stands in for the *testing.T of a test and prints what that would be told.
type printer struct {
	testing.TB
	cleanups []func()
}

func (p *printer) Helper()                   {}
func (p *printer) Context() context.Context  { return context.Background() }
func (p *printer) Cleanup(f func())          { p.cleanups = append(p.cleanups, f) }
func (p *printer) Fatal(args ...any)         { fmt.Println(args...) }
func (p *printer) Fatalf(f string, a ...any) { fmt.Printf(f+"\n", a...) }
func (p *printer) Errorf(f string, a ...any) { fmt.Printf(f+"\n", a...) }

// end does what the end of a test does.
func (p *printer) end() {
	for _, f := range p.cleanups {
		f()
	}
}

func worker(app, image string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "worker"},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": map[string]any{"app": app}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": app}},
				"spec": map[string]any{"containers": []any{map[string]any{
					"name": "worker", "image": image,
				}}},
			},
		},
	}}
}

func settings(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": name}, "data": map[string]any{"level": "info"},
	}}
}

// What was applied is there, and alive.
func Example() {
	t := &printer{} // in a test: its *testing.T
	defer t.end()
	c := manifesttest.New(t, nil)
	c.Apply(t, worker("worker", "example.org/worker:1"), settings("worker"))
	c.Settle(t)
	c.RequireNoWarnings(t)
	c.RequireHealthy(t)
	live := c.Get(t, cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "worker"})
	ready, _, _ := unstructured.NestedInt64(live.Object, "status", "readyReplicas")
	fmt.Println(ready, "ready")
	// Output:
	// 1 ready
}

// Refusals are told all at once, with the places that the objects come from.
func ExampleCluster_Apply() {
	t := &printer{}
	defer t.end()
	c := manifesttest.New(t, nil)
	misspelled := settings("level")
	misspelled.Object["dat"] = misspelled.Object["data"]
	homeless := settings("other")
	homeless.SetNamespace("shop")
	objects := []*unstructured.Unstructured{misspelled, homeless}
	c.Locate(objects, []cluster.Origin{{File: "level.yaml", Line: 1}, {File: "other.yaml", Line: 8}})
	c.Apply(t, objects...)
	// Output:
	// 2 of 2 objects were refused:
	//   - level.yaml:1: apply ConfigMap default/level: invalid: failed to create typed patch object (default/level; /v1, Kind=ConfigMap): .dat: field not declared in schema
	//   - other.yaml:8: apply ConfigMap shop/other: namespace shop: not found; add the Namespace to the objects, or name it in Options.Namespace
}

// A revision that cannot follow another is found before a cluster finds it.
func ExampleCluster_RequireUpgradable() {
	t := &printer{}
	defer t.end()
	c := manifesttest.New(t, nil)
	claim := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": map[string]any{"name": "files"},
		"spec": map[string]any{
			"accessModes": []any{"ReadWriteOnce"},
			"resources":   map[string]any{"requests": map[string]any{"storage": "1Gi"}},
		},
	}}
	old := []*unstructured.Unstructured{worker("worker", "example.org/worker:1"), claim}
	new := []*unstructured.Unstructured{worker("jobs", "example.org/worker:2")}
	c.RequireUpgradable(t, old, new)
	// Output:
	// the upgrade of 2 objects fails:
	//   - Deployment default/worker cannot change in place:
	//       spec.selector.matchLabels.app: "worker" → "jobs"
	//       the server says: invalid: spec.selector: Invalid value: {"matchLabels":{"app":"jobs"}}: field is immutable
	//       keep the old value, or recreate the object
	//   - PersistentVolumeClaim default/files is dropped, and its volume holds data: with the reclaim policy Delete the storage is deleted
	//       keep it in the new revision, or leave it out of the old one to accept the loss
}

// An object that does not come up is told with the chain of what it owns, down to the cause.
func ExampleCluster_RequireHealthy() {
	t := &printer{}
	defer t.end()
	c := manifesttest.New(t, nil)
	pod := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "worker"},
		"spec": map[string]any{"containers": []any{map[string]any{
			"name": "worker", "image": "example.org/worker:1",
			"envFrom": []any{map[string]any{"configMapRef": map[string]any{"name": "wroker"}}},
		}}},
	}}
	c.Apply(t, pod, settings("worker"))
	c.Settle(t)
	c.RequireHealthy(t)
	// Output:
	// 1 of 2 objects are not healthy:
	//   - Pod default/worker is Degraded (CreateContainerConfigError): container worker is waiting: CreateContainerConfigError: configmap "wroker" not found
}

// The first run writes the file, when asked to; later ones compare with it.
func ExampleCluster_RequireGolden() {
	t := &printer{}
	defer t.end()
	dir, err := os.MkdirTemp("", "golden")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	c := manifesttest.New(t, &manifesttest.Options{Update: true}) // or MANIFESTTEST_UPDATE=1 in the environment
	c.Apply(t, settings("level"))
	c.RequireGolden(t, dir+"/stored.yaml")
	text, err := os.ReadFile(dir + "/stored.yaml")
	fmt.Print(string(text), err)
	// Output:
	// ---
	// apiVersion: v1
	// data:
	//   level: info
	// kind: ConfigMap
	// metadata:
	//   name: level
	//   namespace: default
	// <nil>
}
