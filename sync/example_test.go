package sync_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"slices"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// connect stands for the connection to a cluster; here it is one in the process.
func connect() (cluster.Client, func()) {
	server, err := memory.New(&memory.Options{Controllers: true})
	if err != nil {
		log.Fatal(err)
	}
	client, err := kube.New(server.Config(), nil)
	if err != nil {
		log.Fatal(err)
	}
	return client, server.Close
}

func settings(name, colour string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": name, "namespace": "default"},
		"data":     map[string]any{"colour": colour},
	}}
}

// A set is created, changes, and loses an object.
func Example() {
	ctx := context.Background()
	client, done := connect()
	defer done()

	inv, err := inventory.NewApplySet(client, "default", "shop", nil)
	if err != nil {
		log.Fatal(err)
	}
	engine := setsync.New(client, inv, &setsync.Options{Prune: true})
	for _, objects := range [][]*unstructured.Unstructured{
		{settings("a", "red"), settings("b", "red")},
		{settings("a", "blue")},
		{settings("a", "blue")},
	} {
		plan, err := engine.Plan(ctx, setsync.Desired{Objects: objects, Complete: true})
		if err != nil {
			log.Fatal(err)
		}
		for _, step := range plan.Steps() {
			fmt.Println(step.ID)
		}
		fmt.Println(plan.Summary())
		if _, err := setsync.Drain(engine.Run(ctx, plan)); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// create/ConfigMap/default/a
	// create/ConfigMap/default/b
	// 2 to create
	// update/ConfigMap/default/a
	// gate/prune
	// prune/ConfigMap/default/b
	// 1 to update, 1 to prune
	// 1 unchanged
}

// A plan is stored, perhaps approved by somebody, and bound and run later. It is refused when it would now do something else.
func ExampleEngine_Bind() {
	ctx := context.Background()
	client, done := connect()
	defer done()
	inv, err := inventory.NewApplySet(client, "default", "shop", nil)
	if err != nil {
		log.Fatal(err)
	}
	desired := setsync.Desired{Objects: []*unstructured.Unstructured{settings("a", "red")}, Complete: true}

	plan, err := setsync.New(client, inv, nil).Plan(ctx, desired)
	if err != nil {
		log.Fatal(err)
	}
	stored, err := json.Marshal(plan)
	if err != nil {
		log.Fatal(err)
	}

	engine := setsync.New(client, inv, nil)
	bound, err := engine.Bind(ctx, stored, desired)
	if err != nil {
		log.Fatal(err)
	}
	result, err := setsync.Drain(engine.Run(ctx, bound))
	fmt.Println(result.Created, err)

	_, err = engine.Bind(ctx, stored, desired)
	fmt.Println(errors.Is(err, setsync.ErrStale))
	// Output:
	// 1 <nil>
	// true
}

// Errors of a run name the object, and who is in the way.
func ExampleDrain() {
	ctx := context.Background()
	client, done := connect()
	defer done()
	if _, err := client.Apply(ctx, settings("a", "green"), cluster.WriteOptions{Manager: "helm"}); err != nil {
		log.Fatal(err)
	}
	inv, err := inventory.NewApplySet(client, "default", "shop", nil)
	if err != nil {
		log.Fatal(err)
	}
	engine := setsync.New(client, inv, nil)
	plan, err := engine.Plan(ctx, setsync.Desired{Objects: []*unstructured.Unstructured{settings("a", "red"), settings("b", "red")}})
	if err != nil {
		log.Fatal(err)
	}
	result, err := setsync.Drain(engine.Run(ctx, plan))
	fmt.Println(err)
	var conflict *cluster.ConflictError
	if errors.As(err, &conflict) {
		fmt.Println("owned by", conflict.Conflicts[0].Manager)
	}
	fmt.Println("created:", result.Created)
	// Output:
	// apply ConfigMap default/a: conflict with "helm" over .data.colour
	// owned by helm
	// created: 1
}

// Wait follows the objects of a plan until they are healthy.
func ExampleEngine_Wait() {
	ctx := context.Background()
	client, done := connect()
	defer done()
	inv, err := inventory.NewApplySet(client, "default", "shop", nil)
	if err != nil {
		log.Fatal(err)
	}
	web := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": "web", "namespace": "default"},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": map[string]any{"app": "web"}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": "web"}},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "web", "image": "nginx"}}},
			},
		},
	}}
	engine := setsync.New(client, inv, nil)
	plan, err := engine.Plan(ctx, setsync.Desired{Objects: []*unstructured.Unstructured{web}})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := setsync.Drain(engine.Run(ctx, plan)); err != nil {
		log.Fatal(err)
	}
	result, err := setsync.Drain(engine.Wait(ctx, plan))
	fmt.Println(result.Health[cluster.RefOf(web)].Status, err)
	// Output: Healthy <nil>
}

// Progress shows a run while it passes its events on.
func ExampleProgress() {
	ctx := context.Background()
	client, done := connect()
	defer done()
	inv, err := inventory.NewApplySet(client, "default", "shop", nil)
	if err != nil {
		log.Fatal(err)
	}
	engine := setsync.New(client, inv, nil)
	plan, err := engine.Plan(ctx, setsync.Desired{Objects: []*unstructured.Unstructured{settings("a", "red")}})
	if err != nil {
		log.Fatal(err)
	}
	progress := setsync.NewProgress(os.Stdout, plan, nil)
	if _, err := setsync.Drain(progress.Follow(engine.Run(ctx, plan))); err != nil {
		log.Fatal(err)
	}
	// Output: created ConfigMap default/a
}

// shelf is an inventory in the process, for a caller that keeps records of his own.
type shelf struct {
	record  setsync.Record
	version int
}

func (s *shelf) Label(obj *unstructured.Unstructured) error {
	notes := obj.GetAnnotations()
	if notes == nil {
		notes = map[string]string{}
	}
	notes["example.org/set"] = "shelf"
	obj.SetAnnotations(notes)
	return nil
}

func (s *shelf) Load(context.Context) (*setsync.Record, error) {
	r := s.record
	r.Members = slices.Clone(r.Members)
	return &r, nil
}

func (s *shelf) Save(_ context.Context, r *setsync.Record) error {
	if r.Version != s.record.Version {
		return cluster.ErrConflict
	}
	s.version++
	r.Version = fmt.Sprint(s.version)
	s.record = *r
	return nil
}

// An inventory may keep its record wherever it is safe, and mark its members as it likes.
func ExampleInventory() {
	ctx := context.Background()
	client, done := connect()
	defer done()
	inv := &shelf{}
	engine := setsync.New(client, inv, &setsync.Options{Prune: true})
	for _, objects := range [][]*unstructured.Unstructured{{settings("a", "red"), settings("b", "red")}, {settings("b", "red")}} {
		plan, err := engine.Plan(ctx, setsync.Desired{Objects: objects, Complete: true})
		if err != nil {
			log.Fatal(err)
		}
		result, err := setsync.Drain(engine.Run(ctx, plan))
		fmt.Println(result.Created, result.Pruned, err)
	}
	fmt.Println(len(inv.record.Members), inv.record.Members[0].UID != types.UID(""))
	// Output:
	// 2 0 <nil>
	// 0 1 <nil>
	// 1 true
}
