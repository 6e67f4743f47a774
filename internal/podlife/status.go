package podlife

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Observation is everything outside a pod's specification that decides its status.
type Observation struct {
	// HostIP is the node's address, PodIP the one that the pod gets when it has none and needs one.
	HostIP, PodIP string
	// Missing is a need that the namespace does not satisfy, or nil.
	Missing *Need
	// Course is how the pod fares once it has what it needs.
	Course Course
	// Now is the time that changes of the state carry.
	Now metav1.Time
}

// Status returns the status that a kubelet would report. Times move only with the state they belong to, so a pod whose
// state has not changed gets an equal status.
func Status(pod *corev1.Pod, seen Observation) corev1.PodStatus {
	s := *pod.Status.DeepCopy()
	s.ObservedGeneration = pod.Generation
	s.HostIP, s.HostIPs = seen.HostIP, []corev1.HostIP{{IP: seen.HostIP}}
	if s.StartTime == nil {
		s.StartTime = &seen.Now
	}
	state := stateOf(pod, seen)
	s.Phase = state.phase
	if s.PodIP == "" && !state.held && state.phase != corev1.PodPending {
		s.PodIP = seen.PodIP
		if pod.Spec.HostNetwork {
			s.PodIP = seen.HostIP
		}
		s.PodIPs = []corev1.PodIP{{IP: s.PodIP}}
	}

	finished := state.phase == corev1.PodSucceeded || state.phase == corev1.PodFailed
	s.InitContainerStatuses = nil
	for i := range pod.Spec.InitContainers {
		c := &pod.Spec.InitContainers[i]
		sidecar := c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
		does := always(exited(0, "Completed", metav1.Time{}))
		switch {
		case state.held:
			does = waiting("PodInitializing", "")
		case sidecar && !finished:
			does = running
		}
		first := state
		first.last, first.restarts, first.ready = corev1.ContainerState{}, 0, !state.held
		s.InitContainerStatuses = append(s.InitContainerStatuses, containerStatus(pod, c, pod.Status.InitContainerStatuses, does(c), first, seen.Now))
	}
	s.ContainerStatuses = nil
	var unready []string
	for i := range pod.Spec.Containers {
		c := &pod.Spec.Containers[i]
		s.ContainerStatuses = append(s.ContainerStatuses, containerStatus(pod, c, pod.Status.ContainerStatuses, state.container(c), state, seen.Now))
		if !state.ready {
			unready = append(unready, c.Name)
		}
	}
	report(&s, pod, state, unready, seen.Now)
	return s
}

// report sets the conditions.
func report(s *corev1.PodStatus, pod *corev1.Pod, state state, unready []string, now metav1.Time) {
	set := func(kind corev1.PodConditionType, reason, message string) {
		SetCondition(s, corev1.PodCondition{Type: kind, Reason: reason, Message: message, ObservedGeneration: pod.Generation, LastTransitionTime: now})
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
		SetCondition(s, corev1.PodCondition{Type: corev1.PodInitialized, Status: corev1.ConditionTrue, Reason: initReason, ObservedGeneration: pod.Generation, LastTransitionTime: now})
	}
	set(corev1.ContainersReady, readyReason, readyMessage)
	if gate := closedGate(pod); gate != "" && state.ready {
		readyReason, readyMessage = "ReadinessGatesNotReady", fmt.Sprintf("corresponding condition of pod readiness gate %q is not true", gate)
	}
	set(corev1.PodReady, readyReason, readyMessage)
}

// Stop makes a status that of a pod whose containers have been told to end, and have.
func Stop(s *corev1.PodStatus, generation int64, now metav1.Time) {
	s.Phase = corev1.PodFailed
	for i := range s.ContainerStatuses {
		c := &s.ContainerStatuses[i]
		c.Ready = false
		c.State = exited(143, "Error", now)
		c.State.Terminated.StartedAt = metav1.Time{}
	}
	for _, kind := range []corev1.PodConditionType{corev1.ContainersReady, corev1.PodReady} {
		SetCondition(s, corev1.PodCondition{Type: kind, Reason: "PodFailed", ObservedGeneration: generation, LastTransitionTime: now})
	}
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

// SetCondition puts a condition into a status. A condition without a status is true when it has no reason to be false.
func SetCondition(s *corev1.PodStatus, c corev1.PodCondition) {
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

func containerStatus(pod *corev1.Pod, c *corev1.Container, before []corev1.ContainerStatus, now corev1.ContainerState, of state, at metav1.Time) corev1.ContainerStatus {
	s := corev1.ContainerStatus{Name: c.Name, Image: c.Image, State: now, LastTerminationState: *of.last.DeepCopy(), Ready: of.ready, RestartCount: of.restarts}
	began, ended := at, at
	if i := slices.IndexFunc(before, func(old corev1.ContainerStatus) bool { return old.Name == c.Name }); i >= 0 {
		if before[i].RestartCount >= of.restarts {
			s.RestartCount = before[i].RestartCount
			began, ended = span(before[i].State, at)
		}
	}
	started := false
	switch {
	case now.Running != nil:
		now.Running.StartedAt, started = began, true
	case now.Terminated != nil:
		now.Terminated.StartedAt, now.Terminated.FinishedAt = began, ended
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

// span returns when a container in this state started and ended, as far as it has, or otherwise.
func span(s corev1.ContainerState, otherwise metav1.Time) (began, ended metav1.Time) {
	switch {
	case s.Running != nil:
		return s.Running.StartedAt, otherwise
	case s.Terminated != nil:
		return s.Terminated.StartedAt, s.Terminated.FinishedAt
	default:
		return otherwise, otherwise
	}
}

func running(*corev1.Container) corev1.ContainerState {
	return corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
}

func waiting(reason, message string) func(*corev1.Container) corev1.ContainerState {
	return func(*corev1.Container) corev1.ContainerState {
		return corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}
	}
}

func exited(code int32, reason string, at metav1.Time) corev1.ContainerState {
	return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, StartedAt: at, FinishedAt: at}}
}

func always(s corev1.ContainerState) func(*corev1.Container) corev1.ContainerState {
	return func(*corev1.Container) corev1.ContainerState { return *s.DeepCopy() }
}
