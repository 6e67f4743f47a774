package manifesttest_test

import (
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/cluster/memory/manifesttest"
	"github.com/setpoint-dev/setpoint/health"
)

const shop = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers:
      - name: web
        image: example.org/web:1
        envFrom: [{configMapRef: {name: web}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
data: {color: blue}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
---
apiVersion: example.org/v1
kind: Toy
metadata: {name: bear, namespace: shop}
spec: {size: 3}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: toys.example.org}
spec:
  group: example.org
  scope: Namespaced
  names: {plural: toys, singular: toy, kind: Toy, listKind: ToyList}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}, status: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
`

// The order of the objects does not matter.
func TestApplyFindsTheOrder(t *testing.T) {
	c := manifesttest.New(t, nil)
	all := objects(t, shop)
	c.Apply(t, all...)
	c.Settle(t)
	c.RequireHealthy(t)
	c.RequireNoWarnings(t)
	assert.Equal(t, "web", all[0].GetName())
	assert.Empty(t, all[0].GetUID(), "objects are not changed")
	web := c.Get(t, cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "web"})
	ready, _, err := unstructured.NestedInt64(web.Object, "status", "readyReplicas")
	require.NoError(t, err)
	assert.EqualValues(t, 2, ready)
	assert.Equal(t, manifesttest.Manager, web.GetManagedFields()[0].Manager)
}

// What is refused for the lack of something else among the objects is tried again when that is there.
func TestApplyTriesAgain(t *testing.T) {
	var configured atomic.Bool
	c := manifesttest.New(t, &manifesttest.Options{Server: &memory.Options{Controllers: true, Admission: []memory.Admission{{
		Name: "order.example.org",
		Validate: func(r *memory.AdmissionRequest) error {
			switch r.Kind.Kind {
			case "ConfigMap":
				configured.Store(configured.Load() || r.Name == "web")
			case "Deployment":
				if !configured.Load() {
					return errors.New("no configuration yet")
				}
			}
			return nil
		},
	}}}})
	all := objects(t, shop)
	got := failure(t, func(t testing.TB) { c.Apply(t, slices.Delete(slices.Clone(all), 1, 2)...) })
	assert.Contains(t, got, "1 of 5 objects were refused:")
	assert.Contains(t, got, "no configuration yet")
	c.Apply(t, all...)
	c.RequireHealthy(t)
}

func TestApplyFillsInTheNamespace(t *testing.T) {
	c := manifesttest.New(t, &manifesttest.Options{Namespace: "team"})
	list := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "List", "items": []any{
		map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "a"}},
		map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"generateName": "b-"}},
	}}}
	c.Apply(t, list)
	assert.Equal(t, "team", c.Get(t, cluster.Ref{Kind: "ConfigMap", Namespace: "team", Name: "a"}).GetNamespace())
	c.RequireHealthy(t)
}

// Every refusal is told, with its place and the next step.
func TestApplyTellsEveryRefusal(t *testing.T) {
	all := objects(t, `
