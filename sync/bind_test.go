package sync_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
)

const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: correct-horse}\n"

func store(t *testing.T, p *setsync.Plan) []byte {
	t.Helper()
	raw, err := json.Marshal(p)
	require.NoError(t, err)
	return raw
}

// A plan that was stored is run by another engine, as long as it says the same.
func TestStoredPlanIsBound(t *testing.T) { onEach(t, testStoredPlanIsBound) }

func testStoredPlanIsBound(t *testing.T, e *env) {
	d := e.desired(docs(web, webAccount, configMap("settings", "1")))
	p := e.plan(e.engine(nil), d)
	raw := store(t, p)
	assert.NotContains(t, string(raw), "nginx", "no body")

	bound, err := e.engine(nil).Bind(t.Context(), raw, d)
	require.NoError(t, err)
	assert.Equal(t, p.Digest(), bound.Digest())
	assert.JSONEq(t, string(raw), string(store(t, bound)))
	r, err := setsync.Drain(e.engine(nil).Run(t.Context(), bound))
	require.NoError(t, err)
	assert.Equal(t, 3, r.Created)

	_, err = e.engine(nil).Bind(t.Context(), raw, d)
	require.ErrorIs(t, err, setsync.ErrStale, "it is done")
	assert.ErrorContains(t, err, e.in("step create/ConfigMap/NS/settings is not needed any longer"))
}

func TestBindRefuses(t *testing.T) { onEach(t, testBindRefuses) }

func testBindRefuses(t *testing.T, e *env) {
	d := e.desired(docs(configMap("a", "1"), configMap("b", "1")))
	raw := store(t, e.plan(e.engine(nil), d))

	t.Run("another desired state", func(t *testing.T) {
		_, err := e.engine(nil).Bind(t.Context(), raw, e.desired(docs(configMap("a", "2"), configMap("b", "1"))))
		require.ErrorIs(t, err, setsync.ErrStale)
		assert.ErrorContains(t, err, e.in("step create/ConfigMap/NS/a would write something else"))
		assert.NotContains(t, err.Error(), "/b ")
	})
	t.Run("another revision", func(t *testing.T) {
		other := d
		other.Revision = "r2"
		_, err := e.engine(nil).Bind(t.Context(), raw, other)
		require.ErrorIs(t, err, setsync.ErrStale)
		assert.ErrorContains(t, err, `it is for revision "r1" and not "r2"`)
	})
	t.Run("force that nobody approved", func(t *testing.T) {
		_, err := e.engine(func(o *setsync.Options) { o.Force = true }).Bind(t.Context(), raw, d)
		require.ErrorIs(t, err, setsync.ErrStale)
		assert.ErrorContains(t, err, "it was made with other options: {Force:false Propagation:Background} and not {Force:true Propagation:Background}")
	})
	t.Run("another manager", func(t *testing.T) {
		_, err := e.engine(func(o *setsync.Options) { o.Manager = "other" }).Bind(t.Context(), raw, d)
		require.ErrorIs(t, err, setsync.ErrTarget)
		assert.EqualError(t, err, `bind plan: plan is for another target: field manager "setpoint" and not "other"`)
	})
	t.Run("another inventory", func(t *testing.T) {
		inv, err := inventory.NewApplySet(e.c, e.ns, "other", nil)
		require.NoError(t, err)
		_, err = setsync.New(e.c, inv, &setsync.Options{Namespace: e.ns}).Bind(t.Context(), raw, d)
		assert.ErrorIs(t, err, setsync.ErrTarget)
	})
	t.Run("another cluster", func(t *testing.T) {
		uid := e.plan(e.engine(nil), d).Target().Cluster
		require.NotEmpty(t, uid)
		_, err := e.engine(nil).Bind(t.Context(), []byte(strings.ReplaceAll(string(raw), uid, "elsewhere")), d)
		require.ErrorIs(t, err, setsync.ErrTarget)
		assert.ErrorContains(t, err, `cluster "elsewhere" and not`)
	})
	t.Run("no plan", func(t *testing.T) {
		_, err := e.engine(nil).Bind(t.Context(), []byte("{"), d)
		assert.ErrorContains(t, err, "bind plan: ")
		_, err = e.engine(nil).Bind(t.Context(), []byte(`{"format":7}`), d)
		assert.EqualError(t, err, "bind plan: format 7 is not known, only 1 is")
	})
	t.Run("another live object", func(t *testing.T) {
		e.sync(e.engine(nil), d)
		next := e.desired(docs(configMap("a", "2"), configMap("b", "1")))
		raw := store(t, e.plan(e.engine(nil), next))
		_, err := e.engine(nil).Bind(t.Context(), raw, next)
		require.NoError(t, err)
		_, err = e.c.direct.Patch(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: e.ns, Name: "a"}, cluster.Patch{Type: types.MergePatchType, Data: []byte(`{"data":{"key":"3"}}`)}, cluster.WriteOptions{Manager: "hand"})
		require.NoError(t, err)
		_, err = e.engine(nil).Bind(t.Context(), raw, next)
		require.ErrorIs(t, err, setsync.ErrStale)
		assert.ErrorContains(t, err, e.in("step update/ConfigMap/NS/a finds another live object"))
	})
}

// A stored plan answers no guess about a Secret.
func TestStoredPlanOfASecret(t *testing.T) { onEach(t, testStoredPlanOfASecret) }

func testStoredPlanOfASecret(t *testing.T, e *env) {
	d := e.desired(secret)
	plain := e.plan(e.engine(nil), d)
	_, err := e.engine(nil).Bind(t.Context(), store(t, plain), d)
	assert.EqualError(t, err, e.in("bind plan: it writes Secret NS/s and was stored without a key: set Options.Key and plan again"))

	keyed := func(key string) *setsync.Engine {
		return e.engine(func(o *setsync.Options) { o.Key = []byte(key) })
	}
	raw := store(t, e.plan(keyed("k1"), d))
	_, err = keyed("k1").Bind(t.Context(), raw, d)
	require.NoError(t, err)
	_, err = keyed("k2").Bind(t.Context(), raw, d)
	assert.ErrorIs(t, err, setsync.ErrStale)
	_, err = keyed("k1").Bind(t.Context(), raw, e.desired(strings.Replace(secret, "correct-horse", "battery-staple", 1)))
	assert.ErrorIs(t, err, setsync.ErrStale)

	for _, out := range []string{string(raw), string(store(t, plain)), plain.String()} {
		assert.NotContains(t, out, "correct-horse")
		assert.NotContains(t, out, "Y29ycmVjdC1ob3JzZQ")
	}
	r, err := setsync.Drain(keyed("k1").Run(t.Context(), plain))
	require.NoError(t, err)
	assert.Equal(t, 1, r.Created)
	p := e.plan(e.engine(nil), e.desired(strings.Replace(secret, "correct-horse", "battery-staple", 1)))
	assert.NotContains(t, p.String(), "correct-horse")
	assert.NotContains(t, p.String(), "battery-staple")
}
