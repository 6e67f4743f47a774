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
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/crd"
	"github.com/setpoint-dev/setpoint/internal/apiserver/gc"
	"github.com/setpoint-dev/setpoint/internal/apiserver/sim"
)

var groups = map[string]schema.GroupVersion{
	"Deployment": {Group: "apps", Version: "v1"}, "ReplicaSet": {Group: "apps", Version: "v1"}, "StatefulSet": {Group: "apps", Version: "v1"},
	"DaemonSet": {Group: "apps", Version: "v1"}, "ControllerRevision": {Group: "apps", Version: "v1"}, "Job": {Group: "batch", Version: "v1"},
	"Ingress":       {Group: "networking.k8s.io", Version: "v1"},
	"EndpointSlice": {Group: "discovery.k8s.io", Version: "v1"}, "HorizontalPodAutoscaler": {Group: "autoscaling", Version: "v2"},
	"PodDisruptionBudget": {Group: "policy", Version: "v1"}, "APIService": {Group: "apiregistration.k8s.io", Version: "v1"},
	"StorageClass": {Group: "storage.k8s.io", Version: "v1"}, "CronJob": {Group: "batch", Version: "v1"},
}

func kind(name string) schema.GroupVersionKind {
	if gv, ok := groups[name]; ok {
		return gv.WithKind(name)
	}
	return schema.GroupVersionKind{Version: "v1", Kind: name}
}

// fixture is a server with all controllers and a namespace "ns".
type fixture struct {
	t *testing.T
	apiserver.API
	server *apiserver.Server
	sim    *sim.Simulator
	clock  time.Time
}

// advance moves the clock ahead and does what becomes due on the way, each at its time.
func (f *fixture) advance(d time.Duration) {
	f.t.Helper()
	end := f.clock.Add(d)
	for range 1000 {
		var next time.Time
		var ok bool
		require.NoError(f.t, f.server.Between(func(apiserver.API) error { next, ok = f.sim.Due(); return nil }))
		if !ok || next.After(end) {
			f.clock = end
			require.NoError(f.t, f.server.Between(f.sim.Tick))
			return
		}
		if next.After(f.clock) {
			f.clock = next
		}
		require.NoError(f.t, f.server.Between(f.sim.Tick))
	}
	require.Fail(f.t, "there is no end to what becomes due")
}

// script replaces the rules.
func (f *fixture) script(rules ...sim.Rule) {
	f.t.Helper()
	require.NoError(f.t, f.server.Between(func(api apiserver.API) error { return f.sim.Script(api, rules) }))
}

// step takes one step and returns what waits for the next.
func (f *fixture) step() (waiting []string) {
	f.t.Helper()
	require.NoError(f.t, f.server.Between(f.sim.Step))
	require.NoError(f.t, f.server.Between(func(apiserver.API) error { waiting = f.sim.Waiting(); return nil }))
	return waiting
}

func start(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, sim: sim.New(), clock: time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)}
	server, err := apiserver.New(apiserver.Options{
		Now: func() time.Time { return f.clock }, Definitions: crd.Options{IgnoreRules: true},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.Empty(t, server.Faults())
		server.Close()
	})
	for _, c := range []apiserver.Controller{gc.Owners(), gc.Namespaces(), gc.Definitions(), f.sim} {
		server.Register(c)
	}
	f.server, f.API = server, server.API()
	f.create(`{apiVersion: v1, kind: Namespace, metadata: {name: ns}}`)
	return f
}

func parse(t testing.TB, text string) *unstructured.Unstructured {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	require.NoError(t, err)
	obj := &unstructured.Unstructured{}
	require.NoError(t, utiljson.Unmarshal(raw, &obj.Object))
	if obj.GetKind() != "Namespace" && obj.GetKind() != "APIService" && obj.GetKind() != "PersistentVolume" && obj.GetKind() != "StorageClass" {
		obj.SetNamespace("ns")
	}
	return obj
}

func (f *fixture) create(text string) *unstructured.Unstructured {
	f.t.Helper()
	created, err := f.Create(parse(f.t, text), apiserver.WriteOptions{Manager: "test"})
	require.NoError(f.t, err)
	return created
}

