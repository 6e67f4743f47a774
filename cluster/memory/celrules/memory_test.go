package celrules_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/cluster/memory/celrules"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// chooser makes objects, some of which break rules.
type chooser struct{ *rand.Rand }

func (c chooser) one(options ...any) any { return options[c.IntN(len(options))] }

// spec takes some of the fields of the definition.
func (c chooser) spec() map[string]any {
	all := map[string]func() any{
		"min": func() any { return c.one(1, 2, 3) }, "max": func() any { return c.one(2, 3) },
		"mode": func() any { return c.one("a", "a", "b") }, "step": func() any { return c.one(0, 1, 1, 2, 3) },
		"ports": func() any {
			ports := []any{}
			for _, name := range []string{"a", "b", "c"} {
				if port := map[string]any{"name": name}; c.IntN(2) == 0 {
					if c.IntN(3) > 0 {
						port["port"] = c.one(0, 1, 1, 1, 2)
					}
					ports = append(ports, port)
				}
			}
			c.Shuffle(len(ports), func(i, j int) { ports[i], ports[j] = ports[j], ports[i] })
			return ports
		},
		"tags": func() any { return c.one([]any{"a", "c"}, []any{"bad", "a"}, []any{"a"}, []any{"b", "a"}) },
		"labels": func() any {
			return map[string]any{"k": c.one("a", "aa", "aa", "bad", "aaaa"), c.one("l", "m/n").(string): c.one("a", "a", "bad")}
		},
		"nested": func() any { return c.one(map[string]any{"a": 2}, map[string]any{}, map[string]any{"a": 3, "b": 1}) },
		"open": func() any {
			return map[string]any{"apiVersion": "v1", "kind": c.one("Good", "Good", "Bad"), "metadata": map[string]any{"name": "n"}, "x": c.IntN(3)}
		},
	}
	out := map[string]any{"min": 1}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if c.IntN(4) == 0 {
			out[name] = all[name]()
		}
	}
	return out
}

// refusal is what an answer says, in an order of its own.
func refusal(code int, status metav1.Status) string {
	if code < 300 {
		return fmt.Sprint(code)
	}
	var causes []string
	if status.Details != nil {
		for _, c := range status.Details.Causes {
			causes = append(causes, fmt.Sprintf("%s %s %s", c.Field, c.Type, c.Message))
		}
	}
	slices.Sort(causes)
	return fmt.Sprint(code, status.Reason, causes)
}

// The server in memory refuses what the rules of a definition forbid, and what they let pass because it was there before, as
// kube-apiserver does: in lists and maps, for changes, with paths, reasons and messages.
func TestMemoryKeepsTheRules(t *testing.T) {
	local, err := memory.New(&memory.Options{Rules: celrules.Compile})
	require.NoError(t, err)
	t.Cleanup(local.Close)
	sides := []server{newServer(t, kubetest.Shared(t, nil).Config()), newServer(t, local.Config())}
	raw, err := os.ReadFile("testdata/definition.yaml")
	require.NoError(t, err)
	var crd map[string]any
	require.NoError(t, yaml.Unmarshal(raw, &crd))
	const path = "/apis/rules.example.com/v1/subjects"
	for _, s := range sides {
		code, status := s.do(t, http.MethodPost, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
		require.Equal(t, http.StatusCreated, code, status.Message)
		require.Eventually(t, func() bool { code, _ := s.do(t, http.MethodGet, path, nil); return code == http.StatusOK }, waitForKind, pollKind)
	}
	for _, seed := range []uint64{1, rand.Uint64()} {
		t.Logf("seed %d", seed)
		c := chooser{rand.New(rand.NewPCG(seed, 1))}
		counts := map[string]int{}
		for i := range 300 {
			name := fmt.Sprint(c.one("a", "b", "c", "d", "e", "xa"), seed%1000)
			method, at, media := http.MethodPatch, path+"/"+name+"?fieldManager=m", "application/apply-patch+yaml"
			object := map[string]any{"apiVersion": "rules.example.com/v1", "kind": "Subject", "metadata": map[string]any{"name": name}, "spec": c.spec()}
			switch c.IntN(4) {
			case 0:
				media = "application/merge-patch+json"
			case 1:
				object["metadata"].(map[string]any)["labels"] = map[string]any{"n": fmt.Sprint(i)}
				delete(object, "spec")
				media = "application/merge-patch+json"
			case 2:
				at += "&force=true"
			case 3:
				if c.IntN(3) == 0 {
					method, at = http.MethodDelete, path+"/"+name
				}
			}
			var body any = object
			if method == http.MethodDelete {
				body = nil
			}
			var answers []string
			for _, s := range sides {
				code, status := s.send(t, method, at, media, body)
				answers = append(answers, refusal(code, status))
			}
			counts[answers[0][:3]]++
			require.Equal(t, answers[0], answers[1], "operation %d: %s %s %v", i, method, at, body)
		}
		t.Logf("%v", counts)
		assert.NotZero(t, counts["422"])
		assert.Greater(t, counts["200"]+counts["201"], 50)
	}
}
