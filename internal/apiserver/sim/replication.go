package sim

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// replication brings the number of a ReplicationController's pods to what it asks for. It is an older form of a ReplicaSet and
// is treated as one, as kube-controller-manager does.
func (s *Simulator) replication(at key) error {
	s.pace.clear(at)
	rc, err := find[corev1.ReplicationController](s, at)
	if err != nil || rc == nil || rc.Spec.Template == nil {
		return err
	}
	set := asReplicaSet(rc)
	refused, owned, err := s.fillSet(set, replications)
	if err != nil {
		return err
	}
	return editTyped(s, replications, &rc.ObjectMeta, controllerManager, "status", func(live *corev1.ReplicationController) {
		set := asReplicaSet(live)
		countReplicas(set, owned, func(pod *corev1.Pod) bool { return s.available(at, pod, set.Spec.MinReadySeconds) })
		reportRefusal(&set.Status, refused, s.now())
		live.Status.Replicas, live.Status.FullyLabeledReplicas = set.Status.Replicas, set.Status.FullyLabeledReplicas
		live.Status.ReadyReplicas, live.Status.AvailableReplicas = set.Status.ReadyReplicas, set.Status.AvailableReplicas
		live.Status.ObservedGeneration = live.Generation
		live.Status.Conditions = nil
		for _, c := range set.Status.Conditions {
			live.Status.Conditions = append(live.Status.Conditions, corev1.ReplicationControllerCondition{
				Type: corev1.ReplicationControllerConditionType(c.Type), Status: c.Status, Reason: c.Reason, Message: c.Message, LastTransitionTime: c.LastTransitionTime,
			})
		}
	})
}

func asReplicaSet(rc *corev1.ReplicationController) *appsv1.ReplicaSet {
	set := &appsv1.ReplicaSet{ObjectMeta: *rc.ObjectMeta.DeepCopy(), Spec: appsv1.ReplicaSetSpec{
		Replicas: rc.Spec.Replicas, MinReadySeconds: rc.Spec.MinReadySeconds, Template: *rc.Spec.Template.DeepCopy(),
		Selector: &metav1.LabelSelector{MatchLabels: rc.Spec.Selector},
	}}
	for _, c := range rc.Status.Conditions {
		set.Status.Conditions = append(set.Status.Conditions, appsv1.ReplicaSetCondition{
			Type: appsv1.ReplicaSetConditionType(c.Type), Status: c.Status, Reason: c.Reason, Message: c.Message, LastTransitionTime: c.LastTransitionTime,
		})
	}
	return set
}
