package git_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git"
	"github.com/setpoint-dev/setpoint/source/git/internal/gitserver"
)

// 64 readers of several revisions find exactly what they should while other revisions are fetched and old ones dropped.
func TestReadersWhileFetching(t *testing.T) {
	const readers, revisions, rounds = 64, 8, 6
	version := func(v int) map[string]gitserver.File {
		files := many(6)
		for name, f := range files {
			files[name] = gitserver.Text(fmt.Sprintf("%d %s", v, f.Content))
		}
		return files
	}
	local := filepath.Join(t.TempDir(), ".git")
	for name, opts := range map[string]*git.Options{"memory": nil, "cache directory": {CacheDir: t.TempDir()}, "local": nil} {
		t.Run(name, func(t *testing.T) {
			r := gitserver.New()
			heads := []plumbing.Hash{r.Push("main", version(0))}
			url := web(t, r)
			push := func(v int) {
				h := r.Push("main", version(v))
				heads = append(heads, h)
				if name == "local" {
					save(t, r, local, map[string]plumbing.Hash{"refs/heads/main": h})
				}
			}
			if name == "local" {
				save(t, r, local, map[string]plumbing.Hash{"refs/heads/main": heads[0]})
				url = filepath.Dir(local)
			}
			repo := open(t, url, opts)
			main := repo.At("main")

			var wg sync.WaitGroup
			var reads atomic.Int64
			for n := range readers {
				wg.Go(func() {
					for range rounds {
						s, err := main.Fetch(t.Context(), source.Revision{})
						if !assert.NoError(t, err) {
							return
						}
						want := ""
						err = fs.WalkDir(s.FS, ".", func(name string, d fs.DirEntry, err error) error {
							if err != nil || d.IsDir() {
								return err
							}
							content, err := fs.ReadFile(s.FS, name)
							if err != nil {
								return err
							}
							var v, rest string
							if _, err := fmt.Sscan(string(content), &v, &rest); err != nil {
								return err
							}
							if want == "" {
								want = v
							}
							assert.Equal(t, want, v, "reader %d: everything is of one revision", n)
							reads.Add(1)
							return nil
						})
						assert.NoError(t, err)
						assert.NoError(t, s.Close())
					}
				})
			}
			for v := 1; v < revisions; v++ {
				push(v)
				s, err := main.Fetch(t.Context(), source.Revision{})
				require.NoError(t, err)
				assert.Equal(t, heads[v].String(), s.Commit.ID)
				require.NoError(t, s.Close())
			}
			wg.Wait()
			packs := 0
			for _, e := range r.Log() {
				if e.Op == "pack" {
					packs++
				}
			}
			t.Logf("%d files read by %d readers, %d packs for %d revisions", reads.Load(), readers, packs, revisions)
			if name != "local" {
				assert.LessOrEqual(t, packs, revisions, "no revision is fetched twice")
			}
		})
	}
}

// A branch that moves between the answer and the request is looked up again.
func TestBranchThatMovesMeanwhile(t *testing.T) {
	r := gitserver.New()
	r.Push("main", many(2))
	moves := 2
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Method == http.MethodPost && moves > 0 {
			moves--
			r.Set("refs/heads/main", r.Commit(many(3+moves)))
		}
		r.Handler().ServeHTTP(w, req)
	}))
	t.Cleanup(s.Close)
	repo := open(t, s.URL+"/team/apps.git", nil)
	got := fetch(t, repo.At("main"), source.Revision{})
	now, err := repo.At("main").Resolve(t.Context())
	require.NoError(t, err)
	assert.Equal(t, now, got.Revision)

	moves = 100
	_, err = open(t, s.URL+"/team/apps.git", nil).At("main").Fetch(t.Context(), source.Revision{})
	require.ErrorIs(t, err, source.ErrUnknownRevision)
	assert.ErrorContains(t, err, "it has moved meanwhile")
}
