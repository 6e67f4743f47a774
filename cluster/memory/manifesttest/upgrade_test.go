package manifesttest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/cluster/memory/manifesttest"
)

func dynamicDelete(t *testing.T, c *manifesttest.Cluster, name string) error {
	client, err := dynamic.NewForConfig(c.Server().Config())
	require.NoError(t, err)
	return client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace("default").
		Delete(t.Context(), name, metav1.DeleteOptions{})
}

const database = `
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 3
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "example.org/db:1"}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: m, image: "example.org/db:1"}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: db}
data: {a: b}
---
apiVersion: v1
kind: Secret
metadata: {name: key}
immutable: true
stringData: {key: correct horse}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "example.org/web:1"}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: web}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: view}
subjects: [{kind: ServiceAccount, name: web, namespace: default}]
`

// revise returns the manifests with replacements made in their text, which have to hit.
func revise(t *testing.T, text string, oldnew ...string) []*unstructured.Unstructured {
	t.Helper()
	for i := 0; i < len(oldnew); i += 2 {
		require.Contains(t, text, oldnew[i])
		text = strings.ReplaceAll(text, oldnew[i], oldnew[i+1])
	}
	return objects(t, text)
}

// without leaves out the objects of a kind.
func without(all []*unstructured.Unstructured, kinds ...string) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, obj := range all {
		if !strings.Contains(strings.Join(kinds, " "), obj.GetKind()) {
			out = append(out, obj)
		}
	}
	return out
}

func TestHarmlessUpgrade(t *testing.T) {
	c := manifesttest.New(t, nil)
	next := revise(t, database, "a: b", "a: c", "example.org/web:1", "example.org/web:2", "replicas: 3", "replicas: 1")
	c.RequireUpgradable(t, objects(t, database), without(next, "ConfigMap"))
	c.RequireHealthy(t)
	web := c.Get(t, cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "web"})
	assert.Contains(t, string(must(web.MarshalJSON())), "example.org/web:2")
	got := failure(t, func(t testing.TB) { c.Get(t, cluster.Ref{Kind: "ConfigMap", Namespace: "default", Name: "db"}) })
	assert.Contains(t, got, "not found", "what left the revision is deleted")
}

// A refusal that names no field is traced to the change that it is about, by rehearsing each alone.
func TestUpgradeFindsTheFieldOfARefusal(t *testing.T) {
	c := manifesttest.New(t, &manifesttest.Options{Server: &memory.Options{Admission: []memory.Admission{{
		Name: "owners.example.org", Kind: "ConfigMap", Operations: []admissionv1.Operation{admissionv1.Update},
		Validate: func(r *memory.AdmissionRequest) error {
			was, _, _ := unstructured.NestedString(r.Old.Object, "data", "owner")
			is, _, _ := unstructured.NestedString(r.Object.Object, "data", "owner")
			if was != is {
				return errors.New("owners stay")
			}
			return nil
		},
	}}}})
	const text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {level: info, owner: jane, size: '1'}}"
	got := failure(t, func(tb testing.TB) {
		c.RequireUpgradable(tb, objects(t, text), revise(t, text, "jane", "joe", "info", "warn", ", size: '1'", ""))
	})
	assert.Equal(t, `the upgrade of 1 objects fails:
  - ConfigMap default/a cannot change in place:
      data.owner: "jane" → "joe"
      the server says: forbidden: admission webhook "owners.example.org" denied the request: owners stay
      keep the old value, or recreate the object`, got)
}

