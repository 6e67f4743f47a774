package diff_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/typed"

	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

var errRefused = errors.New("the server refuses the apply")

// pair is a live and a desired object.
type pair struct {
	t             *testing.T
	client        dynamic.ResourceInterface
	kind          *schema.Kind
	desired, live *unstructured.Unstructured

	// refusal is the server's answer when it does not take the apply.
	refusal error
	verdict diff.Verdict
	unsure  int
	quick   bool
	// conflicted says that the server takes the apply by force only.
	conflicted bool
}

// judge compares what Compare says with what the server says.
func (p *pair) judge(c *diff.Comparer) error {
	apply := func(force bool) (*unstructured.Unstructured, error) {
		return p.client.Apply(p.t.Context(), p.desired.GetName(), p.desired, metav1.ApplyOptions{FieldManager: us, Force: force, DryRun: []string{"All"}})
	}
	// Without a conflict, force makes no difference.
	forced, unforced := apply(false)
	if p.conflicted = apierrors.IsConflict(unforced); p.conflicted {
		forced, p.refusal = apply(true)
	} else {
		p.refusal = unforced
	}
	d, prepareErr := c.Prepare(p.desired)
	if p.refusal != nil {
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
	if out.Verdict == diff.Unsure {
		return nil
	}
	if err := p.conflicts(out, unforced); err != nil {
		return err
	}
	kind := p.kind
	before, after := kind.Canonical(visible(p.live, kind)), kind.Canonical(visible(forced, kind))
	same := assert.ObjectsAreEqual(before, after)
	if changed := len(out.Changes) > 0; changed == same && len(out.Unsure) == 0 {
		return fmt.Errorf("%s with changes %v, but the server's answer is the same: %v; %v", out.Verdict, out.Changes, same, unequal("", before, after))
	}
	if len(out.Unsure) == 0 && same && out.Verdict != diff.Conflict {
		want := diff.Adopt
		if entry(p.live) == entry(forced) {
			want = diff.Same
		}
		if out.Verdict != want {
			return fmt.Errorf("%s, should be %s: our entry %s, after the apply %s", out.Verdict, want, entry(p.live), entry(forced))
		}
	}
	if len(out.Unsure) > 0 {
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

// changedPaths checks that the changes name every leaf that changes, and nothing else. That what is predicted is what the server
// says has been checked before.
func changedPaths(out *diff.Comparison, kind *schema.Kind, before, after map[string]any) error {
	old, err := kind.Type.FromUnstructured(before, typed.AllowDuplicates)
	if err != nil {
		return nil //nolint:nilerr // A server takes lists whose items have no keys; those have no paths.
	}
	now, err := kind.Type.FromUnstructured(after, typed.AllowDuplicates)
	if err != nil {
		return nil //nolint:nilerr // As above.
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
