package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary be the fresh process of a measure that needs one.
func TestMain(m *testing.M) {
	if serveChild() {
		return
	}
	os.Exit(m.Run())
}

var tiny = scale{writes: 25, peerWrites: 3, listed: 3, perKind: 1, events: 2, compared: 2, passes: 2}

// real names the areas whose own side needs a control plane too.
var real = map[string]bool{"diff": true}

// Every case of every area runs, with little work, and gives a figure.
func TestEveryCaseRuns(t *testing.T) {
	for name, open := range areas {
		t.Run(name, func(t *testing.T) {
			if real[name] && testing.Short() {
				t.Skip("needs a control plane; left out with -short")
			}
			o := options{runs: 1, scale: tiny}
			a := open(o)
			if a.close != nil {
				defer a.close()
			}
			for _, b := range a.cases {
				r, err := b.measure(t.Context(), o)
				require.NoError(t, err, b.name)
				require.Len(t, r.ours, 1, b.name)
				assert.Empty(t, r.theirs, b.name)
				assert.NotZero(t, r.ours[0], b.name)
				assert.NotEmpty(t, b.unit, b.name)
				assert.Equal(t, strings.Contains(b.name, "gitops-engine") || name == "memory", b.peer != nil, b.name)
			}
		})
	}
}

// The peer answers the same work.
func TestPeerOfMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a control plane; left out with -short")
	}
	a := memoryArea(options{scale: tiny})
	defer a.close()
	for _, b := range a.cases {
		if strings.HasPrefix(b.name, "ready") {
			continue // Each starts a control plane; the memory case has started one the same way.
		}
		r, err := b.measure(t.Context(), options{runs: 1, peers: true})
		require.NoError(t, err, b.name)
		assert.Positive(t, r.theirs[0], b.name)
	}
}

// gitops-engine compares the same objects, and finds no difference in those that were only applied.
func TestPeerOfDiff(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a control plane and a build of gitops-engine; left out with -short")
	}
	l := &diffLab{lab: &lab{scale: tiny}}
	defer l.Close()
	s, err := l.tenThousand(t.Context())
	require.NoError(t, err)
	for _, structured := range []bool{false, true} {
		r, err := s.ask(t.Context(), request{Desired: "desired", Live: "live", Structured: structured, Passes: 2})
		require.NoError(t, err)
		assert.Equal(t, 2*len(tenKinds), r.Compared)
		assert.Positive(t, r.Allocations)
		assert.Zero(t, r.Modified)
		r, err = s.ask(t.Context(), request{Desired: "changed", Live: "live", Structured: structured, Passes: 1})
		require.NoError(t, err)
		assert.Equal(t, len(tenKinds), r.Modified)
	}
}

func TestMeasureTakesTurns(t *testing.T) {
	var order []string
	say := func(who string, figures ...float64) measure {
		return func(context.Context) (float64, error) {
			order = append(order, who)
			f := figures[0]
			figures = figures[1:]
			return f, nil
		}
	}
	b := benchmark{name: "a", unit: "ms", setpoint: say("us", 3, 1, 2), peer: say("them", 10, 40, 20)}
	r, err := b.measure(t.Context(), options{runs: 3, peers: true})
	require.NoError(t, err)
	assert.Equal(t, []string{"us", "them", "us", "them", "us", "them"}, order)

	var out bytes.Buffer
	require.NoError(t, table(&out, "area", &area{peer: "other", notes: []string{"how it ran"}}, []row{r}))
	assert.Equal(t, `
### area

| case | unit | setpoint | peer | peer figure | ratio |
|---|---|--:|---|--:|--:|
| a | ms | 2.00 | other | 20.0 | 10.0 |

- how it ran
`, out.String())
}

func TestMeasureStopsAtAFault(t *testing.T) {
	broken := errors.New("broken")
	b := benchmark{
		setpoint: func(context.Context) (float64, error) { return 1, nil },
		peer:     func(context.Context) (float64, error) { return 0, broken },
	}
	_, err := b.measure(t.Context(), options{runs: 3, peers: true})
	require.ErrorIs(t, err, broken)
	assert.EqualError(t, err, "peer: broken")

	r, err := b.measure(t.Context(), options{runs: 2})
	require.NoError(t, err)
	assert.Equal(t, []float64{1, 1}, r.ours)
	assert.Nil(t, r.theirs)
}

func TestArguments(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		err  string
	}{
		{"no area", nil, "name an area"},
		{"an unknown one", []string{"-runs", "1", "weather"}, `no area "weather"`},
		{"an unknown flag after the area", []string{"memory", "-fast"}, "flag provided but not defined: -fast"},
		{"no such case", []string{"memory", "-only", "nothing"}, `no case has a name with "nothing"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := run(t.Context(), tt.args, io.Discard, io.Discard)
			assert.ErrorContains(t, err, tt.err)
		})
	}
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), []string{"memory", "-peers=false", "-runs=1", "-only", "later, nothing"}, &out, io.Discard))
	assert.Contains(t, out.String(), "| ready: later server | ms |")
	assert.NotContains(t, out.String(), "first server")
}

func TestFigures(t *testing.T) {
	for f, want := range map[float64]string{0.01234: "0.0123", 1.234: "1.23", 12.34: "12.3", 123.4: "123", 1234: "1,234", 1234567: "1,234,567"} {
		assert.Equal(t, want, figure(f))
	}
	assert.Equal(t, 2.5, median([]float64{4, 1, 3, 2}))
	assert.Zero(t, median(nil))
}
