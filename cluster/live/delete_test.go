package live_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/live"
	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// refusing answers every delete with a conflict, after having called before.
type refusing struct {
	cluster.Client
	before  func()
	deletes []types.UID
	limit   int
	stop    context.CancelFunc
}

func (c *refusing) Delete(_ context.Context, ref cluster.Ref, opts cluster.DeleteOptions) error {
	if c.deletes = append(c.deletes, opts.UID); len(c.deletes) == c.limit {
		c.stop() // What never ends is a failure and no hanging test.
	}
	c.before()
	return &cluster.Error{Op: "delete", Ref: ref, Code: 409, Err: cluster.ErrConflict}
}

// A conflict is followed up only while others take the name, and not for ever.
func TestDeleteGivesUpOnConflicts(t *testing.T) {
	server, err := memory.New(nil)
	require.NoError(t, err)
	defer server.Close()
	direct, err := kube.New(server.Config(), nil)
	require.NoError(t, err)
	obj := configMap("default", "a", "1")
	ref := cluster.RefOf(obj)
	replace := func() {
		require.NoError(t, direct.Delete(t.Context(), ref, cluster.DeleteOptions{}))
		_, err := direct.Apply(t.Context(), obj, us)
		require.NoError(t, err)
	}
	_, err = direct.Apply(t.Context(), obj, us)
	require.NoError(t, err)
	taken := 0
	for name, row := range map[string]struct {
		before func()
		want   int
	}{
		"the same object":      {func() {}, 1},
		"always another, anew": {replace, 8},
		"another at first": {func() {
			if taken++; taken < 3 {
				replace()
			}
		}, 3},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		client := &refusing{Client: direct, before: row.before, limit: 100, stop: cancel}
		view := live.Open(client, nil)
		_, err := view.Get(ctx, ref, cluster.GetOptions{})
		require.NoError(t, err)
		err = view.Delete(ctx, ref, cluster.DeleteOptions{})
		require.ErrorIs(t, err, cluster.ErrConflict, name)
		assert.Len(t, client.deletes, row.want, name)
		view.Close()
		cancel()
	}
}