apiVersion: v1
kind: ConfigMap
metadata: {name: good}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: lost, namespace: nowhere}
---
apiVersion: example.org/v1
kind: Toy
metadata: {name: bear}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: other}}, spec: {containers: [{name: web, image: web}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: good, namespace: default}
`)
	all = append(all, nil)
	c := manifesttest.New(t, nil)
	c.Locate(all, []cluster.Origin{{}, {File: "lost.yaml", Document: 1, Line: 4}, {}, {File: "web.yaml", Document: 1, Line: 1}, {File: "again.yaml", Line: 2}})
	got := failure(t, func(t testing.TB) { c.Apply(t, all...) })
	assert.Equal(t, `5 of 6 objects were refused:
  - object 6 is empty
  - lost.yaml:4: apply ConfigMap nowhere/lost: namespace nowhere: not found; add the Namespace to the objects, or name it in Options.Namespace
  - discover Toy.example.org: no such kind: the cluster serves no group example.org; add its CustomResourceDefinition to the objects
  - web.yaml:1: apply Deployment default/web: invalid: spec.template.metadata.labels: Invalid value: {"app":"other"}: `+"`selector` does not match template `labels`"+`
  - again.yaml:2: ConfigMap default/good is among the objects twice, also as ConfigMap default/good`, got)
}

func TestRefusalsHideSecrets(t *testing.T) {
	c := manifesttest.New(t, nil)
	got := failure(t, func(tb testing.TB) {
		c.Apply(tb, objects(t, `{apiVersion: v1, kind: Secret, metadata: {name: s}, data: {password: "correct horse battery"}}`)...)
	})
	assert.Contains(t, got, "1 of 1 objects were refused")
	assert.NotContains(t, got, "horse")
}

// What a controller that is not simulated would have to say is not held against an object, and told.
func TestUnjudgedKindsAreTold(t *testing.T) {
	c := manifesttest.New(t, nil)
	c.Apply(t, objects(t, shop)...)
	r := &record{TB: t}
	c.RequireHealthy(r)
	assert.Equal(t, []string{"not judged, since nothing here plays a controller for their kinds: 1 Toy.example.org"}, r.logs)
}

// A group that nothing serves is no reason not to say what is wrong.
func TestUnhealthyBesideAStaleGroup(t *testing.T) {
	c := manifesttest.New(t, nil)
	c.Apply(t, objects(t, `
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1.metrics.example.org}
spec: {group: metrics.example.org, version: v1, groupPriorityMinimum: 100, versionPriority: 100, service: {name: metrics, namespace: default}}
---
apiVersion: v1
kind: ReplicationController
metadata: {name: web}
spec:
  selector: {app: web}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: web, envFrom: [{configMapRef: {name: gone}}]}]}
`)...)
	got := failure(t, c.RequireHealthy)
	assert.Contains(t, got, "APIService v1.metrics.example.org is Progressing")
	assert.NotContains(t, got, "cannot be listed")
}

func TestUnhealthyObjectsSayWhy(t *testing.T) {
	c := manifesttest.New(t, nil)
	all := objects(t, shop)
	c.Locate(all, []cluster.Origin{{File: "web.yaml", Line: 2}})
	c.Apply(t, slices.Delete(slices.Clone(all), 1, 2)...)
	c.Settle(t)
	got := failure(t, c.RequireHealthy)
	assert.Contains(t, got, "1 of 5 objects are not healthy:\n  - Deployment shop/web (web.yaml:2) is Progressing")
	assert.Contains(t, got, "\n      ReplicaSet shop/web-")
	assert.Contains(t, got, "\n        Pod shop/web-")
	assert.Contains(t, got, `configmap "web" not found`)

	c.Apply(t, all[1])
	c.Settle(t)
	c.RequireHealthy(t)
}

func TestObjectsThatAreGoneAreMissing(t *testing.T) {
	c := manifesttest.New(t, nil)
	c.Apply(t, objects(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}`)...)
	require.NoError(t, dynamicDelete(t, c, "a"))
	got := failure(t, c.RequireHealthy)
	assert.Equal(t, "1 of 1 objects are not healthy:\n  - ConfigMap default/a is Missing (Missing): the object does not exist", got)
	got = failure(t, func(t testing.TB) { c.RequireGolden(t, "testdata/none.yaml") })
	assert.Equal(t, "golden testdata/none.yaml: ConfigMap default/a is gone", got)
	got = failure(t, func(t testing.TB) { c.Get(t, cluster.Ref{Kind: "ConfigMap", Namespace: "default", Name: "a"}) })
	assert.Equal(t, "get ConfigMap default/a: not found", got)
}

