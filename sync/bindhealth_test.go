package sync_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
)

// waitingPod is a Pod that no controller ever starts: what it mounts is not there.
func waitingPod(name string) string {
	return fmt.Sprintf(`apiVersion: v1
kind: Pod
metadata: {name: %s}
spec:
  serviceAccountName: runner
  automountServiceAccountToken: false
  containers: [{name: c, image: registry.example.com/c:1}]
  volumes: [{name: v, configMap: {name: absent}}]
`, name)
}

const runner = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: runner}\n"

// started does what a kubelet does when the Pod becomes ready.
func (e *env) started(name string) {
	e.t.Helper()
	_, err := e.c.direct.Patch(e.t.Context(), cluster.Ref{Kind: "Pod", Namespace: e.ns, Name: name}, cluster.Patch{
		Type: types.MergePatchType, Subresource: "status",
		Data: []byte(`{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True"}],"containerStatuses":[{"name":"c","image":"registry.example.com/c:1","imageID":"x","restartCount":0,"ready":true,"state":{"running":{}}}]}}`),
	}, cluster.WriteOptions{Manager: "kubelet"})
	require.NoError(e.t, err)
}

// A stored plan is the same plan whatever its gates would find: health moves by itself, and running it looks anew.
func TestBindIsNotAboutHealth(t *testing.T) { onEach(t, testBindIsNotAboutHealth) }

func testBindIsNotAboutHealth(t *testing.T, e *env) {
	e.sync(e.engine(nil), e.desired(docs(runner, waitingPod("a"), waitingPod("b"))))
	d := e.desired(docs(runner, waitingPod("a"), waitingPod("b"), inWave("1", "late", ""), inWave("3", "last", "")))
	p := e.plan(e.engine(nil), d)
	require.Equal(t, []string{"gate/wave/0", e.in("create/ConfigMap/NS/late"), "gate/wave/1", e.in("create/ConfigMap/NS/last")}, ids(p))
	raw := store(t, p)
	for _, pod := range []string{"a", "b"} {
		e.started(pod)
		bound, err := e.engine(nil).Bind(t.Context(), raw, d)
		require.NoError(t, err, pod)
		assert.Equal(t, p.Digest(), bound.Digest())
	}
	// All is healthy now, and nothing is left that wave 1 would wait for.
	bound, err := e.engine(nil).Bind(t.Context(), raw, d)
	require.NoError(t, err)
	require.Equal(t, []string{e.in("create/ConfigMap/NS/late"), "gate/wave/1", e.in("create/ConfigMap/NS/last")}, ids(bound))
	r, err := setsync.Drain(e.engine(nil).Run(t.Context(), bound))
	require.NoError(t, err)
	assert.Equal(t, 2, r.Created)
}

// Whatever makes the digest another one is named.
func TestBindNamesEveryDifference(t *testing.T) {
	t.Parallel()
	e := inMemory(t)
	d := e.desired(docs(configMap("a", "1"), inWave("1", "b", ""), inWave("2", "c", "")))
	p := e.plan(e.engine(nil), d)
	for name, row := range map[string]struct {
		edit func(steps []map[string]any)
		want string
	}{
		"wave":     {func(s []map[string]any) { s[2]["wave"] = 7 }, "step create/ConfigMap/NS/b is in wave 1 and not 7"},
		"needs":    {func(s []map[string]any) { delete(s[2], "needs") }, "step create/ConfigMap/NS/b waits for other steps"},
		"verdict":  {func(s []map[string]any) { s[2]["verdict"] = "Differs" }, "step create/ConfigMap/NS/b finds another live object"},
		"deadline": {func(s []map[string]any) { s[1]["deadline"] = "1s" }, "step gate/wave/0 has the deadline 30s and not 1s"},
		"order":    {func(s []map[string]any) { s[0], s[2] = s[2], s[0] }, "the steps are in another order"},
	} {
		t.Run(name, func(t *testing.T) {
			var stored map[string]json.RawMessage
			require.NoError(t, json.Unmarshal(store(t, p), &stored))
			var steps []map[string]any
			require.NoError(t, json.Unmarshal(stored["steps"], &steps))
			row.edit(steps)
			var err error
			stored["steps"], err = json.Marshal(steps)
			require.NoError(t, err)
			stored["digest"] = json.RawMessage(`"sha256:other"`)
			raw, err := json.Marshal(stored)
			require.NoError(t, err)
			_, err = e.engine(nil).Bind(t.Context(), raw, d)
			require.ErrorIs(t, err, setsync.ErrStale)
			assert.ErrorContains(t, err, e.in(row.want))
		})
	}
	_, err := e.engine(func(o *setsync.Options) { o.Deadline = time.Minute }).Bind(t.Context(), store(t, p), d)
	require.ErrorIs(t, err, setsync.ErrStale)
	assert.ErrorContains(t, err, "step gate/wave/0 has the deadline 1m0s and not 30s")
}
