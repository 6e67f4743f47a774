package simulator

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var always = corev1.ContainerRestartPolicyAlways

// somePods are pods of every restart policy, failure and shape that the simulator tells apart.
func somePods() []*corev1.Pod {
	var pods []*corev1.Pod
	for _, policy := range []corev1.RestartPolicy{corev1.RestartPolicyAlways, corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever} {
		for _, failure := range []string{"", ImagePull, CrashLoop, NeverReady, "nonsense"} {
			for _, host := range []bool{false, true} {
				pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
					Namespace: "n", Name: "p", UID: "u", Generation: 3, CreationTimestamp: metav1.Unix(1000, 0),
				}}
				if failure != "" {
					pod.Annotations = map[string]string{FailAnnotation: failure}
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

func seenAt(seconds int64, missing *need) observation {
	return observation{hostIP: "192.168.66.11", podIP: "10.244.0.2", missing: missing, now: metav1.NewTime(time.Unix(seconds, 0))}
}

// TestStatusSettles reports every pod twice. A second report that differs would be written, seen and reported again, for
// ever.
func TestStatusSettles(t *testing.T) {
	for _, pod := range somePods() {
		for _, missing := range []*need{nil, {kind: "secret", name: "s"}, {kind: "configmap", name: "c", volume: true}} {
			t.Run(fmt.Sprint(pod.Spec.RestartPolicy, pod.Annotations, pod.Spec.HostNetwork, missing), func(t *testing.T) {
				reported := pod.DeepCopy()
				reported.Status = podStatus(pod, seenAt(2000, missing))
				assert.Equal(t, reported.Status, podStatus(reported, seenAt(3000, missing)))
			})
		}
	}
}

func TestStatusKeepsWhatOthersWrote(t *testing.T) {
	for _, pod := range somePods() {
		status := podStatus(pod, seenAt(2000, nil))
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
	status := podStatus(pod, seenAt(2000, nil))
	assert.Equal(t, corev1.ConditionTrue, conditionOf(t, status, corev1.ContainersReady).Status)
	closed := conditionOf(t, status, corev1.PodReady)
	assert.Equal(t, corev1.ConditionFalse, closed.Status)
	assert.Equal(t, "ReadinessGatesNotReady", closed.Reason)

	pod.Status = status
	pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: "example.com/in-rotation", Status: corev1.ConditionTrue})
	opened := conditionOf(t, podStatus(pod, seenAt(3000, nil)), corev1.PodReady)
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
	assert.Equal(t, []need{
		{"configmap", "mounted", true}, {"secret", "projected", true}, {"secret", "environment", false}, {"configmap", "key", false},
	}, needs(pod))
}
