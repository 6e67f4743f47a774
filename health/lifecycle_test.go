package health_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/setpoint-dev/setpoint/health"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

const template = `
  selector: {matchLabels: {app: x}}
  template:
    metadata: {labels: {app: x}%s}
    spec: {containers: [{name: web, image: web:1}]}
`

func podsOf(annotations string) string { return strings.Replace(template, "%s", annotations, 1) }

const fail = ", annotations: {sim.setpoint.dev/fail: image-pull}"

// TestLifecycle watches objects on a real control plane from their creation to the state in which they stay, and checks every state
// on the way.
func TestLifecycle(t *testing.T) {
	plane := kubetest.Shared(t, &kubetest.Options{Controllers: true})
	client, err := dynamic.NewForConfig(plane.Config())
	require.NoError(t, err)
	const h, p, d, s = health.Healthy, health.Progressing, health.Degraded, health.Suspended
	for _, tt := range []struct {
		name, resource, manifest string
		// on are the states that it may pass on the way, and end is where it stays, with a reason when that matters.
		on     []health.Status
		end    health.Status
		reason string
	}{
		{"deployment", "apps/v1/deployments", "apiVersion: apps/v1\nkind: Deployment\nspec:\n  replicas: 3" + podsOf(""), []health.Status{p}, h, "ReplicasAvailable"},
		{"deployment that cannot", "apps/v1/deployments", "apiVersion: apps/v1\nkind: Deployment\nspec:\n  progressDeadlineSeconds: 1" + podsOf(fail), []health.Status{p}, d, "ProgressDeadlineExceeded"},
		{"deployment paused", "apps/v1/deployments", "apiVersion: apps/v1\nkind: Deployment\nspec:\n  paused: true" + podsOf(""), nil, s, "Paused"},
		{"stateful set", "apps/v1/statefulsets", "apiVersion: apps/v1\nkind: StatefulSet\nspec:\n  serviceName: x\n  replicas: 2" + podsOf(""), []health.Status{p}, h, "ReplicasAvailable"},
		{"daemon set", "apps/v1/daemonsets", "apiVersion: apps/v1\nkind: DaemonSet\nspec:" + podsOf(""), []health.Status{p}, h, "PodsAvailable"},
		{"replica set", "apps/v1/replicasets", "apiVersion: apps/v1\nkind: ReplicaSet\nspec:\n  replicas: 2" + podsOf(""), []health.Status{p}, h, "ReplicasAvailable"},
		{"job", "batch/v1/jobs", "apiVersion: batch/v1\nkind: Job\nspec:\n  template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}", []health.Status{p}, h, "Complete"},
		{"job that fails", "batch/v1/jobs", "apiVersion: batch/v1\nkind: Job\nspec:\n  backoffLimit: 0\n  template: {metadata: {annotations: {sim.setpoint.dev/fail: crash-loop}}, spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}", []health.Status{p}, d, "BackoffLimitExceeded"},
		{"job suspended", "batch/v1/jobs", "apiVersion: batch/v1\nkind: Job\nspec:\n  suspend: true\n  template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}", nil, s, ""},
		{"pod", "v1/pods", "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: i}]}", []health.Status{p}, h, "Ready"},
		{"pod without image", "v1/pods", "apiVersion: v1\nkind: Pod\nmetadata: {annotations: {sim.setpoint.dev/fail: image-pull}}\nspec: {containers: [{name: c, image: i}]}", []health.Status{p}, d, "ImagePullBackOff"},
		{"pod in a crash loop", "v1/pods", "apiVersion: v1\nkind: Pod\nmetadata: {annotations: {sim.setpoint.dev/fail: crash-loop}}\nspec: {containers: [{name: c, image: i}]}", []health.Status{p}, d, "CrashLoopBackOff"},
		{"load balancer", "v1/services", "apiVersion: v1\nkind: Service\nspec: {type: LoadBalancer, ports: [{port: 80}]}", []health.Status{p}, h, "AddressAssigned"},
		{"service", "v1/services", "apiVersion: v1\nkind: Service\nspec: {ports: [{port: 80}]}", nil, h, health.ReasonExists},
		{"ingress without a controller", "networking.k8s.io/v1/ingresses", "apiVersion: networking.k8s.io/v1\nkind: Ingress\nspec: {defaultBackend: {service: {name: x, port: {number: 80}}}}", nil, p, "NoAddress"},
		{"claim", "v1/persistentvolumeclaims", "apiVersion: v1\nkind: PersistentVolumeClaim\nspec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}", []health.Status{p}, h, "Bound"},
		{"disruption budget", "policy/v1/poddisruptionbudgets", "apiVersion: policy/v1\nkind: PodDisruptionBudget\nspec: {minAvailable: 1, selector: {matchLabels: {app: none}}}", []health.Status{p}, h, ""},
		{"autoscaler without a target", "autoscaling/v2/horizontalpodautoscalers", "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nspec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: none}}", []health.Status{p}, d, "FailedGetScale"},
		{"config map", "v1/configmaps", "apiVersion: v1\nkind: ConfigMap", nil, h, health.ReasonExists},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			obj := object(t, tt.manifest)
			gvr := resourceOf(tt.resource)
			api := client.Resource(gvr).Namespace(kubetest.Namespace(t, plane.Config()))
			obj.SetName("x")
			_, err := api.Create(t.Context(), obj, metav1.CreateOptions{})
			require.NoError(t, err)
			watched(t, api, obj.GetName(), func(r health.Result) bool {
				if r.Status == tt.end && (tt.reason == "" || r.Reason == tt.reason) {
					return true
				}
				assert.Contains(t, append(tt.on, tt.end), r.Status, "%+v", r)
				return false
			})
		})
	}
}

