package sync

import (
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Steps that wait for each other are a failure, and what waits for them is blocked, while all else is done.
func TestStepsThatCanNeverStart(t *testing.T) {
	gate := func(id string, needs ...string) Step { return Step{ID: id, Action: Gate, Needs: needs, object: -1} }
	for name, tc := range map[string]struct {
		steps  []Step
		failed []string
		result Result
	}{
		"a circle": {
			[]Step{gate("free"), gate("a", "b"), gate("b", "free", "a"), gate("after", "b"), gate("last", "after")},
			[]string{"a"}, Result{Failed: 1, Blocked: 3},
		},
		"itself":           {[]Step{gate("a", "a"), gate("free")}, []string{"a"}, Result{Failed: 1}},
		"behind a circle":  {[]Step{gate("after", "b"), gate("b", "b")}, []string{"b"}, Result{Failed: 1, Blocked: 1}},
		"two circles":      {[]Step{gate("a", "a"), gate("b", "b")}, []string{"a", "b"}, Result{Failed: 2}},
		"nothing is stuck": {[]Step{gate("a"), gate("b", "a")}, nil, Result{}},
	} {
		t.Run(name, func(t *testing.T) {
			r := &run{record: &Record{}, e: New(nil, nil, nil), p: &Plan{steps: tc.steps}, events: make(chan Event)}
			go func() {
				defer close(r.events)
				r.steps(t.Context())
			}()
			var failed []string
			var got Result
			said := map[string]int{}
			for ev := range r.events {
				if ev.Type != Started {
					said[ev.Step]++
				}
				if ev.Type == Failed {
					failed = append(failed, ev.Step)
					require.ErrorContains(t, ev.Err, "can never start")
				}
				ev.Ref = cluster.Ref{}
				got.add(ev)
			}
			assert.Equal(t, tc.failed, failed)
			assert.Equal(t, tc.result, got)
			for _, s := range tc.steps {
				assert.Equal(t, 1, said[s.ID], "step %s ends once", s.ID)
			}
		})
	}
}
