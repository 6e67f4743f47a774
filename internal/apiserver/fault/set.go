package fault

import (
	"math/rand/v2"
	"sync"
)

// Choice says which things are hit: of those that Match, none of the first After, then each with probability Rate, until
// Times were hit.
type Choice[T any] struct {
	// Match chooses; nil chooses everything.
	Match func(T) bool
	After int
	// Times is how many are hit at most; zero means no end.
	Times int
	// Rate is a probability; zero means 1. Seed starts the random numbers that decide, so that equal sequences of things are
	// hit equally.
	Rate float64
	Seed uint64
}

// Set holds choices with what is to happen to what they hit, E. The zero value is empty. Safe for concurrent use.
type Set[T, E any] struct {
	mu   sync.Mutex
	held []*Injection[T, E]
}

// Injection is a choice in a set.
type Injection[T, E any] struct {
	set    *Set[T, E]
	choice Choice[T]
	effect E
	random *rand.Rand
	seen   int
	hits   int
}

// Add puts a choice into the set.
func (s *Set[T, E]) Add(c Choice[T], effect E) *Injection[T, E] {
	i := &Injection[T, E]{set: s, choice: c, effect: effect, random: rand.New(rand.NewPCG(c.Seed, 0))}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = append(s.held, i)
	return i
}

// Hit returns the effects of all choices that hit thing, in the order in which they were added. Each choice counts what it
// matches, whatever others do. Match is called under the set's lock.
func (s *Set[T, E]) Hit(thing T) []E {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []E
	for _, i := range s.held {
		if i.hit(thing) {
			out = append(out, i.effect)
		}
	}
	return out
}

// Empty reports whether there is nothing in the set.
func (s *Set[T, E]) Empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.held) == 0
}

func (i *Injection[T, E]) hit(thing T) bool {
	c := i.choice
	if c.Match != nil && !c.Match(thing) {
		return false
	}
	i.seen++
	if i.seen <= c.After || c.Times > 0 && i.hits >= c.Times {
		return false
	}
	if c.Rate > 0 && i.random.Float64() >= c.Rate {
		return false
	}
	i.hits++
	return true
}

// Remove takes the choice out of its set. What was hit already stays hit.
func (i *Injection[T, E]) Remove() {
	i.set.mu.Lock()
	defer i.set.mu.Unlock()
	for n, held := range i.set.held {
		if held == i {
			i.set.held = append(i.set.held[:n:n], i.set.held[n+1:]...)
			return
		}
	}
}

// Hits returns how many things were hit.
func (i *Injection[T, E]) Hits() int {
	i.set.mu.Lock()
	defer i.set.mu.Unlock()
	return i.hits
}
