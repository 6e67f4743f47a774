package strategy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// statuses are merge patches of the status of an object, one after the other, with the code that both servers have to give.
var statuses = []struct {
	name     string
	resource apischema.GroupVersionResource
	object   string
	patches  []statusPatch
}{
	{"pod", pods, podOf("x", "restartPolicy: OnFailure, initContainers: [{name: i, image: i}, {name: s, image: i, restartPolicy: Always}],"), []statusPatch{
		{422, `{"conditions": [{"type": "a b", "status": "True"}, {"type": "Ready", "status": "True"}, {"type": "example.com/x", "status": "True", "observedGeneration": -1}]}`},
		{422, `{"observedGeneration": -2, "qosClass": "Guaranteed", "nominatedNodeName": "A_b"}`}, {200, `{"nominatedNodeName": "node-1"}`},
		{200, `{"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.2"}, {"ip": "10.0.0.3"}]}`}, {200, `{"podIP": "10.0.0.1"}`}, {200, `{"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "::1"}]}`},
		{422, `{"podIP": "x", "podIPs": [{"ip": "x"}]}`}, {422, `{"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}]}`},
		{422, `{"hostIP": "10.0.0.1", "hostIPs": [{"ip": "10.0.0.2"}]}`}, {200, `{"hostIP": "nonsense"}`}, {422, `{"hostIP": "1.2", "hostIPs": [{"ip": "1.2"}]}`},
		{422, `{"hostIP": "10.0.0.1", "hostIPs": [{"ip": "10.0.0.1"}, {"ip": "::1"}, {"ip": "::2"}]}`},
		{422, `{"resourceClaimStatuses": [{"name": "a"}, {"name": "a", "resourceClaimName": "X"}]}`},
		{200, `{"containerStatuses": [{"name": "c", "image": "i", "imageID": "i", "ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": 0}}}]}`},
		{422, `{"containerStatuses": [{"name": "c", "image": "i", "imageID": "i", "ready": false, "restartCount": 0, "state": {"running": {}}}]}`},
		{200, `{"containerStatuses": [{"name": "c", "image": "i", "imageID": "i", "ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": 3}}}]}`},
		{200, `{"containerStatuses": [{"name": "c", "image": "i", "imageID": "i", "ready": false, "restartCount": 0, "state": {"running": {}}}]}`},
		{200, `{"initContainerStatuses": [{"name": "i", "image": "i", "imageID": "i", "ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": 0}}},
			{"name": "s", "image": "i", "imageID": "i", "ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": 0}}}]}`},
		{422, `{"initContainerStatuses": [{"name": "i", "image": "i", "imageID": "i", "ready": false, "restartCount": 0, "state": {"waiting": {}}},
			{"name": "s", "image": "i", "imageID": "i", "ready": false, "restartCount": 0, "state": {"waiting": {}}}]}`},
		{200, `{"ephemeralContainerStatuses": [{"name": "e", "image": "i", "imageID": "i", "ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": 1}}}]}`},
		{422, `{"ephemeralContainerStatuses": [{"name": "e", "image": "i", "imageID": "i", "ready": false, "restartCount": 0, "state": {"waiting": {}}}]}`},
		{422, `{"containerStatuses": [{"name": "c", "image": "i", "imageID": "i", "ready": false, "restartCount": 0,
			"user": {"linux": {"uid": -1, "gid": -1, "supplementalGroups": [4294967296]}}}]}`},
		{200, `{"containerStatuses": [{"name": "c", "image": "i", "imageID": "i", "ready": false, "restartCount": 0, "user": {"linux": {"uid": 4294967295, "gid": 1}}}]}`},
		{422, `{"containerStatuses": [{"name": "c", "image": "i", "imageID": "i", "ready": false, "restartCount": 0, "allocatedResourcesStatus": [
			{"name": "cpu"}, {"name": "claim:a"}, {"name": "memory", "resources": [{"resourceID": "a", "health": "Fine"}, {"resourceID": "a", "message": ""}]}]}]}`},
	}},
	{"pod by rules", pods, podOf("r", "restartPolicy: Never, initContainers: [{name: a, image: i, restartPolicy: Never, restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [3]}}]}],"), []statusPatch{
		{200, `{"initContainerStatuses": [{"name": "a", "image": "i", "imageID": "i", "ready": false, "restartCount": 0, "state": {"terminated": {"exitCode": 3}}}]}`},
		{200, `{"initContainerStatuses": [{"name": "a", "image": "i", "imageID": "i", "ready": false, "restartCount": 1, "state": {"running": {}}}]}`},
		{200, `{"initContainerStatuses": [{"name": "a", "image": "i", "imageID": "i", "ready": false, "restartCount": 1, "state": {"terminated": {"exitCode": 4}}}]}`},
		{422, `{"initContainerStatuses": [{"name": "a", "image": "i", "imageID": "i", "ready": false, "restartCount": 1, "state": {"running": {}}}]}`},
	}},
	{"pod on a node", pods, podOf("nominated", "nodeName: node-1,"), []statusPatch{{422, `{"nominatedNodeName": "node-2"}`}}},
	{"deployment", apischema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}, workload("apps/v1", "Deployment", ""), []statusPatch{
		{200, `{"replicas": 3, "readyReplicas": 2, "availableReplicas": 2, "updatedReplicas": 3, "collisionCount": 2}`},
		{422, `{"replicas": -1}`}, {422, `{"readyReplicas": 4}`}, {422, `{"availableReplicas": 3}`}, {422, `{"updatedReplicas": 4}`},
		{422, `{"observedGeneration": -1}`}, {422, `{"unavailableReplicas": -1}`}, {422, `{"terminatingReplicas": -1}`},
		{422, `{"collisionCount": 1}`}, {422, `{"collisionCount": null}`}, {422, `{"replicas": 0}`}, {200, `{"collisionCount": 3}`},
	}},
	{"replicaset", apischema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}, workload("apps/v1", "ReplicaSet", ""), []statusPatch{
		{422, `{"replicas": -1}`}, {422, `{"replicas": 1, "readyReplicas": 2}`}, {422, `{"replicas": 1, "fullyLabeledReplicas": 2}`},
		{422, `{"replicas": 2, "availableReplicas": 1}`}, {422, `{"observedGeneration": -1}`}, {200, `{"replicas": 2, "readyReplicas": 1}`},
	}},
	{"statefulset", apischema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}, workload("apps/v1", "StatefulSet", "serviceName: s,"), []statusPatch{
		{422, `{"replicas": -1}`}, {422, `{"replicas": 1, "readyReplicas": 2}`}, {422, `{"replicas": 1, "currentReplicas": 2, "updatedReplicas": 3}`},
		{422, `{"replicas": 2, "availableReplicas": 1}`}, {422, `{"replicas": 0, "observedGeneration": -1}`},
		{200, `{"replicas": 2, "readyReplicas": 1, "collisionCount": 1}`}, {422, `{"collisionCount": 0}`},
	}},
	{"daemonset", apischema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "daemonsets"}, workload("apps/v1", "DaemonSet", ""), []statusPatch{
		{422, `{"currentNumberScheduled": -1, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": -2}`},
		{200, `{"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 4, "collisionCount": 1}`},
		{422, `{"observedGeneration": -1, "numberAvailable": -1, "numberUnavailable": -1, "updatedNumberScheduled": -1}`}, {422, `{"collisionCount": 0}`},
	}},
	{"controller", apischema.GroupVersionResource{Version: "v1", Resource: "replicationcontrollers"},
		`{apiVersion: v1, kind: ReplicationController, metadata: {name: x}, spec: {selector: {a: b}, ` + template + `}}`, []statusPatch{
			{422, `{"replicas": -1}`}, {422, `{"replicas": 1, "readyReplicas": 2}`}, {422, `{"observedGeneration": -1, "replicas": 0}`},
			{200, `{"replicas": 1, "readyReplicas": 1}`},
		}},
	{"autoscaler", apischema.GroupVersionResource{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"},
		`{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: x}, spec: {maxReplicas: 2, scaleTargetRef: {kind: Deployment, name: d, apiVersion: apps/v1}}}`,
		[]statusPatch{
			{422, `{"currentReplicas": -1, "desiredReplicas": -2, "conditions": []}`}, {200, `{"currentReplicas": 1, "desiredReplicas": 2, "currentMetrics": null}`},
			{422, `{"currentReplicas": 1, "desiredReplicas": 2, "conditions": [{"type": "A", "status": "True", "observedGeneration": -1}]}`},
		}},
	{"budget", apischema.GroupVersionResource{Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"},
		`{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: x}, spec: {maxUnavailable: 1, selector: {matchLabels: {a: b}}}}`,
		[]statusPatch{
			{422, `{"disruptionsAllowed": -1, "currentHealthy": -1, "desiredHealthy": -1, "expectedPods": -1}`},
			{422, `{"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0, "conditions": [
				{"type": "a b", "status": "Maybe", "reason": "", "message": "", "lastTransitionTime": null}]}`},
			{200, `{"disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0, "conditions": null}`},
		}},
	{"quota", apischema.GroupVersionResource{Version: "v1", Resource: "resourcequotas"},
		`{apiVersion: v1, kind: ResourceQuota, metadata: {name: x}, spec: {hard: {pods: "5"}}}`, []statusPatch{
			{422, `{"used": {"pods": "-1", "cpu": "-1500m"}}`}, {422, `{"hard": {"what": "1"}}`}, {422, `{"used": {"pods": "1500m"}}`},
			{422, `{"hard": {"a b/c": "1"}}`}, {200, `{"hard": {"pods": "5"}, "used": {"pods": "5", "cpu": "1500m"}}`},
		}},
	{"claim", apischema.GroupVersionResource{Version: "v1", Resource: "persistentvolumeclaims"},
		`{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: x}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}`,
		[]statusPatch{
			{422, `{"capacity": {"storage": "-1Gi"}}`}, {422, `{"allocatedResources": {"storage": "-1Gi"}}`},
			{200, `{"capacity": {"storage": "1Gi"}, "allocatedResources": {"storage": "1Gi"}}`},
			{422, `{"allocatedResourceStatuses": {"storage": "Huge"}}`}, {422, `{"allocatedResources": {"cpu": "1"}}`},
			{200, `{"allocatedResourceStatuses": {"storage": "NodeResizePending"}}`},
			{200, `{"healthStatus": {"healthConditions": [{"reason": "not a reason"}]}}`}, // which no server keeps
		}},
	{"ingress", apischema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"},
		`{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: x}, spec: {defaultBackend: {service: {name: s, port: {number: 80}}}}}`,
		[]statusPatch{
			{422, `{"loadBalancer": {"ingress": [{"ip": "1.2.3"}]}}`}, {422, `{"loadBalancer": {"ingress": [{"ip": "1.2.3.04"}]}}`},
			{422, `{"loadBalancer": {"ingress": [{"hostname": "a_b"}, {"hostname": "1.2.3.4"}]}}`},
			{200, `{"loadBalancer": {"ingress": [{"ip": "1.2.3.4", "hostname": "a.b"}, {"ip": "fe00::1"}]}}`},
		}},
	{"job", jobs, `{apiVersion: batch/v1, kind: Job, metadata: {name: x}, spec: {` + onceTemplate + `}}`, []statusPatch{
		{422, `{"active": -1, "succeeded": -1, "failed": -1, "ready": -1, "terminating": -1}`}, {422, `{"active": 1, "ready": 2}`},
		{422, `{"uncountedTerminatedPods": {"succeeded": ["a", ""], "failed": ["b", "a", ""]}}`},
		{200, `{"active": 2, "ready": 1, "failed": 2, "succeeded": 3, "startTime": "2020-01-02T00:00:00Z"}`},
		{422, `{"failed": 1, "succeeded": 1}`}, {422, `{"startTime": "2020-01-03T00:00:00Z"}`}, {422, `{"startTime": null}`},
		{422, `{"completedIndexes": "0"}`}, {422, `{"failedIndexes": "0"}`}, {422, `{"completionTime": "2020-01-01T00:00:00Z"}`},
		{422, `{"conditions": [{"type": "Complete", "status": "True"}, {"type": "Failed", "status": "True"}]}`},
		{422, `{"conditions": [{"type": "Complete", "status": "True"}, {"type": "FailureTarget", "status": "True"}, {"type": "SuccessCriteriaMet", "status": "True"}]}`},
		{422, `{"startTime": null, "terminating": 1, "uncountedTerminatedPods": {"failed": ["a"]}, "conditions": [{"type": "Failed", "status": "True"}]}`},
		{422, `{"conditions": [{"type": "Failed", "status": "True"}, {"type": "SuccessCriteriaMet", "status": "True"}]}`},
		{200, `{"conditions": [{"type": "SuccessCriteriaMet", "status": "True"}]}`}, {422, `{"conditions": null}`},
		{200, `{"active": 0, "ready": 0, "completionTime": "2020-01-03T00:00:00Z", "conditions": [
			{"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Complete", "status": "True"}]}`},
		{422, `{"active": 1}`}, {422, `{"completionTime": "2020-01-04T00:00:00Z"}`}, {422, `{"completionTime": null}`}, {422, `{"conditions": null}`},
	}},
	{"job that fails", jobs, `{apiVersion: batch/v1, kind: Job, metadata: {name: f}, spec: {` + onceTemplate + `}}`, []statusPatch{
		{200, `{"startTime": "2020-01-02T00:00:00Z", "conditions": [{"type": "FailureTarget", "status": "True"}]}`}, {422, `{"conditions": null}`},
		{200, `{"conditions": [{"type": "FailureTarget", "status": "True"}, {"type": "Failed", "status": "True"}]}`},
		{422, `{"conditions": [{"type": "FailureTarget", "status": "True"}]}`}, {422, `{"terminating": 1}`},
	}},
	{"job of indexes", jobs, `{apiVersion: batch/v1, kind: Job, metadata: {name: i}, spec: {
		completions: 5, parallelism: 5, completionMode: Indexed, backoffLimitPerIndex: 1, ` + onceTemplate + `}}`, []statusPatch{
		{422, `{"completedIndexes": "7"}`}, {422, `{"completedIndexes": "1-2-3"}`}, {422, `{"completedIndexes": "a"}`}, {422, `{"completedIndexes": "2,1"}`},
		{422, `{"completedIndexes": "2-1"}`}, {422, `{"failedIndexes": "0-9"}`}, {422, `{"completedIndexes": "0-2", "failedIndexes": "2,4"}`},
		{422, `{"completedIndexes": "9,2", "failedIndexes": "x,2"}`},
		{200, `{"completedIndexes": "0-2", "failedIndexes": "3,4", "succeeded": 3}`}, {200, `{"succeeded": 1}`},
	}},
}

type statusPatch struct {
	want int
	body string
}

var jobs = apischema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "jobs"}

