package sync_test

import (
	"context"
	"strings"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
)

// A change by hand is found, told with the field, the values and the manager, and healed.
func TestDriftIsToldAndHealed(t *testing.T) { onEach(t, testDriftIsToldAndHealed) }

func testDriftIsToldAndHealed(t *testing.T, e *env) {
	eng := e.engine(func(o *setsync.Options) { o.Force = true })
	d := e.desired(docs(web, webAccount, webService, configMap("settings", "1")))
	e.sync(eng, d)
	_, err := setsync.Drain(eng.Wait(t.Context(), e.plan(eng, d)))
	require.NoError(t, err)
	require.True(t, e.plan(eng, d).Empty(), "what controllers write is no drift")

	ref := cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: e.ns, Name: "web"}
	_, err = e.c.direct.Patch(t.Context(), ref, cluster.Patch{Type: types.StrategicMergePatchType, Data: []byte(`{"spec":{"replicas":5,"template":{"spec":{"containers":[{"name":"web","image":"nginx:evil"}]}}}}`)}, cluster.WriteOptions{Manager: "kubectl-edit"})
	require.NoError(t, err)

	p := e.plan(eng, d)
	require.Equal(t, setsync.Summary{Update: 1, Same: 3}, p.Summary())
	text := p.String()
	t.Log(text)
	first, rest, _ := strings.Cut(text, "\n")
	assert.Equal(t, e.in(`update  Deployment NS/web (set.yaml:10): it takes fields over: .spec.replicas from "kubectl-edit", .spec.template.spec.containers[name="web"].image from "kubectl-edit"`), first)
	for _, says := range []string{".spec.replicas", "5", "2", `.spec.template.spec.containers[name="web"].image`, "nginx:evil", "kubectl-edit"} {
		assert.Contains(t, rest, says)
	}
	// A controller may write in between, and the apply be refused and sent again for the newer state.
	e.c.around = func(_ context.Context, op string, on cluster.Ref, send func() error) error {
		if op != "get" {
			assert.Equal(t, "apply", op, "not even the record is written")
			assert.Equal(t, ref, on)
		}
		return send()
	}
	r, err := setsync.Drain(eng.Run(t.Context(), p))
	require.NoError(t, err)
	assert.Equal(t, 1, r.Updated)
	e.c.around = nil
	assert.True(t, e.plan(eng, d).Empty())
	_, err = setsync.Drain(eng.Wait(t.Context(), e.plan(eng, d)))
	require.NoError(t, err)
}
