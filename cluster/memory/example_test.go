package memory_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// A Deployment comes to life within the write that creates it, when controllers are simulated.
func ExampleNew() {
	server, err := memory.New(&memory.Options{Controllers: true})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	dynamicClient, err := dynamic.NewForConfig(server.Config())
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	web := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": "web", "namespace": "default"},
		"spec": map[string]any{
			"replicas": int64(2),
			"selector": map[string]any{"matchLabels": map[string]any{"app": "web"}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": "web"}},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "web", "image": "nginx:1.27"}}},
			},
		},
	}}
	deployments := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	if _, err := dynamicClient.Resource(deployments).Namespace("default").Apply(ctx, "web", web, metav1.ApplyOptions{FieldManager: "example"}); err != nil {
		log.Fatal(err)
	}
	typed, err := kubernetes.NewForConfig(server.Config())
	if err != nil {
		log.Fatal(err)
	}
	pods, err := typed.CoreV1().Pods("default").List(ctx, metav1.ListOptions{LabelSelector: "app=web"})
	if err != nil {
		log.Fatal(err)
	}
	for _, pod := range pods.Items {
		fmt.Println(pod.Status.Phase, pod.Spec.Containers[0].ImagePullPolicy)
	}
	// Output:
	// Running IfNotPresent
	// Running IfNotPresent
}

// An apply that would change what another manager owns is refused as kube-apiserver refuses it.
func ExampleServer_Config() {
	server, err := memory.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := dynamic.NewForConfig(server.Config())
	if err != nil {
		log.Fatal(err)
	}
	settings := client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace("default")
	apply := func(manager, level string) error {
		obj := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "settings"}, "data": map[string]any{"level": level},
		}}
		_, err := settings.Apply(context.Background(), "settings", obj, metav1.ApplyOptions{FieldManager: manager})
		return err
	}
	fmt.Println(apply("helm", "info"))
	err = apply("setpoint", "debug")
	fmt.Println(apierrors.IsConflict(err), err)
	// Output:
	// <nil>
	// true Apply failed with 1 conflict: conflict with "helm": .data.level
}

// The log of requests tells what a client really did.
func ExampleServer_Requests() {
	server, err := memory.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := kubernetes.NewForConfig(server.Config())
	if err != nil {
		log.Fatal(err)
	}
	mark := server.Mark()
	_, _ = client.CoreV1().Namespaces().Get(context.Background(), "missing", metav1.GetOptions{})
	_ = client.CoreV1().Namespaces().Delete(context.Background(), "kube-system", metav1.DeleteOptions{})
	for _, r := range server.RequestsSince(mark) {
		fmt.Println(r.Verb, r.Resource, r.Name, r.Code, r.Writes())
	}
	// Output:
	// get namespaces missing 404 false
	// delete namespaces kube-system 403 true
}

// A function takes the place of an admission webhook.
func ExampleAdmission() {
	server, err := memory.New(&memory.Options{Admission: []memory.Admission{{
		Name: "images.example.com", Group: "apps", Kind: "Deployment",
		Validate: func(r *memory.AdmissionRequest) error {
			containers, _, _ := unstructured.NestedSlice(r.Object.Object, "spec", "template", "spec", "containers")
			for _, c := range containers {
				if image := c.(map[string]any)["image"].(string); !strings.Contains(image, "@sha256:") {
					return fmt.Errorf("image %s is not pinned", image)
				}
			}
			return nil
		},
	}}})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := dynamic.NewForConfig(server.Config())
	if err != nil {
		log.Fatal(err)
	}
	web := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web"},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": map[string]any{"app": "web"}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": "web"}},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "web", "image": "nginx:1.27"}}},
			},
		},
	}}
	deployments := schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	_, err = client.Resource(deployments).Namespace("default").Create(context.Background(), web, metav1.CreateOptions{})
	fmt.Println(apierrors.IsForbidden(err), err)
	// Output:
	// true admission webhook "images.example.com" denied the request: image nginx:1.27 is not pinned
}
