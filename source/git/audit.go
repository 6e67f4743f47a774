package git

import (
	"fmt"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"github.com/setpoint-dev/setpoint/source"
)

// maxDepth bounds how deep directories nest.
const maxDepth = 512

// audit walks trees before anybody reads them: every object must be there, and there must not be too many entries. It
// remembers what it has seen, so that the next revision costs what changed.
type audit struct {
	store store
	limit int
	// blobs makes the audit look for the files too.
	blobs bool

	mu     sync.Mutex
	counts map[plumbing.Hash]int
}

// check returns an error unless the tree is complete and within bounds.
func (a *audit) check(tree plumbing.Hash) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	n, err := a.count(tree, 0)
	if err == nil && n > a.limit {
		err = a.tooLarge()
	}
	return err
}

// forget makes the next check look again, after objects were dropped.
func (a *audit) forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.counts)
}

func (a *audit) tooLarge() error {
	return fmt.Errorf("%w: more than %d files and directories; raise MaxEntries", source.ErrTooLarge, a.limit)
}

func (a *audit) count(tree plumbing.Hash, depth int) (int, error) {
	if n, ok := a.counts[tree]; ok {
		return n, nil
	}
	if depth > maxDepth {
		return 0, fmt.Errorf("%w: directories nest deeper than %d", source.ErrTooLarge, maxDepth)
	}
	o, err := need(a.store, tree, plumbing.TreeObject)
	if err != nil {
		return 0, err
	}
	entries, err := parseTree(tree, o.data)
	if err != nil {
		return 0, err
	}
	total := len(entries)
	for _, e := range entries {
		switch {
		case e.mode == filemode.Submodule:
		case e.mode == filemode.Dir:
			n, err := a.count(e.hash, depth+1)
			if err != nil {
				return 0, err
			}
			total += n
		case a.blobs && !a.store.has(e.hash):
			return 0, fmt.Errorf("%w: blob %s of file %s is missing", source.ErrCorrupt, e.hash, e.name)
		}
		// A tree may name another many times, so that a small one stands for more entries than an int counts.
		if total > a.limit {
			return 0, a.tooLarge()
		}
	}
	if a.counts == nil {
		a.counts = map[plumbing.Hash]int{}
	}
	a.counts[tree] = total
	return total, nil
}
