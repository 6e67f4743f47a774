package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
)

const gamma = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: gamma}\ndata: {key: one}\n"

func TestPassesFollowTheFolder(t *testing.T) {
	server, err := memory.New(nil)
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	client, err := kube.New(server.Config(), nil)
	require.NoError(t, err)
	record, err := inventory.NewApplySet(client, "default", "loop", nil)
	require.NoError(t, err)
	engine := setsync.New(client, record, &setsync.Options{Namespace: "default", Prune: true})
	dir := t.TempDir()
	file := filepath.Join(dir, "gamma.yaml")
	require.NoError(t, os.WriteFile(file, []byte(gamma), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "delta.yaml"), []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: delta}\n"), 0o600))

	result, err := pass(t.Context(), folder(dir), engine)
	require.NoError(t, err)
	assert.Equal(t, 3, result.Created, "two from the folder and the banner")
	obj, err := client.Get(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: "default", Name: "banner"}, cluster.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"revision": dir}, obj.Object["data"])

	mark := server.Mark()
	result, err = pass(t.Context(), folder(dir), engine)
	require.NoError(t, err)
	assert.Zero(t, result.Writes())
	for _, r := range server.RequestsSince(mark) {
		assert.False(t, r.Writes(), "%s %s", r.Verb, r.Path)
	}

	require.NoError(t, os.Remove(file))
	result, err = pass(t.Context(), folder(dir), engine)
	require.NoError(t, err)
	assert.Equal(t, 1, result.Pruned)
	_, err = client.Get(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: "default", Name: "gamma"}, cluster.GetOptions{})
	assert.ErrorIs(t, err, cluster.ErrNotFound)

	require.NoError(t, os.WriteFile(file, []byte("kind: ["), 0o600))
	_, err = pass(t.Context(), folder(dir), engine)
	assert.ErrorContains(t, err, "gamma.yaml:1")
}
