package sim_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/internal/apiserver/sim"
)

// due returns how long it is until the clock makes a difference.
func (f *fixture) due() time.Duration {
	next, ok := f.sim.Due()
	if !ok {
		return -1
	}
	return next.Sub(f.clock)
}

// container returns what the first pod says of its first container: restarts and state.
func (f *fixture) container() string {
	f.t.Helper()
	pods := f.list("Pod")
	require.NotEmpty(f.t, pods)
	c := at(pods[0], "status", "containerStatuses").([]any)[0].(map[string]any)
	for state, details := range c["state"].(map[string]any) {
		d := details.(map[string]any)
		return strings.TrimSpace(fmt.Sprintf("%v %v %s %v", c["restartCount"], c["ready"], state, orNothing(d["reason"])))
	}
	return ""
}

func orNothing(v any) any {
	if v == nil {
		return ""
	}
	return v
}

func TestMinReadySeconds(t *testing.T) {
	f := start(t)
	f.create(strings.Replace(web, "replicas: 3,", "replicas: 3, minReadySeconds: 30, strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}},", 1))
	counts := func() string {
		return status(f.get("Deployment", "web"), "updatedReplicas", "readyReplicas", "availableReplicas")
	}
	assert.Equal(t, "updatedReplicas:3 readyReplicas:3 availableReplicas:<nil> Available=False/MinimumReplicasUnavailable Progressing=True/ReplicaSetUpdated", counts())
	assert.Equal(t, 30*time.Second, f.due())
	f.advance(29 * time.Second)
	assert.Contains(t, counts(), "availableReplicas:<nil>")
	f.advance(time.Second)
	assert.Equal(t, "updatedReplicas:3 readyReplicas:3 availableReplicas:3 Available=True/MinimumReplicasAvailable Progressing=True/NewReplicaSetAvailable", counts())
	assert.Equal(t, time.Duration(-1), f.due(), "a complete rollout waits for nothing")

	f.edit("Deployment", "web", image(2), template...)
	for n := 1; n <= 3; n++ {
		assert.Contains(t, counts(), fmt.Sprintf("updatedReplicas:%d", n), "one at a time")
		f.advance(30 * time.Second)
	}
	assert.Len(t, f.list("Pod"), 3)
	assert.Contains(t, counts(), "Progressing=True/NewReplicaSetAvailable")
}

func TestMinReadySecondsOfSets(t *testing.T) {
	f := start(t)
	f.create(strings.Replace(db, "replicas: 2,", "replicas: 2, minReadySeconds: 10,", 1))
	f.create(strings.Replace(agent, "spec: {", "spec: {minReadySeconds: 10, ", 1))
	assert.Equal(t, []string{"db-0"}, names(f.list("Pod"))[2:], "the second pod waits until the first is available")
	assert.Equal(t, "numberReady:2 numberAvailable:<nil>", status(f.get("DaemonSet", "agent"), "numberReady", "numberAvailable"))
	f.advance(10 * time.Second)
	assert.Equal(t, "numberReady:2 numberAvailable:2", status(f.get("DaemonSet", "agent"), "numberReady", "numberAvailable"))
	assert.Equal(t, "readyReplicas:2 availableReplicas:1", status(f.get("StatefulSet", "db"), "readyReplicas", "availableReplicas"))
	f.advance(10 * time.Second)
	assert.Equal(t, "readyReplicas:2 availableReplicas:2", status(f.get("StatefulSet", "db"), "readyReplicas", "availableReplicas"))
}

func TestProgressDeadline(t *testing.T) {
	f := start(t)
	f.create(failing(strings.Replace(web, "replicas: 3,", "replicas: 3, progressDeadlineSeconds: 60,", 1), "never-ready"))
	f.advance(59 * time.Second)
	assert.Contains(t, status(f.get("Deployment", "web")), "Progressing=True/")
	f.advance(time.Second)
	assert.Contains(t, status(f.get("Deployment", "web")), "Progressing=False/ProgressDeadlineExceeded")
	f.script(sim.Rule{Kind: "Deployment"})
	assert.Contains(t, status(f.get("Deployment", "web")), "Progressing=True/NewReplicaSetAvailable", "a rule comes before the annotation")
}

