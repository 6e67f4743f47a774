package inventory_test

import (
	"context"
	"fmt"
	"log"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
)

// Any tool that reads the ApplySet standard can tell from the parent what is in the set.
func ExampleNewApplySet() {
	ctx := context.Background()
	server, err := memory.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := kube.New(server.Config(), nil)
	if err != nil {
		log.Fatal(err)
	}

	inv, err := inventory.NewApplySet(client, "default", "shop", nil)
	if err != nil {
		log.Fatal(err)
	}
	record, err := inv.Load(ctx)
	if err != nil {
		log.Fatal(err)
	}
	record.Members = []setsync.Member{{Ref: cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: "web", Name: "shop"}}}
	if err := inv.Save(ctx, record); err != nil {
		log.Fatal(err)
	}

	parent, err := client.Get(ctx, cluster.Ref{Kind: "Secret", Namespace: "default", Name: "shop"}, cluster.GetOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(parent.GetLabels()[inventory.LabelID] == inv.ID())
	fmt.Println(parent.GetAnnotations()[inventory.AnnotationGroupKinds], "in", parent.GetAnnotations()[inventory.AnnotationNamespaces])
	// Output:
	// true
	// Deployment.apps in web
}
