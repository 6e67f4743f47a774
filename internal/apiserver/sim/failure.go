package sim

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// FailAnnotation on a pod, or in a pod template, asks for the failure that its value names.
const FailAnnotation = "sim.setpoint.dev/fail"

// The failures that can be asked for.
const (
	ImagePull  = "image-pull"  // the image cannot be pulled: Pending, containers waiting in ImagePullBackOff
	CrashLoop  = "crash-loop"  // the container exits with 1: CrashLoopBackOff, or a Failed pod when restartPolicy is Never
	NeverReady = "never-ready" // the containers run and their readiness probes never succeed
)

// crashes is the restart count of a container in a crash loop.
const crashes = 5

// A state is what the simulated kubelet makes of a pod.
type state struct {
	phase     corev1.PodPhase
	container func(pod *corev1.Pod, c *corev1.Container) corev1.ContainerState
	last      func(pod *corev1.Pod, c *corev1.Container) corev1.ContainerState
	ready     bool // the containers are ready
	held      bool // the init containers have not run either
}

// stateOf decides a pod's state. missing is a need that the namespace does not satisfy, or nil.
func stateOf(pod *corev1.Pod, missing *need) state {
	none := func(*corev1.Pod, *corev1.Container) corev1.ContainerState { return corev1.ContainerState{} }
	if missing != nil {
		reason := "CreateContainerConfigError"
		if missing.volume {
			reason = "ContainerCreating"
		}
		message := fmt.Sprintf("%s %q not found", missing.kind, missing.name)
		return state{phase: corev1.PodPending, container: waiting(reason, message), last: none, held: missing.volume}
	}

	asked, failing := pod.Annotations[FailAnnotation]
	switch {
	case !failing && pod.Spec.RestartPolicy == corev1.RestartPolicyAlways:
		return state{phase: corev1.PodRunning, container: running, last: none, ready: true}
	case !failing:
		return state{phase: corev1.PodSucceeded, container: exited(0, "Completed"), last: none}
	case asked == ImagePull:
		pull := func(pod *corev1.Pod, c *corev1.Container) corev1.ContainerState {
			return waiting("ImagePullBackOff", fmt.Sprintf("Back-off pulling image %q: ErrImagePull: asked for by the annotation %s", c.Image, FailAnnotation))(pod, c)
		}
		return state{phase: corev1.PodPending, container: pull, last: none}
	case asked == CrashLoop && pod.Spec.RestartPolicy == corev1.RestartPolicyNever:
		return state{phase: corev1.PodFailed, container: exited(1, "Error"), last: none}
	case asked == CrashLoop:
		back := func(pod *corev1.Pod, c *corev1.Container) corev1.ContainerState {
			return waiting("CrashLoopBackOff", fmt.Sprintf("back-off 2m40s restarting failed container=%s pod=%s_%s(%s)", c.Name, pod.Name, pod.Namespace, pod.UID))(pod, c)
		}
		return state{phase: corev1.PodRunning, container: back, last: exited(1, "Error")}
	case asked == NeverReady:
		return state{phase: corev1.PodRunning, container: running, last: none}
	default:
		message := fmt.Sprintf("the simulator knows no failure %q: set the annotation %s to %s, %s or %s", asked, FailAnnotation, ImagePull, CrashLoop, NeverReady)
		return state{phase: corev1.PodPending, container: waiting("UnknownFailure", message), last: none, held: true}
	}
}
