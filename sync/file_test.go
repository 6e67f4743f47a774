package sync_test

import (
	"path/filepath"
	"testing"

	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A set whose record is a file is synced and pruned like any other, by an engine that comes later too.
func TestSyncByAFile(t *testing.T) { onEach(t, testSyncByAFile) }

func testSyncByAFile(t *testing.T, e *env) {
	path := filepath.Join(t.TempDir(), "set.json")
	engine := func() *setsync.Engine {
		inv, err := inventory.NewFile(path, "set")
		require.NoError(t, err)
		return setsync.New(e.c, inv, &setsync.Options{Namespace: e.ns, Prune: true, Schemas: e.schemas})
	}
	e.sync(engine(), e.desired(docs(configMap("a", "1"), configMap("b", "1"), preSync("hook"))))
	r := e.sync(engine(), e.desired(docs(configMap("a", "2"), preSync("hook"))))
	assert.Equal(t, setsync.Result{Updated: 1, Pruned: 1, Hooks: 1, Health: r.Health}, r)
	assert.False(t, e.has("b"))
	assert.True(t, e.plan(engine(), e.desired(docs(configMap("a", "2"), preSync("hook")))).Empty())
}
