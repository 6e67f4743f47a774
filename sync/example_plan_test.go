package sync_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A plan changes nothing. Its steps say what would be done and why.
func ExampleEngine_Plan() {
	ctx := context.Background()
	client, done := connect()
	defer done()
	inv, err := inventory.NewApplySet(client, "default", "shop", nil)
	if err != nil {
		log.Fatal(err)
	}
	engine := setsync.New(client, inv, nil)
	plan, err := engine.Plan(ctx, setsync.Desired{Objects: []*unstructured.Unstructured{settings("a", "red")}, Complete: true})
	if err != nil {
		log.Fatal(err)
	}
	for _, step := range plan.Steps() {
		fmt.Println(step.Action, step.Ref, "because", step.Reason)
	}
	fmt.Println(plan.Summary())
	// Output:
	// create ConfigMap default/a because it does not exist
	// 1 to create
}

// A run reports each thing that happens. Breaking out of the loop stops the run; what was written stays on record.
func ExampleEngine_Run() {
	ctx := context.Background()
	client, done := connect()
	defer done()
	inv, err := inventory.NewApplySet(client, "default", "shop", nil)
	if err != nil {
		log.Fatal(err)
	}
	engine := setsync.New(client, inv, nil)
	plan, err := engine.Plan(ctx, setsync.Desired{Objects: []*unstructured.Unstructured{settings("a", "red")}, Complete: true})
	if err != nil {
		log.Fatal(err)
	}
	for event, err := range engine.Run(ctx, plan) {
		if err != nil {
			log.Fatal(err) // the run could not go on; a step that fails is an event
		}
		fmt.Println(event.Type, event.Action, event.Ref)
	}
	// Output:
	// Started create ConfigMap default/a
	// Done create ConfigMap default/a
}

// A rehearsal has the server refuse what it would refuse, all of it, before anything is written.
func ExampleEngine_Rehearse() {
	ctx := context.Background()
	client, done := connect()
	defer done()
	inv, err := inventory.NewApplySet(client, "default", "shop", nil)
	if err != nil {
		log.Fatal(err)
	}
	engine := setsync.New(client, inv, nil)
	wrong := settings("a", "red")
	wrong.Object["data"] = map[string]any{"a/b": "a key cannot have a slash"}
	plan, err := engine.Plan(ctx, setsync.Desired{Objects: []*unstructured.Unstructured{wrong, settings("b", "red")}, Complete: true})
	if err != nil {
		log.Fatal(err)
	}
	rehearsal, err := engine.Rehearse(ctx, plan)
	var fault *setsync.Error
	if errors.As(err, &fault) {
		fmt.Println(fault.Op, fault.Ref, "would be refused")
	}
	fmt.Println(rehearsal.Verified, "would be accepted")
	// Output:
	// apply ConfigMap default/a would be refused
	// 1 would be accepted
}

// The graph of a plan, as a code host draws it.
func ExamplePlan_FprintGraph() {
	ctx := context.Background()
	client, done := connect()
	defer done()
	inv, err := inventory.NewApplySet(client, "default", "shop", nil)
	if err != nil {
		log.Fatal(err)
	}
	after := settings("after", "red")
	after.SetAnnotations(map[string]string{"config.kubernetes.io/depends-on": "/namespaces/default/ConfigMap/a"})
	plan, err := setsync.New(client, inv, nil).Plan(ctx, setsync.Desired{Objects: []*unstructured.Unstructured{settings("a", "red"), after}})
	if err != nil {
		log.Fatal(err)
	}
	if err := plan.FprintGraph(os.Stdout); err != nil {
		log.Fatal(err)
	}
	// Output:
	// flowchart TD
	//     s0["create ConfigMap default/a"]
	//     s1{{"what depends on it waits until it is healthy"}}
	//     s2["create ConfigMap default/after"]
	//     s0 --> s1
	//     s1 --> s2
}

// A hook runs before the objects that the sync applies, once for each desired state.
func ExampleDesired_hooks() {
	ctx := context.Background()
	client, done := connect()
	defer done()
	inv, err := inventory.NewApplySet(client, "default", "shop", nil)
	if err != nil {
		log.Fatal(err)
	}
	engine := setsync.New(client, inv, nil)
	job := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "batch/v1", "kind": "Job",
		"metadata": map[string]any{"name": "migrate", "namespace": "default", "annotations": map[string]any{"helm.sh/hook": "pre-upgrade"}},
		"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
			"restartPolicy": "Never", "containers": []any{map[string]any{"name": "migrate", "image": "registry.example.com/migrate:v2"}},
		}}},
	}}
	for range 2 {
		plan, err := engine.Plan(ctx, setsync.Desired{Objects: []*unstructured.Unstructured{settings("a", "red"), job}, Complete: true})
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(plan.Summary())
		for event, err := range engine.Run(ctx, plan) {
			if err != nil {
				log.Fatal(err)
			}
			if event.Type == setsync.Done && event.Action != setsync.Gate {
				fmt.Println(event.Action, event.Ref)
			}
		}
	}
	// Output:
	// 1 to create, 1 hook to run
	// hook Job default/migrate
	// create ConfigMap default/a
	// 1 unchanged
}

// A set is deleted by a plan too, which can be looked at first.
func ExampleEngine_PlanDelete() {
	ctx := context.Background()
	client, done := connect()
	defer done()
	inv, err := inventory.NewApplySet(client, "default", "shop", nil)
	if err != nil {
		log.Fatal(err)
	}
	engine := setsync.New(client, inv, nil)
	data := settings("data", "red")
	data.SetAnnotations(map[string]string{"helm.sh/resource-policy": "keep"})
	plan, err := engine.Plan(ctx, setsync.Desired{Objects: []*unstructured.Unstructured{settings("a", "red"), data}, Complete: true})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := setsync.Drain(engine.Run(ctx, plan)); err != nil {
		log.Fatal(err)
	}
	plan, err = engine.PlanDelete(ctx, setsync.Desired{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(plan)
	// Output:
	// skip    ConfigMap default/data: helm.sh/resource-policy says keep
	// prune   ConfigMap default/a: the set is deleted
	// plan: 1 to prune, 1 skipped
}
