package sync_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// After a failure, each policy does what it says: nothing more, the rest of the wave, or all that does not need what failed. None of them
// prunes, or runs the hooks of success.
func TestFailurePolicies(t *testing.T) { onEach(t, testFailurePolicies) }

func testFailurePolicies(t *testing.T, e *env) {
	// The wave's other object waits until the failure is known.
	set := docs(
		"apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {ports: []}\n",
		configMap("first", "1"), after("same-wave", "/namespaces/NS/ConfigMap/first"), after("leans", "/namespaces/NS/Service/bad"),
		noted("later", "argocd.argoproj.io/sync-wave: '1'", "1"), noted("last", "argocd.argoproj.io/sync-wave: '2'", "1"),
		hookJob("name: post", "argocd.argoproj.io/hook: PostSync", "works"))
	for policy, want := range map[setsync.FailurePolicy][]string{
		setsync.Stop:       {},
		setsync.FinishWave: {"create/ConfigMap/NS/same-wave"},
		setsync.BestEffort: {"create/ConfigMap/NS/same-wave", "create/ConfigMap/NS/later", "create/ConfigMap/NS/last"},
	} {
		t.Run(string(policy), func(t *testing.T) {
			e := e.fresh()
			eng := e.engine(func(o *setsync.Options) { o.OnFailure, o.Concurrency = policy, 1 })
			e.sync(eng, e.desired(docs(configMap("old", "1"), configMap("first", "0"))))
			p := e.plan(eng, e.desired(set))
			var done []string
			var faults error
			blocked := map[string]string{}
			failed := false
			for ev, err := range eng.Run(t.Context(), p) {
				require.NoError(t, err)
				switch {
				case ev.Type == setsync.Failed:
					failed, faults = true, errors.Join(faults, ev.Err)
				case ev.Type == setsync.Done && failed && ev.Action != setsync.Gate && ev.Ref.Name != "first":
					done = append(done, strings.ReplaceAll(ev.Step, e.ns, "NS"))
				case ev.Type == setsync.Blocked:
					blocked[ev.Ref.Name] = ev.Message
				}
			}
			var invalid *cluster.InvalidError
			require.ErrorAs(t, faults, &invalid)
			assert.ElementsMatch(t, want, done)
			assert.Contains(t, blocked, "leans")
			assert.Contains(t, blocked, "post")
			assert.Contains(t, blocked, "old")
			assert.True(t, e.has("old"))
			assert.Nil(t, e.record().Operation)
		})
	}
}
