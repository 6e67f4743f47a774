package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

// A measure does the work once and returns a figure in the unit of its case.
type measure func(ctx context.Context) (float64, error)

// benchmark is one case: one row of the table.
type benchmark struct {
	name, unit string
	// once is for cases whose figure hardly differs between runs and whose peer takes long.
	once     bool
	setpoint measure
	// peer is nil for a case without one.
	peer measure
}

// area is what one name on the command line stands for.
type area struct {
	cases []benchmark
	// peer names what the cases are measured against.
	peer string
	// notes say how both were run, a line each.
	notes []string
	close func()
}

// row is what came of a case.
type row struct {
	benchmark
	ours, theirs []float64
}

// report measures the cases that are wanted and prints their table.
func report(ctx context.Context, name string, a *area, o options, out, progress io.Writer) error {
	if a.close != nil {
		defer a.close()
	}
	var rows []row
	for _, b := range a.cases {
		if !wanted(b.name, o.only) {
			continue
		}
		fmt.Fprintf(progress, "%s: %s\n", name, b.name)
		r, err := b.measure(ctx, o)
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		rows = append(rows, r)
	}
	if rows == nil {
		return fmt.Errorf("no case has a name with %q", o.only)
	}
	return table(out, name, a, rows)
}

// wanted says whether a name contains one of the words.
func wanted(name, only string) bool {
	if only == "" {
		return true
	}
	return slices.ContainsFunc(strings.Split(only, ","), func(word string) bool {
		return strings.Contains(strings.ToLower(name), strings.ToLower(strings.TrimSpace(word)))
	})
}

// measure runs ours and the peer in turn.
func (b benchmark) measure(ctx context.Context, o options) (row, error) {
	r := row{benchmark: b}
	runs := max(o.runs, 1)
	if b.once {
		runs = 1
	}
	if !o.peers {
		r.peer = nil
	}
	for range runs {
		figure, err := b.setpoint(ctx)
		if err != nil {
			return r, fmt.Errorf("setpoint: %w", err)
		}
		r.ours = append(r.ours, figure)
		if r.peer == nil {
			continue
		}
		if figure, err = r.peer(ctx); err != nil {
			return r, fmt.Errorf("peer: %w", err)
		}
		r.theirs = append(r.theirs, figure)
	}
	return r, nil
}

// median returns the middle figure, of an even number the mean of the two in the middle.
func median(figures []float64) float64 {
	sorted := slices.Sorted(slices.Values(figures))
	n := len(sorted)
	if n == 0 {
		return 0
	}
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