func TestReadyAfterSteps(t *testing.T) {
	f := start(t)
	f.script(sim.Rule{Kind: "Deployment", Name: "web", Behavior: sim.Behavior{After: 2}})
	f.create(web)
	f.create(`{apiVersion: v1, kind: Pod, metadata: {name: other}, spec: {containers: [{name: c, image: i}]}}`)
	assert.Equal(t, "Running", at(f.get("Pod", "other"), "status", "phase"))
	assert.Contains(t, status(f.get("Deployment", "web")), "Available=False")
	assert.Len(t, f.step(), 3)
	assert.Contains(t, status(f.get("Deployment", "web")), "Available=False")
	assert.Empty(t, f.step())
	assert.Equal(t, fmt.Sprintf(complete, 1), rolled(f.get("Deployment", "web")))

	f.edit("Deployment", "web", image(2), template...)
	steps := 0
	for len(f.step()) > 0 {
		steps++
	}
	assert.Equal(t, 5, steps, "three pods, two steps each, one after the other")
	assert.Len(t, f.list("Pod"), 4)
}

func TestCrashLoopOnTheClock(t *testing.T) {
	f := start(t)
	f.create(`{apiVersion: v1, kind: Pod, metadata: {name: p, annotations: {sim.setpoint.dev/fail: crash-loop}}, spec: {containers: [{name: c, image: i}]}}`)
	assert.Equal(t, "5 false waiting CrashLoopBackOff", f.container())
	f.advance(160 * time.Second)
	assert.Equal(t, "6 false waiting CrashLoopBackOff", f.container())
	f.advance(24 * time.Hour)
	assert.Equal(t, "294 false waiting CrashLoopBackOff", f.container(), "every five minutes")
	f.clock = f.clock.Add(24 * time.Hour) // nobody looked in between
	f.advance(0)
	assert.Equal(t, "582 false waiting CrashLoopBackOff", f.container())
	f.edit("Pod", "p", map[string]any{}, "metadata", "annotations")
	assert.Equal(t, "582 true running", f.container())
	assert.Equal(t, time.Duration(-1), f.due())
}

func TestCrashesThatEnd(t *testing.T) {
	f := start(t)
	f.script(sim.Rule{Kind: "Pod", Behavior: sim.Behavior{Failures: 3}})
	f.create(`{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}]}}`)
	for _, want := range []string{"1 false waiting CrashLoopBackOff", "2 false waiting CrashLoopBackOff", "3 true running"} {
		assert.Equal(t, want, f.container())
		f.advance(max(f.due(), 0))
	}
	assert.Equal(t, "3 true running", f.container())
}

func TestJobOnTheClock(t *testing.T) {
	f := start(t)
	f.script(sim.Rule{Kind: "Job", Name: "slow", Behavior: sim.Behavior{Outcome: sim.NeverReady}})
	f.create(strings.ReplaceAll(job("activeDeadlineSeconds: 90, ttlSecondsAfterFinished: 600,"), "name: j,", "name: slow,"))
	assert.Equal(t, "active:1 failed:<nil> ready:0", status(f.get("Job", "slow"), "active", "failed", "ready"))
	f.advance(90 * time.Second)
	assert.Equal(t, "active:<nil> failed:1 Failed=True/DeadlineExceeded FailureTarget=True/DeadlineExceeded", status(f.get("Job", "slow"), "active", "failed"))
	f.advance(599 * time.Second)
	f.get("Job", "slow")
	f.advance(time.Second)
	assert.Empty(t, f.list("Job"), "its time to live is over")
	assert.Empty(t, f.list("Pod"))
}

func TestJobCountsWhatHasGone(t *testing.T) {
	f := start(t)
	f.script(sim.Rule{Kind: "Job", Behavior: sim.Behavior{After: 1}})
	f.create(job("completions: 3, parallelism: 1,"))
	pod := f.list("Pod")[0]
	assert.Equal(t, []string{"batch.kubernetes.io/job-tracking"}, pod.GetFinalizers())
	f.step()
	assert.Equal(t, "active:1 succeeded:1", status(f.get("Job", "j"), "active", "succeeded"))
	require.NoError(t, f.Delete(kind("Pod"), "ns", pod.GetName(), metav1.DeleteOptions{}))
	assert.Equal(t, "active:1 succeeded:1", status(f.get("Job", "j"), "active", "succeeded"), "what is counted stays counted")
	running := slices.DeleteFunc(f.list("Pod"), func(p *unstructured.Unstructured) bool { return at(p, "status", "phase") != "Running" })
	require.NoError(t, f.Delete(kind("Pod"), "ns", running[0].GetName(), metav1.DeleteOptions{}))
	assert.Equal(t, "active:<nil> succeeded:1 failed:1", status(f.get("Job", "j"), "active", "succeeded", "failed"), "the next waits for ten seconds")
	f.advance(10 * time.Second)
	for len(f.step()) > 0 {
	}
	assert.Contains(t, status(f.get("Job", "j"), "succeeded", "failed"), "succeeded:3 failed:1 Complete=True")
}

