package store_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver/store"
)

var maps = schema.GroupResource{Resource: "configmaps"}

func key(namespace, name string) store.Key {
	return store.Key{Resource: maps, Namespace: namespace, Name: name}
}

func TestPutChecksTheVersion(t *testing.T) {
	s := store.New(10, 100)
	first, err := s.Put(key("a", "x"), 0, []byte("1"))
	require.NoError(t, err)
	assert.Equal(t, uint64(101), first.Version)
	_, err = s.Put(key("a", "x"), 0, []byte("2"))
	require.ErrorIs(t, err, store.ErrStale, "create of what exists")
	_, err = s.Put(key("a", "x"), 99, []byte("2"))
	require.ErrorIs(t, err, store.ErrStale)
	second, err := s.Put(key("a", "x"), first.Version, []byte("2"))
	require.NoError(t, err)
	_, err = s.Delete(key("a", "x"), first.Version, nil)
	require.ErrorIs(t, err, store.ErrStale)
	_, err = s.Delete(key("a", "missing"), 0, nil)
	require.ErrorIs(t, err, store.ErrStale)
	gone, err := s.Delete(key("a", "x"), second.Version, []byte("2"))
	require.NoError(t, err)
	assert.Equal(t, uint64(103), gone.Version)
	_, ok := s.Get(key("a", "x"))
	assert.False(t, ok)
}

func TestListIsOrderedByNamespaceAndName(t *testing.T) {
	s := store.New(10, 0)
	for _, k := range []store.Key{key("b", "a"), key("a-b", "z"), key("a", "y"), key("a", "x")} {
		_, err := s.Put(k, 0, nil)
		require.NoError(t, err)
	}
	names := func(records []store.Record) (out []string) {
		for _, r := range records {
			out = append(out, r.Key.Namespace+"/"+r.Key.Name)
		}
		return out
	}
	all, version := s.List(maps, "")
	assert.Equal(t, []string{"a/x", "a/y", "a-b/z", "b/a"}, names(all))
	assert.Equal(t, uint64(4), version)
	one, _ := s.List(maps, "a")
	assert.Equal(t, []string{"a/x", "a/y"}, names(one))
}

// Whatever is written, a list at some version and the log from there add up to the state, unless the log has expired.
func TestListAndLogAddUp(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	const history = 32
	s := store.New(history, 7)
	type snapshot struct {
		version uint64
		state   map[string]string
	}
	read := func() snapshot {
		records, version := s.List(maps, "")
		state := map[string]string{}
		for _, r := range records {
			state[r.Key.Name] = string(r.Data)
		}
		return snapshot{version, state}
	}
	var kept []snapshot
	for i := range 500 {
		if random.IntN(10) == 0 {
			kept = append(kept, read())
		}
		k := key("n", fmt.Sprint(random.IntN(8)))
		old, exists := s.Get(k)
		var err error
		if exists && random.IntN(3) == 0 {
			_, err = s.Delete(k, old.Version, old.Data)
		} else {
			_, err = s.Put(k, old.Version, fmt.Append(nil, i))
		}
		require.NoError(t, err)
	}
	now, folded, expired := read(), 0, 0
	for _, snap := range kept {
		entries, _, err := s.Since(snap.version)
		if err != nil {
			require.ErrorIs(t, err, store.ErrExpired)
			require.Less(t, snap.version+history, now.version, "forgotten too early")
			expired++
			continue
		}
		for _, e := range entries {
			if e.Deleted {
				delete(snap.state, e.Key.Name)
			} else {
				snap.state[e.Key.Name] = string(e.Data)
			}
		}
		assert.Equal(t, now.state, snap.state)
		folded++
	}
	t.Logf("%d folded, %d expired", folded, expired)
	assert.Positive(t, expired)
}

func TestSinceTellsWhenThereIsMore(t *testing.T) {
	s := store.New(10, 0)
	entries, changed, err := s.Since(0)
	require.NoError(t, err)
	assert.Empty(t, entries)
	select {
	case <-changed:
		t.Fatal("nothing was written")
	default:
	}
	_, err = s.Put(key("a", "x"), 0, nil)
	require.NoError(t, err)
	<-changed
	s.Forget()
	_, _, err = s.Since(0)
	require.ErrorIs(t, err, store.ErrExpired)
}

// Undoing the log from the present state gives the states of the past.
func TestListAtIsWhatListWas(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s := store.New(1000, 0)
	past := map[uint64][]store.Record{}
	for i := range 300 {
		k := key(fmt.Sprint(random.IntN(2)), fmt.Sprint(random.IntN(8)))
		old, exists := s.Get(k)
		var err error
		if exists && random.IntN(3) == 0 {
			_, err = s.Delete(k, old.Version, old.Data)
		} else {
			_, err = s.Put(k, old.Version, fmt.Append(nil, i))
		}
		require.NoError(t, err)
		records, version := s.List(maps, "1")
		past[version] = records
	}
	for version, want := range past {
		got, err := s.ListAt(maps, "1", version)
		require.NoError(t, err)
		require.Equal(t, len(want), len(got), "version %d", version)
		for i := range want {
			require.Equal(t, want[i], got[i], "version %d", version)
		}
	}
}
