package live_test

import (
	"context"
	"fmt"
	"log"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/live"
	"github.com/setpoint-dev/setpoint/cluster/memory"
)

func ExampleOpen() {
	server, err := memory.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := kube.New(server.Config(), nil)
	if err != nil {
		log.Fatal(err)
	}
	view := live.Open(client, nil)
	defer view.Close()

	ctx := context.Background()
	settings := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"namespace": "default", "name": "settings"},
		"data":     map[string]any{"level": "info"},
	}}
	ref := cluster.RefOf(settings)
	_, err = view.Get(ctx, ref, cluster.GetOptions{}) // From here on ConfigMaps are followed.
	fmt.Println(err)
	if _, err := view.Apply(ctx, settings, cluster.WriteOptions{Manager: "setpoint"}); err != nil {
		log.Fatal(err)
	}
	mark := server.Mark()
	for range 1000 {
		if _, err := view.Get(ctx, ref, cluster.GetOptions{}); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(len(server.RequestsSince(mark)), "requests for 1000 reads")
	// Output:
	// get ConfigMap default/settings: not found
	// 0 requests for 1000 reads
}

func ExampleView_Close() {
	server, err := memory.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := kube.New(server.Config(), nil)
	if err != nil {
		log.Fatal(err)
	}
	view := live.Open(client, nil)
	view.Close()
	_, err = view.Get(context.Background(), cluster.Ref{Kind: "Namespace", Name: "default"}, cluster.GetOptions{})
	fmt.Println(err)
	// Output: get Namespace default: the view is closed
}
