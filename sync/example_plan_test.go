package sync_test

import (
	"context"
	"fmt"
	"log"

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
