package e2e_test

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/health"
	setsync "github.com/setpoint-dev/setpoint/sync"
)

const web = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example.com/web:v1
          ports: [{name: http, containerPort: 8080}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{name: http, port: 80, targetPort: http}]
`

const settings = `apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {currency: EUR}
`

func files(contents map[string]string) fstest.MapFS {
	tree := fstest.MapFS{}
	for name, content := range contents {
		tree[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return tree
}

// apply commits a tree and brings the cluster to it.
func apply(t *testing.T, repo *repository, e *setsync.Engine, tree fstest.MapFS) (*setsync.Plan, setsync.Result) {
	t.Helper()
	repo.commit(tree, t.Name())
	desired, err := repo.desired("")
	require.NoError(t, err)
	plan, err := e.Plan(t.Context(), desired)
	require.NoError(t, err)
	result, err := setsync.Drain(e.Run(t.Context(), plan))
	require.NoError(t, err)
	_, err = setsync.Drain(e.Wait(t.Context(), plan))
	require.NoError(t, err)
	return plan, result
}

var webRef = cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "web"}

func TestDriftIsFoundDescribedAndHealed(t *testing.T) {
	onEach(t, func(t *testing.T, cfg *rest.Config) {
		client, _ := connect(t, cfg)
		repo := newRepository(t)
		options := setsync.Options{Prune: true, Deadline: time.Minute}
		e := engine(t, client, "drift", options)
		apply(t, repo, e, files(map[string]string{"web.yaml": web}))

		_, err := client.Patch(t.Context(), webRef, cluster.Patch{
			Type: types.MergePatchType, Data: []byte(`{"spec":{"replicas":5}}`),
		}, cluster.WriteOptions{Manager: "kubectl-edit"})
		require.NoError(t, err)

		desired, err := repo.desired("")
		require.NoError(t, err)
		plan, err := e.Plan(t.Context(), desired)
		require.NoError(t, err)
		require.Len(t, plan.Steps(), 1, plan.String())
		step := plan.Steps()[0]
		assert.Equal(t, webRef, step.Ref)
		assert.Equal(t, "web.yaml:1", step.Origin.String())
		require.Len(t, step.Comparison.Changes, 1)
		change := step.Comparison.Changes[0]
		assert.Equal(t, ".spec.replicas", change.Path)
		assert.Equal(t, diff.Replace, change.Op)
		assert.EqualValues(t, 5, change.Old.Interface())
		assert.EqualValues(t, 2, change.New.Interface())
		require.NotNil(t, change.LastWrite)
		assert.Equal(t, "kubectl-edit", change.LastWrite.Manager)
		assert.Contains(t, plan.String(), "kubectl-edit")

		// Taking a field back from its owner has to be asked for.
		_, err = setsync.Drain(e.Run(t.Context(), plan))
		var conflict *cluster.ConflictError
		require.ErrorAs(t, err, &conflict)
		require.Len(t, conflict.Conflicts, 1)
		assert.Equal(t, "kubectl-edit", conflict.Conflicts[0].Manager)
		assert.Equal(t, ".spec.replicas", conflict.Conflicts[0].Field)
		assert.ErrorContains(t, err, "web.yaml:1")

		options.Force = true
		force := engine(t, client, "drift", options)
		apply(t, repo, force, files(map[string]string{"web.yaml": web}))
		obj, err := client.Get(t.Context(), webRef, cluster.GetOptions{})
		require.NoError(t, err)
		replicas, _, err := unstructured.NestedInt64(obj.Object, "spec", "replicas")
		require.NoError(t, err)
		assert.EqualValues(t, 2, replicas)
		again, err := e.Plan(t.Context(), desired)
		require.NoError(t, err)
		assert.True(t, again.Empty(), again.String())
	})
}

// slices returns the EndpointSlices of a Service.
func slicesOf(t *testing.T, client *kube.Client, service string) []*unstructured.Unstructured {
	var found []*unstructured.Unstructured
	sel := cluster.Selector{Group: "discovery.k8s.io", Kind: "EndpointSlice", Namespace: "default", Labels: "kubernetes.io/service-name=" + service}
	for obj, err := range client.List(t.Context(), sel) {
		require.NoError(t, err)
		found = append(found, obj)
	}
	return found
}

func TestRemovedFilePrunesExactlyItsObject(t *testing.T) {
	onEach(t, func(t *testing.T, cfg *rest.Config) {
		client, count := connect(t, cfg)
		repo := newRepository(t)
		e := engine(t, client, "prune", setsync.Options{Prune: true, Deadline: time.Minute})
		apply(t, repo, e, files(map[string]string{"web.yaml": web, "settings.yaml": settings}))

		// The controller of EndpointSlices copies the labels of the Service, the one of membership too.
		service, err := client.Get(t.Context(), cluster.Ref{Kind: "Service", Namespace: "default", Name: "web"}, cluster.GetOptions{})
		require.NoError(t, err)
		require.Eventually(t, func() bool { return len(slicesOf(t, client, "web")) > 0 }, 30*time.Second, 20*time.Millisecond)
		for key, value := range service.GetLabels() {
			assert.Equal(t, value, slicesOf(t, client, "web")[0].GetLabels()[key], "the copy is what makes this test worth anything")
		}

		repo.commit(files(map[string]string{"web.yaml": web}), "drop settings")
		desired, err := repo.desired("")
		require.NoError(t, err)
		plan, err := e.Plan(t.Context(), desired)
		require.NoError(t, err)
		require.Len(t, plan.Steps(), 1, plan.String())
		assert.Equal(t, setsync.Prune, plan.Steps()[0].Action)
		count.reset()
		result, err := setsync.Drain(e.Run(t.Context(), plan))
		require.NoError(t, err)
		assert.Equal(t, 1, result.Pruned)
		writes, _, _ := count.reset()
		var deletes []string
		for _, line := range writes {
			if line[:6] == "DELETE" {
				deletes = append(deletes, line)
			}
		}
		assert.Equal(t, []string{"DELETE /api/v1/namespaces/default/configmaps/settings"}, deletes)
		assert.NotEmpty(t, slicesOf(t, client, "web"))
		_, err = client.Get(t.Context(), webRef, cluster.GetOptions{})
		assert.NoError(t, err)
	})
}

const widgets = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {kind: Widget, plural: widgets}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: {type: object, properties: {size: {type: integer, default: 3}, colour: {type: string}}}
`

