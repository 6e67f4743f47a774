package diff_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
)

// subset returns a random subset of the entries.
func subset(r *rand.Rand, from fields) fields {
	out := fields{}
	keys := make([]string, 0, len(from))
	for k := range from {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		if r.IntN(2) == 0 {
			out[k] = from[k]
		}
	}
	return out
}

func oneOf[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// randomObject returns an object of one of three kinds.
func randomObject(r *rand.Rand, kind int, name string) *unstructured.Unstructured {
	words := func() string { return oneOf(r, "a", "b", "c") }
	metadata := fields{"name": name, "labels": subset(r, fields{"team": words(), "tier": words(), "stage": words()}), "annotations": subset(r, fields{"note": words(), "seen": words()})}
	switch kind % 3 {
	case 0:
		return &unstructured.Unstructured{Object: fields{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": subset(r, fields{"a": words(), "b": words(), "c": words(), "d": words()})}}
	case 1:
		ports := []any{fields{"name": "web", "port": int64(80), "targetPort": oneOf[any](r, int64(80), "web")}}
		if r.IntN(2) == 0 {
			ports = append(ports, fields{"name": "metrics", "port": int64(9090), "targetPort": int64(9090 + r.IntN(2))})
		}
		spec := fields{"ports": ports, "selector": fields{"app": words()}}
		if r.IntN(2) == 0 {
			spec["sessionAffinity"] = oneOf(r, "None", "ClientIP")
		}
		return &unstructured.Unstructured{Object: fields{"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}}
	}
	container := fields{"name": "web", "image": "web:" + words(), "env": []any{}}
	for _, name := range []string{"A", "B", "C"} {
		if r.IntN(2) == 0 {
			container["env"] = append(container["env"].([]any), fields{"name": name, "value": words()})
		}
	}
	if r.IntN(2) == 0 {
		container["args"] = []any{words(), words()}
	}
	template := fields{"metadata": fields{"labels": fields{"app": "web"}}, "spec": fields{"containers": []any{container}}}
	if r.IntN(2) == 0 {
		template["metadata"].(fields)["annotations"] = subset(r, fields{"note": words(), "seen": words()})
	}
	spec := fields{"selector": fields{"matchLabels": fields{"app": "web"}}, "template": template}
	if r.IntN(2) == 0 {
		spec["replicas"] = int64(1 + r.IntN(4))
	}
	if r.IntN(2) == 0 {
		spec["minReadySeconds"] = int64(r.IntN(3))
	}
	return &unstructured.Unstructured{Object: fields{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec}}
}

// randomHook returns a webhook that changes places at random, and changes nothing when it meets its own work.
func randomHook(r *rand.Rand, kind int) admits {
	value := oneOf(r, "a", "z")
	containers := func(f func(list []any) []any) admits {
		return func(obj map[string]any, _ bool) error {
			list, _, _ := unstructured.NestedSlice(obj, "spec", "template", "spec", "containers")
			return unstructured.SetNestedSlice(obj, f(list), "spec", "template", "spec", "containers")
		}
	}
	hooks := []admits{
		set("metadata.labels.team", value), set("metadata.annotations.seen", value), set("metadata.annotations.stamp", value),
		unset("metadata", "labels", "tier"), unset("metadata", "annotations"), unset("metadata", "annotations", "note"),
	}
	switch kind % 3 {
	case 0:
		hooks = append(hooks, set("data.a", value), set("data.e", value), unset("data", "b"), unset("data"))
	case 1:
		hooks = append(hooks, set("spec.selector.zone", value), set("spec.internalTrafficPolicy", "Local"), set("spec.publishNotReadyAddresses", true))
	default:
		hooks = append(hooks, sidecar, set("spec.replicas", int64(1+r.IntN(4))), set("spec.template.metadata.annotations.seen", value),
			set("spec.minReadySeconds", int64(5)), unset("spec", "minReadySeconds"), unset("spec", "template", "metadata", "annotations"), set("spec.template.spec.hostNetwork", false),
			containers(func(list []any) []any {
				for _, c := range list {
					if image := c.(map[string]any)["image"].(string); !strings.HasPrefix(image, "mirror/") {
						c.(map[string]any)["image"] = "mirror/" + image
					}
				}
				return list
			}),
			containers(func(list []any) []any {
				c := list[0].(map[string]any)
				env, _ := c["env"].([]any)
				env = slices.DeleteFunc(slices.Clone(env), func(e any) bool { return e.(map[string]any)["name"] == "B" })
				c["env"] = append(env, fields{"name": "B", "value": "theirs"})
				return list
			}),
			containers(func(list []any) []any {
				list[0].(map[string]any)["args"] = []any{value, "theirs"}
				return list
			}),
			containers(func(list []any) []any {
				list[0].(map[string]any)["resources"] = fields{"limits": fields{"cpu": "1000m"}}
				return list
			}),
		)
	}
	var chosen []admits
	for range r.IntN(4) {
		chosen = append(chosen, oneOf(r, hooks...))
	}
	// A hook may undo what another did, so that the last decides.
	return all(chosen...)
}

// Whatever stands between an apply and the store: what a confirmed comparison predicts is what the apply then stores; when it says that
// there is nothing to do, an apply does nothing but what admission does by itself; and once applied there is nothing to do.
func TestConfirmedIsWhatIsStored(t *testing.T) {
	seed := ourSeed(t)
	onPlanes(t, func(t *testing.T, p *plane) {
		rounds := 150
		if p.control != nil {
			rounds = 60
		}
		verdicts, causes, overruled := map[diff.Verdict]int{}, map[diff.Cause]int{}, 0
		confirmer := diff.NewConfirmer(p.client, nil)
		comparer := diff.New(us, p.schemas, nil)
		ask := func(desired, live *unstructured.Unstructured) *diff.Comparison {
			d, err := comparer.Prepare(desired)
			require.NoError(t, err)
			c, err := comparer.Compare(d, live)
			require.NoError(t, err)
			out, err := confirmer.Confirm(t.Context(), c)
			require.NoError(t, err)
			require.Nil(t, out.Fault, "%v", out.Fault)
			return out
		}
		for i := range rounds {
			r := rand.New(rand.NewPCG(seed, uint64(i)))
			name := fmt.Sprint("random-", i)
			place := func(obj *unstructured.Unstructured) *unstructured.Unstructured {
				obj.SetNamespace(p.namespace)
				return obj
			}
			p.admit(nil)
			quiet := r.IntN(4) == 0
			hook := randomHook(r, i)
			if r.IntN(2) == 0 && !quiet {
				p.admit(hook)
			}
			live := p.apply(t, oneOf(r, us, us, us, "helm"), place(randomObject(r, i, name)))
			if r.IntN(3) == 0 {
				live = p.apply(t, oneOf(r, us, "helm"), place(randomObject(r, i, name)))
			}
			if r.IntN(3) == 0 {
				live = p.patch(t, live, `{"metadata":{"labels":{"team":"b"},"annotations":{"note":null}}}`)
			}
			if !quiet {
				p.admit(hook)
			}
			desired := place(randomObject(r, i, name))
			out := ask(desired, live)
			verdicts[out.Verdict]++
			predicted, err := out.Predicted()
			require.NoError(t, err)
			stored := p.apply(t, us, out.Object())
			where := fmt.Sprintf("round %d: %v", i, asText(t, desired.Object))
			if out.Precision == diff.Confirmed {
				require.Equal(t, p.canonical(stored), p.canonical(predicted), where)
			}
			ours := 0
			for _, c := range out.Changes {
				causes[c.Cause]++
				if c.Cause != diff.FromAdmission {
					ours++
				}
			}
			overruled += len(out.Overruled)
			if quiet {
				require.Equal(t, len(out.Changes), ours, "%s: nobody stands in between", where)
				require.Empty(t, out.Overruled, where)
			}
			if out.Verdict == diff.Same || out.Verdict == diff.Adopt {
				require.Zero(t, ours, where)
				if len(out.Changes) == 0 && out.Precision == diff.Confirmed {
					require.Equal(t, p.canonical(live), p.canonical(stored), where)
				}
			}
			again := ask(desired, stored)
			if again.Verdict == diff.Conflict {
				// What admission took out of a field that another owns too is a conflict with that owner, which force ends.
				stored = p.apply(t, us, again.Object())
				again = ask(desired, stored)
			}
			require.Equal(t, diff.Same, again.Verdict, "%s: an apply comes to an end; %v %v %v", where, again.Changes, again.Conflicts, again.Overruled)
			require.NoError(t, p.client.Delete(t.Context(), cluster.RefOf(stored), cluster.DeleteOptions{}))
		}
		t.Logf("%d objects: %v, changes %v, overruled %d", rounds, verdicts, causes, overruled)
		assert.Positive(t, causes[diff.FromAdmission])
		assert.Positive(t, overruled)
	})
}

// An answer of whatever form is no reason to panic.
func TestConfirmSurvivesAnyAnswer(t *testing.T) {
	seed := ourSeed(t)
	for i := range 300 {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		obj := randomObject(r, i, "x")
		obj.SetNamespace("shop")
		text := asText(t, obj.Object)
		s := newStore(t, text).apply(us, text)
		live := s.live()
		other := randomObject(r, i, "x")
		other.SetNamespace("shop")
		c := diff.New(us, nil, nil)
		d, err := c.Prepare(other)
		require.NoError(t, err)
		computed, err := c.Compare(d, live)
		require.NoError(t, err)
		out, err := diff.NewConfirmer(applier(func(context.Context, *unstructured.Unstructured, cluster.WriteOptions) (*cluster.Written, error) {
			answer := live.DeepCopy()
			for range 1 + r.IntN(5) {
				damage(r, answer.Object)
			}
			return &cluster.Written{Object: answer}, nil
		}), nil).Confirm(t.Context(), computed)
		require.NoError(t, err)
		require.NoError(t, diff.Fprint(io.Discard, out, nil))
		require.NoError(t, diff.FprintUnified(io.Discard, out, nil))
		_, err = json.Marshal(out)
		require.NoError(t, err)
		_, err = out.JSONPatch()
		require.NoError(t, err)
	}
}
