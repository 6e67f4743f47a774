package podlife

import (
	"fmt"
	"hash/fnv"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Schedulable reports whether the simulated scheduler has to find a node for the pod.
func Schedulable(pod *corev1.Pod) bool {
	return pod.Spec.NodeName == "" && len(pod.Spec.SchedulingGates) == 0 &&
		(pod.Spec.SchedulerName == "" || pod.Spec.SchedulerName == corev1.DefaultSchedulerName)
}

// Choose returns the node for a pod: the one that its required affinity names, else one of names by the hash of the pod's
// own; empty when there is none.
func Choose(pod *corev1.Pod, names []string) string {
	if name := Pinned(&pod.Spec); name != "" {
		return name
	}
	if len(names) == 0 {
		return ""
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(pod.Namespace + "/" + pod.Name))
	return names[h.Sum32()%uint32(len(names))]
}

// Pinned returns the one node that a pod's required affinity names, as a DaemonSet's pods do.
func Pinned(spec *corev1.PodSpec) string {
	a := spec.Affinity
	if a == nil || a.NodeAffinity == nil || a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil {
		return ""
	}
	for _, term := range a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution.NodeSelectorTerms {
		for _, field := range term.MatchFields {
			if field.Key == metav1.ObjectNameField && field.Operator == corev1.NodeSelectorOpIn && len(field.Values) == 1 {
				return field.Values[0]
			}
		}
	}
	return ""
}

// Claims returns the names of the PersistentVolumeClaims that a pod mounts, its ephemeral ones included.
func Claims(pod *corev1.Pod) []string {
	var names []string
	for _, v := range pod.Spec.Volumes {
		switch {
		case v.PersistentVolumeClaim != nil:
			names = append(names, v.PersistentVolumeClaim.ClaimName)
		case v.Ephemeral != nil:
			names = append(names, pod.Name+"-"+v.Name)
		}
	}
	return names
}

// Unschedulable is the condition that a scheduler leaves on a pod it found no place for.
func Unschedulable(pod *corev1.Pod, why string, now metav1.Time) corev1.PodCondition {
	return corev1.PodCondition{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
		Message:            fmt.Sprintf("0/%d nodes are available: %s", len(Nodes), why),
		ObservedGeneration: pod.Generation, LastTransitionTime: now,
	}
}