func TestPodFailurePolicy(t *testing.T) {
	for action, want := range map[string]string{
		"FailJob": "failed:1 Failed=True/PodFailurePolicy FailureTarget=True/PodFailurePolicy",
		"Ignore":  "failed:<nil>",
		"Count":   "failed:1 Failed=True/BackoffLimitExceeded FailureTarget=True/BackoffLimitExceeded",
	} {
		f := start(t)
		f.create(failing(job(fmt.Sprintf("backoffLimit: 0, podFailurePolicy: {rules: [{action: %s, onExitCodes: {operator: In, values: [1]}}]},", action)), "crash-loop"))
		assert.Equal(t, want, status(f.get("Job", "j"), "failed"), action)
	}
}

func TestDeletedJobLetsItsPodsGo(t *testing.T) {
	f := start(t)
	f.create(failing(job(""), "never-ready"))
	background := metav1.DeletePropagationBackground
	require.NoError(t, f.Delete(kind("Job"), "ns", "j", metav1.DeleteOptions{PropagationPolicy: &background}))
	assert.Empty(t, f.list("Pod"))
}

func cron(spec string) string {
	return fmt.Sprintf(`{apiVersion: batch/v1, kind: CronJob, metadata: {name: c}, spec: {schedule: "*/10 * * * *", %s jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}}}`, spec)
}

func TestCronJob(t *testing.T) {
	f := start(t)
	f.create(cron(""))
	assert.Equal(t, 10*time.Minute, f.due())
	f.advance(55 * time.Minute)
	assert.Equal(t, []string{"c-29455950", "c-29455960", "c-29455970"}, names(f.list("Job")), "three are kept")
	cj := f.get("CronJob", "c")
	assert.Equal(t, "2026-01-02T12:50:00Z", at(cj, "status", "lastScheduleTime"))
	assert.Equal(t, "2026-01-02T12:50:00Z", at(cj, "status", "lastSuccessfulTime"))
	assert.Nil(t, at(cj, "status", "active"))
	assert.Equal(t, "2026-01-02T12:50:00Z", f.list("Job")[2].GetAnnotations()["batch.kubernetes.io/cronjob-scheduled-timestamp"])

	f.edit("CronJob", "c", true, "spec", "suspend")
	f.advance(time.Hour)
	assert.Equal(t, "2026-01-02T12:50:00Z", at(f.get("CronJob", "c"), "status", "lastScheduleTime"))
	f.edit("CronJob", "c", false, "spec", "suspend")
	assert.Equal(t, "2026-01-02T13:50:00Z", at(f.get("CronJob", "c"), "status", "lastScheduleTime"), "one of those that were missed")
}

func TestCronJobPolicies(t *testing.T) {
	for policy, want := range map[string][]string{
		"Allow": {"c-29455930", "c-29455940"}, "Forbid": {"c-29455930"}, "Replace": {"c-29455940"},
	} {
		f := start(t)
		f.script(sim.Rule{Kind: "CronJob", Behavior: sim.Behavior{Outcome: sim.NeverReady}})
		f.create(cron("concurrencyPolicy: " + policy + ","))
		f.advance(25 * time.Minute)
		assert.Equal(t, want, names(f.list("Job")), policy)
		assert.Len(t, at(f.get("CronJob", "c"), "status", "active"), len(want), policy)
	}
}

func TestCronJobZoneAndDeadline(t *testing.T) {
	f := start(t)
	f.create(strings.Replace(cron("timeZone: Asia/Tokyo, startingDeadlineSeconds: 60,"), "*/10 * * * *", "30 22 * * *", 1))
	f.clock = f.clock.Add(95 * time.Minute) // 22:35 in Tokyo, five minutes late
	f.advance(0)
	assert.Empty(t, f.list("Job"), "too late")
	f.advance(24 * time.Hour)
	assert.Len(t, f.list("Job"), 1)
	assert.Equal(t, "2026-01-03T22:30:00+09:00", f.list("Job")[0].GetAnnotations()["batch.kubernetes.io/cronjob-scheduled-timestamp"])
}

