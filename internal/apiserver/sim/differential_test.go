package sim_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
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
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/internal/apiserver/sim"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// An edit sets one field of an object that a scenario has created.
type edit struct {
	kind, name string
	value      any
	path       []string
}

func image(n int) []any {
	return []any{map[string]any{"name": "c", "image": fmt.Sprintf("example/x:%d", n)}}
}

var template = []string{"spec", "template", "spec", "containers"}

// scenarios are written to both servers, step by step. kinds are compared in the end.
var scenarios = map[string]struct {
	objects []string
	edits   []edit
	kinds   []string
	after   time.Duration // how far the simulated clock goes before the end is compared
	rules   []sim.Rule    // the script of what the cluster lacks
}{
	"deployment": {objects: []string{web}, kinds: []string{"Deployment", "ReplicaSet", "Pod"}},
	"deployment rolled": {objects: []string{web}, kinds: []string{"Deployment", "ReplicaSet", "Pod"},
		edits: []edit{{"Deployment", "web", image(2), template}}},
	"deployment recreated": {objects: []string{strings.Replace(web, "replicas: 3,", "replicas: 3, strategy: {type: Recreate},", 1)},
		kinds: []string{"Deployment", "ReplicaSet", "Pod"}, edits: []edit{{"Deployment", "web", image(2), template}}},
	"deployment scaled": {objects: []string{web}, kinds: []string{"Deployment", "ReplicaSet", "Pod"},
		edits: []edit{{"Deployment", "web", int64(1), []string{"spec", "replicas"}}}},
	"deployment of none": {objects: []string{strings.Replace(web, "replicas: 3", "replicas: 0", 1)}, kinds: []string{"Deployment", "ReplicaSet", "Pod"}},
	"broken image":       {objects: []string{failing(web, "image-pull")}, kinds: []string{"Deployment", "ReplicaSet", "Pod"}},
	"crash loop":         {objects: []string{failing(web, "crash-loop")}, kinds: []string{"Deployment", "ReplicaSet", "Pod"}},
	"never ready":        {objects: []string{failing(web, "never-ready")}, kinds: []string{"Deployment", "ReplicaSet", "Pod"}},
	"broken rollout": {objects: []string{web}, kinds: []string{"Deployment", "ReplicaSet", "Pod"},
		edits: []edit{{"Deployment", "web", map[string]any{"sim.setpoint.dev/fail": "image-pull"}, []string{"spec", "template", "metadata", "annotations"}}}},
	"stateful set": {objects: []string{db}, kinds: []string{"StatefulSet", "Pod", "PersistentVolumeClaim", "ControllerRevision"}},
	"stateful set rolled": {objects: []string{db}, kinds: []string{"StatefulSet", "Pod", "ControllerRevision"},
		edits: []edit{{"StatefulSet", "db", image(2), template}}},
	"daemon set": {objects: []string{agent}, kinds: []string{"DaemonSet", "Pod", "ControllerRevision"}},
	"daemon set rolled": {objects: []string{agent}, kinds: []string{"DaemonSet", "Pod", "ControllerRevision"},
		edits: []edit{{"DaemonSet", "agent", image(2), template}}},
	"job":           {objects: []string{job("")}, kinds: []string{"Job", "Pod"}},
	"indexed job":   {objects: []string{job("completions: 3, parallelism: 3, completionMode: Indexed,")}, kinds: []string{"Job", "Pod"}},
	"failing job":   {objects: []string{failing(job("backoffLimit: 0,"), "crash-loop")}, kinds: []string{"Job", "Pod"}},
	"suspended job": {objects: []string{job("suspend: true,")}, kinds: []string{"Job", "Pod"}},
	"service": {objects: []string{web, `{apiVersion: v1, kind: Service, metadata: {name: web, labels: {team: a}}, spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}}`},
		kinds: []string{"EndpointSlice", "Endpoints", "Service"}},
	"headless service": {objects: []string{db, `{apiVersion: v1, kind: Service, metadata: {name: db}, spec: {clusterIP: None, selector: {app: db}, ports: [{name: sql, port: 5432}]}}`},
		kinds: []string{"EndpointSlice", "Endpoints", "Service"}},
	"service without pods": {objects: []string{`{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {selector: {app: web}, ports: [{port: 80}]}}`},
		kinds: []string{"EndpointSlice", "Endpoints", "Service"}},
	"load balancer": {objects: []string{`{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {type: LoadBalancer, ports: [{port: 80}]}}`}, kinds: []string{"Service"}},
	"budget": {objects: []string{web, `{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}}`},
		kinds: []string{"PodDisruptionBudget"}},
	"claim":     {objects: []string{`{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: c}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`}, kinds: []string{"PersistentVolumeClaim"}},
	"namespace": {kinds: []string{"ServiceAccount", "ConfigMap"}},
	"replication controller": {objects: []string{controller}, kinds: []string{"ReplicationController", "Pod"},
		edits: []edit{{"ReplicationController", "rc", int64(1), []string{"spec", "replicas"}}}},
	"replication controller over quota": {objects: []string{`{apiVersion: v1, kind: ResourceQuota, metadata: {name: scripted}, spec: {hard: {pods: "1"}}}`, controller},
		kinds: []string{"ReplicationController", "Pod"}, rules: []sim.Rule{{Kind: "ReplicationController", Behavior: sim.Behavior{Outcome: sim.QuotaExceeded, Limit: 1}}}},
	"cron job that has run": {objects: []string{strings.Replace(cron(""), "*/10 *", "* *", 1)}, after: time.Minute, kinds: []string{"CronJob", "Job", "Pod"}},
	"minReadySeconds": {objects: []string{strings.Replace(web, "replicas: 3", "minReadySeconds: 2, replicas: 3", 1)}, after: time.Minute,
		kinds: []string{"Deployment", "ReplicaSet", "Pod"}, edits: []edit{{"Deployment", "web", image(2), template}}},
	"minReadySeconds never over": {objects: []string{strings.Replace(web, "replicas: 3", "minReadySeconds: 500, replicas: 3", 1)},
		kinds: []string{"Deployment", "ReplicaSet", "Pod"}},
	"progress deadline": {objects: []string{failing(strings.Replace(web, "replicas: 3", "progressDeadlineSeconds: 2, replicas: 3", 1), "image-pull")}, after: time.Minute,
		kinds: []string{"Deployment", "ReplicaSet", "Pod"}},
	"minReadySeconds of sets": {objects: []string{strings.Replace(db, "replicas: 2", "minReadySeconds: 1, replicas: 2", 1), strings.Replace(agent, "spec: {", "spec: {minReadySeconds: 1, ", 1)},
		after: time.Minute, kinds: []string{"StatefulSet", "DaemonSet", "Pod"}},
	"job of never ending pods": {objects: []string{failing(job("parallelism: 2,"), "never-ready")}, kinds: []string{"Job", "Pod"}},
	"job of indexes on their own": {objects: []string{failing(job("completions: 2, parallelism: 2, completionMode: Indexed, backoffLimitPerIndex: 1,"), "crash-loop")}, after: time.Minute,
		kinds: []string{"Job", "Pod"}},
	"job of too many lost indexes": {objects: []string{failing(job("completions: 4, parallelism: 1, completionMode: Indexed, backoffLimitPerIndex: 0, maxFailedIndexes: 1,"), "crash-loop")}, after: time.Minute,
		kinds: []string{"Job"}},
	"job that waits to try an index again": {objects: []string{failing(job("completions: 1, completionMode: Indexed, backoffLimitPerIndex: 6,"), "crash-loop")},
		kinds: []string{"Job", "Pod"}},
	"job of few successes": {objects: []string{job("completions: 5, parallelism: 1, completionMode: Indexed, successPolicy: {rules: [{succeededCount: 2}]},")},
		kinds: []string{"Job"}},
	"job of one success": {objects: []string{job(`completions: 5, parallelism: 1, completionMode: Indexed, successPolicy: {rules: [{succeededIndexes: "0"}]},`)},
		kinds: []string{"Job"}},
	"job past its deadline": {objects: []string{failing(job("activeDeadlineSeconds: 2, parallelism: 2,"), "never-ready")}, after: time.Minute,
		kinds: []string{"Job", "Pod"}},
	"job suspended at work": {objects: []string{failing(job("parallelism: 2,"), "never-ready")}, kinds: []string{"Job", "Pod"},
		edits: []edit{{"Job", "j", true, []string{"spec", "suspend"}}}},
	"job resumed":     {objects: []string{job("suspend: true,")}, kinds: []string{"Job", "Pod"}, edits: []edit{{"Job", "j", false, []string{"spec", "suspend"}}}},
	"job of two ways": {objects: []string{failing(job("backoffLimit: 1,"), "crash-loop")}, after: time.Minute, kinds: []string{"Job", "Pod"}},
	"job restarted in place": {objects: []string{strings.Replace(failing(job("backoffLimit: 4,"), "crash-loop"), "Never", "OnFailure", 1)}, after: time.Second,
		kinds: []string{"Job", "Pod"}},
	"job with its own idea of failure": {objects: []string{failing(job("podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: In, values: [1]}}]},"), "crash-loop")},
		kinds: []string{"Job", "Pod"}},
	"job that is deleted when it is over": {objects: []string{job("ttlSecondsAfterFinished: 0,")}, kinds: []string{"Job", "Pod"}},
	"job of many":                         {objects: []string{job("completions: 7, parallelism: 3, completionMode: Indexed,")}, kinds: []string{"Job", "Pod"}},
	"indexed job that fails": {objects: []string{failing(job("completions: 3, parallelism: 3, completionMode: Indexed, backoffLimit: 0,"), "crash-loop")},
		kinds: []string{"Job"}},
	"cron job":           {objects: []string{cron("")}, kinds: []string{"CronJob", "Job"}},
	"cron job suspended": {objects: []string{cron("suspend: true,")}, kinds: []string{"CronJob", "Job"}},
	"autoscaler without metrics": {objects: []string{web, autoscaler}, kinds: []string{"HorizontalPodAutoscaler", "ReplicaSet"},
		rules: []sim.Rule{{Kind: "HorizontalPodAutoscaler", Behavior: sim.Behavior{Outcome: sim.NeverReady}}}},
	"autoscaler below its least": {objects: []string{strings.Replace(web, "replicas: 3", "replicas: 1", 1), autoscaler}, kinds: []string{"HorizontalPodAutoscaler", "ReplicaSet"},
		rules: []sim.Rule{{Kind: "HorizontalPodAutoscaler", Behavior: sim.Behavior{Outcome: sim.NeverReady}}}},
	"autoscaler of nothing":     {objects: []string{strings.Replace(web, "replicas: 3", "replicas: 0", 1), autoscaler}, kinds: []string{"HorizontalPodAutoscaler", "ReplicaSet"}},
	"autoscaler without target": {objects: []string{autoscaler}, kinds: []string{"HorizontalPodAutoscaler"}},
	"quota": {objects: []string{`{apiVersion: v1, kind: ResourceQuota, metadata: {name: scripted}, spec: {hard: {pods: "2"}}}`, web}, kinds: []string{"Deployment", "ReplicaSet", "Pod"},
		rules: []sim.Rule{{Kind: "Deployment", Behavior: sim.Behavior{Outcome: sim.QuotaExceeded, Limit: 2}}}},
	"budget by share": {objects: []string{web, `{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {maxUnavailable: 30%, selector: {matchLabels: {app: web}}}}`},
		kinds: []string{"PodDisruptionBudget"}},
	"budget of pods that are not ready": {objects: []string{failing(web, "never-ready"), `{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {minAvailable: 50%, selector: {matchLabels: {app: web}}}}`},
		kinds: []string{"PodDisruptionBudget"}},
	"budget of a daemon set": {objects: []string{`{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {maxUnavailable: 1, selector: {matchLabels: {app: agent}}}}`, agent},
		kinds: []string{"PodDisruptionBudget"}},
	"budget of more than there is": {objects: []string{`{apiVersion: v1, kind: ResourceQuota, metadata: {name: scripted}, spec: {hard: {pods: "2"}}}`, web,
		`{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {maxUnavailable: 2, selector: {matchLabels: {app: web}}}}`},
		kinds: []string{"PodDisruptionBudget"}, edits: []edit{{"Deployment", "web", int64(5), []string{"spec", "replicas"}}},
		rules: []sim.Rule{{Kind: "Deployment", Behavior: sim.Behavior{Outcome: sim.QuotaExceeded, Limit: 2}}}},
	"budget of nothing": {objects: []string{`{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: b}, spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}}`},
		kinds: []string{"PodDisruptionBudget"}},
	"claim without class": {objects: []string{strings.Replace(mine, "spec: {", "spec: {storageClassName: nobodys, ", 1), user}, kinds: []string{"PersistentVolumeClaim", "Pod"}},
	"claim that waits":    {objects: []string{strings.Replace(mine, "spec: {", "spec: {storageClassName: late, ", 1)}, kinds: []string{"PersistentVolumeClaim"}},
	"claim that is used":  {objects: []string{strings.Replace(mine, "spec: {", "spec: {storageClassName: late, ", 1), user}, kinds: []string{"PersistentVolumeClaim", "Pod"}},
	"claim at once":       {objects: []string{mine, user}, kinds: []string{"PersistentVolumeClaim", "Pod"}},
	"pod": {objects: []string{`{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {initContainers: [{name: i, image: i}], containers: [{name: c, image: c, envFrom: [{configMapRef: {name: gone}}]}]}}`},
		kinds: []string{"Pod"}},
}