// What a tool is told to keep is kept.
func TestUpgradeKeepsWhatIsMarked(t *testing.T) {
	c := manifesttest.New(t, nil)
	old := revise(t, database, "{name: files}", "{name: files, annotations: {helm.sh/resource-policy: keep}}")
	c.RequireUpgradable(t, old, without(old, "PersistentVolumeClaim"))
	c.RequireHealthy(t)
	c.Get(t, cluster.Ref{Kind: "PersistentVolumeClaim", Namespace: "default", Name: "files"})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Each row is one thing that an upgrade trips over, and all that is said of it.
func TestUpgradesThatFail(t *testing.T) {
	tests := map[string]struct {
		old, new []*unstructured.Unstructured
		// changes is how many fields are said to have changed that cannot.
		changes int
		want    []string
	}{
		"statefulset": {
			new:     revise(t, database, "serviceName: db", "serviceName: other", "replicas: 3", "replicas: 4", "example.org/db:1", "example.org/db:1", "storage: 1Gi}}}\n---", "storage: 2Gi}}}\n---"),
			changes: 2,
			want: []string{
				"StatefulSet default/db cannot change in place:",
				"\n      spec.serviceName: \"db\" → \"other\"\n",
				"\n      spec.volumeClaimTemplates[0].spec.resources.requests.storage: \"1Gi\" → \"2Gi\"\n",
				"\n      the server says: ",
				"\n      keep the old value, or recreate the object",
			},
		},
		"job": {
			new:     revise(t, database, "name: m, image: \"example.org/db:1\"", "name: m, image: \"example.org/db:2\""),
			changes: 1,
			want: []string{
				"Job default/migrate cannot change in place:\n      spec.template.spec.containers[0].image: \"example.org/db:1\" → \"example.org/db:2\"",
				"field is immutable",
			},
		},
		"selector": {
			new:     revise(t, database, "{app: web}", "{app: site}"),
			changes: 1,
			want: []string{
				"Deployment default/web cannot change in place:\n      spec.selector.matchLabels.app: \"web\" → \"site\"\n",
				"field is immutable",
			},
		},
		"role": {
			new:     revise(t, database, "name: view", "name: edit"),
			changes: 1,
			want:    []string{"RoleBinding default/web cannot change in place:\n      roleRef.name: \"view\" → \"edit\"\n", "the server says: "},
		},
		"secret": {
			new:     revise(t, database, "correct horse", "battery staple"),
			changes: 1,
			want:    []string{"Secret default/key cannot change in place:\n      stringData.key: (redacted) → (redacted)\n", "immutable"},
		},
		"type of a secret": {
			old:     objects(t, `{apiVersion: v1, kind: Secret, metadata: {name: token}, type: example.org/one, stringData: {key: correct horse}}`),
			new:     objects(t, `{apiVersion: v1, kind: Secret, metadata: {name: token}, type: example.org/two, stringData: {key: correct horse}}`),
			changes: 1,
			want:    []string{"Secret default/token cannot change in place:\n      type: \"example.org/one\" → \"example.org/two\"\n"},
		},
		"invalid either way": {
			new:  revise(t, database, "name: web, image", "name: Web, image"),
			want: []string{"Deployment default/web is refused: ", "containers[0].name"},
		},
		"claim": {
			new:  without(objects(t, database), "PersistentVolumeClaim"),
			want: []string{"PersistentVolumeClaim default/files is dropped, and its volume holds data: with the reclaim policy Delete the storage is deleted\n      keep it in the new revision, or leave it out of the old one to accept the loss"},
		},
		"claims of a set": {
			new:  without(objects(t, database), "StatefulSet"),
			want: []string{"StatefulSet default/db is dropped, and its claims stay behind with their data, and nothing manages them any longer"},
		},
		"claims that are deleted": {
			old:  revise(t, database, "serviceName: db", "serviceName: db\n  persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}"),
			new:  without(objects(t, database), "StatefulSet"),
			want: []string{"StatefulSet default/db is dropped, and its claims are deleted with it, as persistentVolumeClaimRetentionPolicy.whenDeleted says"},
		},
		"claims of fewer replicas": {
			new:  revise(t, database, "serviceName: db", "serviceName: db\n  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}", "replicas: 3", "replicas: 1"),
			want: []string{"StatefulSet default/db shrinks from 3 to 1 replicas, and the claims of the others are deleted"},
		},
		"replicas that are given up": {
			new:  revise(t, database, "serviceName: db", "serviceName: db\n  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}", "  replicas: 3\n", ""),
			want: []string{"StatefulSet default/db shrinks from 3 to 1 replicas, and the claims of the others are deleted"},
		},
		"namespace": {
			old:  objects(t, `{apiVersion: v1, kind: Namespace, metadata: {name: team}}`),
			want: []string{"Namespace team is dropped, and everything in the namespace goes with it"},
		},
		"volume": {
			old: objects(t, `
apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], persistentVolumeReclaimPolicy: Retain, hostPath: {path: /disk}}`),
			want: []string{"PersistentVolume disk is dropped, and with the reclaim policy Retain the storage stays, and nothing leads to it any longer"},
		},
		"definition": {
			old:  objects(t, shop),
			new:  without(objects(t, shop), "CustomResourceDefinition", "Toy"),
			want: []string{"CustomResourceDefinition toys.example.org is dropped, and every Toy in a cluster goes with it"},
		},
		"what only its user knows": {
			old:  objects(t, shop),
			new:  without(objects(t, shop), "Toy"),
			want: []string{"Toy.example.org shop/bear is dropped, and it holds a bear's memories\n"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := manifesttest.New(t, &manifesttest.Options{Holds: func(obj *unstructured.Unstructured) string {
				if obj.GetKind() == "Toy" && name == "what only its user knows" {
					return "a bear's memories"
				}
				return ""
			}})
			old := test.old
			if old == nil {
				old = objects(t, database)
			}
			got := failure(t, func(t testing.TB) { c.RequireUpgradable(t, old, test.new) })
			assert.Contains(t, got, "the upgrade of 1 objects fails:\n  - ")
			for _, want := range test.want {
				assert.Contains(t, got, want)
			}
			assert.Equal(t, test.changes, strings.Count(got, " → "), "%s", got)
			assert.NotContains(t, got, "horse")
			assert.NotContains(t, got, "staple")
		})
	}
}

// All of it is told at once, and what holds data is still there.
func TestUpgradeTellsEverything(t *testing.T) {
	c := manifesttest.New(t, nil)
	old := objects(t, database)
	next := without(revise(t, database, "name: view", "name: edit", "serviceName: db", "serviceName: other"), "PersistentVolumeClaim")
	c.Locate(old, []cluster.Origin{{}, {File: "files.yaml", Line: 1}})
	got := failure(t, func(t testing.TB) { c.RequireUpgradable(t, old, next) })
	assert.Contains(t, got, "the upgrade of 3 objects fails")
	assert.Contains(t, got, "StatefulSet default/db cannot change")
	assert.Contains(t, got, "RoleBinding default/web cannot change")
	assert.Contains(t, got, "PersistentVolumeClaim default/files (files.yaml:1) is dropped")
	c.Get(t, cluster.Ref{Kind: "PersistentVolumeClaim", Namespace: "default", Name: "files"})

	bad := manifesttest.New(t, nil)
	got = failure(t, func(tb testing.TB) {
		bad.RequireUpgradable(tb, objects(t, `{apiVersion: v1, kind: Nothing, metadata: {name: a}}`), nil)
	})
	assert.Contains(t, got, "1 of 1 objects of the old revision were refused:\n  - discover Nothing")
}
