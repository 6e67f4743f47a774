package sim

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/podlife"
)

// pod plays the scheduler and the kubelet for one pod.
func (s *Simulator) pod(at key) error {
	s.pace.clear(at)
	pod, err := find[corev1.Pod](s, at)
	if err != nil || pod == nil {
		return err
	}
	if freed, err := s.untrack(pod); err != nil || freed {
		return err
	}
	switch {
	case pod.DeletionTimestamp != nil:
		return s.end(at, pod)
	case podlife.Schedulable(pod):
		return s.schedule(pod)
	case pod.Spec.NodeName == "" || podlife.Finished(pod) || podlife.AddressOf(pod.Spec.NodeName) == "":
		return nil // a node of somebody else's making has a kubelet of its own
	default:
		return s.run(at, pod)
	}
}

// active reports whether a pod counts for its controller.
func active(pod *corev1.Pod) bool { return !podlife.Finished(pod) && pod.DeletionTimestamp == nil }

// available reports whether a pod has been ready for as long as its controller asks, and if not yet, when it will have been.
func available(pod *corev1.Pod, minReadySeconds int32, now time.Time) (ok bool, at time.Time) {
	since, ready := podlife.ReadySince(pod)
	if !ready || minReadySeconds == 0 {
		return ready, time.Time{}
	}
	at = since.Add(time.Duration(minReadySeconds) * time.Second)
	return !now.Before(at), at
}

// available is the same for the pod of an object that is to be looked at again when the pod becomes available.
func (s *Simulator) available(owner key, pod *corev1.Pod, minReadySeconds int32) bool {
	ok, at := available(pod, minReadySeconds, s.api.Now())
	if !ok && !at.IsZero() {
		s.pace.at(owner, at)
	}
	return ok
}

// end stops a pod's containers and takes it away. A pod that somebody's finalizer still holds stays, with a final phase.
func (s *Simulator) end(at key, pod *corev1.Pod) error {
	if b, _ := s.behaviorOf(at); b.Lingers && pod.Spec.NodeName != "" && !podlife.Finished(pod) && s.api.Now().Before(pod.DeletionTimestamp.Time) {
		s.pace.at(at, pod.DeletionTimestamp.Time)
		return nil
	}
	if len(pod.Finalizers) > 0 && !podlife.Finished(pod) && pod.Spec.NodeName != "" {
		now := s.now()
		if err := editTyped(s, pods, &pod.ObjectMeta, kubelet, "status", func(p *corev1.Pod) {
			podlife.Stop(&p.Status, p.Generation, now)
		}); err != nil {
			return err
		}
	}
	if grace := pod.DeletionGracePeriodSeconds; grace != nil && *grace == 0 {
		return nil
	}
	return s.remove(pods, &pod.ObjectMeta, metav1.DeleteOptions{GracePeriodSeconds: new(int64)})
}

// run reports what the pod's containers do.
func (s *Simulator) run(at key, pod *corev1.Pod) error {
	down := s.down(pod.Spec.NodeName)
	if down && pod.Status.StartTime == nil {
		return nil // the node's kubelet starts nothing
	}
	seen := podlife.Observation{HostIP: podlife.AddressOf(pod.Spec.NodeName), Missing: s.missing(pod), Now: s.now(), PodIP: pod.Status.PodIP}
	if seen.PodIP == "" {
		n := s.podAddresses + 1
		seen.PodIP = fmt.Sprintf("10.244.%d.%d", n/250%256, n%250+2)
	}
	if seen.Missing == nil {
		seen.Course = s.course(at, pod)
	}
	status := func(pod *corev1.Pod) corev1.PodStatus {
		st := podlife.Status(pod, seen)
		if down { // what the node's controller says of its pods
			for i := range st.Conditions {
				if c := &st.Conditions[i]; c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
					c.Status, c.LastTransitionTime = corev1.ConditionFalse, changedAt(pod, c.Type, corev1.ConditionFalse, seen.Now)
				}
			}
		}
		return st
	}
	if equality.Semantic.DeepEqual(status(pod), pod.Status) {
		return nil
	}
	return editTyped(s, pods, &pod.ObjectMeta, kubelet, "status", func(p *corev1.Pod) {
		if p.DeletionTimestamp != nil || podlife.Finished(p) {
			return
		}
		before := p.Status.PodIP
		p.Status = status(p)
		if before == "" && p.Status.PodIP != "" {
			s.podAddresses++
		}
	})
}

// changedAt returns since when a condition has had a status, now when it has another one so far.
func changedAt(pod *corev1.Pod, kind corev1.PodConditionType, status corev1.ConditionStatus, now metav1.Time) metav1.Time {
	for _, c := range pod.Status.Conditions {
		if c.Type == kind && c.Status == status {
			return c.LastTransitionTime
		}
	}
	return now
}

// missing returns the first need of a pod that its namespace does not satisfy. A pod that has started needs nothing more.
func (s *Simulator) missing(pod *corev1.Pod) *podlife.Need {
	if !podlife.Pending(pod) {
		return nil
	}
	at := key{namespace: pod.Namespace}
	for _, n := range podlife.Needs(pod) {
		kind := configMaps
		if n.Kind == "secret" {
			kind = secrets
		}
		if s.view.get(at.place(kind, n.Name)) == nil {
			return &n
		}
	}
	return nil
}

// ownerOf lets the controller of an object look at it: also the one that it had before, and of one that has gone.
func ownerOf(s *Simulator, at key, change apiserver.Change) error {
	owner := metav1.GetControllerOf(change.Object)
	if owner == nil {
		return nil
	}
	for _, kind := range workloads {
		if kind.Kind == owner.Kind && kind != pods {
			return s.look(at.place(kind, owner.Name))
		}
	}
	return nil
}
