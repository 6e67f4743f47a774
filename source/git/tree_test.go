package git_test

import (
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git"
	"github.com/setpoint-dev/setpoint/source/git/internal/gitserver"
)

func link(target string) gitserver.File {
	return gitserver.File{Content: target, Mode: filemode.Symlink}
}

func TestLinksAndSubmodules(t *testing.T) {
	r := gitserver.New()
	commit := strings.Repeat("ab", 20)
	r.Push("main", map[string]gitserver.File{
		"base/a.yaml": gitserver.Text("a"), "prod/b.yaml": gitserver.Text("b"),
		"prod/base": link("../base"), "prod/up": link("../../etc/passwd"), "absolute": link("/etc/passwd"), "circle": link("circle"),
		"one": link("two"), "two": link("one"), "dangling": link("nowhere"), "chain": link("prod/base/a.yaml"), "through": link("base/a.yaml/x"),
		"root": link("."), "long": link("./././prod/../base/./a.yaml"), "empty": link(""),
		"vendor/sub": {Content: commit, Mode: filemode.Submodule},
	})
	s := fetch(t, open(t, web(t, r), nil).At("main"), source.Revision{})
	for _, name := range []string{"prod/base/a.yaml", "chain", "root/base/a.yaml", "root/root/root/chain", "long"} {
		assert.Equal(t, "a", read(t, s, name))
	}
	sub, err := fs.Sub(s.FS, "prod")
	require.NoError(t, err)
	content, err := fs.ReadFile(sub, "base/a.yaml")
	require.NoError(t, err, "a link out of a subdirectory stays in the tree")
	assert.Equal(t, "a", string(content))

	for name, want := range map[string]error{
		"prod/up": source.ErrUnsafePath, "absolute": source.ErrUnsafePath, "circle": source.ErrUnsafePath, "one": source.ErrUnsafePath,
		"dangling": fs.ErrNotExist, "through": fs.ErrNotExist, "base/a.yaml/x": fs.ErrNotExist, "base/A.yaml": fs.ErrNotExist,
		"../x": fs.ErrInvalid, "/base": fs.ErrInvalid, "base/": fs.ErrInvalid, "": fs.ErrInvalid, "base/../prod": fs.ErrInvalid,
		"vendor/sub/x": git.ErrSubmodule,
	} {
		for call, err := range map[string]error{
			"open": second(s.FS.Open(name)), "stat": second(fs.Stat(s.FS, name)), "readfile": second(fs.ReadFile(s.FS, name)), "readdir": second(fs.ReadDir(s.FS, name)),
		} {
			assert.ErrorIs(t, err, want, "%s %s", call, name)
			if want != fs.ErrNotExist {
				assert.NotErrorIs(t, err, fs.ErrNotExist)
			}
		}
	}
	info, err := fs.Stat(s.FS, "vendor/sub")
	require.NoError(t, err)
	assert.True(t, info.IsDir())
	assert.Equal(t, commit, info.Sys().(git.Object).Hash)
	err = fs.WalkDir(s.FS, "vendor", func(_ string, _ fs.DirEntry, err error) error { return err })
	assert.ErrorIs(t, err, git.ErrSubmodule, "a walk does not take it for an empty directory")
	assert.ErrorContains(t, err, "file vendor/sub")

	f, err := s.FS.Open("prod/b.yaml")
	require.NoError(t, err)
	require.NoError(t, s.Close())
	got, err := io.ReadAll(f)
	require.NoError(t, err, "an open file stays readable")
	assert.Equal(t, "b", string(got))
	_, err = s.FS.Open("prod/b.yaml")
	assert.ErrorIs(t, err, fs.ErrClosed)
}

func second[T any](_ T, err error) error { return err }

func TestDigestsAreKeys(t *testing.T) {
	r := gitserver.New()
	files := many(3)
	r.Push("main", files)
	repo := open(t, web(t, r), nil)
	digests := func(s *source.Snapshot, name string) string {
		info, err := fs.Stat(s.FS, name)
		require.NoError(t, err)
		return info.Sys().(interface{ Digest() string }).Digest()
	}
	a := fetch(t, repo.At("main"), source.Revision{})
	files["app-01/deploy.yaml"] = gitserver.Text("changed")
	r.Push("main", files)
	b := fetch(t, repo.At("main"), source.Revision{})
	for name, same := range map[string]bool{".": false, "app-01": false, "app-01/deploy.yaml": false, "app-00": true, "app-00/deploy.yaml": true} {
		assert.Equal(t, same, digests(a, name) == digests(b, name), name)
	}
}

