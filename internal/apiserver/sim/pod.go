package sim

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// pod plays the scheduler and the kubelet for one pod.
func (s *Simulator) pod(at key) error {
	pod, err := find[corev1.Pod](s, at)
	if err != nil || pod == nil {
		return err
	}
	switch {
	case pod.DeletionTimestamp != nil:
		return s.end(pod)
	case schedulable(pod):
		return s.schedule(pod)
	case pod.Spec.NodeName == "" || finished(pod) || addressOf(pod.Spec.NodeName) == "":
		return nil // a node of somebody else's making has a kubelet of its own
	default:
		return s.run(pod)
	}
}

func finished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// active reports whether a pod counts for its controller.
func active(pod *corev1.Pod) bool { return !finished(pod) && pod.DeletionTimestamp == nil }

func ready(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// end stops a pod's containers and takes it away. A pod that somebody's finalizer still holds stays, with a final phase.
func (s *Simulator) end(pod *corev1.Pod) error {
	if len(pod.Finalizers) > 0 && !finished(pod) && pod.Spec.NodeName != "" {
		now := s.now()
		if err := editTyped(s, pods, &pod.ObjectMeta, kubelet, "status", func(p *corev1.Pod) {
			p.Status.Phase = corev1.PodFailed
			for i := range p.Status.ContainerStatuses {
				c := &p.Status.ContainerStatuses[i]
				c.Ready = false
				c.State = exited(143, "Error")(p, nil)
				c.State.Terminated.FinishedAt = now
			}
			for _, kind := range []corev1.PodConditionType{corev1.ContainersReady, corev1.PodReady} {
				setPodCondition(&p.Status, corev1.PodCondition{Type: kind, Reason: "PodFailed", ObservedGeneration: p.Generation, LastTransitionTime: now})
			}
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
func (s *Simulator) run(pod *corev1.Pod) error {
	seen := observation{hostIP: addressOf(pod.Spec.NodeName), missing: s.missing(pod), now: s.now(), podIP: pod.Status.PodIP}
	if seen.podIP == "" {
		n := s.podAddresses + 1
		seen.podIP = fmt.Sprintf("10.244.%d.%d", n/250%256, n%250+2)
	}
	if equality.Semantic.DeepEqual(podStatus(pod, seen), pod.Status) {
		return nil
	}
	return editTyped(s, pods, &pod.ObjectMeta, kubelet, "status", func(p *corev1.Pod) {
		if p.DeletionTimestamp != nil || finished(p) {
			return
		}
		before := p.Status.PodIP
		p.Status = podStatus(p, seen)
		if before == "" && p.Status.PodIP != "" {
			s.podAddresses++
		}
	})
}

// missing returns the first need of a pod that its namespace does not satisfy. A pod that has started needs nothing more.
func (s *Simulator) missing(pod *corev1.Pod) *need {
	if pod.Status.Phase != corev1.PodPending && pod.Status.Phase != "" {
		return nil
	}
	at := key{namespace: pod.Namespace}
	for _, n := range needs(pod) {
		kind := configMaps
		if n.kind == "secret" {
			kind = secrets
		}
		if s.view.get(at.place(kind, n.name)) == nil {
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
	step := map[string]func(*Simulator, key) error{
		"Deployment": (*Simulator).deployment, "ReplicaSet": (*Simulator).replicaSet, "StatefulSet": (*Simulator).statefulSet,
		"DaemonSet": (*Simulator).daemonSet, "Job": (*Simulator).job,
	}[owner.Kind]
	if step == nil {
		return nil
	}
	kind := map[string]key{
		"Deployment": at.place(deployments, owner.Name), "ReplicaSet": at.place(replicaSets, owner.Name),
		"StatefulSet": at.place(statefulSets, owner.Name), "DaemonSet": at.place(daemonSets, owner.Name), "Job": at.place(jobs, owner.Name),
	}[owner.Kind]
	return step(s, kind)
}
