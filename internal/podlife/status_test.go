package podlife_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/internal/podlife"
)

var always = corev1.ContainerRestartPolicyAlways

// somePods are pods of every restart policy, failure and shape that the simulator tells apart.
func somePods() []*corev1.Pod {
	var pods []*corev1.Pod
	for _, policy := range []corev1.RestartPolicy{corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever} {
		for _, failure := range []string{"", podlife.ImagePull, podlife.CrashLoop, podlife.NeverReady, "nonsense"} {
			for _, host := range []bool{false, true} {
				pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
					Namespace: "n", Name: "p", UID: "u", Generation: 3, CreationTimestamp: metav1.Unix(1000, 0),
				}}
				if failure != "" {
					pod.Annotations = map[string]string{podlife.FailAnnotation: failure}
				}
				pod.Spec = corev1.PodSpec{
					RestartPolicy:  policy,
					HostNetwork:    host,
					InitContainers: []corev1.Container{{Name: "first", Image: "i"}, {Name: "sidecar", Image: "s", RestartPolicy: &always}},
					Containers:     []corev1.Container{{Name: "a", Image: "a:1"}, {Name: "b", Image: "b:1"}},
				}
				pod.Status.Phase = corev1.PodPending
				pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue}}
				pods = append(pods, pod)
			}
		}
	}
	return pods
}

func seenAt(pod *corev1.Pod, seconds int64, missing *podlife.Need) podlife.Observation {
	return podlife.Observation{HostIP: "192.168.66.11", PodIP: "10.244.0.2", Missing: missing, Course: podlife.Asked(pod), Now: metav1.NewTime(time.Unix(seconds, 0))}
}

// TestStatusSettles reports every pod twice. A second report that differs would be written, seen and reported again, for
// ever.
func TestStatusSettles(t *testing.T) {
	for _, pod := range somePods() {
		for _, missing := range []*podlife.Need{nil, {Kind: "secret", Name: "s"}, {Kind: "configmap", Name: "c", Volume: true}} {
			t.Run(fmt.Sprint(pod.Spec.RestartPolicy, pod.Annotations, pod.Spec.HostNetwork, missing), func(t *testing.T) {
				reported := pod.DeepCopy()
				reported.Status = podlife.Status(pod, seenAt(pod, 2000, missing))
				assert.Equal(t, reported.Status, podlife.Status(reported, seenAt(reported, 3000, missing)))
			})
		}
	}
}

func TestStatusKeepsWhatOthersWrote(t *testing.T) {
	for _, pod := range somePods() {
		status := podlife.Status(pod, seenAt(pod, 2000, nil))
		assert.Contains(t, status.Conditions, pod.Status.Conditions[0])
	}
}

func conditionOf(t *testing.T, s corev1.PodStatus, kind corev1.PodConditionType) corev1.PodCondition {
	t.Helper()
	for _, c := range s.Conditions {
		if c.Type == kind {
			return c
		}
	}
	require.Fail(t, "no condition", kind)
	return corev1.PodCondition{}
}

func TestReadinessGate(t *testing.T) {
	pod := somePods()[0]
	pod.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "example.com/in-rotation"}}
	status := podlife.Status(pod, seenAt(pod, 2000, nil))
	assert.Equal(t, corev1.ConditionTrue, conditionOf(t, status, corev1.ContainersReady).Status)
	closed := conditionOf(t, status, corev1.PodReady)
	assert.Equal(t, corev1.ConditionFalse, closed.Status)
	assert.Equal(t, "ReadinessGatesNotReady", closed.Reason)

	pod.Status = status
	pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: "example.com/in-rotation", Status: corev1.ConditionTrue})
	opened := conditionOf(t, podlife.Status(pod, seenAt(pod, 3000, nil)), corev1.PodReady)
	assert.Equal(t, corev1.ConditionTrue, opened.Status)
	assert.Equal(t, int64(3000), opened.LastTransitionTime.Unix(), "the time of the change")
}

