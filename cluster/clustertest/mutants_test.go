package clustertest_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
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

// broken returns a client with a defect, of a server of its own.
func broken(t *testing.T, defect string) cluster.Client {
	server, err := memory.New(nil)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	mutant := defects[defect]
	mutant.Client = client(t, server.Config())
	return mutant
}

// try checks a rule for so long: a check that hangs is a finding as well.
func try(ctx context.Context, rule clustertest.Rule, c cluster.Client, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return rule.Check(ctx, c)
}

// TestMutants checks that the rules can fail: each line of the file names rules that find the mutant's defect.
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
	caught := map[string][]string{}
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		defect, names, _ := strings.Cut(line, ":")
		require.Contains(t, defects, defect)
		seen[defect] = true
		assert.NotEmpty(t, strings.Fields(names), "no rule finds the defect of %s", defect)
		for _, name := range strings.Fields(names) {
			require.Contains(t, rules, name, "in the line of %s", defect)
			caught[name] = append(caught[name], defect)
		}
	}
	for defect := range defects {
		assert.True(t, seen[defect], "%s has no line in %s; run go test -run TestMutants -update", defect, mutantsFile)
	}
	var missing []string
	for _, rule := range clustertest.Rules() {
		if caught[rule.Name] == nil {
			missing = append(missing, rule.Name)
			continue
		}
		// One mutant shows that the rule can fail.
		t.Run(rule.Name, func(t *testing.T) {
			t.Parallel()
			defect := caught[rule.Name][0]
			t.Logf("%s → %s", rule.Name, defect)
			assert.Error(t, try(t.Context(), rule, broken(t, defect), 10*time.Second), "%s does not find the defect of %s", rule.Name, defect)
		})
	}
	assert.Empty(t, missing, "no mutant trips these rules, so nothing shows that they can fail")
	t.Logf("%d mutants, %d of %d rules tripped", len(defects), len(rules)-len(missing), len(rules))
}

// explore writes the file anew, the mutants that few rules find first. Rules that a mutant only brings to hang do not count.
func explore(t *testing.T) {
	var mu sync.Mutex
	found := map[string][]string{}
	t.Run("explore", func(t *testing.T) {
		for defect := range defects {
			t.Run(defect, func(t *testing.T) {
				t.Parallel()
				c := broken(t, defect)
				for _, rule := range clustertest.Rules() {
					if err := try(t.Context(), rule, c, 3*time.Second); err != nil && !strings.Contains(err.Error(), "deadline exceeded") {
						mu.Lock()
						found[defect] = append(found[defect], rule.Name)
						mu.Unlock()
					}
				}
			})
		}
	})
	var out strings.Builder
	for _, defect := range slices.SortedFunc(maps.Keys(defects), func(a, b string) int {
		return len(found[a])*1000 - len(found[b])*1000 + strings.Compare(a, b)
	}) {
		fmt.Fprintf(&out, "%s: %s\n", defect, strings.Join(found[defect], " "))
	}
	require.NoError(t, os.MkdirAll("testdata", 0o755))
	require.NoError(t, os.WriteFile(mutantsFile, []byte(out.String()), 0o644))
}
