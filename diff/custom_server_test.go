package diff_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

var customPairs = flag.Int("custom", 600, "how many random pairs of made-up custom resources are compared with the server")

var definitions = apischema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

func canonicalText(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}

// customServer is a real API server with made-up kinds.
type customServer struct {
	client    dynamic.Interface
	namespace string
	customs   []*custom
	schemas   *diff.Schemas
	set       *schema.Set
}

func newCustomServer(t *testing.T) *customServer {
	t.Helper()
	config := kubetest.Shared(t, nil).Config()
	config.WarningHandler = rest.NoWarnings{}
	client, err := dynamic.NewForConfig(config)
	require.NoError(t, err)
	return &customServer{client: client, namespace: kubetest.Namespace(t, config), schemas: diff.NewSchemas(nil), set: schema.New(nil)}
}

// create hands definitions to the server, makes up others in the place of those that it refuses, and waits for it to serve them.
func (s *customServer) create(t *testing.T, all []*custom) {
	t.Helper()
	crds := s.client.Resource(definitions)
	for _, c := range all {
		_, err := crds.Create(t.Context(), c.definition, metav1.CreateOptions{})
		require.NoError(t, err, canonicalText(c.definition.Object))
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			_ = crds.Delete(ctx, c.definition.GetName(), metav1.DeleteOptions{})
		})
		s.customs = append(s.customs, c)
		require.NoError(t, s.schemas.AddCRD(c.definition))
		require.NoError(t, s.set.AddDefinition(c.definition))
	}
	for _, c := range all {
		require.EventuallyWithT(t, func(check *assert.CollectT) {
			for _, v := range c.served {
				at := c.resource
				at.Version = v
				_, err := s.client.Resource(at).Namespace(s.namespace).List(t.Context(), metav1.ListOptions{})
				assert.NoError(check, err)
			}
		}, time.Minute, 50*time.Millisecond)
	}
}

// deal makes kinds that have all shapes among them.
func deal(r *rand.Rand, kinds, fields int) ([]*custom, map[string]int) {
	s := &shaper{r: r, used: map[string]int{}}
	var deck []string
	var out []*custom
	for i := range kinds {
		for len(deck) < fields {
			names := slices.Sorted(maps.Keys(shapes))
			r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
			deck = append(deck, names...)
		}
		out = append(out, s.define(i, deck[:fields]))
		deck = deck[fields:]
	}
	return out, s.used
}

// Whatever the structure of a custom resource, the history of an object of it and what is desired of it: what an apply would
// do is what the server's dry run says.
func TestCompareOfCustomResourcesEqualsTheServersDryRun(t *testing.T) {
	s := newCustomServer(t)
	seed := usualSeed(t, 2)
	t.Logf("-custom=%d", *customPairs)
	kinds, used := deal(rand.New(rand.NewPCG(seed, 1<<40)), 8, 10)
	s.create(t, kinds)
	var mu sync.Mutex
	tally := map[string]map[string]int{"verdicts": {}, "oddities": {}, "refused": {}, "unsure": {}, "writes": {}}
	wrong := 0
	var group sync.WaitGroup
	next := make(chan int)
	for range 4 {
		group.Go(func() {
			for i := range next {
				p := &customPair{s: s, c: s.customs[i%len(s.customs)], r: rand.New(rand.NewPCG(seed, uint64(i)))}
				fault := p.run(t.Context(), i)
				mu.Lock()
				for name, counts := range map[string]map[string]int{"oddities": p.oddities, "writes": p.writes} {
					for k, n := range counts {
						tally[name][k] += n
					}
				}
				if p.refusal != "" {
					tally["refused"][p.refusal]++
				}
				if p.verdict != "" {
					tally["verdicts"][string(p.verdict)]++
				}
				for _, reason := range p.unsure {
					tally["unsure"][reason]++
				}
				if fault != nil {
					wrong++
					t.Errorf("pair %d, %s: %v", i, p.c.kind, fault)
					if *verbose && p.live != nil {
						t.Logf("desired %s\n   live %s\n schema %s", canonicalText(p.desired.Object), canonicalText(p.live.Object), canonicalText(p.c.specs[p.version]))
					}
				}
				mu.Unlock()
			}
		})
	}
	for i := 0; i < *customPairs; i++ {
		mu.Lock()
		enough := wrong >= 12
		mu.Unlock()
		if enough {
			break
		}
		next <- i
	}
	close(next)
	group.Wait()
	t.Logf("shapes %v", used)
	for _, name := range slices.Sorted(maps.Keys(tally)) {
		t.Logf("%s %v", name, tally[name])
	}
	for name := range shapes {
		assert.NotZero(t, used[name], name)
	}
}