// A server that leaves out or forges content is found out before the snapshot is handed over.
func TestIncompletePack(t *testing.T) {
	for _, kind := range []plumbing.ObjectType{plumbing.BlobObject, plumbing.TreeObject, plumbing.CommitObject} {
		r := gitserver.New()
		h := r.Push("main", map[string]gitserver.File{"a/pod.yaml": gitserver.Text("kind: Pod\n")})
		r.Lose = map[plumbing.Hash]bool{}
		r.Objects(func(o plumbing.EncodedObject) {
			if o.Type() == kind {
				r.Lose[o.Hash()] = true
			}
		})
		repo := open(t, web(t, r), nil)
		_, err := repo.At("main").Fetch(t.Context(), source.Revision{})
		require.ErrorIs(t, err, source.ErrCorrupt, kind)
		assert.NotErrorIs(t, err, fs.ErrNotExist)
		t.Log(err)
		r.Lose = nil
		s := fetch(t, repo.At("main"), source.Revision{})
		assert.Equal(t, h.String(), s.Commit.ID, "and a server that is mended is believed")
	}
}

func TestBadTrees(t *testing.T) {
	blob := func(r *gitserver.Repo) plumbing.Hash { return r.Raw(plumbing.BlobObject, []byte("x")) }
	line := func(mode, name string, h plumbing.Hash) []byte {
		return append(fmt.Appendf(nil, "%s %s\x00", mode, name), h[:]...)
	}
	for name, tree := range map[string]func(r *gitserver.Repo) []byte{
		"slash":   func(r *gitserver.Repo) []byte { return line("100644", "a/b", blob(r)) },
		"dot dot": func(r *gitserver.Repo) []byte { return line("40000", "..", r.Raw(plumbing.TreeObject, nil)) },
		"no name": func(r *gitserver.Repo) []byte { return line("100644", "", blob(r)) },
		"twice": func(r *gitserver.Repo) []byte {
			return append(line("100644", "a", blob(r)), line("100755", "a", blob(r))...)
		},
		"cut short":             func(r *gitserver.Repo) []byte { return line("100644", "a", blob(r))[:15] },
		"bad mode":              func(r *gitserver.Repo) []byte { return line("9x", "a", blob(r)) },
		"a file as a directory": func(r *gitserver.Repo) []byte { return line("40000", "a", blob(r)) },
	} {
		t.Run(name, func(t *testing.T) {
			r := gitserver.New()
			c := commitOf(r, r.Raw(plumbing.TreeObject, tree(r)))
			r.Set("refs/heads/main", c)
			_, err := open(t, web(t, r), nil).At("main").Fetch(t.Context(), source.Revision{})
			assert.ErrorIs(t, err, source.ErrCorrupt)
		})
	}
}

func commitOf(r *gitserver.Repo, tree plumbing.Hash) plumbing.Hash {
	o := &plumbing.MemoryObject{}
	if err := (&object.Commit{TreeHash: tree, Message: "x"}).Encode(o); err != nil {
		panic(err)
	}
	reader, _ := o.Reader()
	data, _ := io.ReadAll(reader)
	return r.Raw(plumbing.CommitObject, data)
}

func TestBounds(t *testing.T) {
	r := gitserver.New()
	files := many(20)
	files["big.yaml"] = gitserver.Text(strings.Repeat("x", 5000))
	r.Push("main", files)
	url := web(t, r)
	for name, opts := range map[string]*git.Options{
		"MaxEntries":    {MaxEntries: 40},
		"MaxFetchBytes": {MaxFetchBytes: 6000},
	} {
		_, err := open(t, url, opts).At("main").Fetch(t.Context(), source.Revision{})
		assert.ErrorIs(t, err, source.ErrTooLarge)
		assert.ErrorContains(t, err, "raise "+name)
	}
	fetch(t, open(t, url, &git.Options{MaxEntries: 41, MaxFetchBytes: 50_000}).At("main"), source.Revision{})
	s := fetch(t, open(t, url, &git.Options{MaxFileBytes: 4999}).At("main"), source.Revision{})
	_, err := fs.ReadFile(s.FS, "big.yaml")
	assert.ErrorIs(t, err, source.ErrTooLarge)
	assert.ErrorContains(t, err, "5000 bytes, more than 4999; raise MaxFileBytes")
	assert.NotEmpty(t, read(t, s, "app-00/deploy.yaml"))
}

// A small pack may stand for more files than any memory holds.
func TestTreesThatMultiply(t *testing.T) {
	r := gitserver.New()
	h := r.Raw(plumbing.BlobObject, []byte("x"))
	mode := "100644"
	for range 30 {
		var tree []byte
		for i := range 10 {
			tree = append(append(tree, fmt.Sprintf("%s %d\x00", mode, i)...), h[:]...)
		}
		h, mode = r.Raw(plumbing.TreeObject, tree), "40000"
	}
	r.Set("refs/heads/main", commitOf(r, h))
	_, err := open(t, web(t, r), nil).At("main").Fetch(t.Context(), source.Revision{})
	assert.ErrorIs(t, err, source.ErrTooLarge)
	deep := r.Raw(plumbing.TreeObject, nil)
	for range 2000 {
		deep = r.Raw(plumbing.TreeObject, append([]byte("40000 d\x00"), deep[:]...))
	}
	r.Set("refs/heads/deep", commitOf(r, deep))
	_, err = open(t, web(t, r), nil).At("deep").Fetch(t.Context(), source.Revision{})
	assert.ErrorIs(t, err, source.ErrTooLarge)
}
