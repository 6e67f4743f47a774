package git_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git"
	"github.com/setpoint-dev/setpoint/source/git/internal/gitserver"
)

func TestFetch(t *testing.T) {
	for name, opts := range map[string]*git.Options{"memory": nil, "cache directory": {CacheDir: t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			r := gitserver.New()
			files := many(300)
			files["run.sh"] = gitserver.File{Content: "#!/bin/sh\n", Mode: filemode.Executable}
			files["link"] = gitserver.File{Content: "app-01/deploy.yaml", Mode: filemode.Symlink}
			h := r.Push("main", files)
			s := fetch(t, open(t, web(t, r), opts).At("main"), source.Revision{})

			assert.Equal(t, source.Revision{Name: "main", Digest: "sha1:" + h.String()}, s.Revision)
			assert.Equal(t, h.String(), s.Commit.ID)
			assert.Equal(t, "Ada", s.Commit.Author)
			assert.Equal(t, "change 1\n", s.Commit.Message)
			require.NoError(t, fstest.TestFS(s.FS, "run.sh", "link", "app-00/deploy.yaml", "app-299/deploy.yaml"))
			assert.Equal(t, files["app-01/deploy.yaml"].Content, read(t, s, "link"))
			info, err := fs.Stat(s.FS, "run.sh")
			require.NoError(t, err)
			assert.Equal(t, fs.FileMode(0o755), info.Mode())
			assert.Equal(t, s.Commit.Time, info.ModTime())
			object := info.Sys().(git.Object)
			assert.Equal(t, "sha1:"+plumbing.ComputeHash(plumbing.BlobObject, []byte("#!/bin/sh\n")).String(), object.Digest())
			assert.Equal(t, uint32(0o100755), object.Mode)
		})
	}
}

// Only what changed travels, and nothing but the refs when nothing did.
func TestSecondFetchCostsWhatChanged(t *testing.T) {
	cache := t.TempDir()
	for name, opts := range map[string]*git.Options{"memory": nil, "cache directory": {CacheDir: cache}} {
		t.Run(name, func(t *testing.T) {
			r := gitserver.New()
			files := many(100)
			r.Push("main", files)
			r.Push("main", files)
			url := web(t, r)
			repo := open(t, url, opts)
			main := repo.At("main")
			fetch(t, main, source.Revision{})
			log := r.Log()
			require.Len(t, log, 2)
			assert.Equal(t, 202, log[1].Objects, "a commit, a root, and a directory and a file for each of 100 names")
			assert.Equal(t, 1, log[1].Depth)
			t.Logf("first fetch: %d objects, %d bytes", log[1].Objects, log[1].Bytes)
			first := log[1].Bytes

			s := fetch(t, main, source.Revision{})
			log = r.Log()
			require.Len(t, log, 1)
			assert.Equal(t, "refs", log[0].Op)
			fetch(t, main, s.Revision)
			assert.Empty(t, r.Log(), "a digest that is held asks nothing")

			files["app-07/deploy.yaml"] = gitserver.Text("kind: Pod\n")
			r.Push("main", files)
			r.Push("main", files)
			s = fetch(t, main, source.Revision{})
			assert.Equal(t, "kind: Pod\n", read(t, s, "app-07/deploy.yaml"))
			assert.Equal(t, files["app-08/deploy.yaml"].Content, read(t, s, "app-08/deploy.yaml"))
			log = r.Log()
			require.Len(t, log, 2)
			assert.Equal(t, 4, log[1].Objects, "commit, root, one directory, one file")
			assert.Less(t, log[1].Bytes, first/3)
			t.Logf("second fetch: %d objects, %d bytes", log[1].Objects, log[1].Bytes)

			if opts != nil {
				files["app-09/deploy.yaml"] = gitserver.Text("kind: Job\n")
				r.Push("main", files)
				again := open(t, url, opts)
				s = fetch(t, again.At("main"), source.Revision{})
				assert.Equal(t, "kind: Job\n", read(t, s, "app-09/deploy.yaml"))
				log = r.Log()
				require.Len(t, log, 2)
				assert.Equal(t, 4, log[1].Objects, "another process goes on where this one was")
			}
		})
	}
}

