package check_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	kjson "sigs.k8s.io/json"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

var (
	invalidationSeed = flag.Uint64("invalidation.seed", 0, "seed of the random invalidations; 0 takes a fresh one besides the fixed one")
	invalidations    = flag.Int("invalidations", 1500, "how many random invalidations are tried for each seed")
)

// side is one of the two servers.
type side struct {
	host   string
	client *http.Client
}

func newSide(t *testing.T, config *rest.Config) *side {
	t.Helper()
	config = rest.CopyConfig(config)
	client, err := rest.HTTPClientFor(config)
	require.NoError(t, err)
	return &side{config.Host, client}
}

// post sends a body and returns the code of the answer, its reason and the types and fields of its causes.
func (s *side) post(t *testing.T, path string, body any) (string, string) {
	t.Helper()
	data, err := json.Marshal(body)
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.host+path, bytes.NewReader(data))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "invalidations")
	response, err := s.client.Do(request)
	if err != nil && strings.Contains(err.Error(), "INTERNAL_ERROR") {
		return noAnswer, ""
	}
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	var status struct {
		Reason, Message string
		Details         struct {
			Causes []struct{ Reason, Field string }
		}
	}
	if response.StatusCode < 300 {
		return "accepted", ""
	}
	require.NoError(t, json.Unmarshal(raw, &status), string(raw))
	var causes []string
	for _, c := range status.Details.Causes {
		causes = append(causes, c.Reason+" "+c.Field)
	}
	slices.Sort(causes)
	return fmt.Sprint(response.StatusCode, " ", status.Reason, " ", slices.Compact(causes)), status.Message
}

// noAnswer is what comes of a request that kube-apiserver panics at, such as a Job of indexes with a success policy and without
// completions: validateSuccessPolicyRule in pkg/apis/batch/validation follows a pointer that is nil.
const noAnswer = "no answer"

// path is where objects of a sample's kind are created in a namespace, without being stored.
func (o object) path(namespace string) string {
	gvk := o.kind()
	root := "/apis/" + gvk.GroupVersion().String()
	if gvk.Group == "" {
		root = "/api/v1"
	}
	if o.meta()["namespace"] != nil {
		root += "/namespaces/" + namespace
	}
	return root + "/" + resource(gvk.Kind) + "?dryRun=All"
}

// arena is the two servers, with the objects between them that samples name.
type arena struct {
	real, ours *side
	namespace  string
	samples    []object
}

func newArena(t *testing.T) *arena {
	t.Helper()
	cluster := kubetest.Shared(t, nil)
	server, err := memory.New(nil)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	a := &arena{real: newSide(t, cluster.Config()), ours: newSide(t, server.Config()), namespace: kubetest.Namespace(t, cluster.Config())}
	meta := func(name string) map[string]any { return map[string]any{"metadata": map[string]any{"name": name}} }
	a.ours.post(t, "/api/v1/namespaces", meta(a.namespace))
	a.ours.post(t, "/api/v1/namespaces/"+a.namespace+"/serviceaccounts", meta("default"))
	for _, s := range []*side{a.real, a.ours} {
		s.post(t, "/api/v1/namespaces/"+a.namespace+"/serviceaccounts", meta("runner"))
	}
	for _, o := range samples(t) {
		a.samples = append(a.samples, a.adapt(o))
	}
	return a
}

// adapt leaves out of a sample what refers to objects or ranges that a server has its own idea of.
func (a *arena) adapt(o object) object {
	if o.meta()["namespace"] != nil {
		o.meta()["namespace"] = a.namespace
	}
	spec, _ := o["spec"].(map[string]any)
	switch o.kind().Kind {
	case "Pod":
		for _, name := range []string{"priority", "priorityClassName", "preemptionPolicy", "runtimeClassName", "overhead"} {
			delete(spec, name)
		}
	case "CustomResourceDefinition":
		delete(spec, "conversion") // Webhooks are refused, which package memory says.
	case "Service":
		if spec["clusterIP"] != "None" {
			delete(spec, "clusterIP")
			delete(spec, "clusterIPs")
		}
	}
	return o
}

// Both servers accept every sample.
func TestSamplesAccepted(t *testing.T) {
	a := newArena(t)
	for _, o := range a.samples {
		for name, s := range map[string]*side{"kube-apiserver": a.real, "memory": a.ours} {
			answer, message := s.post(t, o.path(a.namespace), o)
			assert.Equal(t, "accepted", answer, "%s: %s %v: %s", name, o.kind().Kind, o.meta()["name"], message)
		}
	}
}

