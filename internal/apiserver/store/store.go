package store

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Errors that callers branch on.
var (
	// ErrStale: the object is not at the version that the write was computed from.
	ErrStale = errors.New("the object has another version")
	// ErrExpired: the log does not reach back to the version.
	ErrExpired = errors.New("the version is older than the log")
)

// Key names an object. Namespace is empty for cluster-scoped resources.
type Key struct {
	Resource  schema.GroupResource
	Namespace string
	Name      string
}

// Record is one version of one object.
type Record struct {
	Key Key
	// Version is that of the write that stored Data.
	Version uint64
	Data    []byte
}

// Store holds the current records and the log. Use [New].
type Store struct {
	mu      sync.RWMutex
	tables  map[schema.GroupResource]*table
	version uint64
	log     ring
	changed chan struct{}
}

type table struct {
	records map[place]Record
	order   []place // nil when it has to be sorted again
}

type place struct{ namespace, name string }

// New returns an empty store whose log remembers the last history writes. Versions start above first.
func New(history int, first uint64) *Store {
	return &Store{
		tables:  map[schema.GroupResource]*table{},
		version: first,
		log:     ring{limit: max(history, 1), floor: first},
		changed: make(chan struct{}),
	}
}

// Version returns the version of the last write.
func (s *Store) Version() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.version
}

// Get returns the current record.
func (s *Store) Get(key Key) (Record, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	t := s.tables[key.Resource]
	if t == nil {
		return Record{}, false
	}
	r, ok := t.records[place{key.Namespace, key.Name}]
	return r, ok
}

// List returns the records of a resource in the order of namespace and name, and the version of the store that they are the
// state of. An empty namespace selects all.
func (s *Store) List(resource schema.GroupResource, namespace string) ([]Record, uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[resource]
	if t == nil {
		return nil, s.version
	}
	order := t.sorted()
	if namespace != "" {
		from, _ := slices.BinarySearchFunc(order, place{namespace: namespace}, place.compare)
		to := from
		for to < len(order) && order[to].namespace == namespace {
			to++
		}
		order = order[from:to]
	}
	records := make([]Record, len(order))
	for i, p := range order {
		records[i] = t.records[p]
	}
	return records, s.version
}

// ListAt returns the records of a resource as they were at an earlier version, in the order of [Store.List]. It fails with
// [ErrExpired] when the log does not reach back that far.
func (s *Store) ListAt(resource schema.GroupResource, namespace string, version uint64) ([]Record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	later, ok := s.log.since(version)
	if !ok {
		return nil, ErrExpired
	}
	state := map[place]Record{}
	if t := s.tables[resource]; t != nil {
		maps.Copy(state, t.records)
	}
	for _, e := range slices.Backward(later) {
		if e.Key.Resource != resource {
			continue
		}
		p := place{e.Key.Namespace, e.Key.Name}
		if e.Old == nil {
			delete(state, p)
		} else {
			state[p] = Record{Key: e.Key, Version: e.OldVersion, Data: e.Old}
		}
	}
	var records []Record
	for _, p := range slices.SortedFunc(maps.Keys(state), place.compare) {
		if namespace == "" || p.namespace == namespace {
			records = append(records, state[p])
		}
	}
	return records, nil
}

// Put stores data under key if the current record has the version expect, or if there is none and expect is zero; otherwise
// it fails with [ErrStale].
func (s *Store) Put(key Key, expect uint64, data []byte) (Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[key.Resource]
	if t == nil {
		t = &table{records: map[place]Record{}}
		s.tables[key.Resource] = t
	}
	p := place{key.Namespace, key.Name}
	old, exists := t.records[p]
	if old.Version != expect {
		return Record{}, ErrStale
	}
	s.version++
	r := Record{Key: key, Version: s.version, Data: data}
	t.records[p] = r
	entry := Entry{Record: r}
	if exists {
		entry.Old, entry.OldVersion = old.Data, old.Version
	} else {
		t.order = nil
	}
	s.append(entry)
	return r, nil
}

// Delete removes the record if it has the version expect; otherwise it fails with [ErrStale]. The log keeps data, the last
// state as watchers shall see it, under the version of the deletion.
func (s *Store) Delete(key Key, expect uint64, data []byte) (Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.tables[key.Resource]
	p := place{key.Namespace, key.Name}
	if expect == 0 || t == nil || t.records[p].Version != expect {
		return Record{}, ErrStale
	}
	old := t.records[p]
	delete(t.records, p)
	t.order = nil
	s.version++
	r := Record{Key: key, Version: s.version, Data: data}
	s.append(Entry{Record: r, Old: old.Data, OldVersion: old.Version, Deleted: true})
	return r, nil
}

func (s *Store) append(e Entry) {
	s.log.append(e)
	close(s.changed)
	s.changed = make(chan struct{})
}

func (t *table) sorted() []place {
	if t.order == nil {
		t.order = make([]place, 0, len(t.records))
		for p := range t.records {
			t.order = append(t.order, p)
		}
		slices.SortFunc(t.order, place.compare)
	}
	return t.order
}

func (p place) compare(q place) int {
	if c := strings.Compare(p.namespace, q.namespace); c != 0 {
		return c
	}
	return strings.Compare(p.name, q.name)
}