func TestResolveDoesNotFetch(t *testing.T) {
	r := gitserver.New()
	h := r.Push("main", many(3))
	tag := r.Tag("v1.0.0", h)
	require.NotEqual(t, h, tag)
	repo := open(t, web(t, r), nil)
	for _, name := range []string{"main", "v1.0.0", "HEAD", "", "refs/heads/main", "heads/main", "^1"} {
		got, err := repo.At(name).Resolve(t.Context())
		require.NoError(t, err, name)
		assert.Equal(t, source.Revision{Name: name, Digest: "sha1:" + h.String()}, got, name)
	}
	for _, e := range r.Log() {
		assert.Equal(t, "refs", e.Op)
	}
	s := fetch(t, repo.At("v1.0.0"), source.Revision{})
	assert.Equal(t, "sha1:"+h.String(), s.Revision.Digest, "a tag's commit, not the tag")
}

// What one process has fetched, another that uses the same directory finds.
func TestSharedCacheDirectory(t *testing.T) {
	r := gitserver.New()
	r.Push("main", many(300))
	url, opts := web(t, r), &git.Options{CacheDir: t.TempDir()}
	a, b := open(t, url, opts), open(t, url, opts)
	fetch(t, a.At("main"), source.Revision{})
	files := many(300)
	for name := range files {
		files[name] = gitserver.Text(name)
	}
	r.Push("main", files)
	at := fetch(t, b.At("main"), source.Revision{}).Revision
	r.Log()
	s := fetch(t, a.At("main"), at)
	assert.Equal(t, "app-299/deploy.yaml", read(t, s, "app-299/deploy.yaml"))
	assert.Empty(t, r.Log())
	_, err := os.Stat(filepath.Join(opts.CacheDir, "objects"))
	assert.ErrorIs(t, err, fs.ErrNotExist, "each repository has a directory of its own")
}

// Old revisions leave memory, held ones stay.
func TestMemoryIsBounded(t *testing.T) {
	r := gitserver.New()
	r.Reachable = true
	files := many(20)
	r.Push("main", files)
	repo := open(t, web(t, r), nil)
	main := repo.At("main")
	pinned := fetch(t, main, source.Revision{})
	first := read(t, pinned, "app-00/deploy.yaml")
	var before plumbing.Hash
	for i := range 60 {
		files = many(20)
		for name, f := range files {
			files[name] = gitserver.Text(f.Content + string(rune('A'+i)))
		}
		h := r.Push("main", files)
		s, err := main.Fetch(t.Context(), source.Revision{})
		require.NoError(t, err)
		require.NoError(t, s.Close())
		if i == 1 {
			before = h
		}
	}
	assert.Equal(t, first, read(t, pinned, "app-00/deploy.yaml"))
	assert.Less(t, git.Held(repo), 2*17*42+256+42, "16 recent revisions and the held one, at most doubled")
	t.Logf("%d objects held after 61 revisions of 42", git.Held(repo))

	blob := ""
	for _, f := range files {
		// What the second revision had in the same place.
		blob = strings.TrimSuffix(f.Content, string(rune('A'+59))) + "B"
		break
	}
	r.Lose = map[plumbing.Hash]bool{plumbing.ComputeHash(plumbing.BlobObject, []byte(blob)): true}
	_, err := main.Fetch(t.Context(), source.Revision{Digest: "sha1:" + before.String()})
	require.ErrorIs(t, err, source.ErrCorrupt, "what was dropped is not taken for present")
	r.Lose = nil
	r.Log()
	s := fetch(t, main, source.Revision{Digest: "sha1:" + before.String()})
	assert.Len(t, s.Commit.ID, 40)
	assert.Len(t, r.Log(), 2, "a revision that was dropped is fetched again")
	assert.NotEmpty(t, read(t, s, "app-19/deploy.yaml"))
}
