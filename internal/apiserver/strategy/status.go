package strategy

import "k8s.io/apimachinery/pkg/util/validation/field"

// keepQOS gives a status that does not tell the quality of service back what the pod was created with.
func keepQOS(obj, old map[string]any, _ Env) field.ErrorList {
	if at := (Path{"status", "qosClass"}); Get(obj, at) == nil {
		Put(obj, at, Get(old, at))
	}
	return nil
}

// Parts of a status behind feature gates that are off in Kubernetes v1.37.1 by default, so that nobody keeps them.

// dropClaimHealth is for the gate CSIVolumeHealth.
func dropClaimHealth(obj, _ map[string]any, _ Env) field.ErrorList {
	Put(obj, Path{"status", "healthStatus"}, nil)
	return nil
}

// dropVolumeStates is for the gates CSIVolumeHealth and ImageVolumeWithDigest.
func dropVolumeStates(obj, _ map[string]any, _ Env) field.ErrorList {
	Put(obj, Path{"status", "volumeHealth"}, nil)
	for _, part := range containerStatuses {
		for _, s := range items(obj, Path{"status", part.statuses}) {
			for _, mount := range items(s, Path{"volumeMounts"}) {
				delete(mount, "volumeStatus")
			}
		}
	}
	return nil
}

// phaseMoved notes when a volume came into another phase, unless the writer does.
func phaseMoved(obj, old map[string]any, env Env) field.ErrorList {
	phase, at := Path{"status", "phase"}, Path{"status", "lastPhaseTransitionTime"}
	was, is := Get(old, at), Get(obj, at)
	switch same := Get(obj, phase) == Get(old, phase); {
	case same && is == nil:
		Put(obj, at, was)
	case !same && (is == nil || is == was):
		Put(obj, at, env.Now())
	}
	return nil
}

// namespacePhase holds the phase of a namespace to whether it is being deleted.
func namespacePhase(obj, _ map[string]any) field.ErrorList {
	phase, _ := Get(obj, Path{"status", "phase"}).(string)
	where := field.NewPath("status", "Phase")
	deleting := Get(obj, Path{"metadata", "deletionTimestamp"}) != nil
	switch {
	case !deleting && phase != "Active":
		return field.ErrorList{field.Invalid(where, phase, "may only be 'Active' if `deletionTimestamp` is empty")}
	case deleting && phase != "Terminating":
		return field.ErrorList{field.Invalid(where, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")}
	}
	return nil
}

// balancerStatus allows addresses of a load balancer only where there is one.
func balancerStatus(obj, _ map[string]any) field.ErrorList {
	where := Path{"status", "loadBalancer", "ingress"}
	if list, _ := Get(obj, where).([]any); len(list) == 0 || serviceType(obj) == "LoadBalancer" {
		return nil
	}
	return field.ErrorList{field.Forbidden(field.NewPath(where[0], where[1:]...), "may only be used when `spec.type` is 'LoadBalancer'")}
}
