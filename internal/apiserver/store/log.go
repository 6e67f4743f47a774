package store

import "sort"

// Entry is one write in the log.
type Entry struct {
	// Record is the new state; of a deletion the last one, under the deletion's version.
	Record
	// Old is the data before the write and OldVersion its version; nil and zero for a creation.
	Old        []byte
	OldVersion uint64
	Deleted    bool
}

// Since returns the entries after version, oldest first, and a channel that is closed when there are newer ones. A version
// older than the log is [ErrExpired].
func (s *Store) Since(version uint64) ([]Entry, <-chan struct{}, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	entries, ok := s.log.since(version)
	if !ok {
		return nil, nil, ErrExpired
	}
	return entries, s.changed, nil
}

// Forget drops the log up to now, as a compaction does: a reader that has not come this far gets [ErrExpired].
func (s *Store) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log.entries, s.log.floor = nil, s.version
}

// ring is the log's bounded memory: entries in the order of their versions. floor is the newest version that is forgotten.
type ring struct {
	entries []Entry
	limit   int
	floor   uint64
}

func (r *ring) append(e Entry) {
	if len(r.entries) == 2*r.limit {
		// A new array, because readers still hold slices of the old one.
		kept := make([]Entry, r.limit, 2*r.limit)
		copy(kept, r.entries[r.limit:])
		r.floor = r.entries[r.limit-1].Version
		r.entries = kept
	}
	r.entries = append(r.entries, e)
}

func (r *ring) since(version uint64) ([]Entry, bool) {
	if version < r.floor {
		return nil, false
	}
	i := sort.Search(len(r.entries), func(i int) bool { return r.entries[i].Version > version })
	return r.entries[i:len(r.entries):len(r.entries)], true
}
