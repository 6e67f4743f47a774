package kubetest_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// TestControllers makes one object of each kind that needs controllers or nodes and waits for what a healthy cluster
// makes of it.
func TestControllers(t *testing.T) {
	cluster := kubetest.Shared(t, &kubetest.Options{Controllers: true})
	api := client(t, cluster.Config())
	for _, test := range []struct {
		name, resource, manifest string
		done                     func(watch.Event) bool
	}{
		{"deployment", "deployments", workload("Deployment", "x", ""), condition("Available", "True")},
		{"daemon set", "daemonsets", workload("DaemonSet", "x", ""), is("2", "status", "numberAvailable")},
		{"job", "jobs", `{apiVersion: batch/v1, kind: Job, metadata: {name: x}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}`,
			condition("Complete", "True")},
		{"failing job", "jobs", `
apiVersion: batch/v1
kind: Job
metadata: {name: x}
spec:
  backoffLimit: 0
  template:
    metadata: {annotations: {sim.setpoint.dev/fail: crash-loop}}
    spec: {restartPolicy: Never, containers: [{name: c, image: i}]}`,
			condition("Failed", "True")},
		{"load balancer", "services", `{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {type: LoadBalancer, ports: [{port: 80}]}}`,
			func(e watch.Event) bool {
				ingress, _, _ := unstructured.NestedSlice(e.Object.(*unstructured.Unstructured).Object, "status", "loadBalancer", "ingress")
				return len(ingress) == 1
			}},
		{"claim", "persistentvolumeclaims", `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: x}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`,
			is(`"Bound"`, "status", "phase")},
		{"stateful set with claims", "statefulsets", `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: x}
spec:
  replicas: 3
  serviceName: x
  selector: {matchLabels: {app: x}}
  template:
    metadata: {labels: {app: x}}
    spec: {containers: [{name: db, image: db:1, volumeMounts: [{name: data, mountPath: /data}]}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
`, is("3", "status", "availableReplicas")},
		{"pod with every kind of container", "pods", `
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  initContainers: [{name: first, image: i}, {name: sidecar, image: i, restartPolicy: Always}]
  containers: [{name: c, image: i}]
`, condition("Ready", "True")},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			objects := api.Resource(resources[test.resource]).Namespace(kubetest.Namespace(t, cluster.Config()))
			_, err := objects.Create(t.Context(), parse(t, test.manifest), metav1.CreateOptions{})
			require.NoError(t, err)
			until(t, objects, named("x"), test.done)
		})
	}
}

// TestFailures asks for each failure and then takes the request back.
func TestFailures(t *testing.T) {
	cluster := kubetest.Shared(t, &kubetest.Options{Controllers: true})
	api := client(t, cluster.Config())
	for _, test := range []struct{ failure, phase, reason string }{
		{"image-pull", "Pending", "ImagePullBackOff"},
		{"crash-loop", "Running", "CrashLoopBackOff"},
		{"never-ready", "Running", ""},
		{"no-such-failure", "Pending", "UnknownFailure"},
	} {
		t.Run(test.failure, func(t *testing.T) {
			t.Parallel()
			pods := api.Resource(resources["pods"]).Namespace(kubetest.Namespace(t, cluster.Config()))
			pod := fmt.Sprintf(`{apiVersion: v1, kind: Pod, metadata: {name: x, annotations: {sim.setpoint.dev/fail: %s}}, spec: {containers: [{name: web, image: web:1}]}}`, test.failure)
			_, err := pods.Create(t.Context(), parse(t, pod), metav1.CreateOptions{})
			require.NoError(t, err)
			// A pod that waits for its namespace's certificate is not ready either: phase and reason tell that the failure has come.
			failing := until(t, pods, named("x"), func(event watch.Event) bool {
				pod, ok := event.Object.(*unstructured.Unstructured)
				if !ok || !condition("Ready", "False")(event) {
					return false
				}
				phase, _, _ := unstructured.NestedString(pod.Object, "status", "phase")
				reason, _ := waiting(pod)["reason"].(string)
				return phase == test.phase && reason == test.reason
			})
			statuses, _, _ := unstructured.NestedSlice(failing.Object, "status", "containerStatuses")
			require.Len(t, statuses, 1)
			if test.failure == "crash-loop" {
				code, _, _ := unstructured.NestedInt64(statuses[0].(map[string]any), "lastState", "terminated", "exitCode")
				assert.EqualValues(t, 1, code)
				restarts, _, _ := unstructured.NestedInt64(statuses[0].(map[string]any), "restartCount")
				assert.Positive(t, restarts)
			}

			_, err = pods.Patch(t.Context(), "x", "application/merge-patch+json", []byte(`{"metadata":{"annotations":null}}`), metav1.PatchOptions{})
			require.NoError(t, err)
			until(t, pods, named("x"), condition("Ready", "True"))
		})
	}
}