// customPair is a desired object and a live one with a history.
type customPair struct {
	s             *customServer
	c             *custom
	r             *rand.Rand
	version       string
	desired, live *unstructured.Unstructured

	verdict          diff.Verdict
	unsure           []string
	refusal          string
	oddities, writes map[string]int
}

func (p *customPair) run(ctx context.Context, i int) error {
	p.oddities, p.writes = map[string]int{}, map[string]int{}
	h := &customHistory{ctx: ctx, client: p.s.client, namespace: p.s.namespace, c: p.c, r: p.r, name: fmt.Sprintf("pair-%d", i), steps: p.writes}
	if err := h.run(); err != nil {
		p.refusal = "the history"
		return nil
	}
	p.version = h.version()
	switch p.r.IntN(8) {
	case 0, 1:
		if h.applied != nil {
			p.desired = h.applied
			p.version = p.desired.GroupVersionKind().Version
		}
	case 2, 3:
		p.desired = h.object(p.version, 1+p.r.IntN(2), p.oddities)
	}
	if p.desired == nil {
		p.desired = h.object(p.version, 0, nil)
	}
	live, err := h.of(p.version).Get(ctx, h.name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	p.live = live
	manager := us
	if p.r.IntN(8) == 0 {
		manager = "kubectl"
	}
	return p.judge(ctx, h, diff.New(manager, p.s.schemas, nil), manager)
}

// judge compares what Compare says with what the server says.
func (p *customPair) judge(ctx context.Context, h *customHistory, c *diff.Comparer, manager string) error {
	sent := p.desired.Object
	if d, err := c.Prepare(p.desired); err == nil {
		sent = d.Object().Object
	}
	data, err := json.Marshal(sent)
	if err != nil {
		return err
	}
	apply := func(force bool) (*unstructured.Unstructured, error) {
		return h.of(p.version).Patch(ctx, h.name, types.ApplyPatchType, data, metav1.PatchOptions{FieldManager: manager, Force: &force, DryRun: []string{"All"}})
	}
	forced, refusal := apply(true)
	out, err := compareOnce(c, p.desired, p.live)
	if refusal != nil {
		p.refusal = refusalOf(refusal)
		switch {
		case err == nil && p.refusal == "malformed" && out.Verdict != diff.Unsure:
			return fmt.Errorf("%s, the server refuses it as malformed: %w", out.Verdict, refusal)
		case err == nil && (out.Verdict == diff.Same || out.Verdict == diff.Adopt):
			return fmt.Errorf("%s, the server refuses it: %w", out.Verdict, refusal)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("an error where the server accepts: %w; it changes %s", err, strings.Join(unequal("", visible(p.live, p.s.set.Kinds(p.desired.GroupVersionKind())[0]), visible(forced, p.s.set.Kinds(p.desired.GroupVersionKind())[0])), "\n  "))
	}
	p.verdict = out.Verdict
	for _, r := range out.Unsure {
		p.unsure = append(p.unsure, r.Message)
	}
	_, err = apply(false)
	return verify(out, p.s.set.Kinds(p.desired.GroupVersionKind())[0], p.live, forced, err, manager)
}

func compareOnce(c *diff.Comparer, desired, live *unstructured.Unstructured) (*diff.Comparison, error) {
	d, err := c.Prepare(desired)
	if err != nil {
		return nil, err
	}
	out, err := c.Compare(d, live)
	if err != nil {
		return nil, err
	}
	merged, err := c.Merged(d, live)
	if err != nil {
		return nil, err
	}
	if merged.Verdict != out.Verdict || merged.Fingerprint() != out.Fingerprint() {
		return nil, fmt.Errorf("%s by the quick answer, %s by the merge: %v", out.Verdict, merged.Verdict, merged.Changes)
	}
	return out, nil
}

// refusalOf sorts the reasons of a server.
func refusalOf(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "failed to create typed patch object"), strings.Contains(text, "unable to convert unstructured object"), apierrors.IsBadRequest(err):
		return "malformed"
	case apierrors.IsInvalid(err):
		return "invalid"
	}
	for _, cause := range []string{"failed to create typed live object", "failed to create manager for existing fields", "field not declared in schema", "invalid group/version"} {
		if strings.Contains(text, cause) {
			return cause
		}
	}
	return "otherwise: " + text
}