// What makes a sample invalid is refused by both servers with the same code, reason and causes.
func TestInvalidations(t *testing.T) {
	a := newArena(t)
	if *invalidationSeed != 0 {
		a.invalidate(t, *invalidationSeed)
		return
	}
	a.invalidate(t, 1)
	a.invalidate(t, rand.Uint64())
}

// tally counts answers: same ones, refusals of what kube-apiserver accepts, the reverse, and other causes.
type tally struct{ tried, refused, same, wrong, missed, differ, documented int }

// documented says that a difference at a place is a known one, or that of admission, which comes before validation.
func documented(kind, place string) bool {
	for _, d := range differences {
		if d.kind == kind && strings.Contains(place, d.place) {
			return true
		}
	}
	return false
}

// differences are known. Each is a place, or what it is about, with the source in Kubernetes v1.37.1 that decides there.
var differences = []struct{ kind, place, source string }{
	// A source that nothing can be made from is dropped before it is validated.
	{"PersistentVolumeClaim", "spec.dataSource", "pkg/api/persistentvolumeclaim/util.go"},
	// Expressions are compiled.
	{"ValidatingAdmissionPolicy", "xpression", "pkg/apis/admissionregistration/validation/validation.go"},
	{"ValidatingAdmissionPolicy", "spec.variables", "pkg/apis/admissionregistration/validation/validation.go"},
	{"MutatingAdmissionPolicy", "xpression", "pkg/apis/admissionregistration/validation/validation.go"},
	{"MutatingAdmissionPolicy", "spec.variables", "pkg/apis/admissionregistration/validation/validation.go"},
	{"ValidatingWebhookConfiguration", "matchConditions[].expression", "pkg/apis/admissionregistration/validation/validation.go"},
	{"MutatingWebhookConfiguration", "matchConditions[].expression", "pkg/apis/admissionregistration/validation/validation.go"},
}

