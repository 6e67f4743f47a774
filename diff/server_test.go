package diff_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

var (
	seed    = flag.Uint64("seed", 0, "the seed of the random pairs; 0 takes one from the clock")
	leaves  = flag.Int("leaves", 40, "how many leaves of each large definition of the corpora another manager changes; 0 means all")
	verbose = flag.Bool("verbose", false, "print the objects of a pair that fails")
	pairs   = flag.Int("pairs", 560, "how many random pairs are compared with the server")
)

const us = "setpoint"

// published hands out the documents of a server.
type published struct{ d discovery.DiscoveryInterface }

func (p published) OpenAPI(_ context.Context, group, version string) ([]byte, string, error) {
	paths, err := p.d.OpenAPIV3().Paths()
	if err != nil {
		return nil, "", err
	}
	name := "apis/" + group + "/" + version
	if group == "" {
		name = "api/" + version
	}
	doc, ok := paths[name]
	if !ok {
		return nil, "", cluster.ErrNoKind
	}
	data, err := doc.Schema(runtime.ContentTypeJSON)
	return data, doc.ServerRelativeURL(), err
}

// server is a real API server and what it says of its kinds.
type server struct {
	client    dynamic.Interface
	namespace string
	schemas   *diff.Schemas
	set       *schema.Set
	// lastApplied is what we applied last in the latest history.
	lastApplied *unstructured.Unstructured
}

func newServer(t *testing.T) *server {
	t.Helper()
	control := kubetest.Shared(t, nil)
	config := control.Config()
	config.WarningHandler = rest.NoWarnings{}
	client, err := dynamic.NewForConfig(config)
	require.NoError(t, err)
	d, err := discovery.NewDiscoveryClientForConfig(config)
	require.NoError(t, err)
	s := &server{client: client, namespace: kubetest.Namespace(t, config)}
	crd := widgetDefinition()
	crds := client.Resource(apischema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	_, err = crds.Create(t.Context(), crd, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		require.NoError(t, err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = crds.Delete(ctx, crd.GetName(), metav1.DeleteOptions{})
	})
	var versions []apischema.GroupVersion
	for _, f := range families {
		versions = append(versions, f.resource.GroupVersion())
		for _, v := range f.versions {
			versions = append(versions, apischema.GroupVersion{Group: f.resource.Group, Version: v})
		}
	}
	s.schemas, s.set = diff.NewSchemas(published{d}), schema.New(published{d})
	widgets := apischema.GroupVersionKind{Group: "diff.example.com", Version: "v1", Kind: "Widget"}
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.NoError(c, s.set.Load(t.Context(), versions...))
		assert.NotEmpty(c, s.set.Kinds(widgets))
		_, err := client.Resource(families[len(families)-1].resource).Namespace(s.namespace).List(t.Context(), metav1.ListOptions{})
		assert.NoError(c, err)
	}, time.Minute, 50*time.Millisecond)
	require.NoError(t, s.schemas.Load(t.Context(), versions...))
	require.NoError(t, s.schemas.AddCRD(crd), "which says that the versions convert to each other as they are")
	return s
}

// Whatever the history of an object: the verdict, the conflicts, the predicted object and the changed paths are those that the server's
// own dry run of the apply shows.
func TestCompareEqualsTheServersDryRun(t *testing.T) {
	s := newServer(t)
	ourSeed(t)
	t.Logf("-pairs=%d", *pairs)
	comparer := diff.New(us, s.schemas, nil)
	verdicts, refused, byKind := map[diff.Verdict]int{}, map[string]int{}, map[string]int{}
	accepted, wrong := 0, 0
	for i := 0; i < *pairs && wrong < 12; i++ {
		f := families[i%len(families)]
		r := rand.New(rand.NewPCG(*seed, uint64(i)))
		live, err := s.history(t, r, f, fmt.Sprintf("pair-%d-%s", i, s.namespace))
		if err != nil {
			refused["history of "+f.resource.Resource]++
			if *verbose {
				t.Logf("pair %d: %v", i, err)
			}
			continue
		}
		desired := s.place(f, f.object(r, live.GetName()))
		if r.IntN(4) == 0 {
			desired = s.lastApplied
		}
		p := &pair{t: t, s: s, f: f, desired: desired, live: live}
		fault := p.judge(comparer)
		switch {
		case errors.Is(fault, errRefused):
			refused[f.resource.Resource]++
			continue
		case fault != nil:
			wrong++
			t.Errorf("pair %d, %s: %v", i, f.resource.Resource, fault)
			if *verbose {
				t.Logf("desired %v\n  live %v", desired.Object, live.Object)
			}
		}
		accepted++
		verdicts[p.verdict]++
		byKind[f.resource.Resource]++
		if p.quick {
			verdicts["quick"]++
		}
		if p.unsure > 0 {
			verdicts["with reasons"]++
		}
	}
	t.Logf("accepted %d of %d; verdicts %v; kinds %v; refused %v", accepted, *pairs, verdicts, byKind, refused)
	assert.GreaterOrEqual(t, accepted*10, *pairs*8, "most pairs are ones that the server accepts")
	assert.Zero(t, verdicts[diff.Unsure], "nothing here is beyond the tables")
}

