package sim_test

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/sim"
)

func ExampleNew() {
	server, err := apiserver.New(apiserver.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()
	server.Register(sim.New())

	labels := map[string]any{"app": "web"}
	_, err = server.API().Create(&unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"namespace": "default", "name": "web"},
		"spec": map[string]any{
			"replicas": int64(2), "selector": map[string]any{"matchLabels": labels},
			"template": map[string]any{
				"metadata": map[string]any{"labels": labels},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": "web", "image": "example/web:1"}}},
			},
		},
	}}, apiserver.WriteOptions{Manager: "example"})
	if err != nil {
		fmt.Println(err)
		return
	}

	// The rollout has run to its end within the call.
	deployment, _ := server.API().Get(kind("Deployment"), "default", "web")
	pods, _ := server.API().List(kind("Pod"), "default", nil)
	fmt.Println(at(deployment, "status", "availableReplicas"), "available")
	for _, pod := range pods {
		fmt.Println(pod.GetLabels()["app"], at(pod, "status", "phase"))
	}
	// Output:
	// 2 available
	// web Running
	// web Running
}
