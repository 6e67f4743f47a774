package model

import (
	"math"
	"reflect"

	apps "k8s.io/api/apps/v1"
	autoscaling "k8s.io/api/autoscaling/v2"
	batch "k8s.io/api/batch/v1"
)

var rolling = is("type", "RollingUpdate")

var jobSpecDefaults = []rule{
	adjust(func(spec map[string]any) {
		if spec["completions"] == nil && spec["parallelism"] == nil {
			spec["completions"] = int64(1)
		}
	}),
	set("parallelism", int64(1)),
	setIf(has("backoffLimitPerIndex"), "backoffLimit", int64(math.MaxInt32)),
	set("backoffLimit", int64(6)),
	set("completionMode", "NonIndexed"),
	set("suspend", false),
	setIf(has("podFailurePolicy"), "podReplacementPolicy", "Failed"),
	set("podReplacementPolicy", "TerminatingOrFailed"),
	set("manualSelector", false),
}

// workloadDefaults are those of the apps, batch and autoscaling groups.
var workloadDefaults = map[reflect.Type][]rule{
	of[apps.DeploymentSpec](): {
		set("replicas", int64(1)),
		set("strategy", empty()),
		set("revisionHistoryLimit", int64(10)),
		set("progressDeadlineSeconds", int64(600)),
	},
	of[apps.DeploymentStrategy]():      {set("type", "RollingUpdate"), setIf(rolling, "rollingUpdate", empty())},
	of[apps.RollingUpdateDeployment](): {set("maxUnavailable", "25%"), set("maxSurge", "25%")},

	// The counter of templates is kept in an annotation, which a new object has before the server counts.
	of[apps.DaemonSet](): {adjust(func(ds map[string]any) {
		meta := object(ds, "metadata")
		if meta == nil {
			return
		}
		if object(meta, "annotations") == nil {
			meta["annotations"] = map[string]any{}
		}
		setAbsent(object(meta, "annotations"), apps.DeprecatedTemplateGeneration, "0")
	})},
	of[apps.DaemonSetSpec]():           {set("updateStrategy", empty()), set("revisionHistoryLimit", int64(10))},
	of[apps.DaemonSetUpdateStrategy](): {set("type", "RollingUpdate"), setIf(rolling, "rollingUpdate", empty())},
	of[apps.RollingUpdateDaemonSet]():  {set("maxUnavailable", int64(1)), set("maxSurge", int64(0))},

	of[apps.StatefulSetSpec](): {
		adjust(func(spec map[string]any) {
			for _, t := range list(spec, "volumeClaimTemplates") {
				if t, ok := t.(map[string]any); ok {
					t["apiVersion"], t["kind"] = "v1", "PersistentVolumeClaim"
				}
			}
		}),
		set("podManagementPolicy", "OrderedReady"),
		set("updateStrategy", empty()),
		set("persistentVolumeClaimRetentionPolicy", empty()),
		set("replicas", int64(1)),
		set("revisionHistoryLimit", int64(10)),
	},
	// A strategy that names its type and gives no parameters keeps none.
	of[apps.StatefulSetUpdateStrategy](): {adjust(func(s map[string]any) {
		if s["type"] == nil || s["type"] == "" {
			s["type"] = "RollingUpdate"
			setAbsent(s, "rollingUpdate", empty())
		}
		if r := object(s, "rollingUpdate"); r != nil && s["type"] == "RollingUpdate" {
			setAbsent(r, "partition", int64(0))
			setAbsent(r, "maxUnavailable", int64(1))
		}
	})},
	of[apps.StatefulSetPersistentVolumeClaimRetentionPolicy](): {set("whenDeleted", "Retain"), set("whenScaled", "Retain")},

	of[apps.ReplicaSetSpec](): {set("replicas", int64(1))},

	// Only those of a Job itself: the template of a CronJob is left as it is written.
	of[batch.Job](): {adjust(func(job map[string]any) {
		spec := object(job, "spec")
		if spec == nil {
			return
		}
		for _, r := range jobSpecDefaults {
			r.apply(spec)
		}
		if labels := object(object(object(spec, "template"), "metadata"), "labels"); labels != nil {
			labelsFrom(job, labels)
		}
	})},
	of[batch.CronJobSpec](): {
		set("concurrencyPolicy", "Allow"),
		set("suspend", false),
		set("successfulJobsHistoryLimit", int64(3)),
		set("failedJobsHistoryLimit", int64(1)),
	},
	of[batch.PodFailurePolicyOnPodConditionsPattern](): {set("status", "True")},

	of[autoscaling.HorizontalPodAutoscalerSpec](): {
		set("minReplicas", int64(1)),
		set("metrics", []any{map[string]any{
			"type": "Resource",
			"resource": map[string]any{
				"name":   "cpu",
				"target": map[string]any{"type": "Utilization", "averageUtilization": int64(80)},
			},
		}}),
	},
	of[autoscaling.HorizontalPodAutoscalerBehavior](): {
		set("scaleUp", empty()), set("scaleDown", empty()),
		adjust(func(b map[string]any) {
			up, down := object(b, "scaleUp"), object(b, "scaleDown")
			setAbsent(up, "stabilizationWindowSeconds", int64(0))
			setAbsent(up, "policies", []any{
				map[string]any{"type": "Pods", "value": int64(4), "periodSeconds": int64(15)},
				map[string]any{"type": "Percent", "value": int64(100), "periodSeconds": int64(15)},
			})
			setAbsent(down, "policies", []any{
				map[string]any{"type": "Percent", "value": int64(100), "periodSeconds": int64(15)},
			})
		}),
	},
	of[autoscaling.HPAScalingRules](): {set("selectPolicy", "Max")},
}
