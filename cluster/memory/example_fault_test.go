package memory_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// What does a client make of an answer that gets lost, and of a server that is busy?
func ExampleServer_Inject() {
	server, err := memory.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := kube.New(server.Config(), nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := server.Inject(memory.Fault{Verb: "get", Kind: "Namespace", Times: 1, Err: apierrors.NewServiceUnavailable("busy")}); err != nil {
		log.Fatal(err)
	}
	lost, err := server.Inject(memory.Fault{Verb: "delete", Break: memory.BreakAnswer})
	if err != nil {
		log.Fatal(err)
	}

	ref := cluster.Ref{Kind: "Namespace", Name: "kube-node-lease"}
	ctx := context.Background()
	_, err = client.Get(ctx, ref, cluster.GetOptions{})
	fmt.Println(err, cluster.Retryable(err))
	err = client.Delete(ctx, ref, cluster.DeleteOptions{})
	fmt.Println(err, lost.Hits())
	_, err = client.Get(ctx, ref, cluster.GetOptions{})
	fmt.Println(err)
	// Output:
	// get Namespace kube-node-lease: server unavailable: busy true
	// delete Namespace kube-node-lease: server unavailable: read memory: read: connection reset by peer 1
	// get Namespace kube-node-lease: not found
}

// A server that starts with what a manifest says.
func ExampleManifests() {
	objects, err := memory.Manifests(strings.NewReader(`
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: web}
---
apiVersion: v1
kind: Namespace
metadata: {name: web}
`))
	if err != nil {
		log.Fatal(err)
	}
	server, err := memory.New(&memory.Options{Objects: objects})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := kube.New(server.Config(), nil)
	if err != nil {
		log.Fatal(err)
	}
	for obj, err := range client.List(context.Background(), cluster.Selector{Kind: "ConfigMap", Namespace: "web"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(obj.GetName())
	}
	// Output:
	// settings
}