const (
	controller = `{apiVersion: v1, kind: ReplicationController, metadata: {name: rc, labels: {app: rc}}, spec: {replicas: 2, selector: {app: rc},
template: {metadata: {labels: {app: rc}}, spec: {containers: [{name: c, image: "example/x:1"}]}}}}`
	mine = `{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`
	user = `{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, image: i}], volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]}}`
	// A cluster looks at an autoscaler every 15 seconds.
	autoscaler = `{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, spec: {minReplicas: 2, maxReplicas: 5,
scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]}}`
)

const agent = `{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: agent}, spec: {selector: {matchLabels: {app: agent}},
template: {metadata: {labels: {app: agent}}, spec: {containers: [{name: c, image: "example/x:1"}]}}}}`

func job(spec string) string {
	return fmt.Sprintf(`{apiVersion: batch/v1, kind: Job, metadata: {name: j, labels: {app: j}}, spec: {%s template: {metadata: {labels: {app: j}}, spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}`, spec)
}

func failing(text, how string) string {
	return strings.Replace(text, "template: {metadata: {", "template: {metadata: {annotations: {sim.setpoint.dev/fail: "+how+"}, ", 1)
}

var plural = map[string]string{"Endpoints": "endpoints"}

// TestLikeTheCluster writes each scenario to a cluster with the real controllers and waits until its objects look as the
// simulated ones do at once: metadata, who wrote what, statuses; names, times, addresses and hashes aside.
func TestLikeTheCluster(t *testing.T) {
	cluster := kubetest.Shared(t, &kubetest.Options{Controllers: true})
	config := rest.CopyConfig(cluster.Config())
	config.QPS, config.UserAgent = -1, "test"
	client, err := dynamic.NewForConfig(config)
	require.NoError(t, err)
	_, err = client.Resource(schema.GroupVersionResource{Group: "storage.k8s.io", Version: "v1", Resource: "storageclasses"}).
		Create(t.Context(), parse(t, waitingClass), metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		require.NoError(t, err)
	}
	for _, name := range slices.Sorted(maps.Keys(scenarios)) {
		scenario := scenarios[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			namespace := kubetest.Namespace(t, config)
			resource := func(name string) dynamic.ResourceInterface {
				gvk := kind(name)
				r := plural[name]
				if r == "" {
					r = strings.ToLower(name) + "s"
				}
				return client.Resource(schema.GroupVersionResource{Group: gvk.Group, Version: gvk.Version, Resource: r}).Namespace(namespace)
			}
			f := start(t)
			f.create(waitingClass)
			f.script(scenario.rules...)
			var got, want string
			look := func(ctx context.Context) (bool, error) {
				var theirs, ours []*unstructured.Unstructured
				for _, k := range scenario.kinds {
					list, err := resource(k).List(ctx, metav1.ListOptions{})
					if err != nil {
						return false, err
					}
					for i := range list.Items {
						theirs = append(theirs, &list.Items[i])
					}
					ours = append(ours, f.list(k)...)
				}
				want = strings.ReplaceAll(masked(t, theirs, namespace), namespace+"/", "ns/")
				got = masked(t, ours, "ns")
				return want == got, nil
			}
			equal := func() bool {
				err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, 2*time.Minute, true, look)
				return assert.Equal(t, want, got) && assert.NoError(t, err)
			}
			for _, text := range scenario.objects {
				f.create(text)
				obj := parse(t, text)
				obj.SetNamespace(namespace)
				_, err := resource(obj.GetKind()).Create(t.Context(), obj, metav1.CreateOptions{})
				require.NoError(t, err)
			}
			f.advance(scenario.after)
			if !equal() {
				return
			}
			for _, e := range scenario.edits {
				f.edit(e.kind, e.name, e.value, e.path...)
				require.NoError(t, wait.PollUntilContextTimeout(t.Context(), 10*time.Millisecond, 10*time.Second, true, func(ctx context.Context) (bool, error) {
					obj, err := resource(e.kind).Get(ctx, e.name, metav1.GetOptions{})
					require.NoError(t, err)
					require.NoError(t, unstructured.SetNestedField(obj.Object, e.value, e.path...))
					_, err = resource(e.kind).Update(ctx, obj, metav1.UpdateOptions{})
					if apierrors.IsConflict(err) {
						return false, nil
					}
					return true, err
				}))
				f.advance(scenario.after)
				if !equal() {
					return
				}
			}
		})
	}
}

