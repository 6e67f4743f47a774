package git

import (
	"fmt"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
)

// memory is a store of decoded objects. Readers do not wait for each other.
type memory struct {
	mu      sync.RWMutex
	objects map[plumbing.Hash]object
	// swept is how many objects the last sweep left.
	swept int
}

func newMemory() *memory { return &memory{objects: map[plumbing.Hash]object{}} }

func (m *memory) get(h plumbing.Hash) (object, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	o, ok := m.objects[h]
	if !ok {
		return object{}, fmt.Errorf("%w: %s", errAbsent, h)
	}
	return o, nil
}

func (m *memory) size(h plumbing.Hash) (int64, error) {
	o, err := m.get(h)
	return int64(len(o.data)), err
}

func (m *memory) has(h plumbing.Hash) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	_, ok := m.objects[h]
	return ok
}

func (m *memory) put(p *pack) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for h, o := range p.objects {
		m.objects[h] = o
	}
	return nil
}

// overgrown reports whether a sweep is worth its cost: the store has doubled since the last one.
func (m *memory) overgrown() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.objects) > 2*m.swept+256
}

// sweep drops what is not reachable from the commits.
func (m *memory) sweep(commits []plumbing.Hash) {
	keep := map[plumbing.Hash]object{}
	pending := commits
	for len(pending) > 0 {
		h := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if _, done := keep[h]; done {
			continue
		}
		o, err := m.get(h)
		if err != nil {
			continue
		}
		keep[h] = o
		switch o.kind {
		case plumbing.CommitObject:
			if c, err := parseCommit(h, o.data); err == nil {
				pending = append(pending, c.tree)
			}
		case plumbing.TreeObject:
			entries, err := parseTree(h, o.data)
			if err != nil {
				continue
			}
			for _, e := range entries {
				pending = append(pending, e.hash)
			}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects = keep
	m.swept = len(keep)
}
