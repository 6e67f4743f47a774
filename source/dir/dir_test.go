package dir_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/dir"
)

func write(t *testing.T, root, name, content string) {
	t.Helper()
	file := filepath.Join(root, name)
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
}

func sample(t *testing.T) string {
	root := t.TempDir()
	write(t, root, "prod/app.yaml", "kind: Service\n")
	write(t, root, "prod/run.sh", "#!/bin/sh\n")
	require.NoError(t, os.Chmod(filepath.Join(root, "prod/run.sh"), 0o755))
	write(t, root, "base/empty.yaml", "")
	write(t, root, ".git/HEAD", "ref: refs/heads/main\n")
	write(t, root, "sub/.git", "gitdir: ../x\n")
	require.NoError(t, os.Symlink("../base", filepath.Join(root, "prod/base")))
	return root
}

func TestSnapshotIsATree(t *testing.T) {
	s, err := dir.New(sample(t), nil).Fetch(t.Context(), source.Revision{Name: "now"})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, fstest.TestFS(s.FS, "prod/app.yaml", "prod/run.sh", "base/empty.yaml", "sub"))

	content, err := fs.ReadFile(s.FS, "prod/app.yaml")
	require.NoError(t, err)
	assert.Equal(t, "kind: Service\n", string(content))
	info, err := fs.Stat(s.FS, "prod/run.sh")
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o755), info.Mode())
	_, err = fs.Stat(s.FS, "prod/base/empty.yaml")
	assert.NoError(t, err, "a link inside the tree is followed")
	for _, name := range []string{".git", ".git/HEAD", "sub/.git"} {
		_, err = fs.Stat(s.FS, name)
		assert.ErrorIs(t, err, fs.ErrNotExist, name)
	}
	sys, ok := info.Sys().(interface{ Digest() string })
	require.True(t, ok)
	assert.True(t, strings.HasPrefix(sys.Digest(), "sha256:"))
}

func TestSnapshotDoesNotChange(t *testing.T) {
	root := sample(t)
	d := dir.New(root, nil)
	s, err := d.Fetch(t.Context(), source.Revision{})
	require.NoError(t, err)
	write(t, root, "prod/app.yaml", "kind: Pod\n")
	require.NoError(t, os.RemoveAll(filepath.Join(root, "base")))

	content, err := fs.ReadFile(s.FS, "prod/app.yaml")
	require.NoError(t, err)
	assert.Equal(t, "kind: Service\n", string(content))
	_, err = fs.Stat(s.FS, "base/empty.yaml")
	assert.NoError(t, err)

	_, err = d.Fetch(t.Context(), s.Revision)
	assert.ErrorIs(t, err, source.ErrUnknownRevision)
	require.NoError(t, s.Close())
	_, err = fs.ReadFile(s.FS, "prod/app.yaml")
	assert.ErrorIs(t, err, fs.ErrClosed)
}

func TestDigestIsTheContent(t *testing.T) {
	root := sample(t)
	d := dir.New(root, nil)
	digest := func() string {
		r, err := d.Resolve(t.Context())
		require.NoError(t, err)
		return r.Digest
	}
	before := digest()
	changes := map[string]func() error{
		"content": func() error {
			return os.WriteFile(filepath.Join(root, "prod/app.yaml"), []byte("kind: Servicf\n"), 0o644)
		},
		"mode": func() error { return os.Chmod(filepath.Join(root, "prod/app.yaml"), 0o700) },
		"name": func() error {
			return os.Rename(filepath.Join(root, "base/empty.yaml"), filepath.Join(root, "base/b.yaml"))
		},
		"link": func() error {
			return os.Remove(filepath.Join(root, "prod/base"))
		},
		"empty directory": func() error { return os.Mkdir(filepath.Join(root, "new"), 0o755) },
	}
	for name, change := range changes {
		require.NoError(t, change())
		after := digest()
		assert.NotEqual(t, before, after, name)
		before = after
	}
	require.NoError(t, os.WriteFile(filepath.Join(root, ".git/HEAD"), []byte("x"), 0o644))
	require.NoError(t, os.Chtimes(filepath.Join(root, "prod/run.sh"), time.Unix(1, 0), time.Unix(1, 0)))
	assert.Equal(t, before, digest(), "times and .git do not count")
}

func TestRefusals(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	for _, c := range []struct {
		name string
		path string
		opts *dir.Options
		want error
	}{
		{"absent", filepath.Join(t.TempDir(), "absent"), nil, source.ErrNotRepository},
		{"file", file, nil, source.ErrNotRepository},
		{"bytes", sample(t), &dir.Options{MaxBytes: 20}, source.ErrTooLarge},
		{"entries", sample(t), &dir.Options{MaxEntries: 4}, source.ErrTooLarge},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := dir.New(c.path, c.opts).Fetch(t.Context(), source.Revision{})
			require.ErrorIs(t, err, c.want)
			assert.NotErrorIs(t, err, fs.ErrNotExist)
			var failed *source.Error
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, c.path, failed.Source)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := dir.New(sample(t), nil).Fetch(ctx, source.Revision{})
	assert.ErrorIs(t, err, context.Canceled)
}

func TestLinksCannotLeave(t *testing.T) {
	root := t.TempDir()
	write(t, root, "ok.yaml", "ok")
	for name, target := range map[string]string{
		"absolute": "/etc/passwd", "up": "../../etc/passwd", "circle": "circle", "dangling": "nowhere", "self": "./ok.yaml",
	} {
		require.NoError(t, os.Symlink(target, filepath.Join(root, name)))
	}
	s, err := dir.New(root, nil).Fetch(t.Context(), source.Revision{})
	require.NoError(t, err)
	for name, want := range map[string]error{
		"absolute": source.ErrUnsafePath, "up": source.ErrUnsafePath, "circle": source.ErrUnsafePath, "dangling": fs.ErrNotExist,
	} {
		_, err := fs.ReadFile(s.FS, name)
		assert.ErrorIs(t, err, want, name)
		target, err := fs.ReadLink(s.FS, name)
		assert.NoError(t, err)
		assert.NotEmpty(t, target)
	}
	content, err := fs.ReadFile(s.FS, "self")
	require.NoError(t, err)
	assert.Equal(t, "ok", string(content))
}

func TestAWriterMeanwhile(t *testing.T) {
	root := sample(t)
	d := dir.New(root, nil)
	writes := 0
	dir.OnSettled(d, func() {
		if writes++; writes < 3 {
			write(t, root, "prod/app.yaml", fmt.Sprintf("kind: Service # %d\n", writes))
		}
	})
	s, err := d.Fetch(t.Context(), source.Revision{})
	require.NoError(t, err)
	content, err := fs.ReadFile(s.FS, "prod/app.yaml")
	require.NoError(t, err)
	assert.Equal(t, "kind: Service # 2\n", string(content), "the third look found it at rest")

	for name, change := range map[string]func(i int){
		"added":   func(i int) { write(t, root, fmt.Sprintf("prod/%d.yaml", i), "") },
		"written": func(i int) { write(t, root, "prod/app.yaml", strings.Repeat("x", i+1)) },
	} {
		i := 0
		dir.OnSettled(d, func() { i++; change(i) })
		_, err = d.Fetch(t.Context(), source.Revision{})
		assert.ErrorIs(t, err, source.ErrUnstable, name)
	}
}
