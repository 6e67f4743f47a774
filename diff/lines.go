package diff

import (
	"cmp"
	"slices"

	"github.com/pmezard/go-difflib/difflib"
)

// hunk is a run of lines that two texts have in common, or of lines in the place of which come others.
type hunk struct {
	same           bool
	i1, i2, j1, j2 int
}

// hunks divides two texts, given as lines, into what is common and what is not.
func hunks(a, b []string) []hunk {
	var out []hunk
	i, j := 0, 0
	for _, m := range append(matches(nil, a, b, 0, 0, splits), difflib.Match{A: len(a), B: len(b)}) {
		if i < m.A || j < m.B {
			out = append(out, hunk{i1: i, i2: m.A, j1: j, j2: m.B})
		}
		i, j = m.A+m.Size, m.B+m.Size
		if n := len(out) - 1; m.Size > 0 && n >= 0 && out[n].same {
			out[n].i2, out[n].j2 = i, j
		} else if m.Size > 0 {
			out = append(out, hunk{same: true, i1: m.A, i2: i, j1: m.B, j2: j})
		}
	}
	return out
}

// grouped returns the hunks that differ, in groups with some lines around them.
func grouped(all []hunk, around int) [][]hunk {
	var out [][]hunk
	var group []hunk
	for n, h := range all {
		if !h.same {
			group = append(group, h)
			continue
		}
		last := n == len(all)-1
		if group != nil && (last || h.i2-h.i1 > 2*around) {
			keep := min(around, h.i2-h.i1)
			out = append(out, append(group, hunk{same: true, i1: h.i1, i2: h.i1 + keep, j1: h.j1, j2: h.j1 + keep}))
			group = nil
		}
		if !last {
			keep := h.i2 - h.i1
			if group == nil {
				keep = min(around, keep)
			}
			group = append(group, hunk{same: true, i1: h.i2 - keep, i2: h.i2, j1: h.j2 - keep, j2: h.j2})
		}
	}
	if group != nil {
		out = append(out, group)
	}
	return out
}

const (
	// effort is how much the search for the longest common runs may take, in lines to look at. It takes time that grows
	// with the square of the texts.
	effort = 50_000
	// splits is how often a text is divided at the lines that it has once.
	splits = 12
)

// matches appends the common runs of two texts that start at the lines i and j of the whole: what they begin and end with, and
// of what is between, where that is short, the longest runs. Where it is long, the lines that both have just once hold the rest
// in place, in the time of sorting them.
func matches(out []difflib.Match, a, b []string, i, j, splits int) []difflib.Match {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	out = append(out, difflib.Match{A: i, B: j, Size: n})
	a, b, i, j = a[n:], b[n:], i+n, j+n
	n = 0
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	end := difflib.Match{A: i + len(a) - n, B: j + len(b) - n, Size: n}
	a, b = a[:len(a)-n], b[:len(b)-n]
	switch {
	case len(a) == 0 || len(b) == 0:
	case search(a, b) <= effort:
		for _, m := range difflib.NewMatcher(a, b).GetMatchingBlocks() {
			out = append(out, difflib.Match{A: i + m.A, B: j + m.B, Size: m.Size})
		}
	case splits > 0:
		x, y := 0, 0
		for _, m := range once(a, b) {
			out = matches(out, a[x:m.A], b[y:m.B], i+x, j+y, splits-1)
			out = append(out, difflib.Match{A: i + m.A, B: j + m.B, Size: 1})
			x, y = m.A+1, m.B+1
		}
		if x > 0 {
			out = matches(out, a[x:], b[y:], i+x, j+y, splits-1)
		}
	}
	return append(out, end)
}

// search estimates what the search for the longest runs takes: each line is held against those that are equal to it, but for the
// lines of which there are very many.
func search(a, b []string) int {
	lines := make(map[string]int, len(b))
	for _, l := range b {
		lines[l]++
	}
	n := len(a) + len(b)
	for _, l := range a {
		if c := lines[l]; len(b) < 200 || c <= len(b)/100+1 {
			n += c
		}
		if n > effort {
			break
		}
	}
	return n
}

// once returns the lines that either text has once, as many as stand in the same order in both.
func once(a, b []string) []difflib.Match {
	type place struct{ inA, inB, a, b int }
	places := make(map[string]*place, len(a))
	for i, l := range a {
		p := places[l]
		if p == nil {
			p = &place{}
			places[l] = p
		}
		p.inA, p.a = p.inA+1, i
	}
	for j, l := range b {
		if p := places[l]; p != nil {
			p.inB, p.b = p.inB+1, j
		}
	}
	var all []difflib.Match
	for _, l := range a {
		if p := places[l]; p.inA == 1 && p.inB == 1 {
			all = append(all, difflib.Match{A: p.a, B: p.b, Size: 1})
		}
	}
	return ascending(all)
}

// ascending returns the longest part of matches, which are in the order of A, that is in the order of B too.
func ascending(all []difflib.Match) []difflib.Match {
	// ends has, for each length, the match with the least B that such a part can end with; before, what comes before each.
	var ends []int
	before := make([]int, len(all))
	for n, m := range all {
		at, _ := slices.BinarySearchFunc(ends, m.B, func(e, b int) int { return cmp.Compare(all[e].B, b) })
		before[n] = -1
		if at > 0 {
			before[n] = ends[at-1]
		}
		if at == len(ends) {
			ends = append(ends, n)
		} else {
			ends[at] = n
		}
	}
	var out []difflib.Match
	if len(ends) > 0 {
		for n := ends[len(ends)-1]; n >= 0; n = before[n] {
			out = append(out, all[n])
		}
	}
	slices.Reverse(out)
	return out
}