func (a *arena) invalidate(t *testing.T, seed uint64) {
	t.Helper()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	byKind, sum, pool := map[string]*tally{}, &tally{}, grafts(a.samples)
	var wrong []string
	disagreements := map[string]int{}
	for range *invalidations {
		o := a.samples[random.IntN(len(a.samples))]
		broken, place := breakAt(random, o, pool)
		for range random.IntN(3) {
			if again, where := breakAt(random, object(broken), pool); random.IntN(3) == 0 {
				broken, place = again, place+"; "+where
			}
		}
		kind := o.kind().Kind
		if byKind[kind] == nil {
			byKind[kind] = &tally{}
		}
		want, _ := a.real.post(t, o.path(a.namespace), broken)
		got, ours := a.ours.post(t, o.path(a.namespace), broken)
		if want == noAnswer || strings.HasPrefix(want, "403") || want != got && documented(kind, place) {
			sum.documented++
			continue
		}
		for _, c := range []*tally{byKind[kind], sum} {
			c.count(want, got)
		}
		if want == got {
			continue
		}
		disagreements[fmt.Sprintf("%s %s: want %s, got %s", kind, place, want, got)]++
		if want == "accepted" {
			wrong = append(wrong, fmt.Sprintf("%s %s: %s", kind, place, ours))
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(byKind)) {
		t.Log(kind, byKind[kind])
	}
	for _, d := range slices.Sorted(maps.Keys(disagreements)) {
		t.Logf("%d × %.400s", disagreements[d], d)
	}
	t.Log("all", sum)
	assert.Empty(t, wrong, "what kube-apiserver accepts is accepted")
	assert.Greater(t, sum.refused, *invalidations/5, "most breaks break nothing")
	assert.LessOrEqual(t, sum.missed*100, sum.refused, "refusals that are missing")
	assert.GreaterOrEqual(t, sum.same*100, sum.tried*98, "answers that are the same")
}

func (c *tally) count(want, got string) {
	c.tried++
	if want != "accepted" {
		c.refused++
	}
	switch {
	case want == got:
		c.same++
	case want == "accepted":
		c.wrong++
	case got == "accepted":
		c.missed++
	default:
		c.differ++
	}
}

func (c *tally) String() string {
	return fmt.Sprintf("compared %d refused %d same %d wrong %d missed %d differ %d documented %d",
		c.tried, c.refused, c.same, c.wrong, c.missed, c.differ, c.documented)
}

// spoiled are texts that are wrong in many places.
var spoiled = []any{
	"", "x", "X", "a b", "a/b", "-a", "a_b", ".", "..", "/a", "../b", "*", "a.example.com", "http://a.example.com", "10.0.0.1", "010.0.0.1", "10.0.0.0/8",
	"::1", "2001:DB8::1", "2001:DB8::/32", "é", "0", "12", "50%", "101%", "@daily", strings.Repeat("a", 64), strings.Repeat("a", 254),
}

var wrongNumbers = []any{int64(-1), int64(0), int64(1), int64(70000), int64(2147483647)}

// grafts returns the fields that structures have somewhere in the samples, by the name of the field that holds such a structure.
func grafts(all []object) map[string]map[string][]any {
	out := map[string]map[string][]any{}
	var visit func(value any, holder string)
	visit = func(value any, holder string) {
		switch v := value.(type) {
		case map[string]any:
			if out[holder] == nil {
				out[holder] = map[string][]any{}
			}
			for _, name := range slices.Sorted(maps.Keys(v)) {
				out[holder][name] = append(out[holder][name], v[name])
				visit(v[name], name)
			}
		case []any:
			for _, item := range v {
				visit(item, holder)
			}
		}
	}
	for _, o := range all {
		for _, name := range slices.Sorted(maps.Keys(o)) {
			if !slices.Contains([]string{"apiVersion", "kind", "metadata"}, name) {
				visit(o[name], name)
			}
		}
	}
	return out
}

// breakAt returns a copy of an object with one value below its metadata removed or replaced, or with a field that a structure of
// the same name has elsewhere, and says which.
func breakAt(random *rand.Rand, o object, pool map[string]map[string][]any) (map[string]any, string) {
	data, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	var out map[string]any
	if err := kjson.UnmarshalCaseSensitivePreserveInts(data, &out); err != nil {
		panic(err)
	}
	var edits []func() string
	var visit func(value any, at string, set func(any))
	visit = func(value any, at string, set func(any)) {
		edits = append(edits, func() string {
			broken := wrongValue(random, value)
			set(broken)
			if broken == nil {
				return at + " removed"
			}
			return fmt.Sprintf("%s = %.40q", at, fmt.Sprint(broken))
		})
		switch v := value.(type) {
		case map[string]any:
			holder := strings.TrimRight(at[strings.LastIndex(at, ".")+1:], "[]")
			if others := pool[holder]; len(others) > 0 {
				edits = append(edits, func() string {
					name := slices.Sorted(maps.Keys(others))[random.IntN(len(others))]
					v[name] = runtime.DeepCopyJSONValue(others[name][random.IntN(len(others[name]))])
					return fmt.Sprintf("%s.%s = %.40q", at, name, fmt.Sprint(v[name]))
				})
			}
			for _, name := range slices.Sorted(maps.Keys(v)) {
				if at == "" && slices.Contains([]string{"apiVersion", "kind", "metadata"}, name) {
					continue
				}
				visit(v[name], strings.TrimPrefix(at+"."+name, "."), func(n any) {
					if n == nil {
						delete(v, name)
						return
					}
					v[name] = n
				})
			}
		case []any:
			for i, item := range v {
				visit(item, at+"[]", func(n any) {
					if n == nil {
						set(slices.Delete(slices.Clone(v), i, i+1))
						return
					}
					v[i] = n
				})
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if !slices.Contains([]string{"apiVersion", "kind", "metadata"}, name) {
			visit(out[name], name, func(n any) {
				if n == nil {
					delete(out, name)
					return
				}
				out[name] = n
			})
		}
	}
	if len(edits) == 0 {
		return out, "unchanged"
	}
	return out, edits[random.IntN(len(edits))]()
}

// wrongValue returns another value of the same form, nil for none.
func wrongValue(random *rand.Rand, value any) any {
	if random.IntN(4) == 0 {
		return nil
	}
	switch v := value.(type) {
	case string:
		return spoiled[random.IntN(len(spoiled))]
	case int64:
		return wrongNumbers[random.IntN(len(wrongNumbers))]
	case bool:
		return !v
	case map[string]any:
		return map[string]any{}
	case []any:
		if random.IntN(2) == 0 || len(v) == 0 {
			return []any{}
		}
		return append(slices.Clone(v), runtime.DeepCopyJSONValue(v[random.IntN(len(v))]))
	}
	return nil
}