// waiting says why the pod's first container waits, nil when it does not.
func waiting(pod *unstructured.Unstructured) map[string]any {
	statuses, _, _ := unstructured.NestedSlice(pod.Object, "status", "containerStatuses")
	if len(statuses) == 0 {
		return nil
	}
	state, _, _ := unstructured.NestedMap(statuses[0].(map[string]any), "state", "waiting")
	return state
}

// TestPodWaitsForItsConfiguration waits for the message too: in a new namespace the pod first waits for the certificate
// that every pod mounts.
func TestPodWaitsForItsConfiguration(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Shared(t, &kubetest.Options{Controllers: true})
	namespace := kubetest.Namespace(t, cluster.Config())
	api := client(t, cluster.Config())
	pods := api.Resource(resources["pods"]).Namespace(namespace)
	_, err := pods.Create(t.Context(), parse(t, `
apiVersion: v1
kind: Pod
metadata: {name: x}
spec:
  volumes: [{name: config, configMap: {name: later}}, {name: never, secret: {secretName: never, optional: true}}]
  containers: [{name: c, image: i}]
`), metav1.CreateOptions{})
	require.NoError(t, err)
	until(t, pods, named("x"), func(event watch.Event) bool {
		pod, ok := event.Object.(*unstructured.Unstructured)
		return ok && condition("Ready", "False")(event) && waiting(pod)["message"] == `configmap "later" not found`
	})

	_, err = api.Resource(resources["configmaps"]).Namespace(namespace).Create(t.Context(), parse(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: later}}`), metav1.CreateOptions{})
	require.NoError(t, err)
	until(t, pods, named("x"), condition("Ready", "True"))
}

// TestDeletion deletes a namespace with a workload, a claim and a service in it: everything goes, the volume too. The pods
// have no grace period, because the namespace controller looks again only after half of the longest one.
func TestDeletion(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Shared(t, &kubetest.Options{Controllers: true})
	namespace := kubetest.Namespace(t, cluster.Config())
	api := client(t, cluster.Config())
	for resource, manifest := range map[string]string{
		"deployments":            strings.Replace(workload("Deployment", "x", ""), "spec: {containers", "spec: {terminationGracePeriodSeconds: 0, containers", 1),
		"services":               `{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {selector: {app: x}, ports: [{port: 80}]}}`,
		"persistentvolumeclaims": `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: x}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`,
	} {
		_, err := api.Resource(resources[resource]).Namespace(namespace).Create(t.Context(), parse(t, manifest), metav1.CreateOptions{})
		require.NoError(t, err)
	}
	until(t, api.Resource(resources["deployments"]).Namespace(namespace), named("x"), condition("Available", "True"))
	claim := until(t, api.Resource(resources["persistentvolumeclaims"]).Namespace(namespace), named("x"), is(`"Bound"`, "status", "phase"))
	volume, _, _ := unstructured.NestedString(claim.Object, "spec", "volumeName")

	// The watch has to be open before the deletion, or it may begin after the object is gone.
	namespaces, err := api.Resource(resources["namespaces"]).Watch(t.Context(), named(namespace))
	require.NoError(t, err)
	defer namespaces.Stop()
	volumes, err := api.Resource(resources["persistentvolumes"]).Watch(t.Context(), named(volume))
	require.NoError(t, err)
	defer volumes.Stop()
	require.NoError(t, api.Resource(resources["namespaces"]).Delete(t.Context(), namespace, metav1.DeleteOptions{}))
	for _, w := range []watch.Interface{namespaces, volumes} {
		awaitDeleted(t, w)
	}
	_, err = api.Resource(resources["persistentvolumes"]).Get(t.Context(), volume, metav1.GetOptions{})
	assert.ErrorContains(t, err, "not found")
}

func awaitDeleted(t *testing.T, w watch.Interface) {
	t.Helper()
	ctx := limited(t)
	for {
		select {
		case event, open := <-w.ResultChan():
			require.True(t, open, "the watch ended before the object was deleted")
			if event.Type == watch.Deleted {
				return
			}
		case <-ctx.Done():
			require.Fail(t, "out of time")
		}
	}
}

// TestAPIServiceWithoutBackend registers an API whose server is a simulated pod. It has to be found unavailable because
// nothing listens there, at once and without a packet that leaves the machine.
func TestAPIServiceWithoutBackend(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Shared(t, &kubetest.Options{Controllers: true})
	namespace := kubetest.Namespace(t, cluster.Config())
	api := client(t, cluster.Config())
	_, err := api.Resource(resources["deployments"]).Namespace(namespace).Create(t.Context(), parse(t, workload("Deployment", "x", "")), metav1.CreateOptions{})
	require.NoError(t, err)
	_, err = api.Resource(resources["services"]).Namespace(namespace).Create(t.Context(), parse(t,
		`{apiVersion: v1, kind: Service, metadata: {name: x}, spec: {selector: {app: x}, ports: [{port: 443}]}}`), metav1.CreateOptions{})
	require.NoError(t, err)

	registrations := api.Resource(resources["apiservices"])
	group := "v1." + namespace + ".example.com"
	t.Cleanup(func() { _ = registrations.Delete(context.Background(), group, metav1.DeleteOptions{}) })
	_, err = registrations.Create(t.Context(), parse(t, fmt.Sprintf(`
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: %[1]s}
spec:
  group: %[2]s.example.com
  version: v1
  groupPriorityMinimum: 100
  versionPriority: 100
  insecureSkipTLSVerify: true
  service: {namespace: %[2]s, name: x}