func resourceOf(text string) schema.GroupVersionResource {
	parts := strings.Split(text, "/")
	if len(parts) == 2 {
		parts = append([]string{""}, parts...)
	}
	return schema.GroupVersionResource{Group: parts[0], Version: parts[1], Resource: parts[2]}
}

// watched feeds the verdict on every state of an object to done, until that says true.
func watched(t *testing.T, api dynamic.ResourceInterface, name string, done func(health.Result) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var last health.Result
	for ctx.Err() == nil {
		w, err := api.Watch(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
		if err != nil {
			break
		}
		for e := range w.ResultChan() {
			obj, ok := e.Object.(*unstructured.Unstructured)
			if !ok {
				continue
			}
			last, err = health.New(nil).Check(obj)
			require.NoError(t, err)
			if done(last) {
				w.Stop()
				return
			}
		}
		w.Stop()
	}
	t.Fatalf("ends as %+v", last)
}

// TestClusterLifecycle does the same for definitions of kinds, their resources without a controller, APIs without a backend, and namespaces.
func TestClusterLifecycle(t *testing.T) {
	plane := kubetest.Shared(t, &kubetest.Options{Controllers: true})
	client, err := dynamic.NewForConfig(plane.Config())
	require.NoError(t, err)
	create := func(resource, manifest string) (dynamic.ResourceInterface, string) {
		api := client.Resource(resourceOf(resource))
		obj, err := api.Create(t.Context(), object(t, manifest), metav1.CreateOptions{})
		require.NoError(t, err)
		t.Cleanup(func() { _ = api.Delete(context.Background(), obj.GetName(), metav1.DeleteOptions{}) })
		return api, obj.GetName()
	}
	becomes := func(want health.Status, reason string) func(health.Result) bool {
		return func(r health.Result) bool {
			if r.Status != want {
				assert.Equal(t, health.Progressing, r.Status, "%+v", r)
			}
			return r.Status == want && r.Reason == reason
		}
	}
	crds, name := create("apiextensions.k8s.io/v1/customresourcedefinitions", `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.health.setpoint.dev}
spec:
  group: health.setpoint.dev
  scope: Cluster
  names: {kind: Widget, plural: widgets}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]
`)
	watched(t, crds, name, becomes(health.Healthy, "Established"))

	widgets := client.Resource(resourceOf("health.setpoint.dev/v1/widgets"))
	require.Eventually(t, func() bool {
		_, err := widgets.Create(t.Context(), object(t, "apiVersion: health.setpoint.dev/v1\nkind: Widget\nmetadata: {name: x}"), metav1.CreateOptions{})
		return err == nil
	}, time.Minute, 50*time.Millisecond, "the kind is served a moment after it is established")
	watched(t, widgets, "x", becomes(health.Unknown, health.ReasonNoStatus))
	_, err = widgets.Patch(t.Context(), "x", "application/merge-patch+json", []byte(`{"status": {"conditions": [{"type": "Ready", "status": "True"}]}}`), metav1.PatchOptions{})
	require.NoError(t, err)
	watched(t, widgets, "x", func(r health.Result) bool { return r.Status == health.Healthy && r.Rule == "conditions" })

	apis, name := create("apiregistration.k8s.io/v1/apiservices", `
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.backend.setpoint.dev}
spec: {group: backend.setpoint.dev, version: v1, groupPriorityMinimum: 100, versionPriority: 100, service: {name: none, namespace: default}, insecureSkipTLSVerify: true}
`)
	watched(t, apis, name, becomes(health.Progressing, "ServiceNotFound"))

	namespaces, name := create("v1/namespaces", "apiVersion: v1\nkind: Namespace\nmetadata: {generateName: health-}")
	watched(t, namespaces, name, becomes(health.Healthy, "Active"))
	require.NoError(t, namespaces.Delete(t.Context(), name, metav1.DeleteOptions{}))
	watched(t, namespaces, name, becomes(health.Progressing, health.ReasonDeleting))
}
