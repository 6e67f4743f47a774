package fault_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/setpoint-dev/setpoint/internal/apiserver/fault"
)

func hits(c fault.Choice[int], n int) []int {
	var set fault.Set[int, string]
	set.Add(c, "x")
	out := []int{}
	for i := range n {
		if len(set.Hit(i)) > 0 {
			out = append(out, i)
		}
	}
	return out
}

func TestChoice(t *testing.T) {
	even := func(n int) bool { return n%2 == 0 }
	for name, row := range map[string]struct {
		choice fault.Choice[int]
		want   []int
	}{
		"everything":              {fault.Choice[int]{}, []int{0, 1, 2, 3, 4, 5, 6, 7}},
		"what matches":            {fault.Choice[int]{Match: even}, []int{0, 2, 4, 6}},
		"after some that match":   {fault.Choice[int]{Match: even, After: 2}, []int{4, 6}},
		"one":                     {fault.Choice[int]{After: 3, Times: 1}, []int{3}},
		"so many that match":      {fault.Choice[int]{Match: even, After: 1, Times: 2}, []int{2, 4}},
		"rate one":                {fault.Choice[int]{Rate: 1, Times: 2}, []int{0, 1}},
		"nothing matches":         {fault.Choice[int]{Match: func(int) bool { return false }}, []int{}},
		"more than one is always": {fault.Choice[int]{Rate: 7, After: 6}, []int{6, 7}},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, row.want, hits(row.choice, 8)) })
	}
}

// A rate hits about so many, the same ones for the same seed and others for another.
func TestRate(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	a := hits(fault.Choice[int]{Rate: 0.3, Seed: seed}, 10_000)
	assert.InDelta(t, 3000, len(a), 300) // six standard deviations
	assert.Equal(t, a, hits(fault.Choice[int]{Rate: 0.3, Seed: seed}, 10_000))
	assert.NotEqual(t, a, hits(fault.Choice[int]{Rate: 0.3, Seed: seed + 1}, 10_000))
	assert.Len(t, hits(fault.Choice[int]{Rate: 0.3, Seed: seed, Times: 5}, 10_000), 5)
}

// Each choice counts for itself, and removal ends it.
func TestSet(t *testing.T) {
	var set fault.Set[int, string]
	assert.True(t, set.Empty())
	one := set.Add(fault.Choice[int]{}, "one")
	second := set.Add(fault.Choice[int]{After: 1}, "second")
	assert.Equal(t, []string{"one"}, set.Hit(0))
	assert.Equal(t, []string{"one", "second"}, set.Hit(1))
	one.Remove()
	one.Remove()
	assert.Equal(t, []string{"second"}, set.Hit(2))
	assert.Equal(t, 2, one.Hits())
	assert.Equal(t, 2, second.Hits())
	second.Remove()
	assert.True(t, set.Empty())
	assert.Empty(t, set.Hit(3))
}
