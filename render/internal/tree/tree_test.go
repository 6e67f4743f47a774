package tree_test

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/internal/tree"
)

func link(target string) *fstest.MapFile {
	return &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
}

func TestLinksAreFollowedInsideTheTree(t *testing.T) {
	fsys := fstest.MapFS{
		"a/b/file":  {Data: []byte("text")},
		"here":      link("a/b"),
		"a/up":      link("../here/file"),
		"out":       link("../file"),
		"a/out":     link("b/../../../file"),
		"absolute":  link("/a/b/file"),
		"loop":      link("loop2"),
		"loop2":     link("loop"),
		"a/missing": link("nothing"),
	}
	tests := []struct {
		name, want string
		err        error
	}{
		{"a/b/file", "a/b/file", nil},
		{"here/file", "a/b/file", nil},
		{"a/up", "a/b/file", nil},
		{".", ".", nil},
		{"out", "", tree.ErrEscape},
		{"a/out", "", tree.ErrEscape},
		{"absolute", "", tree.ErrEscape},
		{"../x", "", tree.ErrEscape},
		{"loop", "", nil},
		{"a/missing", "", fs.ErrNotExist},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := tree.New(t.Context(), fsys, tree.Limits{File: 10, Total: 100})
			got, err := r.Resolve(tt.name)
			assert.Equal(t, tt.want, got)
			switch {
			case tt.want != "":
				require.NoError(t, err)
			case tt.err != nil:
				require.ErrorIs(t, err, tt.err)
			default:
				require.Error(t, err)
			}
		})
	}
}

func TestReadFileIsBounded(t *testing.T) {
	fsys := fstest.MapFS{"small": {Data: []byte("1234567890")}, "large": {Data: []byte("12345678901")}, "dir/file": {}}
	r := tree.New(t.Context(), fsys, tree.Limits{File: 10, Total: 100})
	_, err := r.ReadFile("small")
	require.NoError(t, err)
	_, err = r.ReadFile("large")
	require.ErrorIs(t, err, render.ErrTooLarge)
	_, err = r.ReadFile("dir")
	require.ErrorContains(t, err, "is a directory")
	for range 9 {
		_, err = r.ReadFile("small")
		require.NoError(t, err)
	}
	_, err = r.ReadFile("small")
	require.ErrorIs(t, err, render.ErrTooLarge)
	require.ErrorContains(t, err, "more than 100 bytes in all files; raise MaxBytes")
}
