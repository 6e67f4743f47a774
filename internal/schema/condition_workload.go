package schema

import "math"

const (
	apps        = "io.k8s.api.apps.v1."
	batch       = "io.k8s.api.batch.v1."
	autoscaling = "io.k8s.api.autoscaling."
)

// workloadConditions are those of what makes pods.
var workloadConditions = []Condition{
	{
		Name: "strategy parameters of a Deployment", Types: []string{apps + "DeploymentStrategy"},
		Decides: []string{
			apps + "DeploymentStrategy.rollingUpdate", apps + "RollingUpdateDeployment.maxUnavailable", apps + "RollingUpdateDeployment.maxSurge",
		},
		Fill: func(strategy map[string]any) {
			set(strategy, "type", "RollingUpdate")
			if is(strategy, "type", "RollingUpdate") {
				rolling := made(strategy, "rollingUpdate")
				set(rolling, "maxUnavailable", "25%")
				set(rolling, "maxSurge", "25%")
			}
		},
	},
	{
		Name: "strategy parameters of a DaemonSet", Types: []string{apps + "DaemonSetUpdateStrategy"},
		Decides: []string{
			apps + "DaemonSetUpdateStrategy.rollingUpdate", apps + "RollingUpdateDaemonSet.maxUnavailable", apps + "RollingUpdateDaemonSet.maxSurge",
		},
		Fill: func(strategy map[string]any) {
			set(strategy, "type", "RollingUpdate")
			if is(strategy, "type", "RollingUpdate") {
				rolling := made(strategy, "rollingUpdate")
				set(rolling, "maxUnavailable", int64(1))
				set(rolling, "maxSurge", int64(0))
			}
		},
	},
	{
		// The server's own type has no way to leave one out.
		Name: "both limits of a rolling update", Types: []string{apps + "DeploymentStrategy", apps + "DaemonSetUpdateStrategy"},
		Fill: func(strategy map[string]any) {
			if rolling := object(strategy, "rollingUpdate"); rolling != nil {
				set(rolling, "maxUnavailable", int64(0))
				set(rolling, "maxSurge", int64(0))
			}
		},
	},
	{
		// One that names its type and gives no parameters keeps none.
		Name: "strategy parameters of a StatefulSet", Types: []string{apps + "StatefulSetUpdateStrategy"},
		Decides: []string{
			apps + "StatefulSetUpdateStrategy.type", apps + "StatefulSetUpdateStrategy.rollingUpdate",
			apps + "RollingUpdateStatefulSetStrategy.partition", apps + "RollingUpdateStatefulSetStrategy.maxUnavailable",
		},
		Fill: func(strategy map[string]any) {
			if absent(strategy, "type") {
				strategy["type"] = "RollingUpdate"
				made(strategy, "rollingUpdate")
			}
			rolling := object(strategy, "rollingUpdate")
			if rolling == nil {
				return
			}
			set(rolling, "partition", int64(0))
			if is(strategy, "type", "RollingUpdate") {
				set(rolling, "maxUnavailable", int64(1))
			}
		},
	},
	{
		// The server's type has a field for it, and an object may leave it out.
		Name: "the kind of claims in a StatefulSet", Types: []string{apps + "StatefulSet"},
		Fill: func(obj map[string]any) {
			for _, claim := range items(object(obj, "spec"), "volumeClaimTemplates") {
				set(claim, "apiVersion", "v1")
				set(claim, "kind", "PersistentVolumeClaim")
			}
		},
	},
	{
		Name: "completions unless parallelism", Types: []string{batch + "Job"}, Decides: []string{batch + "JobSpec.completions"},
		Fill: func(job map[string]any) {
			spec := made(job, "spec")
			if absent(spec, "parallelism") {
				set(spec, "completions", int64(1))
			}
		},
	},
	{
		Name: "backoffLimit by backoffLimitPerIndex", Types: []string{batch + "Job"}, Decides: []string{batch + "JobSpec.backoffLimit"},
		Fill: func(job map[string]any) {
			spec := made(job, "spec")
			if absent(spec, "backoffLimitPerIndex") {
				set(spec, "backoffLimit", int64(6))
			}
			set(spec, "backoffLimit", int64(math.MaxInt32))
		},
	},
	{
		Name: "podReplacementPolicy by podFailurePolicy", Types: []string{batch + "Job"},
		Decides: []string{batch + "JobSpec.podReplacementPolicy"},
		Fill: func(job map[string]any) {
			spec := made(job, "spec")
			if absent(spec, "podFailurePolicy") {
				set(spec, "podReplacementPolicy", "TerminatingOrFailed")
			}
			set(spec, "podReplacementPolicy", "Failed")
		},
	},
	{
		Name: "a Job, and no template of one", Types: []string{batch + "Job"},
		Decides: []string{
			batch + "JobSpec.completionMode", batch + "JobSpec.manualSelector", batch + "JobSpec.parallelism", batch + "JobSpec.suspend",
		},
		Fill: func(job map[string]any) {
			spec := made(job, "spec")
			set(spec, "parallelism", int64(1))
			set(spec, "completionMode", "NonIndexed")
			set(spec, "suspend", false)
			set(spec, "manualSelector", false)
		},
	},
	{
		Name: "labels from a template", Types: []string{batch + "Job", core + "ReplicationController"},
		Fill: func(obj map[string]any) {
			if labels := templateLabels(obj); labels != nil && len(object(object(obj, "metadata"), "labels")) == 0 {
				made(obj, "metadata")["labels"] = deepCopy(labels)
			}
		},
	},
	{
		Name: "selector from a template", Types: []string{core + "ReplicationController"},
		Fill: func(obj map[string]any) {
			if labels := templateLabels(obj); labels != nil && len(object(object(obj, "spec"), "selector")) == 0 {
				made(obj, "spec")["selector"] = deepCopy(labels)
			}
		},
	},
	{
		// The first version knows of no other target; those of later versions are in an annotation.
		Name: "target of an autoscaler without metrics", Types: []string{autoscaling + "v1.HorizontalPodAutoscaler"},
		Fill: func(obj map[string]any) {
			if _, ok := object(object(obj, "metadata"), "annotations")["autoscaling.alpha.kubernetes.io/metrics"]; !ok {
				set(made(obj, "spec"), "targetCPUUtilizationPercentage", int64(80))
			}
		},
	},
	{
		Name: "scaling policies of a behavior", Types: []string{autoscaling + "v2.HorizontalPodAutoscalerBehavior"},
		Decides: []string{
			autoscaling + "v2.HorizontalPodAutoscalerBehavior.scaleUp", autoscaling + "v2.HorizontalPodAutoscalerBehavior.scaleDown",
			autoscaling + "v2.HPAScalingRules.policies", autoscaling + "v2.HPAScalingRules.stabilizationWindowSeconds",
		},
		Fill: func(behavior map[string]any) {
			step := func(kind string, value int64) any {
				return map[string]any{"type": kind, "value": value, "periodSeconds": int64(15)}
			}
			up := made(behavior, "scaleUp")
			set(up, "stabilizationWindowSeconds", int64(0))
			set(up, "policies", []any{step("Pods", 4), step("Percent", 100)})
			set(made(behavior, "scaleDown"), "policies", []any{step("Percent", 100)})
		},
	},
}

func templateLabels(obj map[string]any) map[string]any {
	return object(object(object(object(obj, "spec"), "template"), "metadata"), "labels")
}
