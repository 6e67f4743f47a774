package manifesttest_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/cluster/memory/manifesttest"
)

const stored = shop + `
---
apiVersion: v1
kind: Secret
metadata: {name: key, namespace: shop}
stringData: {key: abc, long: correct horse battery}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files, namespace: shop, annotations: {made: "2020-01-01T00:00:00Z", id: 3e2f3f5e-52a2-4b73-a1c3-4be0b9c7f001}}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, namespace: shop}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: once, image: "example.org/once:1"}]}}}
`

// Two clusters that were given the same store the same text.
func TestGolden(t *testing.T) {
	first := manifesttest.New(t, nil)
	first.Apply(t, objects(t, stored)...)
	path := filepath.Join(t.TempDir(), "new", "stored.yaml")
	t.Setenv("MANIFESTTEST_UPDATE", "0")
	got := failure(t, func(t testing.TB) { first.RequireGolden(t, path) })
	assert.Equal(t, "golden "+path+" is missing; run the test with MANIFESTTEST_UPDATE=1 to write it", got)
	t.Setenv("MANIFESTTEST_UPDATE", "1")
	first.RequireGolden(t, path)
	t.Setenv("MANIFESTTEST_UPDATE", "")
	first.RequireGolden(t, path)

	data, err := os.ReadFile(path)
	require.NoError(t, err)
	text := string(data)
	assert.Contains(t, text, "imagePullPolicy: IfNotPresent", "defaults show")
	assert.Contains(t, text, "volumeName: pvc-(uid)")
	assert.Contains(t, text, "lastTransitionTime: (time)")
	assert.Contains(t, text, "made: \"2020-01-01T00:00:00Z\"", "what a manifest says stays")
	assert.Contains(t, text, "id: 3e2f3f5e-52a2-4b73-a1c3-4be0b9c7f001")
	assert.NotContains(t, text, "YWJj", "values of Secrets do not leave")
	assert.NotContains(t, text, "horse")

	second := manifesttest.New(t, &manifesttest.Options{Update: true})
	second.Apply(t, objects(t, stored)...)
	other := filepath.Join(t.TempDir(), "again.yaml")
	second.RequireGolden(t, other)
	again, err := os.ReadFile(other)
	require.NoError(t, err)
	assert.Equal(t, text, string(again))

	first.Apply(t, revise(t, stored, "color: blue", "color: red")...)
	got = failure(t, func(t testing.TB) { first.RequireGolden(t, path) })
	assert.Contains(t, got, "the stored objects differ from the golden; run the test with MANIFESTTEST_UPDATE=1 when that is meant:\n--- "+path+"\n+++ stored\n")
	assert.Contains(t, got, "\n-  color: blue\n+  color: red\n")
	assert.Contains(t, failure(t, func(t testing.TB) { first.RequireGolden(t, filepath.Dir(path)) }), "golden ")
}

// Names that the server makes up and containers of pods are the same in every run.
func TestGoldenOfGenerated(t *testing.T) {
	const manifests = `
apiVersion: v1
kind: Pod
metadata: {name: bare}
spec: {containers: [{name: c, image: "example.org/c:1"}]}
---
apiVersion: batch/v1
kind: Job
metadata: {generateName: once-}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "example.org/first:1"}]}}}
---
apiVersion: batch/v1
kind: Job
metadata: {generateName: once-}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "example.org/second:1"}]}}}
`
	var texts []string
	for range 4 {
		c := manifesttest.New(t, &manifesttest.Options{Update: true})
		c.Apply(t, objects(t, manifests)...)
		path := filepath.Join(t.TempDir(), "stored.yaml")
		c.RequireGolden(t, path)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		texts = append(texts, string(data))
	}
	assert.Contains(t, texts[0], "\n  name: once-(generated)\n")
	assert.Contains(t, texts[0], "job-name: once-(generated)\n", "where the name is repeated")
	assert.Contains(t, texts[0], "containerID: simulated://(id)\n")
	for _, text := range texts {
		assert.Equal(t, texts[0], text)
	}
}
