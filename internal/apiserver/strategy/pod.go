package strategy

import (
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// podGrace is how long a pod may take to end. A pod that no node runs, or that has ended, goes at once.
func podGrace(obj map[string]any) int64 {
	phase := Get(obj, Path{"status", "phase"})
	if node, _ := Get(obj, Path{"spec", "nodeName"}).(string); node == "" || phase == "Succeeded" || phase == "Failed" {
		return 0
	}
	seconds, _ := Get(obj, Path{"spec", "terminationGracePeriodSeconds"}).(int64)
	return seconds
}

// podAdmission does to a new pod what the admission plugins that every cluster runs do: a service account, a priority, and
// tolerations for nodes that are briefly away. A pod with gates waits for them from the beginning.
func podAdmission(obj, old map[string]any, env Env) field.ErrorList {
	spec, ok := obj["spec"].(map[string]any)
	if !ok {
		return nil
	}
	tolerations, _ := spec["tolerations"].([]any)
	for _, key := range []string{"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"} {
		if !tolerates(tolerations, key) {
			tolerations = append(tolerations, map[string]any{
				"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": int64(300),
			})
		}
	}
	spec["tolerations"] = tolerations
	if old != nil {
		return nil
	}
	if status, ok := obj["status"].(map[string]any); ok {
		status["qosClass"] = qosClass(spec)
		if gates, _ := spec["schedulingGates"].([]any); len(gates) > 0 {
			status["conditions"] = []any{map[string]any{
				"type": "PodScheduled", "status": "False", "reason": "SchedulingGated", "message": "Scheduling is blocked due to non-empty scheduling gates",
				"lastProbeTime": nil, "lastTransitionTime": env.Now(),
			}}
		}
	}
	if spec["serviceAccountName"] == nil {
		spec["serviceAccountName"], spec["serviceAccount"] = "default", "default"
	}
	if spec["priority"] == nil && spec["priorityClassName"] == nil {
		spec["priority"] = int64(0)
	}
	if spec["preemptionPolicy"] == nil {
		spec["preemptionPolicy"] = "PreemptLowerPriority"
	}
	return nil
}

func tolerates(tolerations []any, key string) bool {
	for _, t := range tolerations {
		t, _ := t.(map[string]any)
		sameKey := t["key"] == key || t["key"] == nil
		if sameKey && (t["effect"] == "NoExecute" || t["effect"] == nil) {
			return true
		}
	}
	return false
}

// qosClass computes the quality-of-service class from the containers' requests and limits of CPU and memory.
func qosClass(spec map[string]any) string {
	containers, _ := spec["containers"].([]any)
	inits, _ := spec["initContainers"].([]any)
	any_, guaranteed := false, true
	for _, c := range append(containers[:len(containers):len(containers)], inits...) {
		c, _ := c.(map[string]any)
		for _, name := range []string{"cpu", "memory"} {
			request, limit := amount(c, "requests", name), amount(c, "limits", name)
			if !request.IsZero() || !limit.IsZero() {
				any_ = true
			}
			if limit.IsZero() || request.Cmp(limit) != 0 {
				guaranteed = false
			}
		}
	}
	switch {
	case !any_:
		return "BestEffort"
	case guaranteed:
		return "Guaranteed"
	}
	return "Burstable"
}

func amount(container map[string]any, list, name string) resource.Quantity {
	s, _ := Get(container, Path{"resources", list, name}).(string)
	q, err := resource.ParseQuantity(s)
	if err != nil {
		return resource.Quantity{}
	}
	return q
}