var pods = apischema.GroupVersionResource{Version: "v1", Resource: "pods"}

func podOf(name, more string) string {
	return fmt.Sprintf(`{apiVersion: v1, kind: Pod, metadata: {name: %s}, spec: {%s containers: [{name: c, image: i}]}}`, name, more)
}

const onceTemplate = `template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}`

const template = `template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}`

func workload(version, kind, more string) string {
	return fmt.Sprintf(`{apiVersion: %s, kind: %s, metadata: {name: x}, spec: {%s selector: {matchLabels: {a: b}}, %s}}`, version, kind, more, template)
}

// A status is accepted and refused as kube-apiserver accepts and refuses it, with the same faults.
func TestStatusValues(t *testing.T) {
	cluster := kubetest.Shared(t, nil)
	server, err := memory.New(nil)
	require.NoError(t, err)
	defer server.Close()
	namespace := kubetest.Namespace(t, cluster.Config())
	_, err = dynamicOf(t, server.Config()).Resource(apischema.GroupVersionResource{Version: "v1", Resource: "namespaces"}).Create(t.Context(),
		&unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace}}}, metav1.CreateOptions{})
	require.NoError(t, err)
	for _, test := range statuses {
		t.Run(test.name, func(t *testing.T) {
			var ends []dynamic.ResourceInterface
			var name string
			for _, config := range []*rest.Config{cluster.Config(), server.Config()} {
				end := dynamicOf(t, config).Resource(test.resource).Namespace(namespace)
				var obj unstructured.Unstructured
				require.NoError(t, yaml.Unmarshal([]byte(test.object), &obj.Object))
				_, err := end.Create(t.Context(), &obj, metav1.CreateOptions{})
				require.NoError(t, err)
				ends, name = append(ends, end), obj.GetName()
			}
			for _, p := range test.patches {
				var answers [2][]string
				for i, end := range ends {
					_, err := end.Patch(t.Context(), name, types.MergePatchType, []byte(`{"status": `+p.body+`}`), metav1.PatchOptions{}, "status")
					answers[i] = answerOf(t, err)
				}
				assert.Equal(t, fmt.Sprint(p.want), answers[0][0], "kube-apiserver: %s: %s", p.body, answers[0])
				assert.Equal(t, answers[0], answers[1], p.body)
			}
		})
	}
}

func dynamicOf(t *testing.T, config *rest.Config) dynamic.Interface {
	t.Helper()
	config = rest.CopyConfig(config)
	config.QPS = -1
	client, err := dynamic.NewForConfig(config)
	require.NoError(t, err)
	return client
}

// answerOf is the code of an answer and its causes in order of their text, for they come from maps.
func answerOf(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return []string{"200"}
	}
	var status apierrors.APIStatus
	require.True(t, errors.As(err, &status), "%v", err)
	var causes []string
	if details := status.Status().Details; details != nil {
		for _, c := range details.Causes {
			text, err := json.Marshal(c)
			require.NoError(t, err)
			causes = append(causes, string(text))
		}
	}
	slices.Sort(causes)
	return append([]string{fmt.Sprint(status.Status().Code)}, causes...)
}