// of returns the objects of a family.
func (s *server) of(f family) dynamic.ResourceInterface {
	if f.clusterWide {
		return s.client.Resource(f.resource)
	}
	return s.client.Resource(f.resource).Namespace(s.namespace)
}

// place puts an object where its family's are.
func (s *server) place(f family, obj *unstructured.Unstructured) *unstructured.Unstructured {
	if !f.clusterWide {
		obj.SetNamespace(s.namespace)
	}
	return obj
}

// history makes an object and has several managers write it, by apply and by update.
func (s *server) history(t *testing.T, r *rand.Rand, f family, name string) (*unstructured.Unstructured, error) {
	client := s.of(f)
	var live *unstructured.Unstructured
	var err error
	s.lastApplied = nil
	for step := range 1 + r.IntN(4) {
		obj := s.place(f, f.object(r, name))
		client := client
		if n := len(f.versions); n > 0 && r.IntN(2) == 0 {
			at := f
			at.resource.Version = f.versions[r.IntN(n)]
			obj.SetAPIVersion(at.resource.GroupVersion().String())
			client = s.of(at)
		}
		manager := []string{us, us, "helm", "hpa"}[r.IntN(4)]
		if step == 0 && r.IntN(3) > 0 {
			manager = us
		}
		var next *unstructured.Unstructured
		if step > 0 && r.IntN(3) == 0 {
			patch, merr := (&unstructured.Unstructured{Object: maps.Clone(obj.Object)}).MarshalJSON()
			require.NoError(t, merr)
			next, err = client.Patch(t.Context(), name, "application/merge-patch+json", patch, metav1.PatchOptions{FieldManager: "editor"})
		} else {
			next, err = client.Apply(t.Context(), name, obj, metav1.ApplyOptions{FieldManager: manager, Force: true})
			if err == nil && manager == us {
				s.lastApplied = obj.DeepCopy()
				s.lastApplied.SetAPIVersion(f.resource.GroupVersion().String())
			}
		}
		if err != nil {
			if live == nil {
				return nil, err
			}
			continue
		}
		live = next
	}
	if s.lastApplied == nil {
		s.lastApplied = s.place(f, f.object(r, name))
	}
	return client.Get(t.Context(), name, metav1.GetOptions{})
}

var errRefused = errors.New("the server refuses the apply")

type pair struct {
	t             *testing.T
	s             *server
	f             family
	desired, live *unstructured.Unstructured
	verdict       diff.Verdict
	unsure        int
	quick         bool
}

