package samples

import "k8s.io/apimachinery/pkg/runtime"

// templates returns the workloads that have a pod's specification as their template.
func templates(pod map[string]any) []map[string]any {
	labels := func() map[string]any { return map[string]any{"app": "a"} }
	selector := func() map[string]any { return map[string]any{"matchLabels": labels()} }
	template := func(restart string) map[string]any {
		spec, _ := pod["spec"].(map[string]any)
		spec = runtime.DeepCopyJSON(spec)
		delete(spec, "activeDeadlineSeconds")
		if restart != "" {
			spec["restartPolicy"] = restart
		}
		return map[string]any{"metadata": map[string]any{"labels": labels()}, "spec": spec}
	}
	jobs := func() map[string]any { return map[string]any{"template": template("OnFailure")} }
	var out []map[string]any
	add := func(version, kind string, spec map[string]any) {
		out = append(out, map[string]any{
			"apiVersion": version, "kind": kind, "metadata": map[string]any{"name": "x", "namespace": "default"}, "spec": spec,
		})
	}
	for _, kind := range []string{"Deployment", "ReplicaSet", "DaemonSet", "StatefulSet"} {
		add("apps/v1", kind, map[string]any{"selector": selector(), "template": template("")})
	}
	add("v1", "ReplicationController", map[string]any{"selector": labels(), "template": template("")})
	add("batch/v1", "Job", jobs())
	add("batch/v1", "CronJob", map[string]any{"schedule": "@daily", "jobTemplate": map[string]any{"spec": jobs()}})
	return out
}
