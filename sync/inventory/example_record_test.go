package inventory_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
)

// Of two that save from the same record, the second is told.
func ExampleApplySet_Save() {
	server, err := memory.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := kube.New(server.Config(), nil)
	if err != nil {
		log.Fatal(err)
	}
	set, err := inventory.NewApplySet(client, "default", "shop", nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	mine, err := set.Load(ctx)
	if err != nil {
		log.Fatal(err)
	}
	theirs := *mine
	mine.Members = []setsync.Member{{Ref: cluster.Ref{Kind: "ConfigMap", Namespace: "default", Name: "a"}}}
	fmt.Println("mine:", set.Save(ctx, mine))
	fmt.Println("theirs is a conflict:", errors.Is(set.Save(ctx, &theirs), cluster.ErrConflict))
	// Output:
	// mine: <nil>
	// theirs is a conflict: true
}
