package clustertest_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/clustertest"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// eager is a client with a defect: it writes in dry runs too.
type eager struct{ cluster.Client }

func (e eager) Delete(ctx context.Context, ref cluster.Ref, opts cluster.DeleteOptions) error {
	opts.DryRun = false
	return e.Client.Delete(ctx, ref, opts)
}

func ExampleRule_Check() {
	server, err := memory.New(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	client, err := kube.New(server.Config(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, rule := range clustertest.Rules() {
		if !strings.HasPrefix(rule.Name, "dry-run/") {
			continue
		}
		if err := rule.Check(context.Background(), eager{client}); err != nil {
			fmt.Println(rule.Name, "does not hold:", rule.Why)
		}
	}
	// Output:
	// dry-run/delete does not hold: A dry run of a delete deletes nothing (KEP-576).
}
