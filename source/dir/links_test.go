package dir_test

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/dir"
)

// For random trees of links, a snapshot finds what the operating system finds when it is kept inside the directory, and
// refuses what it refuses.
func TestLinksAsTheSystemFollowsThem(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	found, absent, refused := 0, 0, 0
	for range 40 {
		root := t.TempDir()
		names := []string{"a", "b", "c", "a/a", "a/b", "b/a", "b/c", "a/a/c", "b/a/a"}
		for _, name := range names {
			file := filepath.Join(root, name)
			if info, err := os.Lstat(filepath.Dir(file)); err != nil || !info.IsDir() {
				continue
			}
			if _, err := os.Lstat(file); err == nil {
				continue
			}
			switch rng.IntN(5) {
			case 0:
				require.NoError(t, os.WriteFile(file, []byte(name), 0o644))
			case 1, 2:
				require.NoError(t, os.Mkdir(file, 0o755))
			default:
				parts := make([]string, 1+rng.IntN(3))
				for i := range parts {
					parts[i] = []string{"a", "b", "c", "..", ".", "a"}[rng.IntN(6)]
				}
				target := strings.Join(parts, "/")
				if rng.IntN(12) == 0 {
					target = "/" + target
				}
				require.NoError(t, os.Symlink(target, file))
			}
		}
		s, err := dir.New(root, nil).Fetch(t.Context(), source.Revision{})
		require.NoError(t, err)
		system, err := os.OpenRoot(root)
		require.NoError(t, err)
		for range 200 {
			parts := make([]string, 1+rng.IntN(4))
			for i := range parts {
				parts[i] = string("abc"[rng.IntN(3)])
			}
			name := strings.Join(parts, "/")
			want, wantErr := system.Stat(name)
			got, gotErr := fs.Stat(s.FS, name)
			switch {
			case wantErr == nil:
				found++
				if assert.NoError(t, gotErr, name) {
					assert.Equal(t, want.IsDir(), got.IsDir(), name)
				}
			case errors.Is(wantErr, syscall.ELOOP):
				// os.Root gives up sooner than Linux does, so that only a circle is the same to both.
			case errors.Is(gotErr, source.ErrUnsafePath):
				refused++
				assert.NotErrorIs(t, wantErr, fs.ErrNotExist, name)
			default:
				absent++
				assert.ErrorIs(t, gotErr, fs.ErrNotExist, "%s: %v", name, wantErr)
				assert.NotContains(t, wantErr.Error(), "escapes", name)
			}
			if wantErr == nil && !want.IsDir() {
				a, err := system.ReadFile(name)
				require.NoError(t, err)
				b, err := fs.ReadFile(s.FS, name)
				require.NoError(t, err)
				assert.Equal(t, a, b, name)
			}
		}
		require.NoError(t, system.Close())
	}
	t.Logf("%d found, %d absent, %d refused", found, absent, refused)
	assert.Greater(t, min(found, absent, refused), 100)
}