func TestNeeds(t *testing.T) {
	yes := true
	pod := &corev1.Pod{Spec: corev1.PodSpec{
		Volumes: []corev1.Volume{
			{VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "mounted"}}}},
			{VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: "optional", Optional: &yes}}},
			{VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{
				{Secret: &corev1.SecretProjection{LocalObjectReference: corev1.LocalObjectReference{Name: "projected"}}},
			}}}},
		},
		InitContainers: []corev1.Container{{EnvFrom: []corev1.EnvFromSource{{SecretRef: &corev1.SecretEnvSource{LocalObjectReference: corev1.LocalObjectReference{Name: "environment"}}}}}},
		Containers: []corev1.Container{{Env: []corev1.EnvVar{{Value: "plain"}, {ValueFrom: &corev1.EnvVarSource{
			ConfigMapKeyRef: &corev1.ConfigMapKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "key"}},
		}}}}},
	}}
	assert.Equal(t, []podlife.Need{
		{"configmap", "mounted", true}, {"secret", "projected", true}, {"secret", "environment", false}, {"configmap", "key", false},
	}, podlife.Needs(pod))
}

func TestCourseOfACrashingContainer(t *testing.T) {
	pod := somePods()[0]
	at := func(seconds int64, course podlife.Course) corev1.ContainerStatus {
		seen := seenAt(pod, seconds, nil)
		seen.Course = course
		pod.Status = podlife.Status(pod, seen)
		return pod.Status.ContainerStatuses[0]
	}
	c := at(1000, podlife.Course{Starting: true})
	assert.NotNil(t, c.State.Running)
	assert.False(t, c.Ready, "what serves is not ready while it starts")

	c = at(1010, podlife.Course{Failure: podlife.CrashLoop, Restarts: 1, Crashed: metav1.Unix(1010, 0)})
	assert.EqualValues(t, 1, c.RestartCount)
	assert.Equal(t, "CrashLoopBackOff", c.State.Waiting.Reason)
	assert.Contains(t, c.State.Waiting.Message, "back-off 10s restarting")
	assert.Equal(t, int64(1010), c.LastTerminationState.Terminated.FinishedAt.Unix())

	c = at(1020, podlife.Course{Restarts: 2, Crashed: metav1.Unix(1010, 0)})
	assert.EqualValues(t, 2, c.RestartCount)
	assert.Equal(t, int64(1020), c.State.Running.StartedAt.Unix(), "the run that holds began with the restart")
	assert.True(t, c.Ready)
	assert.EqualValues(t, 1, c.LastTerminationState.Terminated.ExitCode, "the last crash is remembered")
}

func TestTheEndOfWorkHasItsOwnTime(t *testing.T) {
	pod := somePods()[0]
	pod.Spec.RestartPolicy = corev1.RestartPolicyNever
	seen := seenAt(pod, 1000, nil)
	seen.Course = podlife.Course{Starting: true}
	pod.Status = podlife.Status(pod, seen)
	assert.True(t, podlife.Ready(pod), "what works towards an end is ready while it does")
	pod.Status = podlife.Status(pod, seenAt(pod, 1500, nil))
	done := pod.Status.ContainerStatuses[0].State.Terminated
	require.NotNil(t, done)
	assert.Equal(t, []int64{1000, 1500}, []int64{done.StartedAt.Unix(), done.FinishedAt.Unix()})
}

func TestBackOff(t *testing.T) {
	var all []string
	for n := range int32(8) {
		all = append(all, podlife.BackOff(n).String())
	}
	assert.Equal(t, []string{"0s", "10s", "20s", "40s", "1m20s", "2m40s", "5m0s", "5m0s"}, all)
	assert.Equal(t, "5m0s", podlife.BackOff(1<<30).String())
}

func TestStop(t *testing.T) {
	pod := somePods()[0]
	pod.Status = podlife.Status(pod, seenAt(pod, 1000, nil))
	podlife.Stop(&pod.Status, pod.Generation, metav1.Unix(1100, 0))
	assert.True(t, podlife.Finished(pod))
	assert.False(t, podlife.Ready(pod))
	assert.EqualValues(t, 143, pod.Status.ContainerStatuses[0].State.Terminated.ExitCode)
}
