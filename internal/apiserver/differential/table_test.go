package differential_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// tally counts operations by verb, kind and outcome. It is safe for concurrent use.
type tally struct {
	mu     sync.Mutex
	counts map[cell]int
}

type cell struct {
	verb, kind string
	code       int
}

func newTally() *tally { return &tally{counts: map[cell]int{}} }

func (c *tally) add(verb, kind string, code int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.counts[cell{verb, kind, code}]++
}

// accepted returns how many operations of a verb on a kind were accepted.
func (c *tally) accepted(verb, kind string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for at, count := range c.counts {
		if at.verb == verb && at.kind == kind && at.code < 400 {
			n += count
		}
	}
	return n
}

// share returns how many operations there were and how many of them were accepted.
func (c *tally) share() (all, accepted int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for at, count := range c.counts {
		all += count
		if at.code < 400 {
			accepted += count
		}
	}
	return all, accepted
}

// String prints a line for each verb: the counts of its outcomes, then those of each kind.
func (c *tally) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	verbs := map[string]bool{}
	kinds := map[string]bool{}
	for at := range c.counts {
		verbs[at.verb], kinds[at.kind] = true, true
	}
	var out strings.Builder
	for _, verb := range slices.Sorted(maps.Keys(verbs)) {
		fmt.Fprintf(&out, "%-24s %s\n", verb, c.outcomes(func(at cell) bool { return at.verb == verb }))
		for _, kind := range slices.Sorted(maps.Keys(kinds)) {
			if text := c.outcomes(func(at cell) bool { return at.verb == verb && at.kind == kind }); text != "" {
				fmt.Fprintf(&out, "    %-34s %s\n", kind, text)
			}
		}
	}
	return out.String()
}

func (c *tally) outcomes(of func(cell) bool) string {
	codes := map[int]int{}
	for at, count := range c.counts {
		if of(at) {
			codes[at.code] += count
		}
	}
	var parts []string
	for _, code := range slices.SortedFunc(maps.Keys(codes), cmp.Compare) {
		parts = append(parts, fmt.Sprintf("%d×%d", code, codes[code]))
	}
	return strings.Join(parts, " ")
}
