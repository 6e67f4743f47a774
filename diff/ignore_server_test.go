package diff_test

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"

	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

var (
	ignoring     = flag.Int("ignoring", 260, "how many random pairs are compared under random ignore rules, all seeds together")
	ignoringSeed = flag.Uint64("ignoring.seed", 0, "the seed of those pairs; 0 takes a fixed one and then a fresh one")
)

// pointers returns a JSON pointer to every field of a document, but for those that say what the object is.
func pointers(at string, v any) []string {
	var out []string
	step := func(key string, v any) {
		next := at + "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
		switch next {
		case "/apiVersion", "/kind", "/metadata/name", "/metadata/namespace", "/metadata/uid", "/metadata/managedFields",
			"/metadata/resourceVersion", "/metadata/generation", "/metadata/creationTimestamp", "/status":
			return
		case "/metadata":
		default:
			out = append(out, next)
		}
		out = append(out, pointers(next, v)...)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			step(k, v[k])
		}
	case []any:
		for i, e := range v {
			step(fmt.Sprint(i), e)
		}
	}
	return out
}

// expression says the same as a pointer in jq.
func expression(pointer string) string {
	text := ""
	for _, step := range strings.Split(pointer, "/")[1:] {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		if strings.Trim(step, "0123456789") == "" {
			text += "[" + step + "]"
		} else {
			text += fmt.Sprintf("[%q]", step)
		}
	}
	return "." + text
}

// ignoreRules takes a few fields of the objects at random.
func ignoreRules(r *rand.Rand, f family, desired, live *unstructured.Unstructured) []diff.IgnoreRule {
	rule := diff.IgnoreRule{Group: f.resource.Group}
	fields := append(pointers("", desired.Object), pointers("", live.Object)...)
	for range min(1+r.IntN(3), len(fields)) {
		p := fields[r.IntN(len(fields))]
		if r.IntN(2) == 0 {
			rule.JSONPointers = append(rule.JSONPointers, p)
		} else {
			rule.JQPaths = append(rule.JQPaths, expression(p))
		}
	}
	if r.IntN(4) == 0 || len(fields) == 0 {
		rule.Managers = []string{[]string{"helm", "hpa", "editor"}[r.IntN(3)]}
	}
	return []diff.IgnoreRule{rule}
}

// Whatever is ignored stays as it is on the server, and nothing else does.
func TestIgnoredFieldsStay(t *testing.T) {
	s := newServer(t)
	if *ignoringSeed != 0 {
		s.ignore(t, *ignoringSeed, *ignoring)
		return
	}
	t.Run("fixed seed", func(t *testing.T) { s.ignore(t, 5, *ignoring/2) })
	t.Run("fresh seed", func(t *testing.T) { s.ignore(t, rand.Uint64(), *ignoring/2) })
}

func (s *server) ignore(t *testing.T, seed uint64, pairs int) {
	t.Helper()
	t.Logf("-ignoring=%d -ignoring.seed=%d", pairs, seed)
	counts := map[string]int{}
	failed := 0
	for i := 0; i < pairs && failed < 8; i++ {
		f := families[i%len(families)]
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		live, err := s.history(t, r, f, fmt.Sprintf("ignore-%d-%d-%s", seed%1000, i, s.namespace))
		if err != nil {
			counts["no history"]++
			continue
		}
		desired := s.place(f, f.object(r, live.GetName()))
		rules := ignoreRules(r, f, desired, live)
		ignore, err := diff.NewIgnore(rules, nil)
		require.NoError(t, err, "%+v", rules)
		outcome, err := s.leavesAlone(t, f, diff.New(us, s.schemas, &diff.Options{Ignore: ignore}), desired, live)
		counts[outcome]++
		if err != nil {
			failed++
			t.Errorf("pair %d, %s, rules %+v: %v", i, f.resource.Resource, rules, err)
			if *verbose {
				t.Logf("desired %v\n  live %v", desired.Object, live.Object)
			}
		}
	}
	t.Logf("%v", counts)
	assert.Greater(t, (counts["left alone"]+counts["nothing to leave"])*2, pairs, "most pairs can be judged")
	assert.Greater(t, counts["left alone"]*5, pairs)
}

// consequences are fields that follow others: serviceAccountName in its old name, what a kind of session affinity or Service has,
// and those whose defaults depend on other fields, as imagePullPolicy on image.
var consequences = func() []string {
	out := []string{
		"serviceAccount", "timeoutSeconds", "externalTrafficPolicy", "healthCheckNodePort", "allocateLoadBalancerNodePorts", "targetPort",
		"deprecated.daemonset.template.generation",
	}
	for _, c := range schema.Conditions() {
		for _, field := range c.Decides {
			out = append(out, field[strings.LastIndex(field, ".")+1:])
		}
	}
	return out
}()