`, group, namespace)), metav1.CreateOptions{})
	require.NoError(t, err)
	until(t, registrations, named(group), func(e watch.Event) bool {
		conditions, _, _ := unstructured.NestedSlice(e.Object.(*unstructured.Unstructured).Object, "status", "conditions")
		for _, c := range conditions {
			c := c.(map[string]any)
			if c["type"] == "Available" && c["status"] == "False" && c["reason"] == "FailedDiscoveryCheck" {
				assert.Contains(t, c["message"], "502")
				return true
			}
		}
		return false
	})
}

// TestQuiet waits until a pod is ready and then changes it: exactly one write of the pod's status may follow a change, or
// the simulator would be writing in circles.
func TestQuiet(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Shared(t, &kubetest.Options{Controllers: true})
	pods := client(t, cluster.Config()).Resource(resources["pods"]).Namespace(kubetest.Namespace(t, cluster.Config()))
	_, err := pods.Create(t.Context(), parse(t, `{apiVersion: v1, kind: Pod, metadata: {name: x}, spec: {initContainers: [{name: i, image: i}], containers: [{name: c, image: i}]}}`), metav1.CreateOptions{})
	require.NoError(t, err)
	ready := until(t, pods, named("x"), condition("Ready", "True"))

	seen, err := pods.Watch(limited(t), metav1.ListOptions{FieldSelector: "metadata.name=x", ResourceVersion: ready.GetResourceVersion()})
	require.NoError(t, err)
	defer seen.Stop()
	for _, patch := range []string{`{"metadata":{"labels":{"step":"1"}}}`, `{"metadata":{"labels":{"step":"2"}}}`, `{"spec":{"activeDeadlineSeconds":1000000}}`} {
		_, err = pods.Patch(t.Context(), "x", "application/merge-patch+json", []byte(patch), metav1.PatchOptions{})
		require.NoError(t, err)
	}
	var generation int64
	for events := 1; generation < 2; events++ {
		event, open := <-seen.ResultChan()
		require.True(t, open)
		require.LessOrEqual(t, events, 4, "three patches and one report of the new generation")
		generation, _, _ = unstructured.NestedInt64(event.Object.(*unstructured.Unstructured).Object, "status", "observedGeneration")
	}
}

// TestControllersSurviveARestart stops and restarts the API server under the controllers, which have to find it again.
func TestControllersSurviveARestart(t *testing.T) {
	t.Parallel()
	cluster := kubetest.Start(t, &kubetest.Options{Controllers: true})
	api := client(t, cluster.Config())
	namespace := kubetest.Namespace(t, cluster.Config())
	cluster.Stop()
	require.NoError(t, cluster.Restart(t.Context()))
	deployments := api.Resource(resources["deployments"]).Namespace(namespace)
	_, err := deployments.Create(t.Context(), parse(t, workload("Deployment", "x", "")), metav1.CreateOptions{})
	require.NoError(t, err)
	until(t, deployments, named("x"), condition("Available", "True"))
}
