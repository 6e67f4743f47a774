package e2e_test

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	gogit "github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/cluster/memory/celrules"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/kustomize"
	"github.com/setpoint-dev/setpoint/render/plain"
	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
)

// onEach runs a test on the API server in memory and on a real control plane, both with controllers, side by side.
func onEach(t *testing.T, test func(t *testing.T, cfg *rest.Config)) {
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		server, err := memory.New(&memory.Options{Controllers: true, Rules: celrules.Compile})
		require.NoError(t, err)
		t.Cleanup(func() { server.Close() })
		test(t, server.Config())
	})
	t.Run("control plane", func(t *testing.T) {
		t.Parallel()
		test(t, kubetest.Start(t, &kubetest.Options{Controllers: true}).Config())
	})
}

// tally counts the requests that pass a transport, by what they do.
type tally struct {
	mu             sync.Mutex
	writes, dryRun []string
	reads          []string
}

func (c *tally) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		line := r.Method + " " + r.URL.RequestURI()
		c.mu.Lock()
		switch {
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			c.reads = append(c.reads, line)
		case r.URL.Query().Get("dryRun") != "":
			c.dryRun = append(c.dryRun, line)
		default:
			c.writes = append(c.writes, line)
		}
		c.mu.Unlock()
		return next.RoundTrip(r)
	})
}

// reset forgets what was counted and returns it.
func (c *tally) reset() (writes, dryRun, reads []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	writes, dryRun, reads = c.writes, c.dryRun, c.reads
	c.writes, c.dryRun, c.reads = nil, nil, nil
	return writes, dryRun, reads
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// connect returns a client for cfg that counts its requests.
func connect(t *testing.T, cfg *rest.Config) (*kube.Client, *tally) {
	counted := rest.CopyConfig(cfg)
	count := &tally{}
	counted.Wrap(count.wrap)
	client, err := kube.New(counted, nil)
	require.NoError(t, err)
	return client, count
}

// engine returns one that keeps its record in the namespace default.
func engine(t *testing.T, client *kube.Client, name string, opts setsync.Options) *setsync.Engine {
	record, err := inventory.NewApplySet(client, "default", name, nil)
	require.NoError(t, err)
	if opts.Namespace == "" {
		opts.Namespace = "default"
	}
	return setsync.New(client, record, &opts)
}

// repository is a Git repository with a work tree, for tests to commit to.
type repository struct {
	t    *testing.T
	dir  string
	git  *gogit.Repository
	from *git.Repository
}

func newRepository(t *testing.T) *repository {
	dir := t.TempDir()
	g, err := gogit.PlainInit(dir, false)
	require.NoError(t, err)
	from, err := git.Open(dir, nil)
	require.NoError(t, err)
	return &repository{t: t, dir: dir, git: g, from: from}
}

// commit makes the work tree equal to tree and commits it.
func (r *repository) commit(tree fs.FS, message string) {
	r.t.Helper()
	entries, err := os.ReadDir(r.dir)
	require.NoError(r.t, err)
	for _, e := range entries {
		if e.Name() != ".git" {
			require.NoError(r.t, os.RemoveAll(filepath.Join(r.dir, e.Name())))
		}
	}
	require.NoError(r.t, os.CopyFS(r.dir, tree))
	work, err := r.git.Worktree()
	require.NoError(r.t, err)
	require.NoError(r.t, work.AddWithOptions(&gogit.AddOptions{All: true}))
	_, err = work.Commit(message, &gogit.CommitOptions{AllowEmptyCommits: true, Author: &object.Signature{Name: "Ada", Email: "ada@example.com", When: time.Now()}})
	require.NoError(r.t, err)
}

// desired fetches and renders the newest commit.
func (r *repository) desired(path string) (setsync.Desired, error) {
	snapshot, err := r.from.At("").Fetch(r.t.Context(), source.Revision{})
	if err != nil {
		return setsync.Desired{}, err
	}
	defer snapshot.Close()
	renderer := render.Auto{Plain: plain.New(&plain.Options{Recurse: true}), Kustomize: kustomize.New(nil)}
	result, err := renderer.Render(r.t.Context(), render.Input{FS: snapshot.FS, Path: path})
	if err != nil {
		return setsync.Desired{}, err
	}
	return setsync.Desired{Objects: result.Objects, Origins: result.Origins, Revision: snapshot.Revision.String(), Complete: true}, nil
}

// corpus returns a folder of real manifests, or skips the test.
func corpus(t *testing.T, name string) fs.FS {
	folder := os.Getenv("SETPOINT_CORPUS")
	if folder == "" {
		t.Skip("SETPOINT_CORPUS does not name the folder of real manifests")
	}
	return os.DirFS(filepath.Join(folder, name))
}