// judge compares what Compare says with what the server says.
func (p *pair) judge(c *diff.Comparer) error {
	client := p.s.of(p.f)
	apply := func(force bool) (*unstructured.Unstructured, error) {
		return client.Apply(p.t.Context(), p.desired.GetName(), p.desired, metav1.ApplyOptions{FieldManager: us, Force: force, DryRun: []string{"All"}})
	}
	forced, err := apply(true)
	d, prepareErr := c.Prepare(p.desired)
	if err != nil {
		if *verbose {
			p.t.Logf("refused: %v", err)
		}
		return errRefused
	}
	if prepareErr != nil {
		return fmt.Errorf("prepare refuses what the server accepts: %w", prepareErr)
	}
	out, err := c.Compare(d, p.live)
	if err != nil {
		return err
	}
	p.verdict, p.unsure = out.Verdict, len(out.Unsure)
	p.quick = c.Quick(d, p.live)
	merged, err := c.Merged(d, p.live)
	if err != nil {
		return err
	}
	if merged.Verdict != out.Verdict || merged.Fingerprint() != out.Fingerprint() || !assert.ObjectsAreEqual(merged.Suspects, out.Suspects) {
		return fmt.Errorf("%s by the quick answer, %s by the merge", out.Verdict, merged.Verdict)
	}
	_, err = apply(false)
	if err := p.conflicts(out, err); err != nil {
		return err
	}
	kind := p.s.set.Kinds(p.desired.GroupVersionKind())[0]
	before, after := kind.Canonical(visible(p.live, kind)), kind.Canonical(visible(forced, kind))
	same := assert.ObjectsAreEqual(before, after)
	if changed := len(out.Changes) > 0; changed == same {
		return fmt.Errorf("%s with changes %v, but the server's answer is the same: %v; %v", out.Verdict, out.Changes, same, unequal("", before, after))
	}
	if same && out.Verdict != diff.Conflict {
		want := diff.Adopt
		if entry(p.live) == entry(forced) {
			want = diff.Same
		}
		if out.Verdict != want {
			return fmt.Errorf("%s, should be %s: our entry %s, after the apply %s", out.Verdict, want, entry(p.live), entry(forced))
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
	return p.paths(out, kind, before, after)
}

// unequal names the places at which two objects differ.
func unequal(path string, want, got any) []string {
	w, ok := want.(map[string]any)
	g, ok2 := got.(map[string]any)
	if ok && ok2 {
		var out []string
		for k := range w {
			out = append(out, unequal(path+"."+k, w[k], g[k])...)
		}
		for k := range g {
			if _, ok := w[k]; !ok {
				out = append(out, fmt.Sprintf("%s.%s: want nothing, got %v", path, k, g[k]))
			}
		}
		return out
	}
	wl, ok := want.([]any)
	gl, ok2 := got.([]any)
	if ok && ok2 && len(wl) == len(gl) {
		var out []string
		for i := range wl {
			out = append(out, unequal(fmt.Sprintf("%s[%d]", path, i), wl[i], gl[i])...)
		}
		return out
	}
	if assert.ObjectsAreEqual(want, got) {
		return nil
	}
	return []string{fmt.Sprintf("%s: want %v, got %v", path, want, got)}
}

// conflicts checks the answer to an apply without force.
func (p *pair) conflicts(out *diff.Comparison, err error) error {
	var want []string
	var status *apierrors.StatusError
	if errors.As(err, &status) && apierrors.IsConflict(err) {
		for _, c := range status.ErrStatus.Details.Causes {
			want = append(want, c.Field)
		}
	} else if err != nil {
		return fmt.Errorf("an apply without force: %w", err)
	}
	var got []string
	for _, c := range out.Conflicts {
		got = append(got, c.Field)
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(want, got) || (len(got) > 0) != (out.Verdict == diff.Conflict) {
		return fmt.Errorf("%s over %v, the server says %v", out.Verdict, got, want)
	}
	return nil
}

// paths checks that the changes name every leaf that changes, and nothing else.
func (p *pair) paths(out *diff.Comparison, kind *schema.Kind, before, after map[string]any) error {
	old, err := kind.Type.FromUnstructured(before)
	if err != nil {
		return err
	}
	now, err := kind.Type.FromUnstructured(after)
	if err != nil {
		return err
	}
	c, err := old.Compare(now)
	if err != nil {
		return err
	}
	var leaves []string
	c.Added.Union(c.Modified).Union(c.Removed).Leaves().Iterate(func(path fieldpath.Path) { leaves = append(leaves, diff.PathString(path)) })
	for _, leaf := range leaves {
		if !slices.ContainsFunc(out.Changes, func(c diff.Change) bool { return strings.HasPrefix(leaf, c.Path) }) {
			return fmt.Errorf("no change names %s: %v", leaf, out.Changes)
		}
	}
	for _, change := range out.Changes {
		order := change.Op == diff.Replace && strings.HasPrefix(change.New.String(), `["[`)
		if !order && !slices.ContainsFunc(leaves, func(leaf string) bool { return strings.HasPrefix(leaf, change.Path) }) {
			return fmt.Errorf("nothing changes at %s: %v", change.Path, leaves)
		}
	}
	return nil
}

// visible returns the part of an object that is compared.
func visible(obj *unstructured.Unstructured, kind *schema.Kind) map[string]any {
	c := obj.DeepCopy()
	for _, f := range []string{"managedFields", "resourceVersion", "generation"} {
		unstructured.RemoveNestedField(c.Object, "metadata", f)
	}
	if kind.HasStatus {
		delete(c.Object, "status")
	}
	return c.Object
}

// entry returns the fields that we own by apply.
func entry(obj *unstructured.Unstructured) string {
	for _, e := range obj.GetManagedFields() {
		if e.Manager == us && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == "" {
			return e.APIVersion + " " + string(e.FieldsV1.Raw)
		}
	}
	return ""
}
