package sync

import (
	"fmt"
	"slices"
	"strings"
)

// progress of one step in a run.
type progress int

const (
	pending progress = iota
	running
	succeeded
	failed
)

// schedule is the graph of a run's steps.
type schedule struct {
	steps   []Step
	state   []progress
	missing []int   // how many needs have not succeeded
	after   [][]int // the steps that need this one
	// lenient says that the gates between waves open whatever came of the wave.
	lenient bool
}

func newSchedule(steps []Step) (*schedule, error) {
	s := &schedule{steps: steps, state: make([]progress, len(steps)), missing: make([]int, len(steps)), after: make([][]int, len(steps))}
	index := make(map[string]int, len(steps))
	for i := range steps {
		index[steps[i].ID] = i
	}
	for i := range steps {
		for _, need := range steps[i].Needs {
			j, ok := index[need]
			if !ok {
				return nil, fmt.Errorf("step %s needs %s, which is not in the plan", steps[i].ID, need)
			}
			s.after[j] = append(s.after[j], i)
			s.missing[i]++
		}
	}
	return s, nil
}

// fail marks i and gives up what needs it, directly or not. It returns what it gave up, and what may start now all the same.
func (s *schedule) fail(i int) (lost, ready []int) {
	if s.opens(i) {
		return nil, s.succeed(i)
	}
	s.state[i] = failed
	for _, j := range s.after[i] {
		switch {
		case s.state[j] != pending:
		case s.opens(j):
			if s.missing[j]--; s.missing[j] == 0 {
				ready = append(ready, j)
			}
		default:
			l, r := s.fail(j)
			lost, ready = append(append(lost, j), l...), append(ready, r...)
		}
	}
	return lost, ready
}

// opens says that a step is a gate that opens whatever came of what it is behind.
func (s *schedule) opens(i int) bool {
	return s.lenient && strings.HasPrefix(s.steps[i].ID, waveGatePrefix)
}

// succeed marks i and returns what may start now.
func (s *schedule) succeed(i int) (ready []int) {
	s.state[i] = succeeded
	for _, j := range s.after[i] {
		if s.missing[j]--; s.missing[j] == 0 && s.state[j] == pending {
			ready = append(ready, j)
		}
	}
	return ready
}

// circle returns the first pending step that needs itself, directly or not; -1 when there is none.
func (s *schedule) circle() int {
	for i := range s.steps {
		if s.state[i] == pending && s.reaches(i, i, make([]bool, len(s.steps))) {
			return i
		}
	}
	return -1
}

// reaches says that step to needs from, directly or by way of pending steps.
func (s *schedule) reaches(from, to int, seen []bool) bool {
	for _, j := range s.after[from] {
		if j == to {
			return true
		}
		if !seen[j] && s.state[j] == pending {
			seen[j] = true
			if s.reaches(j, to, seen) {
				return true
			}
		}
	}
	return false
}

// unmet are the needs of i that are pending and need i.
func (s *schedule) unmet(i int) []string {
	var out []string
	for j := range s.steps {
		if s.state[j] == pending && slices.Contains(s.after[j], i) && (i == j || s.reaches(i, j, make([]bool, len(s.steps)))) {
			out = append(out, s.steps[j].ID)
		}
	}
	return out
}
