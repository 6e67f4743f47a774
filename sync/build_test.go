package sync

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/health"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// randomSet makes objects that hold and need each other, in waves that have nothing to do with it.
func randomSet(rng *rand.Rand) []*object {
	var objects []*object
	add := func(apiVersion, kind, ns, name string, body map[string]any) *object {
		obj := &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind}}
		for k, v := range body {
			obj.Object[k] = v
		}
		obj.SetName(name)
		obj.SetNamespace(ns)
		o := &object{obj: obj, ref: cluster.RefOf(obj), version: "v1", wave: rng.IntN(4) - 1}
		o.comparison = &diff.Comparison{Verdict: []diff.Verdict{diff.Same, diff.Missing, diff.Missing, diff.Differs}[rng.IntN(4)]}
		if o.comparison.Verdict != diff.Missing {
			o.live = obj
		}
		o.health.Status = []health.Status{health.Healthy, health.Progressing}[rng.IntN(2)]
		objects = append(objects, o)
		return o
	}
	for i := range 1 + rng.IntN(3) {
		ns := fmt.Sprint("ns-", i)
		if rng.IntN(3) > 0 {
			add("v1", "Namespace", "", ns, nil)
		}
		for j := range rng.IntN(3) {
			add("v1", "ConfigMap", ns, fmt.Sprint("c-", j), nil)
			add("v1", "ServiceAccount", ns, fmt.Sprint("s-", j), nil)
			add("apps/v1", "Deployment", ns, fmt.Sprint("d-", j), map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
				"serviceAccountName": fmt.Sprint("s-", rng.IntN(3)),
				"volumes":            []any{map[string]any{"configMap": map[string]any{"name": fmt.Sprint("c-", rng.IntN(3))}}},
			}}}})
		}
		if rng.IntN(2) == 0 {
			group := fmt.Sprintf("g%d.example.org", i)
			crd := add("apiextensions.k8s.io/v1", "CustomResourceDefinition", "", "gadgets."+group, map[string]any{"spec": map[string]any{"group": group, "names": map[string]any{"kind": "Gadget"}}})
			unserved := rng.IntN(2) == 0
			for j := range rng.IntN(3) {
				o := add(group+"/v1", "Gadget", ns, fmt.Sprint("g-", j), nil)
				o.crd, o.unserved = crd, unserved
			}
		}
	}
	return objects
}

// Of any set the steps form a graph that can be walked to its end; a wave has everything earlier behind it, what holds an
// object comes before it, and a prune comes after all writes and before the prune of what holds the object.
func TestStepsOfRandomSets(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	actions := map[Action]int{}
	for range 2000 {
		objects, old := randomSet(rng), randomSet(rng)
		settleWaves(objects)
		sortObjects(objects)
		desired := map[cluster.Ref]bool{}
		for _, o := range objects {
			desired[o.ref] = true
		}
		var candidates []candidate
		for _, o := range old {
			if !desired[o.ref] {
				candidates = append(candidates, candidate{member: member{Member: Member{Ref: o.ref}}, live: o.obj, wave: o.wave})
			}
		}
		p := &Plan{objects: objects, record: &Record{}, dropped: map[cluster.Ref]bool{}}
		(&Engine{opts: Options{Deadline: time.Minute}}).build(p, candidates)

		s, err := newSchedule(p.steps)
		require.NoError(t, err)
		before := make([]map[int]bool, len(p.steps)) // all that has to be done before a step, directly or not
		var ready []int
		index, held := map[cluster.Ref]int{}, map[string][]int{}
		for i, step := range p.steps {
			actions[step.Action]++
			before[i] = map[int]bool{}
			if s.missing[i] == 0 {
				ready = append(ready, i)
			}
			if step.Ref.Kind != "" {
				index[step.Ref] = i
				held[step.Ref.Namespace] = append(held[step.Ref.Namespace], i)
			}
		}
		done := 0
		for ; len(ready) > 0; done++ {
			i := ready[0]
			for _, j := range s.after[i] {
				before[j][i] = true
				for k := range before[i] {
					before[j][k] = true
				}
			}
			ready = append(ready[1:], s.succeed(i)...)
		}
		require.Equal(t, len(p.steps), done, "a circle")

		for i, a := range p.steps {
			if !a.Action.Writes() {
				continue
			}
			for j, b := range p.steps {
				switch {
				case !b.Action.Writes() || a.Action == Prune && b.Action != Prune:
				case b.Action == Prune && a.Action != Prune:
					require.True(t, before[j][i], "%s before %s", a.ID, b.ID)
				case b.Action != Prune && a.Wave < b.Wave, b.Action == Prune && a.Wave > b.Wave:
					require.True(t, before[j][i], "%s (wave %d) before %s (wave %d)", a.ID, a.Wave, b.ID, b.Wave)
				}
			}
			if a.Ref.Kind == "Namespace" {
				for _, j := range held[a.Ref.Name] {
					switch b := p.steps[j]; {
					case a.Action == Create && b.Action.Writes() && b.Action != Prune:
						require.True(t, before[j][i], "%s before %s", a.ID, b.ID)
					case a.Action == Prune && b.Action == Prune:
						require.True(t, before[i][j], "%s before %s", b.ID, a.ID)
					}
				}
			}
		}
		for _, o := range objects {
			i, ok := index[o.ref]
			if o.crd == nil || !ok {
				continue
			}
			if j, ok := index[o.crd.ref]; ok {
				require.True(t, before[i][j], "%s before %s", p.steps[j].ID, p.steps[i].ID)
			}
		}
	}
	t.Logf("steps: %v", actions)
}
