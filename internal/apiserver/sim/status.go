package sim

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// observation is everything outside a pod that decides its status.
type observation struct {
	hostIP, podIP string
	missing       *need
	now           metav1.Time
}

// podStatus returns the status that a kubelet would report. Times move only with the state they belong to, so a pod whose
// state has not changed gets an equal status.
func podStatus(pod *corev1.Pod, seen observation) corev1.PodStatus {
	s := *pod.Status.DeepCopy()
	s.ObservedGeneration = pod.Generation
	s.HostIP, s.HostIPs = seen.hostIP, []corev1.HostIP{{IP: seen.hostIP}}
	if s.StartTime == nil {
		s.StartTime = &seen.now
	}
	state := stateOf(pod, seen.missing)
	s.Phase = state.phase
	if s.PodIP == "" && !state.held && state.phase != corev1.PodPending {
		s.PodIP = seen.podIP
		if pod.Spec.HostNetwork {
			s.PodIP = seen.hostIP
		}
		s.PodIPs = []corev1.PodIP{{IP: s.PodIP}}
	}

	finished := state.phase == corev1.PodSucceeded || state.phase == corev1.PodFailed
	s.InitContainerStatuses = nil
	for i := range pod.Spec.InitContainers {
		c := &pod.Spec.InitContainers[i]
		sidecar := c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
		does := exited(0, "Completed")
		switch {
		case state.held:
			does = waiting("PodInitializing", "")
		case sidecar && !finished:
			does = running
		}
		s.InitContainerStatuses = append(s.InitContainerStatuses, containerStatus(pod, c, pod.Status.InitContainerStatuses, does(pod, c), corev1.ContainerState{}, !state.held, seen.now))
	}
	s.ContainerStatuses = nil
	var unready []string
	for i := range pod.Spec.Containers {
		c := &pod.Spec.Containers[i]
		s.ContainerStatuses = append(s.ContainerStatuses, containerStatus(pod, c, pod.Status.ContainerStatuses, state.container(pod, c), state.last(pod, c), state.ready, seen.now))
		if !state.ready {
			unready = append(unready, c.Name)
		}
	}

	set := func(kind corev1.PodConditionType, reason, message string) {
		setPodCondition(&s, corev1.PodCondition{Type: kind, Reason: reason, Message: message, ObservedGeneration: pod.Generation, LastTransitionTime: seen.now})
	}
	initReason, readyReason, readyMessage := "", "", ""
	switch {
	case state.phase == corev1.PodSucceeded:
		initReason, readyReason = "PodCompleted", "PodCompleted"
	case state.phase == corev1.PodFailed:
		readyReason = "PodFailed"
	case !state.ready:
		readyReason, readyMessage = "ContainersNotReady", fmt.Sprintf("containers with unready status: [%s]", strings.Join(unready, " "))
	}
	if state.held && len(pod.Spec.InitContainers) > 0 {
		set(corev1.PodInitialized, "ContainersNotInitialized", "containers with incomplete status")
	} else {
		setPodCondition(&s, corev1.PodCondition{Type: corev1.PodInitialized, Status: corev1.ConditionTrue, Reason: initReason, ObservedGeneration: pod.Generation, LastTransitionTime: seen.now})
	}
	set(corev1.ContainersReady, readyReason, readyMessage)
	if gate := closedGate(pod); gate != "" && state.ready {
		readyReason, readyMessage = "ReadinessGatesNotReady", fmt.Sprintf("corresponding condition of pod readiness gate %q is not true", gate)
	}
	set(corev1.PodReady, readyReason, readyMessage)
	return s
}

// closedGate returns the first readiness gate whose condition is not true.
func closedGate(pod *corev1.Pod) string {
	for _, gate := range pod.Spec.ReadinessGates {
		open := slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
			return c.Type == gate.ConditionType && c.Status == corev1.ConditionTrue
		})
		if !open {
			return string(gate.ConditionType)
		}
	}
	return ""
}

// setPodCondition puts a condition into a status. A condition without a status is true when it has no reason to be false.
func setPodCondition(s *corev1.PodStatus, c corev1.PodCondition) {
	if c.Status == "" {
		c.Status = corev1.ConditionTrue
		if c.Reason != "" {
			c.Status = corev1.ConditionFalse
		}
	}
	i := slices.IndexFunc(s.Conditions, func(old corev1.PodCondition) bool { return old.Type == c.Type })
	if i < 0 {
		s.Conditions = append(s.Conditions, c)
		return
	}
	if s.Conditions[i].Status == c.Status {
		c.LastTransitionTime = s.Conditions[i].LastTransitionTime
	}
	s.Conditions[i] = c
}

func containerStatus(pod *corev1.Pod, c *corev1.Container, before []corev1.ContainerStatus, now, last corev1.ContainerState, ready bool, at metav1.Time) corev1.ContainerStatus {
	s := corev1.ContainerStatus{Name: c.Name, Image: c.Image, State: now, LastTerminationState: last, Ready: ready}
	if i := slices.IndexFunc(before, func(old corev1.ContainerStatus) bool { return old.Name == c.Name }); i >= 0 {
		s.RestartCount = before[i].RestartCount
		at = startOf(before[i].State, at)
	}
	if last.Terminated != nil {
		s.RestartCount = crashes
		last.Terminated.StartedAt, last.Terminated.FinishedAt = *pod.CreationTimestamp.DeepCopy(), *pod.CreationTimestamp.DeepCopy()
	}
	started := false
	switch {
	case now.Running != nil:
		now.Running.StartedAt, started = at, true
	case now.Terminated != nil:
		now.Terminated.StartedAt, now.Terminated.FinishedAt = at, at
	}
	s.Started = &started
	if now.Waiting == nil || s.RestartCount > 0 {
		s.ImageID = fmt.Sprintf("%s@sha256:%x", c.Image, sha256.Sum256([]byte(c.Image)))
		s.ContainerID = fmt.Sprintf("simulated://%x", sha256.Sum256([]byte(string(pod.UID)+"/"+c.Name)))
	}
	if now.Terminated != nil {
		now.Terminated.ContainerID = s.ContainerID
	}
	return s
}

// startOf returns when a container in this state started, or otherwise.
func startOf(s corev1.ContainerState, otherwise metav1.Time) metav1.Time {
	switch {
	case s.Running != nil:
		return s.Running.StartedAt
	case s.Terminated != nil:
		return s.Terminated.StartedAt
	default:
		return otherwise
	}
}

func running(*corev1.Pod, *corev1.Container) corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
}

func waiting(reason, message string) func(*corev1.Pod, *corev1.Container) corev1.ContainerState {
	return func(*corev1.Pod, *corev1.Container) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
	}
}

func exited(code int32, reason string) func(*corev1.Pod, *corev1.Container) corev1.ContainerState {
	return func(*corev1.Pod, *corev1.Container) corev1.ContainerState {
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason}}
	}
}
