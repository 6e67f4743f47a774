package diff_test

import (
	"flag"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
	"github.com/setpoint-dev/setpoint/internal/samples"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

var (
	pairs    = flag.Int("pairs", 5000, "how many random pairs are compared with the server, all seeds together")
	pairKind = flag.String("pairs.kind", "", "only pairs of this kind")
)

// enough is how many pairs of all kinds are known to need every default.
const enough = 1000

// parallel is how many kinds are compared at once.
const parallel = 8

// Whatever the history of an object: the verdict, the conflicts, the predicted object and the changed paths are those that the
// server's own dry run of the apply shows. The pairs of each kind need every default of the tables that a server can be made to
// fill in, and have lists of every type.
func TestCompareEqualsTheServersDryRun(t *testing.T) {
	s := newServer(t)
	if *seed != 0 {
		differential(t, s, *seed, *pairs)
		return
	}
	t.Run("fixed seed", func(t *testing.T) { differential(t, s, 1, *pairs/2) })
	t.Run("fresh seed", func(t *testing.T) { differential(t, s, rand.Uint64(), *pairs/2) })
}

func differential(t *testing.T, s *server, seed uint64, pairs int) {
	t.Helper()
	t.Logf("-seed=%d -pairs=%d", seed, pairs)
	objects, err := samples.ReadMore()
	require.NoError(t, err)
	deck, err := samples.NewDeck(schema.New(nil), objects)
	require.NoError(t, err)
	config := kubetest.Shared(t, nil).Config()
	run := kubetest.Namespace(t, config)
	var dealers []*dealer
	weights := 0
	for _, f := range completeFacts() {
		if *pairKind != "" && f.Kind != *pairKind {
			continue
		}
		space := run
		if f.Namespaced {
			space = kubetest.Namespace(t, config) // Quotas and limits of one kind do not touch another.
			if f.Kind == "Pod" {
				s.account(t, space)
			}
		}
		d := newDealer(t, s, deck, f, seed, run, space)
		d.budget = 60 + len(d.seen.open)*3/2
		weights += d.budget
		dealers = append(dealers, d)
	}
	var group errgroup.Group
	group.SetLimit(parallel)
	widgets := newCoverage(s.set.Kinds(widgetKind)[0], deck)
	group.Go(func() error {
		compareWidgets(t, s, widgets, seed, pairs/len(schema.AllFacts()))
		return nil
	})
	for _, d := range dealers {
		d.budget = max(1, d.budget*pairs/weights)
		group.Go(func() error {
			d.deal()
			return nil
		})
	}
	require.NoError(t, group.Wait())
	report(t, dealers, widgets)
}

// account makes the account that pods run as.
func (s *server) account(t *testing.T, namespace string) {
	t.Helper()
	account := &unstructured.Unstructured{}
	account.SetAPIVersion("v1")
	account.SetKind("ServiceAccount")
	account.SetName("runner")
	accounts := s.client.Resource(apischema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"}).Namespace(namespace)
	_, err := accounts.Create(t.Context(), account, metav1.CreateOptions{})
	require.NoError(t, err)
}

// completeFacts returns the facts of the forty kinds in the order of their names.
func completeFacts() []*schema.Facts {
	all := slices.DeleteFunc(schema.AllFacts(), func(f *schema.Facts) bool { return !f.Complete })
	slices.SortFunc(all, func(a, b *schema.Facts) int { return strings.Compare(a.Kind, b.Kind) })
	return all
}

func report(t *testing.T, dealers []*dealer, widgets *coverage) {
	t.Helper()
	all, refused, verdicts := 0, 0, map[diff.Verdict]int{}
	types, needed, possible, exempted := map[string]int{}, 0, 0, map[string]int{}
	parts := []*coverage{widgets}
	for _, d := range dealers {
		parts = append(parts, d.seen)
		for _, fault := range d.faults {
			t.Error(fault)
		}
	}
	for _, c := range parts {
		all, refused = all+c.pairs, refused+c.refused
		for v, n := range c.verdicts {
			verdicts[v] += n
		}
		for place, list := range c.types {
			types[list] += c.lists[place]
		}
		possible += len(c.open)
		for _, place := range samples.Defaulted(c.kind) {
			if reason := unreachable(c.kind.GVK.Kind, place); reason != "" {
				exempted[reason]++
			}
		}
		for _, n := range c.defaults {
			needed += min(n, 1)
		}
		if testing.Verbose() {
			t.Log(c)
		}
	}
	t.Logf("accepted %d of %d; verdicts %v", all-refused, all, verdicts)
	t.Logf("defaults needed at %d places, at %d not", needed, possible)
	for _, reason := range slices.Sorted(maps.Keys(exempted)) {
		t.Logf("no apply needs the defaults at %d places: %s", exempted[reason], reason)
	}
	for _, list := range slices.Sorted(maps.Keys(types)) {
		t.Logf("lists: %-40s %d", list, types[list])
	}
	assert.GreaterOrEqual(t, (all-refused)*10, all*8, "most pairs are ones that the server accepts")
	assert.LessOrEqual(t, verdicts[diff.Unsure]*20, all, "little is beyond the tables")
	if *pairKind == "" && all < enough {
		return
	}
	var never []string
	for _, d := range dealers {
		for _, place := range slices.Sorted(maps.Keys(d.seen.open)) {
			never = append(never, d.gvk.Kind+" "+place)
		}
	}
	assert.Empty(t, never, "defaults that no pair has needed:\n%s", strings.Join(never, "\n"))
	if *pairKind != "" {
		return
	}
	for list, n := range types {
		assert.Positive(t, n, "a type of list that no pair has: %s", list)
	}
}
