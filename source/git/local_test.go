package git_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/git"
	"github.com/setpoint-dev/setpoint/source/git/internal/gitserver"
)

// save writes a repository in memory to a Git directory, with the objects where the test wants them.
func save(t *testing.T, r *gitserver.Repo, gitDir string, refs map[string]plumbing.Hash) {
	t.Helper()
	s := filesystem.NewStorage(osfs.New(gitDir), cache.NewObjectLRUDefault())
	if _, err := os.Stat(gitDir); err != nil {
		require.NoError(t, s.Init())
	}
	r.Objects(func(o plumbing.EncodedObject) {
		_, err := s.SetEncodedObject(o)
		require.NoError(t, err)
	})
	for name, h := range refs {
		// As Git does it: readers see the old file or the new one.
		file := filepath.Join(gitDir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file+".lock", []byte(h.String()+"\n"), 0o644))
		require.NoError(t, os.Rename(file+".lock", file))
	}
	head := filepath.Join(gitDir, "HEAD")
	require.NoError(t, os.WriteFile(head+".lock", []byte("ref: refs/heads/main\n"), 0o644))
	require.NoError(t, os.Rename(head+".lock", head))
}

func objectFile(gitDir string, h plumbing.Hash) string {
	return filepath.Join(gitDir, "objects", h.String()[:2], h.String()[2:])
}