var (
	scheduled = regexp.MustCompile(`"(c-)\d{8}`)
	refused   = regexp.MustCompile(`pods \\"rc-[a-z0-9]{5}\\"`)
	generated = regexp.MustCompile(`\bweb-(HASH|[a-z0-9]{5,10})-([a-z0-9]{5}|X)(\b|_[a-z0-9-]+)`)
	times     = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"`)
	uids      = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	addresses = regexp.MustCompile(`\b(10|192|203)(\.\d{1,3}){3}\b`)
	machines  = regexp.MustCompile(`\bnode-[12]\b`)
	digests   = regexp.MustCompile(`simulated://[0-9a-f]+`)
	ports     = regexp.MustCompile(`"nodePort": \d+`)
	// begun is what a Deployment says of a rollout that does not end. Which of the two it is depends on whether the
	// cluster's controller has looked between the making of the ReplicaSet and the first count of its pods.
	begun = regexp.MustCompile(`"message": "(Created new replica set|ReplicaSet) \\"web-HASH\\"( is progressing\.)?",\s+"reason": "(NewReplicaSetCreated|ReplicaSetUpdated)"`)
)

// masked prints objects without what differs between any two clusters, each kind in a fixed order.
func masked(t testing.TB, objects []*unstructured.Unstructured, namespace string) string {
	t.Helper()
	var replace []string
	for _, obj := range objects {
		if g := obj.GetGenerateName(); g != "" && !(obj.GetKind() == "Pod" && strings.HasPrefix(obj.GetName(), "db-")) {
			replace = append(replace, obj.GetName(), g+"X")
		}
		for _, label := range []string{"pod-template-hash", "controller-revision-hash", "controller.kubernetes.io/hash"} {
			if hash := obj.GetLabels()[label]; hash != "" && (obj.GetKind() != "Pod" || label == "controller-revision-hash") {
				replace = append(replace, hash, "HASH", strings.TrimPrefix(hash, "db-"), "HASH")
			}
		}
		for _, m := range []string{"currentRevision", "updateRevision"} {
			if name, _ := at(obj, "status", m).(string); name != "" {
				replace = append(replace, name, "REVISION", strings.TrimPrefix(name, "db-"), "HASH")
			}
		}
	}
	replace = append(replace, `"`+namespace+`"`, `"NAMESPACE"`)
	replacer := strings.NewReplacer(replace...)
	var out []string
	for _, obj := range objects {
		raw, err := json.MarshalIndent(reduced(obj), "", " ")
		require.NoError(t, err)
		text := replacer.Replace(string(raw))
		text = generated.ReplaceAllString(text, "web-HASH-X")
		text = scheduled.ReplaceAllString(text, `"${1}TIME`)
		text = refused.ReplaceAllString(text, `pods "rc-X"`)
		text = times.ReplaceAllString(text, `"TIME"`)
		text = uids.ReplaceAllString(text, "UID")
		text = addresses.ReplaceAllString(text, "IP")
		text = machines.ReplaceAllString(text, "NODE")
		text = digests.ReplaceAllString(text, "DIGEST")
		text = ports.ReplaceAllString(text, `"nodePort": 0`)
		text = begun.ReplaceAllString(text, `"reason": "BEGUN"`)
		out = append(out, text)
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}

// ordered sorts addresses by the pod behind them, generated names aside.
func ordered(list any) {
	items, _ := list.([]any)
	slices.SortFunc(items, func(a, b any) int {
		x, _ := json.Marshal(a.(map[string]any)["targetRef"])
		y, _ := json.Marshal(b.(map[string]any)["targetRef"])
		return strings.Compare(string(x), string(y))
	})
}

// reduced keeps what controllers and kubelets decide. What the API server itself makes of a spec is compared elsewhere.
func reduced(obj *unstructured.Unstructured) map[string]any {
	obj = obj.DeepCopy()
	// When the last change began, which the cluster notes on some of its writes.
	unstructured.RemoveNestedField(obj.Object, "metadata", "annotations", "endpoints.kubernetes.io/last-change-trigger-time")
	if len(obj.GetAnnotations()) == 0 {
		unstructured.RemoveNestedField(obj.Object, "metadata", "annotations")
	}
	if obj.GetKind() == "EndpointSlice" {
		obj.SetGeneration(0) // counts how often the cluster's controller has looked
	}
	ordered(obj.Object["endpoints"])
	subsets, _ := obj.Object["subsets"].([]any)
	for _, s := range subsets {
		ordered(s.(map[string]any)["addresses"])
	}
	meta := map[string]any{}
	for _, name := range []string{"name", "generateName", "labels", "annotations", "finalizers", "ownerReferences", "generation"} {
		if value := at(obj, "metadata", name); value != nil {
			meta[name] = value
		}
	}
	var managers []string
	for _, m := range obj.GetManagedFields() {
		// The test control plane is one binary; a user agent is called after it.
		manager := m.Manager
		if strings.HasPrefix(manager, "controlplane-") {
			manager = "kube-controller-manager"
		}
		if manager == "kube-scheduler" {
			continue // it writes only when it sees a pod before the pod's claims are bound
		}
		managers = append(managers, strings.TrimSuffix(fmt.Sprintf("%s %s/%s", manager, m.Operation, m.Subresource), "/"))
	}
	slices.Sort(managers)
	out := map[string]any{"kind": obj.GetKind(), "metadata": meta, "status": at(obj, "status"), "managers": managers}
	spec := map[string]any{}
	for _, name := range []string{"replicas", "minReadySeconds", "nodeName", "hostname", "subdomain", "affinity", "tolerations", "volumeName"} {
		if value := at(obj, "spec", name); value != nil {
			spec[name] = value
		}
	}
	out["spec"] = spec
	switch obj.GetKind() {
	case "EndpointSlice", "Endpoints", "ControllerRevision":
		for _, name := range []string{"endpoints", "ports", "addressType", "subsets", "revision"} {
			out[name] = obj.Object[name]
		}
	}
	if conditions, ok, _ := unstructured.NestedSlice(obj.Object, "status", "conditions"); ok {
		slices.SortFunc(conditions, func(a, b any) int {
			return strings.Compare(a.(map[string]any)["type"].(string), b.(map[string]any)["type"].(string))
		})
		_ = unstructured.SetNestedSlice(obj.Object, conditions, "status", "conditions")
		out["status"] = obj.Object["status"]
	}
	return out
}
