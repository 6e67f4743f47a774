package health

import (
	"encoding/json"
)

// scalingFaults are the reasons by which an autoscaler says that it cannot do its work, by condition.
var scalingFaults = map[string]map[string]bool{
	"AbleToScale": {"FailedGetScale": true, "FailedUpdateScale": true},
	"ScalingActive": {
		"FailedGetResourceMetric": true, "FailedGetObjectMetric": true, "FailedGetPodsMetric": true, "FailedGetExternalMetric": true,
		"FailedGetContainerResourceMetric": true, "FailedComputeMetricsReplicas": true, "InvalidSelector": true, "InvalidMetricSourceType": true,
	},
}

// v1Conditions is where autoscaling/v1, which has no conditions, carries those of later versions.
const v1Conditions = "autoscaling.alpha.kubernetes.io/conditions"

func autoscaler(o view) Result {
	all := o.conditions()
	if text := o.str("metadata", "annotations", v1Conditions); len(all) == 0 && text != "" {
		var list []any
		if json.Unmarshal([]byte(text), &list) == nil {
			all = view{map[string]any{"list": list}}.conditions("list")
		}
	}
	for _, c := range all {
		if c.isFalse() && scalingFaults[c.kind][c.reason] {
			return degraded(c.reason, c.says())
		}
	}
	for _, c := range all {
		if c.isTrue() && (c.kind == "AbleToScale" || c.kind == "ScalingLimited") {
			return healthy(c.why(), "%s", c.says())
		}
	}
	if len(all) == 0 {
		return progressing(ReasonNoStatus, "the autoscaler has not reported yet")
	}
	return progressing(all[0].why(), "%s", all[0].says())
}
