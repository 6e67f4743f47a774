package apply_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/internal/apiserver/apply"
	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

// The quick way to find out whether an object mentions fields never says yes where the long one says no, and says yes of an
// object's own fields.
func TestCovers(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 5))
	types, err := structure()
	require.NoError(t, err)
	yes, no := 0, 0
	for range 400 {
		a, b := random(r), random(r)
		if r.IntN(3) == 0 {
			b = a
		}
		had, err := types.ObjectToTyped(a)
		require.NoError(t, err)
		has, err := types.ObjectToTyped(b)
		require.NoError(t, err)
		set, err := had.ToFieldSet()
		require.NoError(t, err)
		raw, err := set.ToJSON()
		require.NoError(t, err)
		fields, ok := plain.Parse(raw)
		require.True(t, ok)
		want, got := apply.Mentions(has, raw), apply.Covers(has, fields)
		if a == b {
			assert.True(t, got, "%s", raw)
		}
		if got {
			yes++
			assert.True(t, want, "%s of %v", raw, b.Object)
		}
		if !want {
			no++
		}
	}
	assert.Positive(t, yes)
	assert.Positive(t, no)
}
