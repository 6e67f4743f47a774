package sim

import (
	"fmt"
	"hash/fnv"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// schedulable reports whether the simulated scheduler has to find a node for the pod.
func schedulable(pod *corev1.Pod) bool {
	return pod.Spec.NodeName == "" && len(pod.Spec.SchedulingGates) == 0 &&
		(pod.Spec.SchedulerName == "" || pod.Spec.SchedulerName == corev1.DefaultSchedulerName)
}

// choose returns the node for a pod: the one that its required affinity names, else one by the hash of its name.
func choose(pod *corev1.Pod) string {
	if name := pinned(&pod.Spec); name != "" {
		return name
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(pod.Namespace + "/" + pod.Name))
	return machines[h.Sum32()%uint32(len(machines))].name
}

// pinned returns the one node that a pod's required affinity names, as a DaemonSet's pods do.
func pinned(spec *corev1.PodSpec) string {
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

// claimsOf returns the names of the PersistentVolumeClaims that a pod mounts, its ephemeral ones included.
func claimsOf(pod *corev1.Pod) []string {
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

// schedule gives the pod a node, or says in its status what it waits for.
func (s *Simulator) schedule(pod *corev1.Pod) error {
	at := key{namespace: pod.Namespace}
	for _, name := range claimsOf(pod) {
		claim, err := find[corev1.PersistentVolumeClaim](s, at.place(claims, name))
		switch {
		case err != nil:
			return err
		case claim == nil:
			return s.hold(pod, fmt.Sprintf("persistentvolumeclaim %q not found", name))
		case claim.Status.Phase != corev1.ClaimBound:
			return s.hold(pod, "pod has unbound immediate PersistentVolumeClaims")
		}
	}
	err := s.api.Post(pods, pod.Namespace, pod.Name, "binding", map[string]any{"target": map[string]any{"kind": "Node", "name": choose(pod)}})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func (s *Simulator) hold(pod *corev1.Pod, why string) error {
	now := s.now()
	return editTyped(s, pods, &pod.ObjectMeta, scheduler, "status", func(p *corev1.Pod) {
		setPodCondition(&p.Status, corev1.PodCondition{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
			Message: fmt.Sprintf("0/%d nodes are available: %s", len(machines), why), ObservedGeneration: p.Generation, LastTransitionTime: now,
		})
	})
}

// wakePods looks again at the pods of a namespace that wait for a claim, a ConfigMap or a Secret.
func (s *Simulator) wakePods(at key) error {
	for _, obj := range s.view.in(pods, at.namespace) {
		pod, err := typedOf[corev1.Pod](s, obj)
		if err != nil {
			return err
		}
		waits := slices.Contains(claimsOf(pod), at.name) || slices.ContainsFunc(needs(pod), func(n need) bool { return n.name == at.name })
		if waits && (pod.Status.Phase == corev1.PodPending || pod.Status.Phase == "") {
			if err := s.pod(at.place(pods, pod.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}
