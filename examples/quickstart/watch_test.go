package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
)

// shared is a buffer that may be read while it is written.
type shared struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buf.String()
}

// With -watch the program heals what others change and follows the folder, and a fault does not end it.
func TestWatchHealsAndFollows(t *testing.T) {
	s := newStand(t)
	client, err := kube.FromKubeconfig(s.kubeconfig, "", nil)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var out shared
	ended := make(chan int, 1)
	go func() {
		args := []string{"-repo", s.folder, "-kubeconfig", s.kubeconfig, "-prune", "-force", "-watch", "-interval", "20ms", "-refetch", "50ms"}
		ended <- run(ctx, args, &out, &out)
	}()
	holds := func(name, key string) bool {
		obj, err := client.Get(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: "default", Name: name}, cluster.GetOptions{})
		if err != nil {
			return key == ""
		}
		data, _ := obj.Object["data"].(map[string]any)
		return data["key"] == key
	}
	eventually := func(name, key string) {
		t.Helper()
		require.Eventually(t, func() bool { return holds(name, key) }, 30*time.Second, 10*time.Millisecond, "%s", &out)
	}
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "revision") }, 30*time.Second, 10*time.Millisecond)

	_, err = client.Patch(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: "default", Name: "alpha"}, cluster.Patch{
		Type: types.MergePatchType, Data: []byte(`{"data":{"key":"drifted"}}`),
	}, cluster.WriteOptions{Manager: "kubectl-edit"})
	require.NoError(t, err)
	eventually("alpha", "one")
	assert.Contains(t, out.String(), "kubectl-edit")

	s.write("alpha.yaml", "kind: [")
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "not in sync: render alpha.yaml:1") }, 30*time.Second, 10*time.Millisecond, "%s", &out)
	s.write("alpha.yaml", strings.ReplaceAll(alpha, "one", "three"))
	eventually("alpha", "three")
	require.NoError(t, os.Remove(filepath.Join(s.folder, "beta.yaml")))
	eventually("beta", "")

	stop()
	assert.Zero(t, <-ended, out.String())
}
