package git

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
)

// marks are empty files named after the commits that a cache directory holds. A nil marks remembers nothing.
type marks struct{ dir string }

func (m *marks) load() []plumbing.Hash {
	if m == nil {
		return nil
	}
	files, err := os.ReadDir(m.dir)
	if err != nil {
		return nil
	}
	var hashes []plumbing.Hash
	for _, f := range files {
		if plumbing.IsHash(f.Name()) {
			hashes = append(hashes, plumbing.NewHash(f.Name()))
		}
	}
	return hashes
}

func (m *marks) add(h plumbing.Hash) error {
	if m == nil {
		return nil
	}
	if err := os.WriteFile(filepath.Join(m.dir, h.String()), nil, 0o600); err != nil {
		return fmt.Errorf("remember what the cache directory holds: %w", err)
	}
	return nil
}

func (m *marks) remove(h plumbing.Hash) {
	if m != nil {
		_ = os.Remove(filepath.Join(m.dir, h.String()))
	}
}
