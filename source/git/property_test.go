package git_test

import (
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git"
	"github.com/setpoint-dev/setpoint/source/git/internal/gitserver"
)

var seed = flag.Uint64("seed", 0, "seed of the property tests; 0 takes one from the clock")

func random(t *testing.T) *rand.Rand {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed=%d", s)
	return rand.New(rand.NewPCG(s, 0))
}

// edit changes a tree at random: files come, change, move, become directories, links or executable, and go.
func edit(rng *rand.Rand, files map[string]gitserver.File) map[string]gitserver.File {
	next := maps.Clone(files)
	names := slices.Sorted(maps.Keys(next))
	pick := func() string { return names[rng.IntN(len(names))] }
	part := func() string {
		return string("abcdeABÄ-._ "[rng.IntN(6)]) + []string{"", "x", ".yaml", "-1", "é", "+"}[rng.IntN(6)]
	}
	for range 1 + rng.IntN(6) {
		switch op := rng.IntN(10); {
		case op < 4 || len(names) < 3:
			parts := []string{part()}
			for rng.IntN(2) == 0 && len(parts) < 5 {
				parts = append(parts, part())
			}
			name := strings.Join(parts, "/")
			// What is below it or above it as a file must go.
			for other := range next {
				if strings.HasPrefix(other, name+"/") || strings.HasPrefix(name, other+"/") {
					delete(next, other)
				}
			}
			content := strings.Repeat(fmt.Sprintf("line %d\n", rng.IntN(50)), rng.IntN(200))
			next[name] = gitserver.File{Content: content, Mode: []filemode.FileMode{filemode.Regular, filemode.Executable}[rng.IntN(2)]}
		case op < 7:
			if f, ok := next[pick()]; ok {
				name := pick()
				if _, ok := next[name]; ok {
					next[name] = gitserver.File{Content: f.Content + "more\n", Mode: filemode.Regular}
				}
			}
		default:
			delete(next, pick())
		}
		names = slices.Sorted(maps.Keys(next))
	}
	return next
}

// same compares a snapshot with the files that were committed, in both directions.
func same(t *testing.T, files map[string]gitserver.File, s *source.Snapshot) {
	t.Helper()
	model := fstest.MapFS{}
	for name, f := range files {
		mode := fs.FileMode(0o644)
		if f.Mode == filemode.Executable {
			mode = 0o755
		}
		model[name] = &fstest.MapFile{Data: []byte(f.Content), Mode: mode}
	}
	list := func(fsys fs.FS) map[string]string {
		all := map[string]string{}
		require.NoError(t, fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				all[name] = "directory"
				return err
			}
			content, err := fs.ReadFile(fsys, name)
			if err != nil {
				return err
			}
			info, err := d.Info()
			if err != nil {
				return err
			}
			all[name] = fmt.Sprintf("%v %d %s", info.Mode(), info.Size(), content)
			return nil
		}))
		return all
	}
	require.Equal(t, list(model), list(s.FS))
}

// For random histories, every revision that any kind of repository shows equals what was committed, and each transfer
// carries no object that was sent before.
func TestSnapshotsEqualWhatWasCommitted(t *testing.T) {
	rng := random(t)
	rounds, revisions := 6, 25
	if testing.Short() {
		rounds = 2
	}
	total, objects := 0, 0
	for range rounds {
		r := gitserver.New()
		r.Reachable = rng.IntN(2) == 0
		url := web(t, r)
		cached := &git.Options{CacheDir: t.TempDir()}
		local := filepath.Join(t.TempDir(), ".git")
		repos := map[string]*git.Repository{"memory": open(t, url, nil), "cache directory": open(t, url, cached)}
		files := map[string]gitserver.File{}
		history := map[plumbing.Hash]map[string]gitserver.File{}
		var order []plumbing.Hash
		for range revisions {
			files = edit(rng, files)
			h := r.Push("main", files)
			history[h] = files
			order = append(order, h)
			if rng.IntN(3) == 0 {
				continue // so that a fetch jumps over some commits
			}
			if rng.IntN(5) == 0 {
				repos["cache directory"] = open(t, url, cached)
			}
			for _, repo := range repos {
				r.Log()
				s := fetch(t, repo.At("main"), source.Revision{})
				require.Equal(t, h.String(), s.Commit.ID)
				same(t, files, s)
				for _, e := range r.Log() {
					objects += e.Objects
				}
				total++
				if rng.IntN(2) == 0 {
					require.NoError(t, s.Close())
				}
			}
		}
		last := order[len(order)-1]
		save(t, r, local, map[string]plumbing.Hash{"refs/heads/main": last})
		repos["local"] = open(t, filepath.Dir(local), nil)
		for range 8 {
			h := order[rng.IntN(len(order))]
			for _, repo := range repos {
				s := fetch(t, repo.At("main"), source.Revision{Digest: "sha1:" + h.String()})
				same(t, history[h], s)
				total++
			}
		}
	}
	t.Logf("%d snapshots compared, %d objects sent", total, objects)
	assert.Greater(t, total, 100*rounds/6)
}
