package sim

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/internal/podlife"
)

// course decides how a pod fares that has all it needs: by the script, else by its own annotation.
func (s *Simulator) course(at key, pod *corev1.Pod) podlife.Course {
	b, scripted := s.behaviorOf(at)
	if !scripted {
		asked := podlife.Asked(pod)
		if asked.Failure == podlife.CrashLoop && pod.Spec.RestartPolicy != corev1.RestartPolicyNever {
			return s.crashing(at, pod, 0)
		}
		return asked
	}
	failure := string(b.Outcome)
	if b.Outcome == QuotaExceeded {
		failure = ""
	}
	if s.pace.early(at, pod.UID, b.After) {
		return podlife.Course{Failure: failure, Starting: true}
	}
	switch {
	case pod.Spec.RestartPolicy == corev1.RestartPolicyNever && b.Failures > 0:
		if s.fails(pod, b.Failures) {
			failure = podlife.CrashLoop
		}
	case pod.Spec.RestartPolicy == corev1.RestartPolicyNever:
	case b.Outcome == CrashLoop:
		return s.crashing(at, pod, 0)
	case b.Failures > 0:
		course := s.crashing(at, pod, int32(b.Failures))
		if course.Failure == "" {
			course.Failure = failure
		}
		return course
	}
	return podlife.Course{Failure: failure}
}

// crashing follows a container that crashes and is restarted with growing delays, from what the pod reports of it: a number
// of times, or for ever when the number is zero.
func (s *Simulator) crashing(at key, pod *corev1.Pod, times int32) podlife.Course {
	now := s.now()
	restarts, last := recorded(pod, now)
	if restarts == 0 {
		restarts = 1
		if times == 0 {
			restarts = podlife.Crashes
		}
	}
	for times == 0 || restarts < times {
		next := metav1.NewTime(last.Add(podlife.BackOff(restarts)))
		if now.Before(&next) {
			s.pace.at(at, next.Time)
			return podlife.Course{Failure: podlife.CrashLoop, Restarts: restarts, Crashed: last}
		}
		restarts, last = restarts+1, next
		if steady := podlife.BackOff(restarts); times == 0 && steady == podlife.BackOff(restarts+1) {
			// The delay grows no more: the rest is a division.
			if more := now.Sub(last.Time) / steady; more > 0 {
				restarts, last = restarts+int32(more), metav1.NewTime(last.Add(more*steady))
			}
		}
	}
	return podlife.Course{Restarts: restarts, Crashed: last}
}

// recorded returns how often the first container has been restarted, and when it crashed last.
func recorded(pod *corev1.Pod, now metav1.Time) (int32, metav1.Time) {
	if len(pod.Status.ContainerStatuses) == 0 {
		return 0, now
	}
	c := pod.Status.ContainerStatuses[0]
	if last := c.LastTerminationState.Terminated; last != nil {
		return c.RestartCount, last.FinishedAt
	}
	return c.RestartCount, now
}

// fails decides whether a pod that is not restarted is one of the first of its controller, which fail. A pod of nobody is
// the first of its own.
func (s *Simulator) fails(pod *corev1.Pod, first int) bool {
	if fate, ok := s.fates[pod.UID]; ok {
		return fate
	}
	group := pod.UID
	if owner := metav1.GetControllerOf(pod); owner != nil {
		group = owner.UID
	}
	fate := s.failures[group] < first
	if fate {
		s.failures[group]++
	}
	s.fates[pod.UID] = fate
	return fate
}

// forget drops what is noted about an object that has gone.
func (s *Simulator) forget(at key, uid types.UID) {
	delete(s.pace.born, uid)
	delete(s.pace.waiting, at)
	s.pace.clear(at)
	delete(s.fates, uid)
	delete(s.failures, uid)
	delete(s.counted, uid)
	delete(s.backoffs, uid)
}

// backoff is how long a Job waits before it starts the next pod: 10 seconds after a failure, doubled by each further one up to
// ten minutes, forgotten after a success.
type backoff struct {
	failures int
	last     time.Time
	noted    map[types.UID]bool // the pods that are in it
}

// until returns when the next pod may start.
func (b backoff) until() time.Time {
	if b.failures == 0 {
		return time.Time{}
	}
	wait := 10 * time.Second
	for i := 1; i < b.failures && wait < 10*time.Minute; i++ {
		wait *= 2
	}
	return b.last.Add(min(wait, 10*time.Minute))
}
