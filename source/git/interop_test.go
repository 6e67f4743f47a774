package git_test

import (
	"fmt"
	"io"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git"
)

// real is a repository made and served by Git itself. Tests with it are skipped where there is none.
type real struct {
	t        *testing.T
	dir, url string
}

func realGit(t *testing.T) *real {
	t.Helper()
	program, err := exec.LookPath("git")
	if err != nil {
		t.Skip("no git on this machine: what Git's own server answers is not compared")
	}
	root := t.TempDir()
	r := &real{t: t, dir: filepath.Join(root, "team", "apps.git")}
	require.NoError(t, os.MkdirAll(r.dir, 0o755))
	r.git("init", "-q", "-b", "main")
	r.git("config", "gc.auto", "0")
	backend := strings.TrimSpace(r.git("--exec-path")) + "/git-http-backend"
	if _, err := os.Stat(backend); err != nil {
		t.Skip("this git has no http-backend")
	}
	s := httptest.NewServer(&cgi.Handler{
		Path: backend, Stderr: io.Discard,
		Env: []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "PATH=" + filepath.Dir(program), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1"},
	})
	t.Cleanup(s.Close)
	r.url = s.URL + "/team/apps.git/.git"
	return r
}

func (r *real) git(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=ada@example.com")
	out, err := cmd.CombinedOutput()
	require.NoError(r.t, err, "%s", out)
	return string(out)
}

func (r *real) commit(files map[string]string) string {
	r.t.Helper()
	for name, content := range files {
		file := filepath.Join(r.dir, name)
		require.NoError(r.t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(r.t, os.WriteFile(file, []byte(content), 0o644))
	}
	r.git("add", "-A")
	r.git("commit", "-q", "--allow-empty", "-m", "change")
	return strings.TrimSpace(r.git("rev-parse", "HEAD"))
}

func TestGitsOwnServer(t *testing.T) {
	for _, cached := range []bool{false, true} {
		t.Run(fmt.Sprintf("cache directory %v", cached), func(t *testing.T) {
			r := realGit(t)
			opts := &git.Options{}
			if cached {
				opts.CacheDir = t.TempDir()
			}
			files := map[string]string{}
			for i := range 300 {
				files[fmt.Sprintf("app-%03d/deploy.yaml", i)] = strings.Repeat(fmt.Sprintf("line of app %d\n", i), 40)
			}
			first := r.commit(files)
			r.commit(map[string]string{"app-000/deploy.yaml": "second"})
			r.git("repack", "-adfq")
			repo := open(t, r.url, opts)
			s := fetch(t, repo.At("main"), source.Revision{})
			assert.Equal(t, "second", read(t, s, "app-000/deploy.yaml"))
			require.NoError(t, fstest.TestFS(s.FS, "app-299/deploy.yaml"))
			whole := git.Received(repo)
			t.Logf("first fetch: %d bytes", whole)

			changed := files["app-007/deploy.yaml"] + "one more line\n"
			for range 3 {
				r.commit(map[string]string{"app-007/deploy.yaml": "between"})
			}
			r.commit(map[string]string{"app-007/deploy.yaml": changed})
			s = fetch(t, repo.At("main"), source.Revision{})
			assert.Equal(t, changed, read(t, s, "app-007/deploy.yaml"))
			assert.Equal(t, files["app-008/deploy.yaml"], read(t, s, "app-008/deploy.yaml"))
			delta := git.Received(repo) - whole
			t.Logf("second fetch, 4 commits on: %d bytes", delta)
			assert.Less(t, delta, int64(1500))
			assert.Less(t, delta, whole/10)

			// A history that has nothing in common with what is here.
			r.git("checkout", "-q", "--orphan", "other")
			other := r.commit(map[string]string{"app-008/deploy.yaml": "other"})
			before := git.Received(repo)
			s = fetch(t, repo.At("other"), source.Revision{})
			assert.Equal(t, "other", read(t, s, "app-008/deploy.yaml"))
			assert.Equal(t, "sha1:"+other, s.Revision.Digest)
			t.Logf("an unrelated branch with the same files: %d bytes", git.Received(repo)-before)

			// A commit that no ref names, asked for by hash: this server refuses, so the history is fetched.
			s = fetch(t, repo.At(first), source.Revision{})
			assert.Equal(t, files["app-000/deploy.yaml"], read(t, s, "app-000/deploy.yaml"))
			_, err := repo.At(strings.Repeat("ab", 20)).Fetch(t.Context(), source.Revision{})
			assert.ErrorIs(t, err, source.ErrUnknownRevision)

			// The same on a server that allows it.
			r.git("config", "uploadpack.allowReachableSHA1InWant", "true")
			r.git("config", "uploadpack.allowFilter", "true")
			fresh := open(t, r.url, nil)
			s = fetch(t, fresh.At(first), source.Revision{})
			assert.Equal(t, files["app-000/deploy.yaml"], read(t, s, "app-000/deploy.yaml"))
			_, err = fresh.At(strings.Repeat("ab", 20)).Fetch(t.Context(), source.Revision{})
			assert.ErrorIs(t, err, source.ErrUnknownRevision)
			fresh = open(t, r.url, nil)
			got, err := fresh.At(first[:7]).Resolve(t.Context())
			require.NoError(t, err)
			assert.Equal(t, "sha1:"+first, got.Digest)
			t.Logf("the whole history without content: %d bytes", git.Received(fresh))
			assert.Less(t, git.Received(fresh), whole/4)

			// And from an annotated tag, packed refs and all.
			r.git("tag", "-a", "-m", "x", "v1.2.0", first)
			r.git("pack-refs", "--all")
			s = fetch(t, fresh.At("~1.2"), source.Revision{})
			assert.Equal(t, "sha1:"+first, s.Revision.Digest)
		})
	}
}
