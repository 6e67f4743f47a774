package health_test

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/health"
)

func ExampleMux_Check() {
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1",
		"kind":       "Deployment",
		"metadata":   map[string]any{"name": "web", "generation": int64(2)},
		"spec":       map[string]any{"replicas": int64(3)},
		"status":     map[string]any{"observedGeneration": int64(2), "replicas": int64(4), "updatedReplicas": int64(1), "availableReplicas": int64(3)},
	}}
	result, err := health.New(nil).Check(obj)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Status, result.Reason, result.Rule)
	fmt.Println(result.Message)
	// Output:
	// Progressing ReplicasUpdating apps/Deployment
	// 1 of 3 replicas are updated
}

func ExampleMux_Handle() {
	m := health.New(nil)
	m.Handle("acme.example", "Widget", health.CheckerFunc(func(obj *unstructured.Unstructured) (health.Result, error) {
		color, _, _ := unstructured.NestedString(obj.Object, "status", "color")
		if color == "green" {
			return health.Result{Status: health.Healthy, Reason: "Green", Message: "the widget is green", Rule: "acme.example/Widget"}, nil
		}
		return health.Result{Status: health.Progressing, Reason: "NotGreen", Message: "the widget is " + color, Rule: "acme.example/Widget"}, nil
	}))
	result, err := m.Check(&unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "acme.example/v1", "kind": "Widget", "status": map[string]any{"color": "red"},
	}})
	fmt.Println(result.Status, result.Message, err)
	// Output:
	// Progressing the widget is red <nil>
}

func ExampleWorst() {
	fmt.Println(health.Worst(health.Healthy, health.Degraded, health.Progressing))
	// Output:
	// Degraded
}

func ExampleStatus_Compare() {
	states := []health.Status{health.Degraded, health.Healthy, health.Progressing}
	slices.SortFunc(states, health.Status.Compare)
	fmt.Println(states)
	// Output:
	// [Healthy Progressing Degraded]
}

func ExampleResult_KStatus() {
	result, err := health.New(nil).Check(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Status, "is", result.KStatus(), "to kstatus")
	// Output:
	// Missing is NotFound to kstatus
}