func (f *fixture) get(name, object string) *unstructured.Unstructured {
	f.t.Helper()
	namespace := "ns"
	if slices.Contains([]string{"Namespace", "APIService", "PersistentVolume", "Node"}, name) {
		namespace = ""
	}
	obj, err := f.Get(kind(name), namespace, object)
	require.NoError(f.t, err)
	return obj
}

func (f *fixture) list(name string) []*unstructured.Unstructured {
	f.t.Helper()
	list, err := f.List(kind(name), "ns", nil)
	require.NoError(f.t, err)
	return list
}

// edit sets one field of an object.
func (f *fixture) edit(name, object string, value any, path ...string) {
	f.t.Helper()
	obj := f.get(name, object)
	require.NoError(f.t, unstructured.SetNestedField(obj.Object, value, path...))
	_, err := f.Update(obj, apiserver.WriteOptions{Manager: "test"})
	require.NoError(f.t, err)
}

func at(obj *unstructured.Unstructured, path ...string) any {
	value, _, _ := unstructured.NestedFieldNoCopy(obj.Object, path...)
	return value
}

// status returns some fields of a status, conditions as "Type=Status/Reason".
func status(obj *unstructured.Unstructured, fields ...string) string {
	var out []string
	for _, name := range fields {
		out = append(out, fmt.Sprintf("%s:%v", name, at(obj, "status", name)))
	}
	conditions, _, _ := unstructured.NestedSlice(obj.Object, "status", "conditions")
	var all []string
	for _, c := range conditions {
		c := c.(map[string]any)
		all = append(all, fmt.Sprintf("%v=%v/%v", c["type"], c["status"], c["reason"]))
	}
	slices.Sort(all)
	return strings.Join(append(out, all...), " ")
}

func names(list []*unstructured.Unstructured) []string {
	out := []string{}
	for _, obj := range list {
		out = append(out, obj.GetName())
	}
	return out
}

