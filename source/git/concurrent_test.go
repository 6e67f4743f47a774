package git_test

import (
	"fmt"
	"io/fs"
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
	const readers, revisions = 64, 12
	version := func(v int) map[string]gitserver.File {
		files := many(15)
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
			var stop atomic.Bool
			var reads atomic.Int64
			for n := range readers {
				wg.Go(func() {
					for round := 0; round == 0 || !stop.Load(); round++ {
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
			stop.Store(true)
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
