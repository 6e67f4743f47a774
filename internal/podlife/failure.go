package podlife

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// FailAnnotation on a pod, or in a pod template, asks for the failure that its value names.
const FailAnnotation = "sim.setpoint.dev/fail"

// The failures that can be asked for.
const (
	ImagePull  = "image-pull"  // the image cannot be pulled: Pending, containers waiting in ImagePullBackOff
	CrashLoop  = "crash-loop"  // the container exits with 1: CrashLoopBackOff, or a Failed pod when restartPolicy is Never
	NeverReady = "never-ready" // the containers run and their readiness probes never succeed
)

// Crashes is the restart count at which a crash loop is first seen.
const Crashes = 5

// A Course is how a pod fares.
type Course struct {
	// Failure is one of those above. Empty means that the containers do what they are there for: they run and are ready, or,
	// where restartPolicy lets them end, have succeeded.
	Failure string
	// Starting says that the containers run but have not come that far yet.
	Starting bool
	// Restarts is how often each container has been restarted, and Crashed when it last exited with an error; the zero time
	// stands for the pod's creation. A failure [CrashLoop] without restarts stands at [Crashes].
	Restarts int32
	Crashed  metav1.Time
}

// Asked returns the course that the pod's own annotation asks for.
func Asked(pod *corev1.Pod) Course { return Course{Failure: pod.Annotations[FailAnnotation]} }

// BackOff returns how long the kubelet waits before it restarts a container that has crashed after so many restarts: 10
// seconds, doubled by each crash up to five minutes; the first restart is not waited for. See "Container restarts" in
// https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/.
func BackOff(restarts int32) time.Duration {
	if restarts <= 0 {
		return 0
	}
	wait := 10 * time.Second
	for range min(restarts-1, 10) {
		wait *= 2
	}
	return min(wait, 5*time.Minute)
}

// A state is what the simulated kubelet makes of a pod.
type state struct {
	phase     corev1.PodPhase
	container func(c *corev1.Container) corev1.ContainerState
	last      corev1.ContainerState // of the run before, when there was one
	restarts  int32
	ready     bool // the containers are ready
	held      bool // the init containers have not run either
}

// stateOf decides a pod's state.
func stateOf(pod *corev1.Pod, seen Observation) state {
	if n := seen.Missing; n != nil {
		reason := "CreateContainerConfigError"
		if n.Volume {
			reason = "ContainerCreating"
		}
		return state{phase: corev1.PodPending, container: waiting(reason, fmt.Sprintf("%s %q not found", n.Kind, n.Name)), held: n.Volume}
	}
	c := seen.Course
	ends := pod.Spec.RestartPolicy != corev1.RestartPolicyAlways
	s := state{restarts: c.Restarts}
	if c.Restarts > 0 {
		s.last = exited(1, "Error", crashTime(pod, c))
	}
	switch {
	case c.Starting && c.Failure == ImagePull:
		s.phase, s.container = corev1.PodPending, waiting("ContainerCreating", "")
	case c.Starting:
		// What is there to end is at work, and ready; what is there to serve is not yet.
		s.phase, s.container, s.ready = corev1.PodRunning, running, ends
	case c.Failure == "" && ends:
		s.phase, s.container = corev1.PodSucceeded, always(exited(0, "Completed", metav1.Time{}))
	case c.Failure == "":
		s.phase, s.container, s.ready = corev1.PodRunning, running, true
	case c.Failure == ImagePull:
		s.phase = corev1.PodPending
		s.container = func(c *corev1.Container) corev1.ContainerState {
			return waiting("ImagePullBackOff", fmt.Sprintf("Back-off pulling image %q: ErrImagePull: asked for by the annotation %s", c.Image, FailAnnotation))(c)
		}
	case c.Failure == CrashLoop && pod.Spec.RestartPolicy == corev1.RestartPolicyNever:
		s.phase, s.container = corev1.PodFailed, always(exited(1, "Error", metav1.Time{}))
	case c.Failure == CrashLoop:
		if s.restarts == 0 {
			s.restarts, s.last = Crashes, exited(1, "Error", crashTime(pod, c))
		}
		s.phase = corev1.PodRunning
		s.container = func(c *corev1.Container) corev1.ContainerState {
			return waiting("CrashLoopBackOff", fmt.Sprintf("back-off %s restarting failed container=%s pod=%s_%s(%s)", BackOff(s.restarts), c.Name, pod.Name, pod.Namespace, pod.UID))(c)
		}
	case c.Failure == NeverReady:
		s.phase, s.container = corev1.PodRunning, running
	default:
		message := fmt.Sprintf("the simulator knows no failure %q: set the annotation %s to %s, %s or %s", c.Failure, FailAnnotation, ImagePull, CrashLoop, NeverReady)
		s.phase, s.container, s.held = corev1.PodPending, waiting("UnknownFailure", message), true
	}
	return s
}

func crashTime(pod *corev1.Pod, c Course) metav1.Time {
	if c.Crashed.IsZero() {
		return *pod.CreationTimestamp.DeepCopy()
	}
	return c.Crashed
}
