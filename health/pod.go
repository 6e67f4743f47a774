package health

import (
	"fmt"
	"strings"
)

// pod follows Argo CD, and looks at init containers as it looks at containers.
func pod(o view) Result {
	always := o.str("spec", "restartPolicy") == "Always" || o.str("spec", "restartPolicy") == ""
	stuck, name := waiting(o)
	if always && stuck.m != nil {
		return degraded(stuck.str("reason"), fmt.Sprintf("container %s is waiting: %s", name, says(stuck)))
	}
	switch phase := o.str("status", "phase"); phase {
	case "":
		return progressing(ReasonNoStatus, "the pod has no phase yet")
	case "Pending":
		if c := o.condition("PodScheduled"); c.isFalse() {
			return progressing(c.why(), "%s", c.says())
		}
		if stuck.m != nil {
			return progressing(stuck.str("reason"), "container %s is waiting: %s", name, says(stuck))
		}
		return progressing("Pending", "%s", orElse(o.str("status", "message"), "the pod is scheduled, and its containers have yet to start"))
	case "Succeeded":
		return healthy("Succeeded", "%s", orElse(o.str("status", "message"), "all containers have ended well"))
	case "Failed":
		return failedPod(o)
	case "Running":
		if !always {
			return progressing("Running", "the pod runs to its end")
		}
		ready := o.condition("Ready")
		if ready.isTrue() {
			return healthy("Ready", "the pod is ready")
		}
		for _, c := range containers(o) {
			if end := c.sub("lastState", "terminated"); end.m != nil {
				return degraded(orElse(end.str("reason"), "Restarted"), fmt.Sprintf("container %s has restarted %d times: %s",
					c.str("name"), c.count("restartCount"), ended(end)))
			}
		}
		if ready.status == "" {
			return progressing("NotReady", "the pod has not reported whether it is ready")
		}
		return progressing(ready.why(), "%s", ready.says())
	default:
		return Result{Status: Unknown, Reason: orElse(o.str("status", "reason"), "PhaseUnknown"),
			Message: orElse(o.str("status", "message"), fmt.Sprintf("phase %q: the node does not report", phase))}
	}
}

// containers returns the states of init containers and containers, in the order in which they run.
func containers(o view) []view {
	return append(o.list("status", "initContainerStatuses"), o.list("status", "containerStatuses")...)
}

// waiting returns the state of the first container that waits because of a fault.
func waiting(o view) (state view, name string) {
	for _, c := range containers(o) {
		w := c.sub("state", "waiting")
		reason := w.str("reason")
		if strings.HasPrefix(reason, "Err") || strings.HasSuffix(reason, "Error") || strings.HasSuffix(reason, "BackOff") {
			return w, c.str("name")
		}
	}
	return view{}, ""
}

func says(state view) string {
	if m := state.str("message"); m != "" {
		return state.str("reason") + ": " + m
	}
	return state.str("reason")
}

// ended tells how a container ended.
func ended(end view) string {
	s := fmt.Sprintf("ended with exit code %d", end.count("exitCode"))
	if reason := end.str("reason"); reason != "" {
		s += " (" + reason + ")"
	}
	if m := strings.TrimSpace(end.str("message")); m != "" {
		s += ": " + m
	}
	return s
}

func failedPod(o view) Result {
	reason := orElse(o.str("status", "reason"), "Failed")
	if m := o.str("status", "message"); m != "" {
		return degraded(reason, m)
	}
	for _, c := range containers(o) {
		end := c.sub("state", "terminated")
		if end.m != nil && (end.count("exitCode") != 0 || end.str("reason") == "OOMKilled") {
			return degraded(orElse(end.str("reason"), reason), fmt.Sprintf("container %s %s", c.str("name"), ended(end)))
		}
	}
	return degraded(reason, "the pod has failed, and says no reason; its logs may")
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