func TestLocal(t *testing.T) {
	r := gitserver.New()
	r.Push("main", many(5))
	h := r.Push("main", many(10))
	tag := r.Tag("v1.0.0", h)
	refs := map[string]plumbing.Hash{"refs/heads/main": h, "refs/tags/v1.0.0": tag}

	work := t.TempDir()
	save(t, r, filepath.Join(work, ".git"), refs)
	bare := filepath.Join(t.TempDir(), "apps.git")
	save(t, r, bare, refs)
	linked := t.TempDir()
	private := filepath.Join(work, ".git", "worktrees", "linked")
	require.NoError(t, os.MkdirAll(private, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(linked, ".git"), []byte("gitdir: "+private+"\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(private, "commondir"), []byte("../..\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(private, "HEAD"), []byte(h.String()+"\n"), 0o644))
	borrower := t.TempDir()
	save(t, gitserver.New(), filepath.Join(borrower, ".git"), refs)
	require.NoError(t, os.MkdirAll(filepath.Join(borrower, ".git/objects/info"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(borrower, ".git/objects/info/alternates"), []byte(filepath.Join(bare, "objects")+"\n"), 0o644))

	for name, path := range map[string]string{
		"work tree": work, "bare": bare, "URL": "file://" + filepath.ToSlash(bare), "linked work tree": linked, "alternates": borrower,
	} {
		t.Run(name, func(t *testing.T) {
			repo := open(t, path, nil)
			for _, revision := range []string{"", "HEAD", "main", "v1.0.0", "refs/heads/main", h.String(), h.String()[:7], h.String()[:8], "1.x"} {
				s := fetch(t, repo.At(revision), source.Revision{})
				assert.Equal(t, "sha1:"+h.String(), s.Revision.Digest, revision)
				require.NoError(t, fstest.TestFS(s.FS, "app-09/deploy.yaml"))
				now, err := repo.At(revision).Resolve(t.Context())
				require.NoError(t, err)
				assert.Equal(t, s.Revision, now)
			}
			_, err := repo.At("man").Fetch(t.Context(), source.Revision{})
			assert.ErrorIs(t, err, source.ErrUnknownRevision)
			assert.ErrorContains(t, err, `no branch, tag or ref "man"; there is main`)
			_, err = repo.At("").Fetch(t.Context(), source.Revision{Digest: "sha1:" + strings.Repeat("0a", 20)})
			assert.ErrorIs(t, err, source.ErrUnknownRevision)
			_, err = repo.At("").Fetch(t.Context(), source.Revision{Digest: "sha256:00"})
			assert.ErrorIs(t, err, source.ErrUnknownRevision)
		})
	}
}

func TestLocalSeesNewCommits(t *testing.T) {
	r := gitserver.New()
	h := r.Push("main", many(2))
	dir := filepath.Join(t.TempDir(), ".git")
	save(t, r, dir, map[string]plumbing.Hash{"refs/heads/main": h})
	repo := open(t, filepath.Dir(dir), nil)
	old := fetch(t, repo.At("main"), source.Revision{})
	h = r.Push("main", many(3))
	save(t, r, dir, map[string]plumbing.Hash{"refs/heads/main": h})
	s := fetch(t, repo.At("main"), source.Revision{})
	assert.NotEmpty(t, read(t, s, "app-02/deploy.yaml"))
	_, err := fs.Stat(old.FS, "app-02/deploy.yaml")
	assert.ErrorIs(t, err, fs.ErrNotExist)
}

func TestLocalRefs(t *testing.T) {
	r := gitserver.New()
	a, b := r.Push("main", many(1)), r.Push("main", many(2))
	tag := r.Tag("v1.0.0", a)
	write := func(gitDir, name, content string) {
		file := filepath.Join(gitDir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
	}
	dir := t.TempDir()
	gitDir := filepath.Join(dir, ".git")
	save(t, r, gitDir, nil)
	write(gitDir, "packed-refs", "# pack-refs with: peeled fully-peeled sorted\n"+a.String()+" refs/heads/main\n"+a.String()+" refs/heads/packed\n"+
		tag.String()+" refs/tags/v1.0.0\n^"+a.String()+"\n")
	write(gitDir, "refs/heads/main", b.String()+"\n")
	write(gitDir, "refs/heads/busy.lock", "")
	write(gitDir, "refs/heads/broken", "not a hash\n")
	write(gitDir, "refs/heads/unwritten", "")
	write(gitDir, "refs/remotes/origin/HEAD", "ref: refs/remotes/origin/main\n")
	write(gitDir, "refs/remotes/origin/main", a.String()+"\n")
	repo := open(t, dir, nil)
	for name, want := range map[string]plumbing.Hash{"main": b, "HEAD": b, "packed": a, "v1.0.0": a, "remotes/origin/HEAD": a, "^1": a} {
		s := fetch(t, repo.At(name), source.Revision{})
		assert.Equal(t, want.String(), s.Commit.ID, name)
	}
	for name, want := range map[string]error{
		"broken": source.ErrCorrupt, "unwritten": source.ErrUnstable, "busy": source.ErrUnknownRevision, "busy.lock": source.ErrUnknownRevision, "../config": source.ErrUnknownRevision,
		"refs/../config": source.ErrUnknownRevision, "refs/heads": source.ErrUnknownRevision, "config": source.ErrUnknownRevision,
		strings.Repeat("long/", 3000): source.ErrUnknownRevision,
	} {
		_, err := repo.At(name).Resolve(t.Context())
		assert.ErrorIs(t, err, want, name)
	}
	write(gitDir, "refs/tags/v1.1.0", "")
	_, err := repo.At("^1").Resolve(t.Context())
	assert.ErrorIs(t, err, source.ErrCorrupt, "a range does not pass over a tag that cannot be read")
	write(gitDir, "HEAD", b.String()+"\n")
	s := fetch(t, repo.At(""), source.Revision{})
	assert.Equal(t, b.String(), s.Commit.ID)
}

// What the repository lacks is an error, and never looks like a file that is not there.
func TestDamagedObjects(t *testing.T) {
	r := gitserver.New()
	content := "kind: Pod\n"
	h := r.Push("main", map[string]gitserver.File{"a/pod.yaml": gitserver.Text(content), "b.yaml": gitserver.Text("b")})
	blob := plumbing.ComputeHash(plumbing.BlobObject, []byte(content))
	var trees []plumbing.Hash
	r.Objects(func(o plumbing.EncodedObject) {
		if o.Type() == plumbing.TreeObject {
			trees = append(trees, o.Hash())
		}
	})
	require.Len(t, trees, 2)
	for name, damage := range map[string]func(t *testing.T, gitDir string){
		"blob missing": func(t *testing.T, gitDir string) { require.NoError(t, os.Remove(objectFile(gitDir, blob))) },
		"blob cut short": func(t *testing.T, gitDir string) {
			require.NoError(t, os.Chmod(objectFile(gitDir, blob), 0o644))
			require.NoError(t, os.Truncate(objectFile(gitDir, blob), 12))
		},
		"blob of another file": func(t *testing.T, gitDir string) {
			other, err := os.ReadFile(objectFile(gitDir, plumbing.ComputeHash(plumbing.BlobObject, []byte("b"))))
			require.NoError(t, err)
			require.NoError(t, os.Chmod(objectFile(gitDir, blob), 0o644))
			require.NoError(t, os.WriteFile(objectFile(gitDir, blob), other, 0o644))
		},
		"one tree missing":    func(t *testing.T, gitDir string) { require.NoError(t, os.Remove(objectFile(gitDir, trees[0]))) },
		"the other missing":   func(t *testing.T, gitDir string) { require.NoError(t, os.Remove(objectFile(gitDir, trees[1]))) },
		"commit missing":      func(t *testing.T, gitDir string) { require.NoError(t, os.Remove(objectFile(gitDir, h))) },
		"objects all missing": func(t *testing.T, gitDir string) { require.NoError(t, os.RemoveAll(filepath.Join(gitDir, "objects"))) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			gitDir := filepath.Join(dir, ".git")
			save(t, r, gitDir, map[string]plumbing.Hash{"refs/heads/main": h})
			damage(t, gitDir)
			s, err := open(t, dir, nil).At("main").Fetch(t.Context(), source.Revision{})
			if err == nil {
				_, err = fs.ReadFile(s.FS, "a/pod.yaml")
			}
			require.Error(t, err)
			assert.NotErrorIs(t, err, fs.ErrNotExist)
			assert.ErrorIs(t, err, source.ErrCorrupt)
			var failed *source.Error
			assert.ErrorAs(t, err, &failed)
		})
	}
}

func TestNoRepository(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	sha256 := t.TempDir()
	save(t, gitserver.New(), filepath.Join(sha256, ".git"), nil)
	require.NoError(t, os.WriteFile(filepath.Join(sha256, ".git/config"), []byte("[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n"), 0o644))
	for _, path := range []string{file, t.TempDir(), "/no/such/directory", "file:///no/such/directory", sha256, "", "ftp://example.com/x", "https://", "https://example.com"} {
		_, err := git.Open(path, nil)
		assert.ErrorIs(t, err, source.ErrNotRepository, path)
		assert.NotErrorIs(t, err, fs.ErrNotExist, path)
	}
	empty := t.TempDir()
	save(t, gitserver.New(), filepath.Join(empty, ".git"), nil)
	_, err := open(t, empty, nil).At("main").Fetch(t.Context(), source.Revision{})
	assert.ErrorIs(t, err, source.ErrUnknownRevision)
	assert.ErrorContains(t, err, "the repository is empty")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = open(t, empty, nil).At("main").Fetch(ctx, source.Revision{})
	assert.ErrorIs(t, err, context.Canceled)
}
