package clustertest_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/clustertest"
	"github.com/setpoint-dev/setpoint/cluster/memory"
)

var update = flag.Bool("update", false, "find out which rules each mutant trips, and rewrite testdata/mutants.txt")

// mutantsFile has a line for each mutant, "mutant: rule rule …".
const mutantsFile = "testdata/mutants.txt"

// handful is how many rules a narrow mutant trips at most. minAlone and minFew hold how far we have come with giving each rule
// a mutant of its own: the numbers only rise.
const (
	handful  = 5
	minAlone = 150
	minFew   = 210
)

// broken returns a client with a defect, of a server of its own.
func broken(t *testing.T, defect string) cluster.Client {
	server, err := memory.New(nil)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	mutant := defects[defect]
	mutant.Client = newCuttable(t, server.Config())
	mutant.cuts = new(atomic.Int64)
	return mutant
}

// try checks a rule for so long: a check that hangs is a finding as well.
func try(ctx context.Context, rule clustertest.Rule, c cluster.Client, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return rule.Check(ctx, c)
}

// TestMutants checks that the rules can fail: each line of the file names rules that find the mutant's defect, and each of
// them does.
func TestMutants(t *testing.T) {
	if *update {
		explore(t)
	}
	rules := map[string]clustertest.Rule{}
	for _, rule := range clustertest.Rules() {
		rules[rule.Name] = rule
	}
	text, err := os.ReadFile(mutantsFile)
	require.NoError(t, err)
	caught := map[string]bool{}
	breadth := map[string]int{} // of the narrowest mutant of a rule
	seen := map[string]bool{}
	claims := map[string][]string{} // the rules that are to find a defect, by the defect
	for line := range strings.Lines(string(text)) {
		defect, names, _ := strings.Cut(line, ":")
		require.Contains(t, defects, defect)
		seen[defect] = true
		assert.NotEmpty(t, strings.Fields(names), "no rule finds the defect of %s", defect)
		claims[defect] = strings.Fields(names)
		for _, name := range claims[defect] {
			require.Contains(t, rules, name, "in the line of %s", defect)
			caught[name] = true
			if n := len(strings.Fields(names)); breadth[name] == 0 || n < breadth[name] {
				breadth[name] = n
			}
		}
	}
	for defect := range defects {
		assert.True(t, seen[defect], "%s has no line in %s; run go test -run TestMutants -update", defect, mutantsFile)
	}
	var missing []string
	alone, few := 0, 0
	for _, rule := range clustertest.Rules() {
		if !caught[rule.Name] {
			missing = append(missing, rule.Name)
			continue
		}
		if breadth[rule.Name] == 1 {
			alone++
		}
		if breadth[rule.Name] <= handful {
			few++
		}
	}
	for defect, names := range claims {
		t.Run(defect, func(t *testing.T) {
			t.Parallel()
			c := broken(t, defect)
			for _, name := range names {
				err := try(t.Context(), rules[name], c, 10*time.Second)
				found := err != nil && !errors.Is(err, clustertest.ErrSkipped)
				assert.True(t, found, "%s does not find the defect of %s: take its name out of %s", name, defect, mutantsFile)
			}
		})
	}
	assert.Empty(t, missing, "no mutant trips these rules, so nothing shows that they can fail")
	t.Logf("%d mutants, %d of %d rules tripped; %d rules have a mutant that trips no other, %d one that trips at most %d",
		len(defects), len(rules)-len(missing), len(rules), alone, few, handful)
	assert.GreaterOrEqual(t, alone, minAlone, "rules have lost the mutants of their own")
	assert.GreaterOrEqual(t, few, minFew, "rules have lost their narrow mutants")
}

// explore brings the file up to date, the mutants that few rules find first: new mutants are tried on every rule, and those of the
// file on new rules. Whoever changes a mutant takes its line out first. Rules that a mutant only brings to hang do not count.
func explore(t *testing.T) {
	text, err := os.ReadFile(mutantsFile)
	if err != nil {
		require.ErrorIs(t, err, os.ErrNotExist)
	}
	found, known := map[string][]string{}, map[string]bool{}
	for line := range strings.Lines(string(text)) {
		defect, names, _ := strings.Cut(line, ":")
		if _, ok := defects[defect]; ok {
			found[defect] = strings.Fields(names)
		}
		for _, name := range strings.Fields(names) {
			known[name] = true
		}
	}
	var mu sync.Mutex
	t.Run("explore", func(t *testing.T) {
		for defect := range defects {
			_, tried := found[defect]
			t.Run(defect, func(t *testing.T) {
				t.Parallel()
				c := broken(t, defect)
				var trips []string
				for _, rule := range clustertest.Rules() {
					if tried && known[rule.Name] {
						continue
					}
					err := try(t.Context(), rule, c, 3*time.Second)
					if err != nil && !strings.Contains(err.Error(), "deadline exceeded") && !errors.Is(err, clustertest.ErrSkipped) {
						trips = append(trips, rule.Name)
					}
				}
				mu.Lock()
				defer mu.Unlock()
				found[defect] = append(found[defect], trips...)
				record(t, found)
			})
		}
	})
}

// record writes the file.
func record(t *testing.T, found map[string][]string) {
	var out strings.Builder
	for _, defect := range slices.SortedFunc(maps.Keys(found), func(a, b string) int {
		return len(found[a])*1000 - len(found[b])*1000 + strings.Compare(a, b)
	}) {
		fmt.Fprintf(&out, "%s: %s\n", defect, strings.Join(found[defect], " "))
	}
	require.NoError(t, os.MkdirAll("testdata", 0o755))
	require.NoError(t, os.WriteFile(mutantsFile, []byte(out.String()), 0o644))
}