func TestGracePeriod(t *testing.T) {
	f := start(t)
	f.script(sim.Rule{Kind: "Deployment", Behavior: sim.Behavior{Lingers: true}})
	f.create(strings.Replace(web, "replicas: 3", "replicas: 1", 1))
	f.create(`{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}]}}`)
	old := f.list("Pod")[0]
	require.NoError(t, f.Delete(kind("Pod"), "ns", old.GetName(), metav1.DeleteOptions{}))
	assert.Len(t, f.list("Pod"), 2)
	assert.Equal(t, "replicas:1 terminatingReplicas:1", status(f.list("ReplicaSet")[0], "replicas", "terminatingReplicas"))
	ends := f.list("EndpointSlice")[0].Object["endpoints"].([]any)
	var conditions []string
	for _, e := range ends {
		conditions = append(conditions, fmt.Sprint(e.(map[string]any)["conditions"]))
	}
	assert.ElementsMatch(t, []string{"map[ready:true serving:true terminating:false]", "map[ready:false serving:true terminating:true]"}, conditions)
	f.advance(29 * time.Second)
	assert.Len(t, f.list("Pod"), 2)
	f.advance(time.Second)
	assert.Len(t, f.list("Pod"), 1)
}

func TestQuota(t *testing.T) {
	f := start(t)
	f.script(sim.Rule{Kind: "Deployment", Behavior: sim.Behavior{Outcome: sim.QuotaExceeded, Limit: 2}})
	f.create(web)
	assert.Len(t, f.list("Pod"), 2)
	d := f.get("Deployment", "web")
	assert.Contains(t, status(d), "ReplicaFailure=True/FailedCreate")
	for _, c := range at(d, "status", "conditions").([]any) {
		if c := c.(map[string]any); c["type"] == "ReplicaFailure" {
			assert.Regexp(t, `^pods "web-[a-z0-9]+-[a-z0-9]{5}" is forbidden: exceeded quota: scripted, requested: pods=1, used: pods=2, limited: pods=2$`, c["message"])
		}
	}
	f.script()
	assert.Equal(t, fmt.Sprintf(complete, 1), rolled(f.get("Deployment", "web")))
}

func TestNodeThatIsNotReady(t *testing.T) {
	f := start(t)
	f.create(strings.Replace(web, "replicas: 3", "replicas: 6", 1))
	f.create(agent)
	on := func(node string) (n int) {
		for _, pod := range f.list("Pod") {
			if at(pod, "spec", "nodeName") == node && pod.GetLabels()["app"] == "web" {
				n++
			}
		}
		return n
	}
	had := on("node-1")
	require.Positive(t, had, "by chance none of six pods is on the node: look at the hash")
	f.script(sim.Rule{Kind: "Node", Name: "node-1", Behavior: sim.Behavior{Outcome: sim.NeverReady}})
	assert.Equal(t, "Ready=False/KubeletNotReady", status(f.get("Node", "node-1")))
	assert.EqualValues(t, 6-had, at(f.get("Deployment", "web"), "status", "availableReplicas"))
	assert.EqualValues(t, 1, at(f.get("DaemonSet", "agent"), "status", "numberReady"))
	f.advance(5 * time.Minute)
	assert.Zero(t, on("node-1"), "evicted after the five minutes that pods tolerate")
	assert.EqualValues(t, 6, at(f.get("Deployment", "web"), "status", "availableReplicas"))
	assert.EqualValues(t, 2, at(f.get("DaemonSet", "agent"), "status", "currentNumberScheduled"), "a DaemonSet's pods stay")
	f.script()
	assert.Equal(t, "Ready=True/KubeletReady", status(f.get("Node", "node-1")))
	assert.EqualValues(t, 2, at(f.get("DaemonSet", "agent"), "status", "numberReady"))
}

func TestScriptedAutoscaler(t *testing.T) {
	f := start(t)
	f.create(web)
	f.create(`{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {minReplicas: 2, maxReplicas: 5,
scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]}}`)
	for replicas, want := range map[int32]string{
		4: "currentReplicas:4 desiredReplicas:4 AbleToScale=True/ReadyForNewScale ScaledToZero=False/NotScaledToZero ScalingActive=True/ValidMetricFound ScalingLimited=False/DesiredWithinRange",
		9: "currentReplicas:5 desiredReplicas:5 AbleToScale=True/ReadyForNewScale ScaledToZero=False/NotScaledToZero ScalingActive=True/ValidMetricFound ScalingLimited=True/TooManyReplicas",
		1: "currentReplicas:2 desiredReplicas:2 AbleToScale=True/ReadyForNewScale ScaledToZero=False/NotScaledToZero ScalingActive=True/ValidMetricFound ScalingLimited=True/TooFewReplicas",
	} {
		f.script(sim.Rule{Kind: "HorizontalPodAutoscaler", Behavior: sim.Behavior{Replicas: replicas}})
		assert.Equal(t, want, status(f.get("HorizontalPodAutoscaler", "h"), "currentReplicas", "desiredReplicas"), replicas)
	}
	f.script(sim.Rule{Kind: "HorizontalPodAutoscaler", Behavior: sim.Behavior{Outcome: sim.NeverReady}})
	assert.Contains(t, status(f.get("HorizontalPodAutoscaler", "h")), "AbleToScale=True/SucceededGetScale ScaledToZero=False/NotScaledToZero ScalingActive=False/FailedGetResourceMetric")
}