const web = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, labels: {app: web}}, spec: {replicas: 3, selector: {matchLabels: {app: web}},
template: {metadata: {labels: {app: web}}, spec: {containers: [{name: c, image: "example/web:1", ports: [{name: http, containerPort: 8080}]}]}}}}`

const complete = "observedGeneration:%d replicas:3 updatedReplicas:3 readyReplicas:3 availableReplicas:3 unavailableReplicas:<nil> " +
	"Available=True/MinimumReplicasAvailable Progressing=True/NewReplicaSetAvailable"

func rolled(obj *unstructured.Unstructured) string {
	return status(obj, "observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas")
}

func TestDeployment(t *testing.T) {
	f := start(t)
	f.create(web)
	d := f.get("Deployment", "web")
	assert.Equal(t, fmt.Sprintf(complete, 1), rolled(d))
	assert.Equal(t, "1", d.GetAnnotations()["deployment.kubernetes.io/revision"])
	sets := f.list("ReplicaSet")
	require.Len(t, sets, 1)
	hash := sets[0].GetLabels()["pod-template-hash"]
	assert.Equal(t, "web-"+hash, sets[0].GetName())
	require.Len(t, f.list("Pod"), 3)
	for _, pod := range f.list("Pod") {
		assert.True(t, strings.HasPrefix(pod.GetName(), "web-"+hash+"-"))
		assert.Equal(t, hash, pod.GetLabels()["pod-template-hash"])
		assert.Equal(t, "Running", at(pod, "status", "phase"))
		assert.Equal(t, sets[0].GetUID(), metav1.GetControllerOf(pod).UID)
	}

	t.Run("rolls", func(t *testing.T) {
		containers := []any{map[string]any{"name": "c", "image": "example/web:2"}}
		f.edit("Deployment", "web", containers, "spec", "template", "spec", "containers")
		d := f.get("Deployment", "web")
		assert.Equal(t, fmt.Sprintf(complete, d.GetGeneration()), rolled(d))
		assert.Equal(t, "2", d.GetAnnotations()["deployment.kubernetes.io/revision"])
		require.Len(t, f.list("ReplicaSet"), 2)
		for _, pod := range f.list("Pod") {
			assert.Equal(t, "example/web:2", at(pod, "spec", "containers").([]any)[0].(map[string]any)["image"])
		}
		require.Len(t, f.list("Pod"), 3)
	})
	t.Run("scales", func(t *testing.T) {
		f.edit("Deployment", "web", int64(1), "spec", "replicas")
		require.Len(t, f.list("Pod"), 1)
		f.edit("Deployment", "web", int64(3), "spec", "replicas")
		require.Len(t, f.list("Pod"), 3)
	})
	t.Run("replaces a deleted pod", func(t *testing.T) {
		victim := f.list("Pod")[0]
		require.NoError(t, f.Delete(kind("Pod"), "ns", victim.GetName(), metav1.DeleteOptions{}))
		left := names(f.list("Pod"))
		assert.Len(t, left, 3)
		assert.NotContains(t, left, victim.GetName())
	})
	t.Run("takes everything along", func(t *testing.T) {
		require.NoError(t, f.Delete(kind("Deployment"), "ns", "web", metav1.DeleteOptions{}))
		assert.Empty(t, names(f.list("ReplicaSet")))
		assert.Empty(t, names(f.list("Pod")))
	})
}

func TestBrokenRollout(t *testing.T) {
	for failure, want := range map[string]string{
		"image-pull": "ImagePullBackOff", "crash-loop": "CrashLoopBackOff", "never-ready": "",
	} {
		t.Run(failure, func(t *testing.T) {
			f := start(t)
			f.create(web)
			f.edit("Deployment", "web", map[string]any{"sim.setpoint.dev/fail": failure}, "spec", "template", "metadata", "annotations")
			d := f.get("Deployment", "web")
			assert.Equal(t, "replicas:4 updatedReplicas:1 readyReplicas:3 availableReplicas:3 unavailableReplicas:1 Available=True/MinimumReplicasAvailable Progressing=True/ReplicaSetUpdated",
				status(d, "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"))
			var reasons []string
			for _, pod := range f.list("Pod") {
				if s, ok := at(pod, "status", "containerStatuses").([]any); ok && pod.GetAnnotations()["sim.setpoint.dev/fail"] != "" {
					reason, _, _ := unstructured.NestedString(s[0].(map[string]any), "state", "waiting", "reason")
					reasons = append(reasons, reason)
				}
			}
			assert.Equal(t, []string{want}, reasons)

			// The deadline passes when something is written again after it.
			f.clock = f.clock.Add(time.Hour)
			f.edit("Deployment", "web", "x", "metadata", "labels", "touched")
			assert.Contains(t, status(f.get("Deployment", "web")), "Progressing=False/ProgressDeadlineExceeded")

			f.edit("Deployment", "web", map[string]any{}, "spec", "template", "metadata", "annotations")
			d = f.get("Deployment", "web")
			assert.Equal(t, fmt.Sprintf(complete, d.GetGeneration()), rolled(d), "a good template heals it")
		})
	}
}

func TestRecreateAndPause(t *testing.T) {
	f := start(t)
	f.create(strings.Replace(web, "replicas: 3,", "replicas: 3, strategy: {type: Recreate},", 1))
	f.edit("Deployment", "web", []any{map[string]any{"name": "c", "image": "example/web:2"}}, "spec", "template", "spec", "containers")
	d := f.get("Deployment", "web")
	assert.Equal(t, fmt.Sprintf(complete, d.GetGeneration()), rolled(d))

	f.edit("Deployment", "web", true, "spec", "paused")
	f.edit("Deployment", "web", []any{map[string]any{"name": "c", "image": "example/web:3"}}, "spec", "template", "spec", "containers")
	d = f.get("Deployment", "web")
	assert.Contains(t, status(d), "Progressing=Unknown/DeploymentPaused")
	assert.Len(t, f.list("ReplicaSet"), 2)
	f.edit("Deployment", "web", int64(2), "spec", "replicas")
	assert.Len(t, f.list("Pod"), 2, "a paused one still scales")
	f.edit("Deployment", "web", int64(3), "spec", "replicas")
	f.edit("Deployment", "web", false, "spec", "paused")
	d = f.get("Deployment", "web")
	assert.Equal(t, fmt.Sprintf(complete, d.GetGeneration()), rolled(d))
	assert.Len(t, f.list("ReplicaSet"), 3)
}

func TestRollback(t *testing.T) {
	f := start(t)
	f.create(web)
	for _, image := range []string{"2", "3", "1"} {
		f.edit("Deployment", "web", []any{map[string]any{"name": "c", "image": "example/web:" + image, "ports": []any{map[string]any{"name": "http", "containerPort": int64(8080)}}}},
			"spec", "template", "spec", "containers")
	}
	d := f.get("Deployment", "web")
	assert.Equal(t, "4", d.GetAnnotations()["deployment.kubernetes.io/revision"])
	assert.Len(t, f.list("ReplicaSet"), 3, "the first template's ReplicaSet is used again")
	assert.Equal(t, fmt.Sprintf(complete, d.GetGeneration()), rolled(d))
}

func TestHistoryIsTrimmed(t *testing.T) {
	f := start(t)
	f.create(strings.Replace(web, "replicas: 3,", "replicas: 1, revisionHistoryLimit: 1,", 1))
	for i := range 4 {
		f.edit("Deployment", "web", []any{map[string]any{"name": "c", "image": fmt.Sprintf("example/web:%d", i+2)}}, "spec", "template", "spec", "containers")
	}
	assert.Len(t, f.list("ReplicaSet"), 2)
}

const db = `{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {replicas: 2, serviceName: db, selector: {matchLabels: {app: db}},
template: {metadata: {labels: {app: db}}, spec: {containers: [{name: c, image: "example/db:1", volumeMounts: [{name: data, mountPath: /d}]}]}},
volumeClaimTemplates: [{metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}]}}`

func TestStatefulSet(t *testing.T) {
	f := start(t)
	f.create(db)
	fields := []string{"observedGeneration", "replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas"}
	set := f.get("StatefulSet", "db")
	assert.Equal(t, "observedGeneration:1 replicas:2 readyReplicas:2 availableReplicas:2 currentReplicas:2 updatedReplicas:2", status(set, fields...))
	assert.Equal(t, at(set, "status", "currentRevision"), at(set, "status", "updateRevision"))
	assert.Equal(t, []string{"db-0", "db-1"}, names(f.list("Pod")))
	assert.Equal(t, []string{"data-db-0", "data-db-1"}, names(f.list("PersistentVolumeClaim")))
	assert.Equal(t, "Bound", at(f.get("PersistentVolumeClaim", "data-db-0"), "status", "phase"))
	volume := f.get("PersistentVolume", at(f.get("PersistentVolumeClaim", "data-db-0"), "spec", "volumeName").(string))
	assert.Equal(t, "Bound", at(volume, "status", "phase"))

	f.edit("StatefulSet", "db", []any{map[string]any{"name": "c", "image": "example/db:2"}}, "spec", "template", "spec", "containers")
	set = f.get("StatefulSet", "db")
	assert.Equal(t, "observedGeneration:2 replicas:2 readyReplicas:2 availableReplicas:2 currentReplicas:2 updatedReplicas:2", status(set, fields...))
	assert.Len(t, f.list("ControllerRevision"), 2)
	assert.Equal(t, "example/db:2", at(f.get("Pod", "db-0"), "spec", "containers").([]any)[0].(map[string]any)["image"])

	f.edit("StatefulSet", "db", map[string]any{"type": "RollingUpdate", "rollingUpdate": map[string]any{"partition": int64(1)}}, "spec", "updateStrategy")
	f.edit("StatefulSet", "db", []any{map[string]any{"name": "c", "image": "example/db:3"}}, "spec", "template", "spec", "containers")
	set = f.get("StatefulSet", "db")
	assert.Equal(t, "observedGeneration:4 replicas:2 readyReplicas:2 availableReplicas:2 currentReplicas:1 updatedReplicas:1", status(set, fields...))
	require.NoError(t, f.Delete(kind("Pod"), "ns", "db-0", metav1.DeleteOptions{}))
	assert.Equal(t, "example/db:2", at(f.get("Pod", "db-0"), "spec", "containers").([]any)[0].(map[string]any)["image"], "below the partition the old template stays")

	f.edit("StatefulSet", "db", int64(1), "spec", "replicas")
	assert.Equal(t, []string{"db-0"}, names(f.list("Pod")))
	assert.Len(t, f.list("PersistentVolumeClaim"), 2, "claims outlive their pods")
}

func TestStatefulSetWaitsForEachPod(t *testing.T) {
	f := start(t)
	f.create(strings.Replace(db, "labels: {app: db}}, spec", "labels: {app: db}, annotations: {sim.setpoint.dev/fail: never-ready}}, spec", 1))
	assert.Equal(t, []string{"db-0"}, names(f.list("Pod")), "the first pod is not ready, so there is no second")
}

func TestDaemonSet(t *testing.T) {
	f := start(t)
	f.create(`{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {selector: {matchLabels: {app: agent}},
template: {metadata: {labels: {app: agent}}, spec: {nodeSelector: {kubernetes.io/os: linux}, containers: [{name: c, image: "example/agent:1"}]}}}}`)
	fields := []string{"observedGeneration", "desiredNumberScheduled", "currentNumberScheduled", "numberReady", "numberAvailable", "updatedNumberScheduled", "numberMisscheduled"}
	assert.Equal(t, "observedGeneration:1 desiredNumberScheduled:2 currentNumberScheduled:2 numberReady:2 numberAvailable:2 updatedNumberScheduled:2 numberMisscheduled:0",
		status(f.get("DaemonSet", "agent"), fields...))
	var nodes []string
	for _, pod := range f.list("Pod") {
		nodes = append(nodes, at(pod, "spec", "nodeName").(string))
	}
	assert.ElementsMatch(t, []string{"node-1", "node-2"}, nodes)

	f.edit("DaemonSet", "agent", []any{map[string]any{"name": "c", "image": "example/agent:2"}}, "spec", "template", "spec", "containers")
	assert.Equal(t, "observedGeneration:2 desiredNumberScheduled:2 currentNumberScheduled:2 numberReady:2 numberAvailable:2 updatedNumberScheduled:2 numberMisscheduled:0",
		status(f.get("DaemonSet", "agent"), fields...))
	f.edit("DaemonSet", "agent", map[string]any{"kubernetes.io/hostname": "node-1"}, "spec", "template", "spec", "nodeSelector")
	assert.Len(t, f.list("Pod"), 1)
}

func TestJob(t *testing.T) {
	job := func(spec, annotations string) string {
		return fmt.Sprintf(`{apiVersion: batch/v1, kind: Job, metadata: {name: j}, spec: {%s template: {metadata: {annotations: {%s}}, spec: {restartPolicy: Never, containers: [{name: c, image: "example/j:1"}]}}}}`, spec, annotations)
	}
	tests := map[string]struct{ spec, annotations, want string }{
		"one":          {"", "", "active:<nil> succeeded:1 failed:<nil> Complete=True/CompletionsReached SuccessCriteriaMet=True/CompletionsReached"},
		"several":      {"completions: 5, parallelism: 2,", "", "active:<nil> succeeded:5 failed:<nil> Complete=True/CompletionsReached SuccessCriteriaMet=True/CompletionsReached"},
		"indexed":      {"completions: 3, completionMode: Indexed,", "", "active:<nil> succeeded:3 failed:<nil> Complete=True/CompletionsReached SuccessCriteriaMet=True/CompletionsReached"},
		"failing":      {"backoffLimit: 2,", "sim.setpoint.dev/fail: crash-loop", "active:<nil> succeeded:<nil> failed:3 Failed=True/BackoffLimitExceeded FailureTarget=True/BackoffLimitExceeded"},
		"never pulled": {"", "sim.setpoint.dev/fail: image-pull", "active:1 succeeded:<nil> failed:<nil>"},
		"suspended":    {"suspend: true,", "", "active:<nil> succeeded:<nil> failed:<nil> Suspended=True/JobSuspended"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := start(t)
			f.create(job(test.spec, test.annotations))
			f.advance(5 * time.Minute)
			j := f.get("Job", "j")
			assert.Equal(t, test.want, status(j, "active", "succeeded", "failed"))
			switch name {
			case "indexed":
				assert.Equal(t, "0-2", at(j, "status", "completedIndexes"))
			case "suspended":
				f.edit("Job", "j", false, "spec", "suspend")
				assert.Contains(t, status(f.get("Job", "j")), "Complete=True")
			case "one":
				assert.NotNil(t, at(j, "status", "completionTime"))
				assert.NotNil(t, at(j, "status", "startTime"))
			}
		})
	}
}

func TestPodWaitsForWhatItNeeds(t *testing.T) {
	f := start(t)
	f.create(`{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i, envFrom: [{configMapRef: {name: settings}}]}],
volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]}}`)
	assert.Contains(t, status(f.get("Pod", "p"), "phase"), "phase:Pending PodScheduled=False/Unschedulable")
	f.create(`{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`)
	pod := f.get("Pod", "p")
	assert.Equal(t, "Pending", at(pod, "status", "phase"))
	reason, _, _ := unstructured.NestedString(at(pod, "status", "containerStatuses").([]any)[0].(map[string]any), "state", "waiting", "reason")
	assert.Equal(t, "CreateContainerConfigError", reason)
	f.create(`{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}`)
	assert.Equal(t, "Running", at(f.get("Pod", "p"), "status", "phase"))
	assert.NotEmpty(t, at(f.get("Pod", "p"), "status", "podIP"))
}

func TestService(t *testing.T) {
	f := start(t)
	f.create(web)
	f.create(`{apiVersion: v1, kind: Service, metadata: {name: web, labels: {app: web, team: a}}, spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80, targetPort: http}]}}`)
	assert.Equal(t, "203.0.113.2", at(f.get("Service", "web"), "status", "loadBalancer", "ingress").([]any)[0].(map[string]any)["ip"])
	slices := f.list("EndpointSlice")
	require.Len(t, slices, 1)
	assert.Equal(t, map[string]string{
		"app": "web", "team": "a", "kubernetes.io/service-name": "web", "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
	}, slices[0].GetLabels(), "the Service's labels are copied")
	assert.Equal(t, "Service", metav1.GetControllerOf(slices[0]).Kind)
	require.Len(t, slices[0].Object["endpoints"], 3)
	assert.EqualValues(t, 8080, slices[0].Object["ports"].([]any)[0].(map[string]any)["port"])
	endpoints := f.get("Endpoints", "web")
	assert.Len(t, endpoints.Object["subsets"].([]any)[0].(map[string]any)["addresses"], 3)

	f.edit("Deployment", "web", int64(1), "spec", "replicas")
	assert.Len(t, f.list("EndpointSlice")[0].Object["endpoints"], 1)

	require.NoError(t, f.Delete(kind("EndpointSlice"), "ns", slices[0].GetName(), metav1.DeleteOptions{}))
	assert.Len(t, f.list("EndpointSlice"), 1, "it comes back")
	require.NoError(t, f.Delete(kind("Service"), "ns", "web", metav1.DeleteOptions{}))
	assert.Empty(t, f.list("EndpointSlice"))
	assert.Empty(t, f.list("Endpoints"))
}

func TestAutoscaler(t *testing.T) {
	f := start(t)
	f.create(`{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {minReplicas: 5, maxReplicas: 8,
scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]}}`)
	assert.Equal(t, "AbleToScale=False/FailedGetScale", status(f.get("HorizontalPodAutoscaler", "h")))
	f.create(web)
	assert.Len(t, f.list("Pod"), 5)
	assert.Equal(t, "currentReplicas:5 desiredReplicas:5 AbleToScale=True/ReadyForNewScale ScaledToZero=False/NotScaledToZero ScalingActive=True/ValidMetricFound ScalingLimited=False/DesiredWithinRange",
		status(f.get("HorizontalPodAutoscaler", "h"), "currentReplicas", "desiredReplicas"))
}

func TestBudget(t *testing.T) {
	f := start(t)
	f.create(web)
	f.create(`{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}}`)
	fields := []string{"expectedPods", "currentHealthy", "desiredHealthy", "disruptionsAllowed"}
	assert.Equal(t, "expectedPods:3 currentHealthy:3 desiredHealthy:2 disruptionsAllowed:1 DisruptionAllowed=True/SufficientPods", status(f.get("PodDisruptionBudget", "b"), fields...))
	f.edit("Deployment", "web", int64(2), "spec", "replicas")
	assert.Equal(t, "expectedPods:2 currentHealthy:2 desiredHealthy:2 disruptionsAllowed:0 DisruptionAllowed=False/InsufficientPods", status(f.get("PodDisruptionBudget", "b"), fields...))
}

func TestAPIService(t *testing.T) {
	f := start(t)
	f.create(`{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: v1.metrics.example.com}, spec: {group: metrics.example.com, version: v1,
groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true, service: {namespace: ns, name: web}}}`)
	assert.Equal(t, "Available=False/ServiceNotFound", status(f.get("APIService", "v1.metrics.example.com")))
	f.create(`{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 443}]}}`)
	assert.Equal(t, "Available=False/MissingEndpoints", status(f.get("APIService", "v1.metrics.example.com")))
	f.create(web)
	assert.Equal(t, "Available=False/FailedDiscoveryCheck", status(f.get("APIService", "v1.metrics.example.com")))
}

func TestNamespaceFurniture(t *testing.T) {
	f := start(t)
	assert.NotNil(t, f.get("ServiceAccount", "default"))
	require.NoError(t, f.Delete(kind("ConfigMap"), "ns", "kube-root-ca.crt", metav1.DeleteOptions{}))
	assert.NotNil(t, f.get("ConfigMap", "kube-root-ca.crt"), "it comes back")
	f.create(web)
	f.create(db)
	f.create(`{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 443}]}}`)
	require.NoError(t, f.Delete(kind("Namespace"), "", "ns", metav1.DeleteOptions{}))
	_, err := f.Get(kind("Namespace"), "", "ns")
	assert.True(t, apierrors.IsNotFound(err), "the namespace goes with all that was in it: %v", err)
	volumes, err := f.List(kind("PersistentVolume"), "", nil)
	require.NoError(t, err)
	assert.Empty(t, volumes)
}

func TestStatesAreQuiet(t *testing.T) {
	f := start(t)
	for _, text := range []string{web, db, `{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}]}}`} {
		f.create(text)
	}
	before := f.server.Version()
	f.server.Settle()
	f.create(`{apiVersion: v1, kind: ConfigMap, metadata: {name: unrelated}}`)
	assert.Equal(t, before+1, f.server.Version(), "nothing is written that nobody asked for")
}

func TestManagers(t *testing.T) {
	f := start(t)
	f.create(web)
	var managers []string
	for _, m := range f.get("Deployment", "web").GetManagedFields() {
		managers = append(managers, m.Manager+"/"+m.Subresource)
	}
	assert.ElementsMatch(t, []string{"test/", "kube-controller-manager/status"}, managers)
	managers = nil
	for _, m := range f.list("Pod")[0].GetManagedFields() {
		managers = append(managers, m.Manager+"/"+m.Subresource)
	}
	assert.Contains(t, managers, "kubelet/status")
}

func TestClaims(t *testing.T) {
	f := start(t)
	f.create(`{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {storageClassName: fast, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`)
	f.create(`{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}], volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]}}`)
	assert.Equal(t, "Pending", at(f.get("PersistentVolumeClaim", "data"), "status", "phase"), "nobody provisions for an unknown class")
	assert.Contains(t, status(f.get("Pod", "p")), "PodScheduled=False/Unschedulable")

	_, err := f.Create(&unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": map[string]any{"name": "fast"}, "provisioner": "example.com/fast",
	}}, apiserver.WriteOptions{Manager: "test"})
	require.NoError(t, err)
	assert.Equal(t, "Bound", at(f.get("PersistentVolumeClaim", "data"), "status", "phase"))
	assert.Equal(t, "Running", at(f.get("Pod", "p"), "status", "phase"))

	assert.Contains(t, status(f.get("PersistentVolumeClaim", "data")), "Unused=False/PodUsingPVC")

	require.NoError(t, f.Delete(kind("Pod"), "ns", "p", metav1.DeleteOptions{}))
	assert.Contains(t, status(f.get("PersistentVolumeClaim", "data")), "Unused=True/NoPodsUsingPVC")
	require.NoError(t, f.Delete(kind("PersistentVolumeClaim"), "ns", "data", metav1.DeleteOptions{}))
	assert.Empty(t, f.list("PersistentVolumeClaim"))
	volumes, err := f.List(kind("PersistentVolume"), "", nil)
	require.NoError(t, err)
	assert.Empty(t, volumes, "the volume goes with its claim")
}
