package objects

import (
	"fmt"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"

	"github.com/setpoint-dev/setpoint/source"
)

// maxDepth bounds how deep directories nest.
const maxDepth = 512

// Audit walks trees before anybody reads them: every object must be there, and there must not be too many entries. It
// remembers what it has seen, so that the next revision costs what changed.
type Audit struct {
	Store Store
	// Limit bounds the files and directories of a tree.
	Limit int
	// Blobs makes the audit look for the files too.
	Blobs bool

	mu     sync.Mutex
	counts map[plumbing.Hash]int
}

// Check returns an error unless the tree is complete and within bounds.
func (a *Audit) Check(tree plumbing.Hash) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	n, err := a.count(tree, 0)
	if err == nil && n > a.Limit {
		err = a.tooLarge()
	}
	return err
}

// Forget makes the next check look again, after objects were dropped.
func (a *Audit) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.counts)
}

func (a *Audit) tooLarge() error {
	return fmt.Errorf("%w: more than %d files and directories; raise MaxEntries", source.ErrTooLarge, a.Limit)
}

func (a *Audit) count(tree plumbing.Hash, depth int) (int, error) {
	if n, ok := a.counts[tree]; ok {
		return n, nil
	}
	if depth > maxDepth {
		return 0, fmt.Errorf("%w: directories nest deeper than %d", source.ErrTooLarge, maxDepth)
	}
	o, err := Need(a.Store, tree, plumbing.TreeObject)
	if err != nil {
		return 0, err
	}
	entries, err := ParseTree(tree, o.Data)
	if err != nil {
		return 0, err
	}
	total := len(entries)
	for _, e := range entries {
		switch {
		case e.Mode == filemode.Submodule:
		case e.Mode == filemode.Dir:
			n, err := a.count(e.Hash, depth+1)
			if err != nil {
				return 0, err
			}
			total += n
		case a.Blobs && !a.Store.Has(e.Hash):
			return 0, fmt.Errorf("%w: blob %s of file %s is missing", source.ErrCorrupt, e.Hash, e.Name)
		}
		// A tree may name another many times, so that a small one stands for more entries than an int counts.
		if total > a.Limit {
			return 0, a.tooLarge()
		}
	}
	if a.counts == nil {
		a.counts = map[plumbing.Hash]int{}
	}
	a.counts[tree] = total
	return total, nil
}
