package diff_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/diff"
)

// Where a merge is simple it is done on plain maps, and comes to what structured-merge-diff does: with items that are new or are
// changed, fields that others have taken, and an object that we have not applied before.
func TestOverlayIsTheMerge(t *testing.T) {
	seed := ourSeed(t)
	c := diff.New(us, nil, nil)
	overlaid, total, verdicts := 0, 0, map[diff.Verdict]int{}
	for i, f := range slices.Repeat(families, 30) {
		if f.versions != nil {
			continue // Its definition is not embedded.
		}
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		mine, theirs := f.object(r, "x"), f.object(r, "x")
		s := newStore(t, asText(t, mine.Object))
		switch r.IntN(4) {
		case 0:
			s.apply("other", asText(t, theirs.Object)).apply(us, asText(t, mine.Object))
		case 1:
			s.apply("other", asText(t, theirs.Object))
		case 2:
			s.apply(us, asText(t, mine.Object)).apply("other", asText(t, theirs.Object))
		default:
			s.apply(us, asText(t, mine.Object))
		}
		live := s.live()
		desired := mine.DeepCopy()
		graft(r, desired.Object, f.object(r, "x").Object)
		d, err := c.Prepare(desired)
		if err != nil {
			continue // The parts do not go together.
		}
		out, err := c.Compare(d, live)
		require.NoError(t, err)
		merged, err := c.Merged(d, live)
		require.NoError(t, err)
		total++
		if !c.Quick(d, live) && c.Overlaid(d, live) {
			requireSameAnswer(t, merged, out)
			overlaid++
			verdicts[out.Verdict]++
		}
	}
	t.Logf("%d objects, %d by an overlay: %v", total, overlaid, verdicts)
	assert.Greater(t, overlaid*5, total)
	for _, v := range []diff.Verdict{diff.Adopt, diff.Differs, diff.Conflict} {
		assert.Positive(t, verdicts[v], v)
	}
}

// graft puts random parts of one tree into another, which loses nothing.
func graft(r *rand.Rand, into, from map[string]any) {
	for k, v := range from {
		old, ok := into[k]
		switch was := old.(type) {
		case map[string]any:
			if is, ok := v.(map[string]any); ok {
				graft(r, was, is)
			}
		case []any:
			if is, ok := v.([]any); ok && r.IntN(2) == 0 {
				into[k] = graftItems(r, was, is)
			}
		default:
			if !ok && r.IntN(2) == 0 || ok && r.IntN(4) == 0 {
				into[k] = v
			}
		}
	}
}

func graftItems(r *rand.Rand, into, from []any) []any {
	for i, v := range from {
		if i < len(into) {
			was, isMap := into[i].(map[string]any)
			if is, ok := v.(map[string]any); ok && isMap {
				graft(r, was, is)
				continue
			}
		}
		into = slices.Insert(into, r.IntN(len(into)+1), v)
	}
	return into
}