// verify compares a comparison with the server's answers to a forced apply and to one without force.
func verify(out *diff.Comparison, kind *schema.Kind, live, forced *unstructured.Unstructured, unforced error, manager string) error {
	if err := sameConflicts(out, unforced); err != nil {
		return err
	}
	before, after := kind.Canonical(visible(live, kind)), kind.Canonical(visible(forced, kind))
	same := assert.ObjectsAreEqual(before, after)
	if changed := len(out.Changes) > 0; changed == same && out.Verdict != diff.Unsure {
		return fmt.Errorf("%s with changes %v, but the server's answer is the same: %v; %v", out.Verdict, out.Changes, same, unequal("", before, after))
	}
	if same && out.Verdict != diff.Conflict && out.Verdict != diff.Unsure {
		want := diff.Adopt
		if entryOf(live, manager) == entryOf(forced, manager) {
			want = diff.Same
		}
		if out.Verdict != want {
			return fmt.Errorf("%s, should be %s: our entry %s, after the apply %s", out.Verdict, want, entryOf(live, manager), entryOf(forced, manager))
		}
	}
	if out.Verdict == diff.Unsure || len(out.Unsure) > 0 {
		return nil
	}
	predicted, err := out.Predicted()
	if err != nil {
		return err
	}
	if got := kind.Canonical(visible(predicted, kind)); !assert.ObjectsAreEqual(after, got) {
		return fmt.Errorf("%s with a prediction that differs from what the server says: %s", out.Verdict, strings.Join(unequal("", after, got), "\n  "))
	}
	return changedPaths(out, kind, before, after)
}

// entryOf returns the fields that a manager owns by apply.
func entryOf(obj *unstructured.Unstructured, manager string) string {
	for _, e := range obj.GetManagedFields() {
		if e.Manager == manager && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == "" {
			return e.APIVersion + " " + string(e.FieldsV1.GetRawBytes())
		}
	}
	return ""
}

var conflictWith = regexp.MustCompile(`^conflict with ("(?:[^"\\]|\\.)*")(?: with subresource "([^"]*)")?`)

// sameConflicts compares the conflicts and their owners.
func sameConflicts(out *diff.Comparison, err error) error {
	var want []string
	var status *apierrors.StatusError
	if errors.As(err, &status) && apierrors.IsConflict(err) {
		for _, c := range status.ErrStatus.Details.Causes {
			m := conflictWith.FindStringSubmatch(c.Message)
			if m == nil {
				return fmt.Errorf("a conflict in other words: %s", c.Message)
			}
			want = append(want, c.Field+" "+m[1]+" "+m[2])
		}
	} else if err != nil {
		return fmt.Errorf("an apply without force: %w", err)
	}
	var got []string
	for _, c := range out.Conflicts {
		got = append(got, fmt.Sprintf("%s %q %s", c.Field, c.Manager, c.Subresource))
	}
	slices.Sort(want)
	slices.Sort(got)
	if out.Verdict == diff.Unsure {
		return nil
	}
	if !slices.Equal(want, got) || (len(got) > 0) != (out.Verdict == diff.Conflict) {
		return fmt.Errorf("%s over %q, the server says %q", out.Verdict, got, want)
	}
	return nil
}
