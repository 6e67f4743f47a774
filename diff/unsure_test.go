package diff_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/diff"
)

// Each reason to be unsure, and nothing else is one. That they are rare the comparisons with a server see.
func TestReasonsToBeUnsure(t *testing.T) {
	const unknown = "{apiVersion: x.example.com/v1, kind: Thing, metadata: {name: a}, spec: {n: 1}}"
	for name, c := range map[string]struct {
		desired, live string
		want          string
	}{
		"no schema": {
			unknown, unknown, "no schema of x.example.com/v1, Kind=Thing is known; load it from the cluster or add its definition",
		},
		"the live object does not fit": {
			"{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: x}}", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {a: 5}}",
			"the live object does not fit the schema: expected string, got 5",
		},
	} {
		d, err := diff.New(us, nil, nil).Prepare(object(t, c.desired))
		require.NoError(t, err, name)
		out, err := diff.New(us, nil, nil).Compare(d, object(t, c.live))
		require.NoError(t, err, name)
		assert.Equal(t, diff.Unsure, out.Verdict, name)
		require.Len(t, out.Unsure, 1, name)
		assert.Equal(t, c.want, out.Unsure[0].Message, name)
	}
}

// What a first apply would leave is the same, or takes up ownership at most, whatever the structure of the object.
func TestAppliedCustomResourcesAreTheSame(t *testing.T) {
	seed := ourSeed(t)
	verdicts, refused := map[diff.Verdict]int{}, 0
	kinds, _ := deal(rand.New(rand.NewPCG(seed, 1<<41)), 12, 10)
	schemas := diff.NewSchemas(nil)
	for _, c := range kinds {
		require.NoError(t, schemas.AddCRD(c.definition))
	}
	c := diff.New(us, schemas, nil)
	for i := range 1200 {
		kind := kinds[i%len(kinds)]
		h := &customHistory{c: kind, r: rand.New(rand.NewPCG(seed, uint64(i))), name: "a"}
		desired := h.object("v1", 0, nil)
		d, err := c.Prepare(desired)
		if err != nil || hasEmptyItem(desired.Object) {
			refused++
			continue
		}
		live, err := c.Applied(d)
		require.NoError(t, err)
		out, err := c.Compare(d, live)
		if err != nil {
			refused++ // An item of null, where none may be.
			continue
		}
		verdicts[out.Verdict]++
		require.Contains(t, []diff.Verdict{diff.Same, diff.Adopt}, out.Verdict, "%s\n%s\n%v", canonicalText(d.Object().Object), canonicalText(live.Object), out.Changes)
	}
	t.Logf("verdicts %v, refused %d", verdicts, refused)
	assert.Greater(t, verdicts[diff.Same], 600)
}

// hasEmptyItem says whether a list has an item that states nothing. Where its keys are all defaults a server adds it with one apply
// and takes it out with the next.
func hasEmptyItem(v any) bool {
	switch v := v.(type) {
	case o:
		for _, e := range v {
			if hasEmptyItem(e) {
				return true
			}
		}
	case l:
		for _, e := range v {
			if m, ok := e.(o); ok && len(m) == 0 || hasEmptyItem(e) {
				return true
			}
		}
	}
	return false
}
