package objects

import (
	"fmt"
	"sync"

	"github.com/go-git/go-git/v5/plumbing"
)

// Memory is a store of decoded objects. Readers do not wait for each other.
type Memory struct {
	mu      sync.RWMutex
	objects map[plumbing.Hash]Object
	// swept is how many objects the last sweep left.
	swept int
}

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{objects: map[plumbing.Hash]Object{}} }

// Len returns how many objects there are.
func (m *Memory) Len() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.objects)
}

// Get returns an object, or an error that wraps ErrAbsent.
func (m *Memory) Get(h plumbing.Hash) (Object, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	o, ok := m.objects[h]
	if !ok {
		return Object{}, fmt.Errorf("%w: %s", ErrAbsent, h)
	}
	return o, nil
}

// Size returns the length of an object's data.
func (m *Memory) Size(h plumbing.Hash) (int64, error) {
	o, err := m.Get(h)
	return int64(len(o.Data)), err
}

// Has reports whether an object is there.
func (m *Memory) Has(h plumbing.Hash) bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	_, ok := m.objects[h]
	return ok
}

// Put keeps the objects of a pack.
func (m *Memory) Put(p *Pack) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for h, o := range p.objects {
		m.objects[h] = o
	}
	return nil
}

// Overgrown reports whether a sweep is worth its cost: the store has doubled since the last one.
func (m *Memory) Overgrown() bool {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return len(m.objects) > 2*m.swept+256
}

// Sweep drops what is not reachable from the commits.
func (m *Memory) Sweep(commits []plumbing.Hash) {
	keep := map[plumbing.Hash]Object{}
	pending := commits
	for len(pending) > 0 {
		h := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if _, done := keep[h]; done {
			continue
		}
		o, err := m.Get(h)
		if err != nil {
			continue
		}
		keep[h] = o
		switch o.Kind {
		case plumbing.CommitObject:
			if c, err := ParseCommit(h, o.Data); err == nil {
				pending = append(pending, c.Tree)
			}
		case plumbing.TreeObject:
			entries, err := ParseTree(h, o.Data)
			if err != nil {
				continue
			}
			for _, e := range entries {
				pending = append(pending, e.Hash)
			}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.objects = keep
	m.swept = len(keep)
}
