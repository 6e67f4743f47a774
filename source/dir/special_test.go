//go:build unix

package dir_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/source"
	"github.com/setpoint-dev/setpoint/source/dir"
)

func TestAPipeIsRefused(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(root, "pipe"), 0o600))
	_, err := dir.New(root, nil).Fetch(t.Context(), source.Revision{})
	assert.ErrorIs(t, err, source.ErrUnsafePath)
	assert.ErrorContains(t, err, "pipe is neither")
}
