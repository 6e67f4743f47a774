package memory_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	quantity "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

func amount(text string) quantity.Quantity { return quantity.MustParse(text) }

func template(app string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"app": app}},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "example/c:1"}}},
	}
}

func statefulSet(name string, replicas int32) *appsv1.StatefulSet {
	set := &appsv1.StatefulSet{ObjectMeta: metav1.ObjectMeta{Name: name}}
	set.Spec = appsv1.StatefulSetSpec{
		Replicas: &replicas, ServiceName: name, Template: template(name),
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}},
	}
	return set
}

func webOf(name string, replicas int32) *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: name}}
	d.Spec = appsv1.DeploymentSpec{
		Replicas: &replicas, Template: template(name),
		Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": name}},
	}
	return d
}

func TestScriptIsRefused(t *testing.T) {
	for want, rule := range map[string]memory.ScriptRule{
		`script: rule 1: kind "Secret" has no script`:                              {Kind: "Secret"},
		`script: rule 1: a Service has no outcome "crash-loop"`:                    {Kind: "Service", Behavior: memory.Behavior{Outcome: memory.CrashLoop}},
		`script: rule 1: Address is for Services and Ingresses only`:               {Kind: "Pod", Behavior: memory.Behavior{Address: "192.0.2.1"}},
		`script: rule 1: address "not here" is neither an IP address nor a host`:   {Kind: "Service", Behavior: memory.Behavior{Address: "not here"}},
		`script: rule 1: Limit is for the outcome quota-exceeded only`:             {Kind: "Deployment", Behavior: memory.Behavior{Limit: 1}},
		`script: rule 1: pattern "[" of the name: syntax error in pattern`:         {Kind: "Pod", Name: "["},
		`script: rule 1: a number is negative`:                                     {Kind: "Pod", Behavior: memory.Behavior{After: -1}},
		`script: rule 1: Replicas is for HorizontalPodAutoscalers only`:            {Kind: "Deployment", Behavior: memory.Behavior{Replicas: 1}},
		`script: rule 1: After is for other outcomes than quota-exceeded only`:     {Kind: "Job", Behavior: memory.Behavior{Outcome: memory.QuotaExceeded, After: 1}},
		`script: rule 1: a Pod has no outcome "quota-exceeded"`:                    {Kind: "Pod", Behavior: memory.Behavior{Outcome: memory.QuotaExceeded}},
		`script: rule 1: Failures is for workloads only`:                           {Kind: "Node", Behavior: memory.Behavior{Failures: 1}},
		`script: rule 1: a PersistentVolumeClaim has no outcome "broken": use one`: {Kind: "PersistentVolumeClaim", Behavior: memory.Behavior{Outcome: "broken"}},
	} {
		_, err := memory.New(&memory.Options{Controllers: true, Script: []memory.ScriptRule{rule}})
		if assert.Error(t, err, want) {
			assert.Contains(t, err.Error(), "start API server: "+want)
		}
	}
	_, err := memory.New(&memory.Options{Script: []memory.ScriptRule{{Kind: "Pod"}}})
	require.ErrorContains(t, err, "no controllers are simulated: set Options.Controllers")
}

func TestPaceWithoutControllers(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	server, err := memory.New(&memory.Options{Now: func() time.Time { return at }})
	require.NoError(t, err)
	defer server.Close()
	require.NoError(t, errors.Join(server.Step(), server.Settle(), server.Advance(time.Minute)))
	assert.Equal(t, at.Add(time.Minute), server.Now())
	_, due := server.Due()
	assert.False(t, due)
	require.ErrorContains(t, server.Advance(-time.Second), "time does not go back")
}

// TestSettleIsBounded has a node that takes a thousand million steps.
func TestSettleIsBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("takes 10,000 steps")
	}
	server, client := scripted(memory.ScriptRule{Kind: "Node", Name: "node-1", Behavior: memory.Behavior{After: 1 << 30}})
	defer server.Close()
	_ = client
	err := server.Settle()
	require.ErrorContains(t, err, "settle: 1 objects have not come to rest after 10000 steps, the first is Node node-1")
}

func TestScriptReachesThePodsOfAJob(t *testing.T) {
	server, client := scripted(memory.ScriptRule{Kind: "Job", Labels: map[string]string{"flaky": "yes"}, Behavior: memory.Behavior{Failures: 2}})
	defer server.Close()
	job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: "j", Labels: map[string]string{"flaky": "yes"}}}
	job.Spec.Template = template("j")
	job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	_, err := client.BatchV1().Jobs("default").Create(t.Context(), job, metav1.CreateOptions{})
	require.NoError(t, err)
	status := func() batchv1.JobStatus {
		job, err := client.BatchV1().Jobs("default").Get(t.Context(), "j", metav1.GetOptions{})
		require.NoError(t, err)
		return job.Status
	}
	assert.EqualValues(t, 1, status().Failed, "the second pod waits for ten seconds")
	require.NoError(t, server.Advance(9*time.Second))
	assert.EqualValues(t, 1, status().Failed)
	require.NoError(t, server.Advance(time.Second))
	assert.EqualValues(t, 2, status().Failed)
	require.NoError(t, server.Advance(20*time.Second))
	assert.EqualValues(t, 1, status().Succeeded)
	require.NoError(t, server.ControllerErrors())
}

// TestWatchersSeeStepsAndTime reads what Step and Advance do through a watch, as a controller of somebody else would.
func TestWatchersSeeStepsAndTime(t *testing.T) {
	server, client := scripted(memory.ScriptRule{Kind: "Pod", Behavior: memory.Behavior{After: 1}})
	defer server.Close()
	watch, err := client.CoreV1().Pods("default").Watch(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	defer watch.Stop()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p"}, Spec: template("p").Spec}
	_, err = client.CoreV1().Pods("default").Create(t.Context(), pod, metav1.CreateOptions{})
	require.NoError(t, err)
	require.NoError(t, server.Step())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		select {
		case event := <-watch.ResultChan():
			pod, ok := event.Object.(*corev1.Pod)
			require.True(t, ok, "%v %s", event.Object, http.StatusText(http.StatusGone))
			if len(pod.Status.ContainerStatuses) > 0 && pod.Status.ContainerStatuses[0].Ready {
				return
			}
		case <-ctx.Done():
			require.Fail(t, "the pod did not become ready")
		}
	}
}
