package plain_test

import (
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

func TestEqual(t *testing.T) {
	values := []any{
		nil, "", "a", true, false, int64(0), int64(1), 0.0, 1.0, math.NaN(), 1, map[string]any{}, map[string]any(nil), []any{}, []any(nil),
		map[string]any{"a": nil}, map[string]any{"b": nil}, map[string]any{"a": []any{int64(1)}}, []any{nil}, []any{"a"}, []any{"a", "b"},
		map[string]string{"a": "b"}, []string{"a"}, struct{}{},
	}
	for _, a := range values {
		for _, b := range values {
			assert.Equal(t, reflect.DeepEqual(a, b), plain.Equal(a, b), "%#v, %#v", a, b)
		}
	}
}

func TestEqualToACopy(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 5))
	for range 500 {
		a, b := random(r, 3), random(r, 3)
		require.Equal(t, reflect.DeepEqual(a, b), plain.Equal(a, b))
		data, err := plain.Encode(a)
		require.NoError(t, err)
		one, err := plain.Decode(data) // in which large numbers are whole that were none
		require.NoError(t, err)
		other, err := plain.Decode(data)
		require.NoError(t, err)
		require.True(t, plain.Equal(one, other), "%s", data)
	}
}
