package diff_test

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/diff"
)

// ourSeed returns the seed of a run, and prints it.
func ourSeed(t *testing.T) uint64 {
	if *seed == 0 {
		*seed = uint64(time.Now().UnixNano())
	}
	t.Logf("-seed=%d", *seed)
	return *seed
}

// usualSeed returns the seed of a run that is the same each time unless the flag says another.
func usualSeed(t *testing.T, usual uint64) uint64 {
	flag.Visit(func(f *flag.Flag) {
		if f.Name == "seed" {
			usual = *seed
		}
	})
	t.Logf("-seed=%d", usual)
	return usual
}

// What was applied compares as the same, quickly or by the merge; and whatever becomes of the live object then, the two agree
// and neither panics.
func TestAppliedIsTheSameAndTheAnswersAgree(t *testing.T) {
	seed := ourSeed(t)
	c := diff.New(us, nil, nil)
	quick, overlaid, total, verdicts := 0, 0, 0, map[diff.Verdict]int{}
	for i, f := range slices.Repeat(families, 4) {
		if f.versions != nil {
			continue // Its definition is not embedded.
		}
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		desired := f.object(r, "x")
		manifest := asText(t, desired.Object)
		live := newStore(t, manifest).apply(us, manifest).live()
		d, err := c.Prepare(desired)
		require.NoError(t, err)
		out, err := c.Compare(d, live)
		require.NoError(t, err)
		require.Equal(t, diff.Same, out.Verdict, "%s %v", manifest, briefs(out))
		total++
		if c.Quick(d, live) {
			quick++
		}
		for range 10 {
			damaged := live.DeepCopy()
			for range 1 + r.IntN(3) {
				damage(r, damaged.Object)
			}
			out, err := c.Compare(d, damaged)
			merged, mergedErr := c.Merged(d, damaged)
			if err != nil {
				continue // Not the same object any more.
			}
			require.NoError(t, mergedErr)
			if merged.Verdict == diff.Unsure && out.Verdict == diff.Same {
				// The damage is where nothing is desired. The merge cannot type it; the quick answer need not.
				require.Contains(t, merged.Unsure[0].Message, "does not fit the schema")
				continue
			}
			require.Equal(t, merged.Verdict, out.Verdict, "%v", damaged.Object)
			require.Equal(t, merged.Fingerprint(), out.Fingerprint(), "%+v\n%+v", *merged, *out)
			if out.Verdict != diff.Same {
				requireSameAnswer(t, merged, out)
				if c.Overlaid(d, damaged) {
					overlaid++
				}
			}
			require.NoError(t, diff.Fprint(&strings.Builder{}, out, nil))
			_, err = json.Marshal(out)
			require.NoError(t, err)
			verdicts[out.Verdict]++
		}
	}
	t.Logf("%d objects, %d answered quickly; damaged: %v, %d of them by an overlay", total, quick, verdicts, overlaid)
	assert.Greater(t, quick*2, total)
}

// requireSameAnswer compares all that two comparisons say.
func requireSameAnswer(t *testing.T, want, got *diff.Comparison) {
	t.Helper()
	require.Equal(t, asText(t, want), asText(t, got))
	require.Equal(t, want.Fingerprint(), got.Fingerprint())
	predicted, err := want.Predicted()
	again, errAgain := got.Predicted()
	require.Equal(t, err, errAgain)
	require.Equal(t, predicted, again)
}

func asText(t *testing.T, v any) string {
	data, err := json.Marshal(v)
	require.NoError(t, err)
	return string(data)
}

// damage changes one place of a tree.
func damage(r *rand.Rand, v any) {
	junk := []any{nil, "", "junk", int64(0), int64(-1), 1.5, true, map[string]any{}, []any{}, map[string]any{"name": "x"}, []any{map[string]any{"name": "c"}, "x"}}
	value := junk[r.IntN(len(junk))]
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		if len(keys) == 0 {
			v["junk"] = value
			return
		}
		slices.Sort(keys)
		k := keys[r.IntN(len(keys))]
		switch r.IntN(8) {
		case 0:
			delete(v, k)
		case 1:
			v[k] = value
		default:
			damage(r, v[k])
		}
	case []any:
		if len(v) == 0 {
			return
		}
		i := r.IntN(len(v))
		switch r.IntN(6) {
		case 0:
			v[i] = value
		case 1:
			v[i] = v[r.IntN(len(v))]
		case 2:
			j := r.IntN(len(v))
			v[i], v[j] = v[j], v[i]
		default:
			damage(r, v[i])
		}
	}
}
