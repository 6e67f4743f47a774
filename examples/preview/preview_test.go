package main

import (
	"bytes"
	"errors"
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
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
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

// Confirmed, the report is what the server says: one webhook sets a field back, and another one refuses.
func TestPreviewIsConfirmed(t *testing.T) {
	server, err := memory.New(&memory.Options{Admission: []memory.Admission{{Name: "hook.example.com", Kind: "ConfigMap", Mutate: func(r *memory.AdmissionRequest) error {
		if r.Name == "frozen" && r.Old != nil {
			return errors.New("not on a Friday")
		}
		return unstructured.SetNestedField(r.Object.Object, "warn", "data", "level")
	}}}})
	require.NoError(t, err)
	t.Cleanup(server.Close)
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	dir := t.TempDir()
	file := filepath.Join(dir, "config")
	require.NoError(t, clientcmd.WriteToFile(api.Config{
		Clusters: map[string]*api.Cluster{"c": {Server: web.URL}}, Contexts: map[string]*api.Context{"c": {Cluster: "c"}}, CurrentContext: "c",
	}, file))
	client, err := kube.FromKubeconfig(file, "", nil)
	require.NoError(t, err)
	var manifests string
	for _, name := range []string{"frozen", "settings"} {
		manifest := "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", namespace: default}\ndata: {level: debug}\n"
		manifests += "---\n" + manifest
		obj := &unstructured.Unstructured{}
		require.NoError(t, yaml.Unmarshal([]byte(manifest), &obj.Object))
		_, err = client.Apply(t.Context(), obj, cluster.WriteOptions{Manager: "setpoint"})
		require.NoError(t, err)
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "after"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "after", "all.yaml"), []byte(manifests), 0o644))
	assert.Contains(t, preview(t, "-kubeconfig", file, "-after", filepath.Join(dir, "after")), "**2 to change**, 0 unchanged")
	got := preview(t, "-kubeconfig", file, "-after", filepath.Join(dir, "after"), "-confirm")
	assert.Contains(t, got, "**1 refused**, 1 unchanged")
	assert.Contains(t, got, `denied the request: not on a Friday`)
}

func TestPreviewIsCalledRightly(t *testing.T) {
	for _, args := range [][]string{nil, {"-after", "x"}, {"-repo", "x", "-to", "y"}, {"-before", "a", "-after", "b", "-repo", "c", "-from", "d", "-to", "e"}, {"-unknown"}, {"-before", "a", "-after", "b", "-confirm"}} {
		_, err := parse(args)
		assert.Error(t, err, args)
	}
}
