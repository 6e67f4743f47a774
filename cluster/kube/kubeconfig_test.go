package kube_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

func TestFromKubeconfig(t *testing.T) {
	plane := kubetest.Shared(t, nil)
	want, err := kube.New(plane.Config(), nil)
	require.NoError(t, err)
	uid, err := want.UID(t.Context())
	require.NoError(t, err)

	c, err := kube.FromKubeconfig(plane.Kubeconfig(), "", nil)
	require.NoError(t, err)
	got, err := c.UID(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uid, got)

	t.Setenv("KUBECONFIG", plane.Kubeconfig())
	c, err = kube.FromKubeconfig("", "", nil)
	require.NoError(t, err)
	got, err = c.UID(t.Context())
	require.NoError(t, err)
	assert.Equal(t, uid, got)
}

func TestFromKubeconfigErrors(t *testing.T) {
	dir := t.TempDir()
	_, err := kube.FromKubeconfig(filepath.Join(dir, "none"), "", nil)
	assert.ErrorIs(t, err, os.ErrNotExist)
	path := filepath.Join(dir, "config")
	require.NoError(t, os.WriteFile(path, []byte(`{"apiVersion":"v1","kind":"Config","clusters":[{"name":"c","cluster":{"server":"https://127.0.0.1:1"}}],"contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}],"users":[{"name":"u","user":{"token":"very-secret-token"}}]}`), 0o600))
	_, err = kube.FromKubeconfig(path, "other", nil)
	assert.EqualError(t, err, `kube: load kubeconfig `+path+`: context "other" does not exist`)
	_, err = kube.FromKubeconfig(path, "x", nil)
	assert.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte("\ttoken: very-secret-token"), 0o600))
	_, err = kube.FromKubeconfig(path, "", nil)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "very-secret-token")
}
