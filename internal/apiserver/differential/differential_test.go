package differential_test

import (
	"flag"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

var (
	differentialSeed       = flag.Uint64("differential.seed", 0, "seed of the differential test; 0 takes a fixed one and then a fresh one")
	differentialOperations = flag.Int("differential.operations", 4000, "operations of the differential test, all seeds together")
	differentialKind       = flag.String("differential.kind", "", "only this kind")
	differentialVerb       = flag.String("differential.verb", "", "only this verb, or this sort of bad input")
)

// How long kube-apiserver may take to serve a new kind.
const (
	waitForCRD = 30 * time.Second
	pollCRD    = 50 * time.Millisecond
	// How long it may take with its own writes to an object.
	waitForWrites = 30 * time.Second
)

// maxTries is how often a verb is tried on a kind that has refused it so far. Tried in earnest it is refused by chance alone.
const maxTries = 8

// The same random operations lead to the same answers and the same objects on kube-apiserver and in memory: objects with
// their managedFields, refusals with their code, reason, message and causes, and whether anything was written at all. Each
// kind has a deck of cards, one for each verb and some of bad input, which is dealt until the operations are used up; what
// has been accepted least often comes first.
func TestDifferential(t *testing.T) {
	cluster := kubetest.Shared(t, nil)
	if *differentialSeed != 0 {
		differential(t, cluster, *differentialSeed, *differentialOperations)
		return
	}
	t.Run("fixed seed", func(t *testing.T) { differential(t, cluster, 1, *differentialOperations/2) })
	t.Run("fresh seed", func(t *testing.T) { differential(t, cluster, rand.Uint64(), *differentialOperations/2) })
}

func differential(t *testing.T, cluster *kubetest.ControlPlane, seed uint64, operations int) {
	t.Helper()
	t.Logf("seed %d", seed)
	if *differentialVerb != "" {
		known := slices.ContainsFunc(cards, func(c card) bool { return c.verb == *differentialVerb }) ||
			slices.ContainsFunc(bads, func(b bad) bool { return b.name == *differentialVerb })
		require.True(t, known, "there is no verb %q", *differentialVerb)
	}
	sides := newSides(t, cluster)
	kinds := subjects(t, cluster, sides)
	if *differentialKind != "" {
		kinds = slices.DeleteFunc(kinds, func(k *subject) bool { return k.kind != *differentialKind })
	}
	counts := newTally()
	t.Run("kinds", func(t *testing.T) {
		for _, k := range kinds {
			t.Run(k.kind, func(t *testing.T) {
				t.Parallel()
				p := newPlayer(t, sides, k, seed, counts)
				p.budget = operations / len(kinds)
				p.run()
			})
		}
	})
	all, accepted := counts.share()
	t.Logf("%d of %d operations accepted; by verb, kind and outcome:\n%s", accepted, all, counts)
	if *differentialVerb != "" {
		return
	}
	assert.GreaterOrEqual(t, accepted*10, all*7, "most operations must be accepted ones")
	for _, k := range kinds {
		for _, c := range cards {
			applies := slices.ContainsFunc(k.versions, func(s *sample) bool { return c.applies(k, s) })
			assert.True(t, !applies || counts.accepted(c.verb, k.kind) > 0, "no %s of %s was accepted", c.verb, k.kind)
		}
	}
}

// run deals decks until the operations are used up, and then the verbs that had no luck.
func (p *player) run() {
	for p.budget > 0 {
		for _, play := range p.deck() {
			if p.budget <= 0 {
				break
			}
			p.n = p.IntN(objects)
			play(p)
			p.certain = false
		}
	}
	if *differentialVerb == "" {
		p.cover()
	}
}

// cover plays each verb that was never accepted until it is, a few times at most.
func (p *player) cover() {
	for _, c := range cards {
		fit := p.fit(c)
		for try := 0; try < maxTries && len(fit) > 0 && p.tally.accepted(c.verb, p.kind.kind) == 0; try++ {
			p.n, p.sample, p.certain = p.IntN(objects), fit[try%len(fit)], true
			c.play(p)
			p.certain = false
		}
	}
}

// fit returns the versions of the kind that a card can be played at.
func (p *player) fit(c card) []*sample {
	return slices.DeleteFunc(slices.Clone(p.kind.versions), func(s *sample) bool { return !c.applies(p.kind, s) })
}

// deck returns a card for each verb, and one of bad input for every three of them, in random order, but those first that
// have been accepted least often.
func (p *player) deck() []func(*player) {
	type dealt struct {
		play     func(*player)
		accepted int
	}
	var deck []dealt
	for _, i := range p.Perm(len(cards)) {
		c := cards[i]
		fit := p.fit(c)
		if len(fit) == 0 || *differentialVerb != "" && *differentialVerb != c.verb {
			continue
		}
		accepted := p.tally.accepted(c.verb, p.kind.kind)
		deck = append(deck, dealt{func(p *player) {
			p.sample = fit[p.IntN(len(fit))]
			p.certain = accepted == 0
			c.play(p)
		}, min(accepted, 2)})
	}
	slices.SortStableFunc(deck, func(a, b dealt) int { return a.accepted - b.accepted })
	var out []func(*player)
	for i, d := range deck {
		out = append(out, d.play)
		if i%3 == 2 {
			out = append(out, (*player).bad)
		}
	}
	if *differentialVerb != "" {
		out = append(out, (*player).bad)
	}
	return out
}

// bad sends a request of one of the sorts that are refused.
func (p *player) bad() {
	for {
		p.sample = p.kind.versions[p.IntN(len(p.kind.versions))]
		sort := bads[p.IntN(len(bads))]
		if *differentialVerb != "" {
			i := slices.IndexFunc(bads, func(b bad) bool { return b.name == *differentialVerb })
			if i < 0 {
				return
			}
			sort = bads[i]
		}
		o, ok := sort.make(p)
		if ok {
			o.verb = "bad " + sort.name
			p.certain = false
			p.do(o)
			return
		}
		if *differentialVerb != "" {
			p.budget--
			return
		}
	}
}
