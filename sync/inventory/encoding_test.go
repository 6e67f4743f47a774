package inventory

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
)

func randomRecord(rng *rand.Rand, n int) *setsync.Record {
	r := &setsync.Record{}
	for i := range n {
		m := setsync.Member{Ref: cluster.Ref{Kind: "ConfigMap", Namespace: fmt.Sprint("ns-", rng.IntN(9)), Name: fmt.Sprint("c-", i)}}
		if rng.IntN(4) > 0 {
			m.UID = types.UID(fmt.Sprintf("%08x-%04x-%016x", rng.Uint32(), rng.IntN(1<<16), rng.Uint64()))
		}
		if rng.IntN(3) == 0 {
			m.Group, m.Kind, m.Namespace = "example.org", "Widget", ""
		}
		r.Members = append(r.Members, m)
	}
	if rng.IntN(2) == 0 {
		r.Operation = &setsync.Operation{ID: "op", Plan: "sha256:1", Revision: "main", Started: time.Unix(1e9, 0).UTC()}
	}
	return r
}

// What is decoded is what was encoded, sorted, and the order in which members came makes no difference.
func TestRecordSurvivesEncoding(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 200 {
		want := randomRecord(rng, rng.IntN(40))
		raw, err := encode(want)
		require.NoError(t, err)
		got, err := decode(raw)
		require.NoError(t, err)
		assert.ElementsMatch(t, want.Members, got.Members)
		assert.Equal(t, want.Operation, got.Operation)

		rng.Shuffle(len(want.Members), func(i, j int) { want.Members[i], want.Members[j] = want.Members[j], want.Members[i] })
		again, err := encode(want)
		require.NoError(t, err)
		assert.Equal(t, raw, again)
	}
}

// A record that cannot be read whole is an error and never one with fewer members.
func TestDamagedRecordIsAnError(t *testing.T) {
	raw, err := encode(randomRecord(rand.New(rand.NewPCG(1, 2)), 30))
	require.NoError(t, err)
	for n := range len(raw) {
		_, err := decode(raw[:n])
		assert.Error(t, err, "cut at %d", n)
	}
	whole, err := decode(raw)
	require.NoError(t, err)
	accepted := 0
	for i := range raw {
		damaged := append([]byte(nil), raw...)
		damaged[i] ^= 0x20
		if got, err := decode(damaged); err == nil {
			accepted++
			assert.Equal(t, whole, got, "byte %d", i)
		}
	}
	t.Logf("%d of %d flipped bytes are in the header and mean nothing", accepted, len(raw))
	assert.Less(t, accepted, 10)
}

func TestDecodeRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		record stored
		says   string
	}{
		"a later format": {stored{Format: 2}, "format 2"},
		"no format":      {stored{}, "format 0"},
		"a nameless":     {stored{Format: 1, Record: setsync.Record{Members: []setsync.Member{{Ref: cluster.Ref{Kind: "Pod"}}}}}, "no name"},
		"the same twice": {stored{Format: 1, Record: setsync.Record{Members: []setsync.Member{{Ref: cluster.Ref{Kind: "Pod", Name: "a"}}, {Ref: cluster.Ref{Kind: "Pod", Name: "a"}, UID: "1"}}}}, "twice"},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := pack(tc.record)
			require.NoError(t, err)
			_, err = decode(raw)
			assert.ErrorContains(t, err, tc.says)
		})
	}
}

func FuzzDecode(f *testing.F) {
	raw, err := encode(randomRecord(rand.New(rand.NewPCG(3, 4)), 5))
	require.NoError(f, err)
	f.Add(raw)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := decode(raw)
		if err != nil {
			return
		}
		again, err := encode(r)
		require.NoError(t, err)
		got, err := decode(again)
		require.NoError(t, err)
		assert.Equal(t, r, got)
	})
}