func TestHealthIsTheCallers(t *testing.T) {
	mux := health.New(nil)
	mux.Handle("", "ConfigMap", health.CheckerFunc(func(obj *unstructured.Unstructured) (health.Result, error) {
		return health.Result{Status: health.Degraded, Reason: "Blue", Message: "the color is blue"}, nil
	}))
	c := manifesttest.New(t, &manifesttest.Options{Health: mux})
	c.Apply(t, objects(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}`)...)
	assert.Equal(t, "1 of 1 objects are not healthy:\n  - ConfigMap default/a is Degraded (Blue): the color is blue", failure(t, c.RequireHealthy))
}

func TestWarningsAreTold(t *testing.T) {
	c := manifesttest.New(t, nil)
	all := revise(t, shop, "    served: true\n", "    served: true\n    deprecated: true\n    deprecationWarning: use v2, which has claws\n")
	c.Locate(all[3:4], []cluster.Origin{{File: "toy.yaml", Line: 1}})
	c.Apply(t, all...)
	assert.Equal(t, "the server warned 1 times:\n  - Toy.example.org shop/bear (toy.yaml:1): use v2, which has claws", failure(t, c.RequireNoWarnings))

	c.Apply(t, objects(t, shop)...)
	c.RequireNoWarnings(t)
}

// What takes steps is waited for by Settle; what never comes to pass is told.
func TestSettleWaitsForScripts(t *testing.T) {
	c := manifesttest.New(t, nil)
	require.NoError(t, c.Server().Script(memory.ScriptRule{Kind: "Deployment", Name: "web", Behavior: memory.Behavior{After: 3}}))
	all := objects(t, shop)
	c.Apply(t, all...)
	assert.Contains(t, failure(t, c.RequireHealthy), "Deployment shop/web is Progressing")
	c.Settle(t)
	c.RequireHealthy(t)

	require.NoError(t, c.Server().Script(memory.ScriptRule{Kind: "Deployment", Name: "web", Behavior: memory.Behavior{Outcome: memory.ImagePull}}))
	c.RequireUpgradable(t, all, revise(t, shop, "web:1", "web:2"))
	got := failure(t, c.RequireHealthy)
	assert.Contains(t, got, "Deployment shop/web is Progressing")
	assert.Contains(t, got, "ImagePullBackOff")
}

func TestServerIsTheCallers(t *testing.T) {
	c := manifesttest.New(t, &manifesttest.Options{Server: &memory.Options{}})
	c.Apply(t, objects(t, shop)...)
	assert.Contains(t, failure(t, c.RequireHealthy), "Deployment shop/web is Progressing", "nothing plays the controllers")
	assert.NotEmpty(t, c.Server().Requests())
	got := failure(t, func(t testing.TB) {
		manifesttest.New(t, &manifesttest.Options{Server: &memory.Options{Objects: []*unstructured.Unstructured{{Object: map[string]any{"apiVersion": "none/v1", "kind": "None"}}}}})
	})
	assert.Contains(t, got, "start a cluster for manifests: seed None")
}

func TestNothingKeepsRunning(t *testing.T) {
	before := goleak.IgnoreCurrent()
	t.Run("cluster", func(t *testing.T) {
		c := manifesttest.New(t, nil)
		c.Apply(t, objects(t, shop)...)
		c.RequireHealthy(t)
	})
	goleak.VerifyNone(t, before)
}

// What is held up in a deletion is judged by the server's clock.
func TestHealthClock(t *testing.T) {
	c := manifesttest.New(t, nil)
	c.Apply(t, objects(t, `{apiVersion: v1, kind: ConfigMap, metadata: {name: kept, finalizers: [example.org/keep]}}`)...)
	client, err := kube.New(c.Server().Config(), nil)
	require.NoError(t, err)
	require.NoError(t, client.Delete(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: "default", Name: "kept"}, cluster.DeleteOptions{}))
	assert.NotContains(t, failure(t, func(t testing.TB) { c.RequireHealthy(t) }), health.ReasonDeletionBlocked)
	require.NoError(t, c.Server().Advance(24*time.Hour))
	assert.Contains(t, failure(t, func(t testing.TB) { c.RequireHealthy(t) }), health.ReasonDeletionBlocked)
}

// An Ingress is healthy: something gives it an address.
func TestIngressIsHealthy(t *testing.T) {
	c := manifesttest.New(t, nil)
	c.Apply(t, objects(t, `{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: web}, spec: {defaultBackend: {service: {name: web, port: {number: 80}}}}}`)...)
	c.RequireHealthy(t)
}
