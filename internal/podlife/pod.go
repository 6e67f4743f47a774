package podlife

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Finished reports whether a pod's containers have ended and will not run again.
func Finished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// Pending reports whether a pod's containers have not all started, so that what it needs still matters.
func Pending(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodPending || pod.Status.Phase == ""
}

// Ready reports whether a pod says that it serves.
func Ready(pod *corev1.Pod) bool {
	_, ok := ReadySince(pod)
	return ok
}

// ReadySince returns since when a pod has served.
func ReadySince(pod *corev1.Pod) (since time.Time, ok bool) {
	i := slices.IndexFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
	if i < 0 {
		return time.Time{}, false
	}
	return pod.Status.Conditions[i].LastTransitionTime.Time, true
}
