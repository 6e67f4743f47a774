package diff_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/diff"
)

// texts are pairs of texts of n lines, of which some take the search for common runs long.
func texts(r *rand.Rand, n int) map[string][2][]string {
	make := func(line func(i int) int) []string {
		var out []string
		for i := range n {
			out = append(out, fmt.Sprint("line ", line(i)))
		}
		return out
	}
	pair := func(a, b func(i int) int) [2][]string { return [2][]string{make(a), make(b)} }
	same := make(func(i int) int { return i % 997 })
	edited := append(append(append([]string{}, same[:n/3]...), "one more"), same[n/3+1:]...)
	return map[string][2][]string{
		"equal":      {same, same},
		"one line":   {same, edited},
		"nothing":    {same, nil},
		"repeated":   pair(func(int) int { return 0 }, func(i int) int { return min(i, 1) }),
		"in turns":   pair(func(i int) int { return i % 2 }, func(i int) int { return i % 3 }),
		"few lines":  pair(func(int) int { return r.IntN(150) }, func(int) int { return r.IntN(150) }),
		"many lines": pair(func(int) int { return r.IntN(n) }, func(int) int { return r.IntN(n) }),
		"shuffled":   pair(func(i int) int { return i * 7919 % n }, func(i int) int { return i * 104729 % n }),
		"moved":      pair(func(i int) int { return i }, func(i int) int { return (i + n/2) % n }),
		"spread":     pair(func(i int) int { return i }, func(i int) int { return i - r.IntN(20)/19 }),
	}
}

// Hunks cover both texts, in order, and what is called the same is; and this takes no time to speak of for texts of any length.
func TestHunksCoverBothTexts(t *testing.T) {
	r := rand.New(rand.NewPCG(ourSeed(t), 0))
	for _, n := range []int{1, 10, 300, 5000, 200_000} {
		for name, pair := range texts(r, n) {
			a, b := pair[0], pair[1]
			i, j, common := 0, 0, 0
			was := false
			for k, h := range diff.Hunks(a, b) {
				require.Equal(t, i, h.I1, name)
				require.Equal(t, j, h.J1, name)
				if h.Same {
					require.Equal(t, a[h.I1:h.I2], b[h.J1:h.J2], name)
					common += h.I2 - h.I1
				}
				require.False(t, k > 0 && was == h.Same, "%s: two hunks that are one", name)
				i, j, was = h.I2, h.J2, h.Same
			}
			require.Equal(t, len(a), i, name)
			require.Equal(t, len(b), j, name)
			if n > 1 {
				switch name {
				case "equal":
					assert.Equal(t, n, common)
				case "one line":
					assert.Equal(t, n-1, common)
				case "moved":
					assert.GreaterOrEqual(t, common, n/2)
				case "spread":
					assert.Greater(t, common, n*3/4)
				}
			}
		}
	}
}

// A long text of which one line changes is printed as that line.
func TestLongTextsArePrinted(t *testing.T) {
	lines := make([]string, 60_000)
	for i := range lines {
		lines[i] = fmt.Sprint("key: ", i%700)
	}
	config := func(lines []string) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "long", "namespace": "shop"}, "data": map[string]any{"text": strings.Join(lines, "\n")},
		}}
	}
	before := config(lines)
	lines[40_000] = "key: changed"
	set, err := diff.New(us, nil, nil).CompareRevisions(t.Context(), []*unstructured.Unstructured{before}, []*unstructured.Unstructured{config(lines)})
	require.NoError(t, err)
	var unified, printed strings.Builder
	require.NoError(t, diff.FprintUnified(&unified, set.Comparisons[0], &diff.UnifiedOptions{Context: 1}))
	assert.Equal(t, "--- live/ConfigMap shop/long\n+++ desired/ConfigMap shop/long\n@@ -40007,3 +40007,3 @@\n     key: 99\n-    key: 100\n+    key: changed\n     key: 101\n", unified.String())
	require.NoError(t, diff.Fprint(&printed, set.Comparisons[0], nil))
	assert.Contains(t, printed.String(), "- key: 100\n      + key: changed\n")
	assert.Less(t, printed.Len(), 500)
}
