package kube_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// settings returns a ConfigMap with one key, as a manifest would give it.
func settings(level string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"namespace": "default", "name": "settings"},
		"data":     map[string]any{"level": level},
	}}
}

// server returns the configuration of an API server in this process, and what ends it.
func server() (*rest.Config, func()) {
	s, err := memory.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	return s.Config(), s.Close
}

func ExampleNew() {
	config, stop := server()
	defer stop()
	client, err := kube.New(config, &kube.Options{PageSize: 200, UserAgent: "preview-bot/1.4"})
	if err != nil {
		log.Fatal(err)
	}
	kind, err := client.Kind(context.Background(), "apps", "Deployment")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(kind.Resource, kind.Versions, kind.Namespaced)
	// Output: deployments [v1] true
}

func ExampleFromKubeconfig() {
	_, err := kube.FromKubeconfig("testdata/kubeconfig", "staging", nil)
	fmt.Println(err)
	// Output: kube: load kubeconfig testdata/kubeconfig: context "staging" does not exist
}

func ExampleClient_Apply() {
	config, stop := server()
	defer stop()
	client, err := kube.New(config, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	first, err := client.Apply(ctx, settings("info"), cluster.WriteOptions{Manager: "setpoint"})
	if err != nil {
		log.Fatal(err)
	}
	// The same again, on the condition that nobody has written since.
	again, err := client.Apply(ctx, settings("info"), cluster.WriteOptions{
		Manager: "setpoint", UID: first.Object.GetUID(), ResourceVersion: first.Object.GetResourceVersion(),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(first.Created, again.Created, again.Changed)
	// Output: true false false
}

// A conflict names the owners, so that a caller can leave the fields to them or take them over.
func ExampleClient_Apply_conflict() {
	config, stop := server()
	defer stop()
	client, err := kube.New(config, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := client.Apply(ctx, settings("info"), cluster.WriteOptions{Manager: "helm"}); err != nil {
		log.Fatal(err)
	}
	_, err = client.Apply(ctx, settings("debug"), cluster.WriteOptions{Manager: "setpoint"})
	fmt.Println(err)
	var conflict *cluster.ConflictError
	if errors.As(err, &conflict) {
		fmt.Println(conflict.Conflicts[0].Manager, conflict.Conflicts[0].Operation, conflict.Conflicts[0].Field)
	}
	// Output:
	// apply ConfigMap default/settings: conflict with "helm" over .data.level
	// helm Apply .data.level
}

func ExampleClient_Get() {
	config, stop := server()
	defer stop()
	client, err := kube.New(config, nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Get(context.Background(), cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "web"}, cluster.GetOptions{})
	fmt.Println(err)
	fmt.Println(errors.Is(err, cluster.ErrNotFound), cluster.Retryable(err))
	// Output:
	// get Deployment default/web: not found
	// true false
}

func ExampleClient_List() {
	config, stop := server()
	defer stop()
	client, err := kube.New(config, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := client.Apply(ctx, settings("info"), cluster.WriteOptions{Manager: "setpoint"}); err != nil {
		log.Fatal(err)
	}
	for obj, err := range client.List(ctx, cluster.Selector{Kind: "ConfigMap", Fields: "metadata.name=settings"}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(cluster.RefOf(obj))
	}
	// Output: ConfigMap default/settings
}

func ExampleClient_Watch() {
	config, stop := server()
	defer stop()
	client, err := kube.New(config, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	for event, err := range client.Watch(ctx, cluster.Selector{Kind: "ConfigMap", Fields: "metadata.name=settings"}) {
		if err != nil {
			log.Fatal(err)
		}
		switch event.Type {
		case cluster.Synced:
			fmt.Println("nothing there yet")
			if _, err := client.Create(ctx, settings("info"), cluster.WriteOptions{Manager: "setpoint"}); err != nil {
				log.Fatal(err)
			}
			continue
		case cluster.Added:
			fmt.Println("added", cluster.RefOf(event.Object))
		}
		break // Ends the connection.
	}
	// Output:
	// nothing there yet
	// added ConfigMap default/settings
}

func ExampleClient_Create() {
	config, stop := server()
	defer stop()
	client, err := kube.New(config, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	written, err := client.Create(ctx, settings("info"), cluster.WriteOptions{Manager: "setpoint", DryRun: true})
	fmt.Println(written.Created, err)
	_, err = client.Create(ctx, settings("info"), cluster.WriteOptions{Manager: "setpoint"})
	fmt.Println(err)
	_, err = client.Create(ctx, settings("info"), cluster.WriteOptions{Manager: "setpoint"})
	fmt.Println(err)
	// Output:
	// true <nil>
	// <nil>
	// create ConfigMap default/settings: already exists
}

func ExampleClient_Replace() {
	config, stop := server()
	defer stop()
	client, err := kube.New(config, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	written, err := client.Create(ctx, settings("info"), cluster.WriteOptions{Manager: "setpoint"})
	if err != nil {
		log.Fatal(err)
	}
	mine := written.Object.DeepCopy() // As it was read.
	if _, err := client.Apply(ctx, settings("debug"), cluster.WriteOptions{Manager: "somebody", Force: true}); err != nil {
		log.Fatal(err)
	}
	_, err = client.Replace(ctx, mine, cluster.WriteOptions{Manager: "setpoint"})
	fmt.Println(errors.Is(err, cluster.ErrConflict))
	// Output: true
}

func ExampleClient_Patch() {
	config, stop := server()
	defer stop()
	client, err := kube.New(config, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if _, err := client.Create(ctx, settings("info"), cluster.WriteOptions{Manager: "setpoint"}); err != nil {
		log.Fatal(err)
	}
	patch := cluster.Patch{Type: types.MergePatchType, Data: []byte(`{"data":{"level":"debug"}}`)}
	written, err := client.Patch(ctx, cluster.Ref{Kind: "ConfigMap", Namespace: "default", Name: "settings"}, patch, cluster.WriteOptions{Manager: "setpoint"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(written.Object.Object["data"])
	// Output: map[level:debug]
}

func ExampleClient_Delete() {
	config, stop := server()
	defer stop()
	client, err := kube.New(config, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	written, err := client.Create(ctx, settings("info"), cluster.WriteOptions{Manager: "setpoint"})
	if err != nil {
		log.Fatal(err)
	}
	ref := cluster.RefOf(written.Object)
	err = client.Delete(ctx, ref, cluster.DeleteOptions{UID: "another-object"})
	fmt.Println(errors.Is(err, cluster.ErrConflict))
	fmt.Println(client.Delete(ctx, ref, cluster.DeleteOptions{UID: written.Object.GetUID()}))
	// Output:
	// true
	// <nil>
}

func ExampleClient_As() {
	config, stop := server()
	defer stop()
	client, err := kube.New(config, nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.As(kube.Identity{}).Get(context.Background(), cluster.Ref{Kind: "Namespace", Name: "default"}, cluster.GetOptions{})
	fmt.Println(err)
	// Output: get Namespace default: the identity to impersonate names no user; set Identity.User
}

func ExampleClient_Kind() {
	config, stop := server()
	defer stop()
	client, err := kube.New(config, nil)
	if err != nil {
		log.Fatal(err)
	}
	_, err = client.Kind(context.Background(), "example.com", "Gadget")
	fmt.Println(err)
	// Output: discover Gadget.example.com: no such kind: the cluster serves no group example.com
}