func (s *server) leavesAlone(t *testing.T, f family, c *diff.Comparer, desired, live *unstructured.Unstructured) (string, error) {
	apply := func(obj *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		return s.of(f).Apply(t.Context(), obj.GetName(), obj, metav1.ApplyOptions{FieldManager: us, Force: true, DryRun: []string{"All"}})
	}
	plain, err := apply(desired)
	if err != nil {
		return "refused without rules", nil
	}
	var forbidden *diff.IgnoreError
	d, err := c.Prepare(desired)
	if errors.As(err, &forbidden) {
		return "rule refused", nil
	} else if err != nil {
		return "wrong", err
	}
	out, err := c.Compare(d, live)
	if errors.As(err, &forbidden) {
		return "rule refused", nil
	} else if err != nil {
		return "wrong", err
	}
	after, err := apply(out.Object())
	if err != nil {
		return "refused with rules", nil
	}
	kind := s.set.Kinds(desired.GroupVersionKind())[0]
	before, stored, without := canonical(kind, live), canonical(kind, after), canonical(kind, plain)
	if out.Verdict == diff.Unsure {
		return "unsure", nil
	}
	places := append(c.Locate(d, desired), c.Locate(d, live)...)
	for _, p := range places {
		if content := fieldpath.MakePathOrDie("data"); desired.GetKind() == "Secret" && *p[0].FieldName == "stringData" {
			places = append(places, append(content, p[1:]...))
		}
	}
	for _, p := range places {
		if inItemOfOne(p, before, d.Object().Object) || byServer(out, p, before) {
			continue
		}
		_, hadParent := diff.At(before, p[:len(p)-1])
		_, hasParent := diff.At(stored, p[:len(p)-1])
		if hadParent != hasParent {
			continue // A structure comes and goes with all that is in it.
		}
		was, had := diff.At(before, p)
		is, has := diff.At(stored, p)
		if slices.ContainsFunc(p, func(e fieldpath.PathElement) bool { return e.Index != nil }) && (!had || !has) {
			continue // A list that is applied as a whole comes, goes and shrinks with all that is in it.
		}
		if had != has || !assert.ObjectsAreEqual(was, is) {
			return "wrong", fmt.Errorf("%s was %v and becomes %v; applied %v", diff.PathString(p), was, is, out.Object().Object)
		}
	}
	if predicted, err := out.Predicted(); err == nil && len(out.Unsure) == 0 {
		if got := canonical(kind, predicted); !assert.ObjectsAreEqual(stored, got) {
			return "wrong", fmt.Errorf("%s, and the prediction is off: %v", out.Verdict, unequal("", stored, got))
		}
	}
	if len(c.Managers(d)) > 0 {
		return "left alone", nil
	}
	// What differs from an apply without rules is what the rules name.
	difference, err := changed(kind, without, stored)
	if err != nil {
		return "wrong", err
	}
	for _, leaf := range difference {
		if slices.Contains(consequences, *cmp.Or(leaf[len(leaf)-1].FieldName, new(string))) {
			continue
		}
		if !slices.ContainsFunc(places, func(p fieldpath.Path) bool { return related(kept(p, without, before), leaf) }) {
			return "wrong", fmt.Errorf("%s is left alone too: %v", diff.PathString(leaf), places)
		}
	}
	if len(out.Ignored) == 0 {
		return "nothing to leave", nil
	}
	return "left alone", nil
}

// canonical returns an object as it is compared, without the node ports of a Service, which come and go with its type.
func canonical(kind *schema.Kind, obj *unstructured.Unstructured) map[string]any {
	out := kind.Canonical(visible(obj, kind))
	ports, _, _ := unstructured.NestedFieldNoCopy(out, "spec", "ports")
	list, _ := ports.([]any)
	for _, p := range list {
		if m, ok := p.(map[string]any); ok {
			delete(m, "nodePort")
		}
	}
	return out
}

// inItemOfOne says that the path leads into an item that only one of the objects has.
func inItemOfOne(p fieldpath.Path, a, b map[string]any) bool {
	for n := range p[:len(p)-1] {
		if p[n].Key != nil {
			_, inA := diff.At(a, p[:n+1])
			_, inB := diff.At(b, p[:n+1])
			if inA != inB {
				return true
			}
		}
	}
	return false
}

// byServer says that the server changes the field in consequence of another: what is applied has it as it is, or not at all.
func byServer(out *diff.Comparison, p fieldpath.Path, before map[string]any) bool {
	sent, has := diff.At(out.Object().Object, p)
	was, _ := diff.At(before, p)
	return slices.ContainsFunc(out.Changes, func(c diff.Change) bool {
		path := diff.PathString(p)
		return (strings.HasPrefix(path, c.Path) || strings.HasPrefix(c.Path, path)) &&
			(c.Cause == diff.FromServer || !has || assert.ObjectsAreEqual(sent, was))
	})
}

func changed(kind *schema.Kind, a, b map[string]any) ([]fieldpath.Path, error) {
	old, err := kind.Type.FromUnstructured(a)
	if err != nil {
		return nil, err
	}
	now, err := kind.Type.FromUnstructured(b)
	if err != nil {
		return nil, err
	}
	c, err := old.Compare(now)
	if err != nil {
		return nil, err
	}
	var out []fieldpath.Path
	c.Added.Union(c.Modified).Union(c.Removed).Leaves().Iterate(func(p fieldpath.Path) { out = append(out, slices.Clone(p)) })
	return out, nil
}

// kept returns the outermost structure around an ignored field that one of the objects does not have, else the field.
func kept(p fieldpath.Path, objects ...map[string]any) fieldpath.Path {
	for n := 1; n < len(p); n++ {
		for _, obj := range objects {
			if _, ok := diff.At(obj, p[:n]); !ok {
				return p[:n]
			}
		}
	}
	return p
}

// related says that one path leads to the other.
func related(a, b fieldpath.Path) bool {
	n := min(len(a), len(b))
	return a[:n].Equals(b[:n])
}