func TestScriptedClaimsAndBalancers(t *testing.T) {
	f := start(t)
	f.script(
		sim.Rule{Kind: "PersistentVolumeClaim", Behavior: sim.Behavior{After: 1}},
		sim.Rule{Kind: "Service", Name: "given", Behavior: sim.Behavior{Address: "lb.example.com"}},
		sim.Rule{Kind: "Service", Behavior: sim.Behavior{Outcome: sim.NeverReady}},
	)
	f.create(db)
	for _, name := range []string{"given", "none"} {
		f.create(`{apiVersion: v1, kind: Service, metadata: {name: ` + name + `}, spec: {type: LoadBalancer, ports: [{port: 80}]}}`)
	}
	assert.Equal(t, []any{map[string]any{"hostname": "lb.example.com"}}, at(f.get("Service", "given"), "status", "loadBalancer", "ingress"))
	assert.Nil(t, at(f.get("Service", "none"), "status", "loadBalancer", "ingress"))
	assert.Contains(t, status(f.get("Pod", "db-0")), "PodScheduled=False/Unschedulable")
	f.step()
	assert.Equal(t, "Running", at(f.get("Pod", "db-0"), "status", "phase"))
	f.script()
	assert.NotNil(t, at(f.get("Service", "none"), "status", "loadBalancer", "ingress"))
	assert.Len(t, f.list("Pod"), 2)
}

// An Ingress gets the address of a load balancer, unless the script says otherwise.
func TestIngress(t *testing.T) {
	f := start(t)
	f.script(
		sim.Rule{Kind: "Ingress", Name: "given", Behavior: sim.Behavior{Address: "lb.example.com"}},
		sim.Rule{Kind: "Ingress", Name: "late", Behavior: sim.Behavior{After: 1}},
		sim.Rule{Kind: "Ingress", Name: "none", Behavior: sim.Behavior{Outcome: sim.NeverReady}},
	)
	for _, name := range []string{"given", "late", "none", "plain"} {
		f.create(`{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: ` + name + `}, spec: {ingressClassName: any, defaultBackend: {service: {name: web, port: {number: 80}}}}}`)
	}
	addresses := func(name string) any { return at(f.get("Ingress", name), "status", "loadBalancer", "ingress") }
	assert.Equal(t, []any{map[string]any{"hostname": "lb.example.com"}}, addresses("given"))
	assert.Equal(t, []any{map[string]any{"ip": "203.0.113.2"}}, addresses("plain"))
	assert.Nil(t, addresses("late"))
	assert.Nil(t, addresses("none"))
	f.step()
	assert.Equal(t, []any{map[string]any{"ip": "203.0.113.3"}}, addresses("late"))
	assert.Equal(t, []any{map[string]any{"ip": "203.0.113.2"}}, addresses("plain"), "it stays")
	f.script()
	assert.NotNil(t, addresses("none"))
}

const waitingClass = `{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: late}, provisioner: sim.setpoint.dev/volume, volumeBindingMode: WaitForFirstConsumer}`

func TestProtection(t *testing.T) {
	f := start(t)
	f.create(`{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`)
	f.create(`{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}], volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]}}`)
	claim := f.get("PersistentVolumeClaim", "data")
	volume := at(claim, "spec", "volumeName").(string)
	require.NoError(t, f.Delete(kind("PersistentVolumeClaim"), "ns", "data", metav1.DeleteOptions{}))
	assert.NotNil(t, f.get("PersistentVolumeClaim", "data").GetDeletionTimestamp(), "a claim that a pod uses stays")
	require.NoError(t, f.Delete(kind("PersistentVolume"), "", volume, metav1.DeleteOptions{}))
	assert.NotNil(t, f.get("PersistentVolume", volume).GetDeletionTimestamp(), "a volume that is bound stays")
	require.NoError(t, f.Delete(kind("Pod"), "ns", "p", metav1.DeleteOptions{}))
	assert.Empty(t, f.list("PersistentVolumeClaim"))
	_, err := f.Get(kind("PersistentVolume"), "", volume)
	assert.True(t, apierrors.IsNotFound(err), "%v", err)
}
