package main

import (
	"bytes"
	"flag"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/render"
)

var update = flag.Bool("update", false, "write the golden files anew")

func preview(t *testing.T, args ...string) string {
	t.Helper()
	f, err := parse(args)
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), f, &out))
	return out.String()
}

// Two directories, and two revisions of a repository with the same content, give the same report.
func TestPreviewOfDirectoriesAndRevisions(t *testing.T) {
	got := preview(t, "-before", "testdata/before", "-after", "testdata/after")
	if *update {
		require.NoError(t, os.WriteFile("testdata/preview.md", []byte(got), 0o644))
	}
	want, err := os.ReadFile("testdata/preview.md")
	require.NoError(t, err)
	assert.Equal(t, string(want), got)

	repo := t.TempDir()
	g, err := gogit.PlainInit(repo, false)
	require.NoError(t, err)
	work, err := g.Worktree()
	require.NoError(t, err)
	commit := func(from string) string {
		require.NoError(t, os.RemoveAll(filepath.Join(repo, "deploy")))
		require.NoError(t, os.CopyFS(filepath.Join(repo, "deploy"), os.DirFS(from)))
		require.NoError(t, work.AddWithOptions(&gogit.AddOptions{All: true}))
		hash, err := work.Commit(from, &gogit.CommitOptions{Author: &object.Signature{Name: "Ada", When: time.Unix(1, 0)}})
		require.NoError(t, err)
		return hash.String()
	}
	from, to := commit("testdata/before"), commit("testdata/after")
	of := preview(t, "-repo", repo, "-from", from, "-to", to, "-path", "deploy")
	assert.Contains(t, of, "image: web:1.1")
	assert.Contains(t, preview(t, "-repo", repo, "-from", to, "-to", to, "-path", "deploy"), "3 unchanged")
}

// A change may be the first one, or delete everything; but where there is nothing on either side, the path is a wrong one.
func TestPreviewOfTheFirstAndTheLast(t *testing.T) {
	none := t.TempDir()
	assert.Contains(t, preview(t, "-before", none, "-after", "testdata/before"), "**3 to create**, 0 unchanged")
	assert.Contains(t, preview(t, "-before", "testdata/before", "-after", none), "**3 to delete**, 0 unchanged")
	err := run(t.Context(), flags{before: none, after: none}, io.Discard)
	assert.ErrorIs(t, err, render.ErrNoManifests)
}

// With a cluster, the report is about what runs.
func TestPreviewOfACluster(t *testing.T) {
	server, err := memory.New(nil)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	file := filepath.Join(t.TempDir(), "config")
	require.NoError(t, clientcmd.WriteToFile(api.Config{
		Clusters: map[string]*api.Cluster{"c": {Server: web.URL}}, Contexts: map[string]*api.Context{"c": {Cluster: "c"}}, CurrentContext: "c",
	}, file))
	got := preview(t, "-kubeconfig", file, "-after", "testdata/after")
	assert.Contains(t, got, "**3 to create**, 0 unchanged")
	assert.Contains(t, got, "+ PodDisruptionBudget shop/web: to create (budget.yaml:1)")
	assert.Equal(t, 0, func() (writes int) {
		for _, r := range server.Requests() {
			if r.Writes() {
				writes++
			}
		}
		return writes
	}(), "a preview writes nothing")
}

func TestPreviewIsCalledRightly(t *testing.T) {
	for _, args := range [][]string{nil, {"-after", "x"}, {"-repo", "x", "-to", "y"}, {"-before", "a", "-after", "b", "-repo", "c", "-from", "d", "-to", "e"}, {"-unknown"}} {
		_, err := parse(args)
		assert.Error(t, err, args)
	}
}
