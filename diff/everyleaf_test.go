package diff_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// editor is the other manager.
const editor = "editor"

// everyLeaf has another manager change each leaf of each object, remove it, and add keys and items beside it, one at a time and
// as a dry run. What is found is exactly what moved and is ours. Where the server does more than it was asked for, an apply is
// tried on it, and what is found is exactly what that changes.
func (c *corpusCluster) everyLeaf(t *testing.T) {
	ourSeed(t)
	t.Logf("-leaves=%d", *leaves)
	s := &tally{n: map[string]int{}, refused: map[string]int{}, dropped: map[string]int{}}
	var g errgroup.Group
	g.SetLimit(3)
	seen := map[string]bool{}
	for i, o := range c.objects {
		r := rand.New(rand.NewPCG(*seed, uint64(i)))
		if schema.IsDefinition(o) {
			g.Go(func() error { return c.definition(t, s, o, r) })
			continue
		}
		h, err := c.hunt(t, s, o, r, 2)
		require.NoError(t, err)
		s.count("leaves", h.leaves(nil))
		// What another build of the object has as well is done once.
		h.edits = slices.DeleteFunc(h.edits, func(e edit) bool {
			id := o.GetKind() + o.GetName() + e.what + e.at + e.value
			done := seen[id]
			seen[id] = true
			return done
		})
		s.count("leaves, each once", h.leaves(nil))
		g.Go(func() error { return h.run(nil, 0) })
	}
	err := g.Wait()
	for _, line := range slices.Sorted(maps.Keys(s.refused)) {
		t.Logf("refused %4d: %s", s.refused[line], line)
	}
	for _, line := range slices.Sorted(maps.Keys(s.dropped)) {
		t.Logf("not kept by the server %4d: %s", s.dropped[line], line)
	}
	for _, what := range slices.Sorted(maps.Keys(s.n)) {
		t.Logf("%7d %s", s.n[what], what)
	}
	require.NoError(t, err)
	assert.Zero(t, s.n[outOfTime], "give the test more time by -timeout")
	for _, what := range []string{"change: found", "remove: found", "remove item: found", "add: found", "add: not ours, not found"} {
		assert.Positive(t, s.n[what], what)
	}
}

// definition hunts in the parts of a definition, and in the whole for what no part has: all of it, or as much as -leaves says.
func (c *corpusCluster) definition(t *testing.T, s *tally, crd *unstructured.Unstructured, r *rand.Rand) error {
	whole, err := c.hunt(t, s, crd, r, 1)
	if err != nil {
		return err
	}
	all := whole.leaves(nil)
	s.count("leaves of definitions", all)
	done := map[string]bool{}
	parts := partsOf(crd, 60)
	r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	n := 0
	for _, part := range parts {
		if *leaves > 0 && n >= *leaves {
			break
		}
		if err := c.apply(t, part); err != nil {
			s.refuse(fmt.Sprintf("part of a %s: apply: %s", crd.GetKind(), reason(err)))
			continue
		}
		h, err := c.hunt(t, s, part, r, 1)
		if err != nil {
			return err
		}
		const below = "/spec/versions/0/schema/openAPIV3Schema"
		h.edits = slices.DeleteFunc(h.edits, func(e edit) bool { return !strings.HasPrefix(e.at, below) || done[e.what+e.at] })
		n += h.leaves(nil)
		s.count("leaves of definitions in their parts", h.leaves(nil))
		if err := h.run(done, 0); err != nil {
			return err
		}
	}
	most := 0
	if *leaves > 0 {
		most = 2
		r.Shuffle(len(whole.edits), func(i, j int) { whole.edits[i], whole.edits[j] = whole.edits[j], whole.edits[i] })
	}
	whole.edits = slices.DeleteFunc(whole.edits, func(e edit) bool { return done[e.what+e.at] || !e.leaf })
	left := whole.leaves(done)
	if *leaves > 0 {
		left = min(most, left)
	}
	s.count("leaves of definitions in the whole", left)
	err = whole.run(done, most)
	t.Logf("%s: %d leaves, %d of them in %d parts", crd.GetName(), all, n, len(parts))
	return err
}

// outOfTime counts edits that there was no time for.
const outOfTime = "edits not tried, for want of time"

// tally is what came of all edits.
type tally struct {
	mu               sync.Mutex
	n                map[string]int
	refused, dropped map[string]int
	wrong            int
}

func (s *tally) count(what string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.n[what] += n
}

func (s *tally) refuse(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused[line]++
}

// reason says in a few words why a server refuses.
func reason(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return err.Error()
	}
	s := status.Status()
	out := map[string]bool{}
	if s.Details != nil {
		for _, cause := range s.Details.Causes {
			text := cause.Message
			if i := strings.LastIndex(text, ": "); i >= 0 && cause.Type == metav1.CauseTypeFieldValueInvalid {
				text = text[i+2:]
			}
			out[few(string(cause.Type)+" "+text)] = true
		}
	}
	if len(out) == 0 {
		out[few(s.Message)] = true
	}
	all := slices.Sorted(maps.Keys(out))
	return string(s.Reason) + ": " + strings.Join(all[:min(len(all), 2)], "; ")
}

// few cuts a text, and takes out what differs from place to place.
func few(text string) string {
	text = regexp.MustCompile(`\[\d+\]|[0-9a-f]{8}-[0-9a-f-]{27}`).ReplaceAllString(text, "[]")
	text = regexp.MustCompile(`"[^"]*"`).ReplaceAllString(text, `"…"`)
	text = strings.TrimSuffix(text, `, "…"`)
	for strings.Contains(text, `"…", "…"`) {
		text = strings.ReplaceAll(text, `"…", "…"`, `"…"`)
	}
	r := []rune(text)
	return string(r[:min(len(r), 90)])
}
