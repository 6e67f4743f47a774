package sim

import (
	"cmp"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/podlife"
)

// replicaSet brings the number of a ReplicaSet's pods to what it asks for, and counts them.
func (s *Simulator) replicaSet(at key) error {
	s.pace.clear(at)
	set, err := find[appsv1.ReplicaSet](s, at)
	if err != nil || set == nil {
		return err
	}
	refused, owned, err := s.fillSet(set, replicaSets)
	if err != nil {
		return err
	}
	return editTyped(s, replicaSets, &set.ObjectMeta, controllerManager, "status", func(r *appsv1.ReplicaSet) {
		countReplicas(r, owned, func(pod *corev1.Pod) bool { return s.available(at, pod, r.Spec.MinReadySeconds) })
		reportRefusal(&r.Status, refused, s.now())
	})
}

// fillSet brings the number of pods to what is asked for and returns those that there are then.
func (s *Simulator) fillSet(set *appsv1.ReplicaSet, kind schema.GroupVersionKind) (refused error, owned []*corev1.Pod, err error) {
	if set.DeletionTimestamp == nil {
		if owned, err = controlled[corev1.Pod](s, pods, set.UID); err != nil {
			return nil, nil, err
		}
		alive := slices.DeleteFunc(owned, func(p *corev1.Pod) bool { return !active(p) })
		if refused, err = s.scaleTo(set, kind, alive); err != nil {
			return nil, nil, err
		}
	}
	owned, err = controlled[corev1.Pod](s, pods, set.UID)
	return refused, owned, err
}

// scaleTo creates and deletes pods. A refusal by the server (quota, admission, an invalid template) is reported in the status.
func (s *Simulator) scaleTo(set *appsv1.ReplicaSet, kind schema.GroupVersionKind, alive []*corev1.Pod) (refused, err error) {
	want := int(orDefault(set.Spec.Replicas, 1))
	for range want - len(alive) {
		created, err := s.createPod(podFrom(&set.Spec.Template, &set.ObjectMeta, kind))
		if refusal(err) {
			return err, nil
		}
		if err != nil {
			return nil, err
		}
		if created == nil {
			return nil, nil
		}
	}
	if surplus := len(alive) - want; surplus > 0 {
		// Those go first that nobody would miss: not yet scheduled, not ready, the youngest.
		slices.SortStableFunc(alive, func(a, b *corev1.Pod) int {
			return cmp.Or(rank(a)-rank(b), b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(b.Name, a.Name))
		})
		for _, pod := range alive[:surplus] {
			if err := s.remove(pods, &pod.ObjectMeta, metav1.DeleteOptions{}); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

func rank(pod *corev1.Pod) int {
	switch {
	case pod.Spec.NodeName == "":
		return 0
	case pod.Status.Phase == corev1.PodPending:
		return 1
	case !podlife.Ready(pod):
		return 2
	default:
		return 3
	}
}

func countReplicas(r *appsv1.ReplicaSet, owned []*corev1.Pod, available func(*corev1.Pod) bool) {
	want := labels.Set(r.Spec.Template.Labels).AsSelectorPreValidated()
	var all, labelled, readyOnes, availableOnes, ending int32
	for _, pod := range owned {
		switch {
		case pod.DeletionTimestamp != nil:
			ending++
			continue
		case !active(pod):
			continue
		}
		all++
		if want.Matches(labels.Set(pod.Labels)) {
			labelled++
		}
		if podlife.Ready(pod) {
			readyOnes++
		}
		if available(pod) {
			availableOnes++
		}
	}
	r.Status.Replicas, r.Status.FullyLabeledReplicas = all, labelled
	r.Status.ReadyReplicas, r.Status.AvailableReplicas = readyOnes, availableOnes
	r.Status.TerminatingReplicas = &ending
	r.Status.ObservedGeneration = r.Generation
}

func reportRefusal(status *appsv1.ReplicaSetStatus, refused error, now metav1.Time) {
	i := slices.IndexFunc(status.Conditions, func(c appsv1.ReplicaSetCondition) bool { return c.Type == appsv1.ReplicaSetReplicaFailure })
	switch {
	case refused == nil && i >= 0:
		status.Conditions = slices.Delete(status.Conditions, i, i+1)
	case refused != nil && i < 0:
		status.Conditions = append(status.Conditions, appsv1.ReplicaSetCondition{
			Type: appsv1.ReplicaSetReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate",
			Message: refused.Error(), LastTransitionTime: now,
		})
	}
}
