package check_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/setpoint-dev/setpoint/internal/apiserver/check"
)

// What the quick way calls right is right, and what it cannot tell goes the long way.
func TestEasyNames(t *testing.T) {
	long := map[string]func(string) []string{
		"label": validation.IsDNS1123Label, "subdomain": validation.IsDNS1123Subdomain, "qualified": validation.IsQualifiedName,
		"labelvalue": validation.IsValidLabelValue, "configkey": validation.IsConfigMapKey,
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	const alphabet = "aaabz09--._/AZ ä"
	right := 0
	for range 20000 {
		name := make([]rune, random.IntN(8))
		for i := range name {
			name[i] = []rune(alphabet)[random.IntN(len([]rune(alphabet)))]
		}
		text := string(name)
		if random.IntN(10) == 0 {
			text += string(slices.Repeat([]rune{'a'}, 50+random.IntN(20)))
		}
		for format, f := range long {
			var got []string
			for _, fault := range check.Conform([]string{format}, text) {
				got = append(got, fault.Detail)
			}
			assert.Equal(t, slices.Compact(f(text)), got, "%s %q", format, text)
			if len(got) == 0 {
				right++
			}
		}
	}
	assert.Positive(t, right)
}