const widget = `apiVersion: example.com/v1
kind: Widget
metadata: {name: first}
spec: {colour: red}
`

func TestDefinitionAndItsResourceInOneCommit(t *testing.T) {
	onEach(t, func(t *testing.T, cfg *rest.Config) {
		client, _ := connect(t, cfg)
		repo := newRepository(t)
		e := engine(t, client, "crd", setsync.Options{Deadline: time.Minute})
		_, result := apply(t, repo, e, files(map[string]string{"a-widget.yaml": widget, "b-definition.yaml": widgets}))
		assert.Equal(t, 2, result.Created)
		obj, err := client.Get(t.Context(), cluster.Ref{Group: "example.com", Kind: "Widget", Namespace: "default", Name: "first"}, cluster.GetOptions{})
		require.NoError(t, err)
		size, _, err := unstructured.NestedInt64(obj.Object, "spec", "size")
		require.NoError(t, err)
		assert.EqualValues(t, 3, size, "the default of the definition")
		desired, err := repo.desired("")
		require.NoError(t, err)
		plan, err := e.Plan(t.Context(), desired)
		require.NoError(t, err)
		assert.True(t, plan.Empty(), plan.String())
		assert.NotEqual(t, health.Healthy, plan.Health()[cluster.RefOf(obj)].Status, "nobody looks after it")
	})
}
