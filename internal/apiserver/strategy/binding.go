package strategy

import (
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// bindPod puts a pod on the node that a Binding names.
var bindPod = &Posted{Check: checkBinding, Do: bind}

// checkBinding holds a Binding to naming a node.
func checkBinding(body map[string]any) field.ErrorList {
	var errs field.ErrorList
	at := field.NewPath("target")
	kind, _ := Get(body, Path{"target", "kind"}).(string)
	name, _ := Get(body, Path{"target", "name"}).(string)
	node := kind == "" || kind == "Node"
	if !node {
		errs = append(errs, field.NotSupported(at.Child("kind"), kind, []string{"Node", "<empty>"}))
	}
	switch {
	case name == "":
		errs = append(errs, field.Required(at.Child("name"), ""))
	case node:
		for _, message := range DNSSubdomain(name, false) {
			errs = append(errs, field.Invalid(at.Child("name"), name, message))
		}
	}
	return errs
}

// bind puts a pod that is free to go onto a node, with the labels and annotations of the Binding.
func bind(obj, body map[string]any, now time.Time) error {
	name := Get(obj, Path{"metadata", "name"})
	if Get(obj, Path{"metadata", "deletionTimestamp"}) != nil {
		return fmt.Errorf("pod %v is being deleted, cannot be assigned to a host", name)
	}
	if node, _ := Get(obj, Path{"spec", "nodeName"}).(string); node != "" {
		return fmt.Errorf("pod %v is already assigned to node %q", name, node)
	}
	if gates, _ := Get(obj, Path{"spec", "schedulingGates"}).([]any); len(gates) > 0 {
		return fmt.Errorf("pod %v has non-empty .spec.schedulingGates", name)
	}
	Put(obj, Path{"spec", "nodeName"}, Get(body, Path{"target", "name"}))
	Put(obj, Path{"status", "nominatedNodeName"}, nil)
	for _, texts := range []string{"annotations", "labels"} {
		path := Path{"metadata", texts}
		own, _ := Get(obj, path).(map[string]any)
		added, _ := Get(body, path).(map[string]any)
		if len(added) == 0 {
			continue
		}
		merged := runtime.DeepCopyJSON(added)
		for key, value := range own {
			if _, anew := merged[key]; !anew {
				merged[key] = value
			}
		}
		Put(obj, path, merged)
	}
	scheduled(obj, now)
	return nil
}

// scheduled notes among a pod's conditions that it has a node.
func scheduled(obj map[string]any, now time.Time) {
	bound := map[string]any{
		"type": "PodScheduled", "status": "True", "lastProbeTime": nil, "lastTransitionTime": now.UTC().Format(time.RFC3339),
	}
	conditions, _ := Get(obj, Path{"status", "conditions"}).([]any)
	i := slices.IndexFunc(conditions, func(c any) bool {
		m, ok := c.(map[string]any)
		return ok && m["type"] == bound["type"]
	})
	if i < 0 {
		conditions = append(conditions, bound)
	} else {
		conditions[i] = bound
	}
	Put(obj, Path{"status", "conditions"}, conditions)
}
