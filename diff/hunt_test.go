package diff_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/typed"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

// hunt is one object whose places are edited.
type hunt struct {
	t       *testing.T
	s       *tally
	c       *corpusCluster
	client  dynamic.ResourceInterface
	kind    *schema.Kind
	desired *unstructured.Unstructured
	live    *unstructured.Unstructured
	fields  *fieldpath.Set
	edits   []edit
	// judged is how many edits were judged by the rule.
	judged int
	// quiet is set while one is judged again.
	quiet bool
	// comparers know the cluster's schemas and the embedded ones.
	comparers []*diff.Comparer
	prepared  []*diff.Desired
}

func (c *corpusCluster) hunt(t *testing.T, s *tally, o *unstructured.Unstructured, r *rand.Rand, fields int) (*hunt, error) {
	h := &hunt{t: t, s: s, c: c, desired: o, kind: c.set.Kinds(o.GroupVersionKind())[0]}
	h.comparers = []*diff.Comparer{diff.New(us, c.schemas, nil), diff.New(us, c.offline, nil)}
	for _, comparer := range h.comparers {
		d, err := comparer.Prepare(o)
		if err != nil {
			return nil, err
		}
		h.prepared = append(h.prepared, d)
	}
	v, err := h.kind.Type.FromUnstructured(h.prepared[0].Object().Object)
	if err != nil {
		return nil, err
	}
	if h.fields, err = v.ToFieldSet(); err != nil {
		return nil, err
	}
	if h.client, err = c.of(o); err != nil {
		return nil, err
	}
	if h.live, err = c.get(t, o); err != nil {
		return nil, err
	}
	if *leaves == 0 && !schema.IsDefinition(o) {
		fields = 0
	}
	e := editsOf(h.kind, h.prepared[0].Object(), h.live, c.pool, r, fields)
	h.edits = e.out
	s.mu.Lock()
	defer s.mu.Unlock()
	for pattern, n := range e.dropped {
		s.dropped[o.GetKind()+" "+pattern] += n
	}
	return h, nil
}

// leaves returns how many leaves have edits that are not done.
func (h *hunt) leaves(done map[string]bool) int {
	at := map[string]bool{}
	for _, e := range h.edits {
		if e.leaf && !done[e.what+e.at] {
			at[e.at] = true
		}
	}
	return len(at)
}

// run makes the edits, or as many as most if that is not zero.
func (h *hunt) run(done map[string]bool, most int) error {
	n := 0
	for _, e := range h.edits {
		if most > 0 && n == most {
			break
		}
		if h.s.failed() {
			return nil
		}
		if deadline, ok := h.t.Deadline(); ok && time.Until(deadline) < time.Minute {
			h.s.count(outOfTime, 1)
			continue
		}
		ok, err := h.judge(e)
		if err != nil {
			h.s.fault()
			h.t.Errorf("%s %s/%s: %s %s: %v", h.desired.GetKind(), h.desired.GetNamespace(), h.desired.GetName(), e.what, e.at, err)
		}
		if ok {
			n++
		}
		if done != nil {
			done[e.what+e.at] = true
		}
	}
	return nil
}

func (s *tally) fault() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong++
}

func (s *tally) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wrong >= 25
}

func (h *hunt) count(what string, n int) {
	if !h.quiet {
		h.s.count(what, n)
	}
}

// judge makes an edit and checks what is found of it. It is false when the server accepts none of the tries.
func (h *hunt) judge(e edit) (bool, error) {
	var refused error
	for i := 0; i < len(e.tries); i++ {
		try := e.tries[i]
		after, err := h.client.Patch(h.t.Context(), h.desired.GetName(), types.JSONPatchType, []byte(try), metav1.PatchOptions{FieldManager: editor, DryRun: []string{"All"}})
		if err != nil {
			refused = err
			if i == len(e.tries)-1 && e.patch != nil {
				e.tries, e.patch = append(e.tries, e.supported(err)...), nil
			}
			continue
		}
		moved, err := h.moved(h.live, after)
		if err != nil {
			return true, err
		}
		if moved.Empty() {
			refused = nil
			continue
		}
		if paths := lines(moved); len(paths) > 1 {
			h.s.count(e.what+": more moved than was asked for, settled by an apply", 1)
			return true, h.settle(e, try)
		}
		want := moved
		moved.Leaves().Iterate(func(p fieldpath.Path) {
			if !stated(h.fields, p) {
				want = fieldpath.NewSet()
			}
		})
		if err := h.check(e, after, want, h.owned(after, want), try); err != nil {
			// What the server takes in one place and keeps in another is for the server to tell.
			h.s.count(e.what+": not as by the rule, settled by an apply", 1)
			return true, h.settle(e, try)
		}
		if h.judged++; h.judged%40 == 0 { // The rule is held to what the server does.
			h.s.count(e.what+": as by the rule, and by an apply too", 1)
			h.quiet = true
			defer func() { h.quiet = false }()
			return true, h.settle(e, try)
		}
		return true, nil
	}
	if refused == nil {
		h.s.count(e.what+": the server keeps the object as it was", 1)
		return false, nil
	}
	h.s.count(e.what+": refused", 1)
	h.s.refuse(fmt.Sprintf("%s %s %s: %s", h.desired.GetKind(), e.pattern, e.what, reason(refused)))
	return false, nil
}

// supported returns patches with the values that a server says it would take.
func (e edit) supported(err error) []string {
	_, list, ok := strings.Cut(err.Error(), "supported values: ")
	if !ok {
		return nil
	}
	var out []string
	for _, quoted := range regexp.MustCompile(`"[^"]+"`).FindAllString(list, 4) {
		out = append(out, e.patch(strings.Trim(quoted, `"`)))
	}
	return out
}

// stated says whether the desired object has the path, or anything below it.
func stated(fields *fieldpath.Set, p fieldpath.Path) bool {
	if fields.Has(p) {
		return true
	}
	for _, e := range p {
		fields = fields.WithPrefix(e)
	}
	return !fields.Empty()
}

// moved returns the places in which two objects of the server differ, as fine as the schema divides them.
func (h *hunt) moved(a, b *unstructured.Unstructured) (*fieldpath.Set, error) {
	old, err := h.typed(a)
	if err != nil {
		return nil, err
	}
	now, err := h.typed(b)
	if err != nil {
		return nil, err
	}
	c, err := old.Compare(now)
	if err != nil {
		return nil, err
	}
	return c.Added.Union(c.Modified).Union(c.Removed).Leaves(), nil
}

func (h *hunt) typed(obj *unstructured.Unstructured) (*typed.TypedValue, error) {
	return h.kind.Type.FromUnstructured(h.kind.Canonical(visible(obj, h.kind)), typed.AllowDuplicates)
}

func lines(s *fieldpath.Set) []string {
	var out []string
	s.Leaves().Iterate(func(p fieldpath.Path) { out = append(out, diff.PathString(p)) })
	slices.Sort(out)
	return out
}

// check compares with what the edit left, and with what is to be found.
func (h *hunt) check(e edit, after *unstructured.Unstructured, want *fieldpath.Set, conflict bool, try string) error {
	var first *diff.Comparison
	for i, comparer := range h.comparers {
		out, err := comparer.Compare(h.prepared[i], after)
		if err != nil {
			return err
		}
		if first == nil {
			first = out
		} else if first.Fingerprint() != out.Fingerprint() {
			return fmt.Errorf("%s: %s with the cluster's schemas, %s without: %v, %v", try, first.Verdict, out.Verdict, first.Changes, out.Changes)
		}
	}
	out := first
	got, err := h.named(out, after)
	if err != nil {
		return err
	}
	// What a server allocates nobody can tell; a comparison says where.
	wanted := slices.DeleteFunc(lines(want), func(leaf string) bool {
		return !slices.Contains(got, leaf) && slices.ContainsFunc(out.Unsure, func(r diff.Reason) bool { return under(leaf, r.Path) })
	})
	if !slices.Equal(wanted, got) {
		return fmt.Errorf("%s: %s, found %v, should be %v", try, out.Verdict, got, wanted)
	}
	if len(got) == 0 {
		if out.Verdict != diff.Same && out.Verdict != diff.Adopt || len(out.Unsure) > 0 {
			return fmt.Errorf("%s: %s %v where nothing of ours moved", try, out.Verdict, out.Unsure)
		}
		merged, err := h.comparers[0].Merged(h.prepared[0], after)
		if err != nil || merged.Fingerprint() != out.Fingerprint() {
			return fmt.Errorf("%s: %s, by the merge %v, %v", try, out.Verdict, merged, err)
		}
		h.count(e.what+": not ours, not found", 1)
		return nil
	}
	if err := h.values(out, after, want); err != nil {
		return fmt.Errorf("%s: %w", try, err)
	}
	if out.Verdict != diff.Conflict && out.Verdict != diff.Differs {
		return fmt.Errorf("%s: %s: %v", try, out.Verdict, out.Unsure)
	}
	if (out.Verdict == diff.Conflict) != conflict {
		return fmt.Errorf("%s: %s, should be a conflict: %v", try, out.Verdict, conflict)
	}
	if conflict && !slices.ContainsFunc(out.Conflicts, func(f cluster.FieldConflict) bool { return f.Manager == editor }) {
		return fmt.Errorf("%s: the conflict is with %v", try, out.Conflicts)
	}
	// An entry of ours that has nothing left is gone, and with it when we applied.
	writes := slices.ContainsFunc(after.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool { return e.Manager == editor })
	suspected := slices.ContainsFunc(out.Suspects, func(o diff.Owner) bool { return o.Manager == editor })
	if ours := entry(after) != ""; (writes && ours) != suspected {
		return fmt.Errorf("%s: the editor is recorded: %v, we are: %v, it is suspected: %v", try, writes, ours, suspected)
	}
	if !writes {
		h.count(e.what+": found without a trace of the writer", 1)
	}
	if len(out.Unsure) > 0 {
		h.count(e.what+": found, with reasons why there may be more", 1)
	}
	h.count(e.what+": found", 1)
	return nil
}

// values checks, where one place moved, that the change goes from what stands there now to what stood there before: so of
// something atomic, which is one place, the change shows just the leaf that moved in it.
func (h *hunt) values(out *diff.Comparison, after *unstructured.Unstructured, want *fieldpath.Set) error {
	if want.Size() != 1 || len(out.Changes) != 1 || out.Changes[0].Old.Secret() || out.Changes[0].New.Secret() {
		return nil
	}
	c := out.Changes[0]
	var wrong error
	want.Iterate(func(p fieldpath.Path) {
		for _, side := range []struct {
			obj *unstructured.Unstructured
			got diff.Value
		}{{after, c.Old}, {h.live, c.New}} {
			v, ok := diff.At(h.kind.Canonical(visible(side.obj, h.kind)), p)
			if diff.PathString(p) == c.Path && (ok != side.got.Present() || !assert.ObjectsAreEqual(v, side.got.Interface())) {
				wrong = fmt.Errorf("%s of %s, should be %v", c.Op, side.got, v)
			}
		}
	})
	return wrong
}

// owned says whether the editor is recorded as an owner of the place.
func (h *hunt) owned(after *unstructured.Unstructured, at *fieldpath.Set) bool {
	for _, e := range after.GetManagedFields() {
		if e.Manager != editor || e.FieldsV1 == nil {
			continue
		}
		set := &fieldpath.Set{}
		if err := set.FromJSON(strings.NewReader(string(e.FieldsV1.Raw))); err != nil {
			h.t.Error(err)
		}
		owned := false
		at.Iterate(func(p fieldpath.Path) { owned = owned || stated(set, p) })
		if owned {
			return true
		}
	}
	return false
}

// named returns the places that the changes name, as fine as the schema divides them.
func (h *hunt) named(out *diff.Comparison, after *unstructured.Unstructured) ([]string, error) {
	if len(out.Changes) == 0 {
		return nil, nil
	}
	predicted, err := out.Predicted()
	if err != nil {
		return nil, err
	}
	var all []string
	for _, obj := range []*unstructured.Unstructured{after, predicted} {
		v, err := h.typed(obj)
		if err != nil {
			return nil, err
		}
		set, err := v.ToFieldSet()
		if err != nil {
			return nil, err
		}
		all = append(all, lines(set)...)
	}
	found := map[string]bool{}
	for _, c := range out.Changes {
		if c.Op == diff.Replace && strings.HasPrefix(c.New.String(), `["[`) {
			h.count("changes of order only", 1)
			continue
		}
		n := len(found)
		for _, leaf := range all {
			if under(leaf, c.Path) {
				found[leaf] = true
			}
		}
		if len(found) == n {
			found[c.Path] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// under says whether a path is another, or below it.
func under(path, top string) bool {
	rest, ok := strings.CutPrefix(path, top)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// settle makes an edit for good, asks the server what an apply would change then, and puts the object back.
func (h *hunt) settle(e edit, try string) error {
	ctx := h.t.Context()
	after, err := h.client.Patch(ctx, h.desired.GetName(), types.JSONPatchType, []byte(try), metav1.PatchOptions{FieldManager: editor})
	if err != nil {
		return err
	}
	applied, refused := h.client.Apply(ctx, h.desired.GetName(), h.desired, metav1.ApplyOptions{FieldManager: us, Force: true, DryRun: []string{"All"}})
	if refused == nil {
		var want *fieldpath.Set
		if want, err = h.moved(after, applied); err == nil {
			_, unforced := h.client.Apply(ctx, h.desired.GetName(), h.desired, metav1.ApplyOptions{FieldManager: us, DryRun: []string{"All"}})
			err = h.check(e, after, want, apierrors.IsConflict(unforced), try)
		}
	} else {
		h.count(e.what+": done, and then the server refuses the apply", 1)
		h.s.refuse(fmt.Sprintf("%s %s %s: the apply that follows: %s", h.desired.GetKind(), e.pattern, e.what, reason(refused)))
	}
	// The second write finds nothing to change but who owns what.
	version := after.GetResourceVersion()
	for range 2 {
		back := h.live.DeepCopy()
		back.SetResourceVersion(version)
		now, uerr := h.client.Update(ctx, back, metav1.UpdateOptions{FieldManager: "restorer"})
		if uerr != nil {
			return errors.Join(err, fmt.Errorf("put the object back: %w", uerr))
		}
		version = now.GetResourceVersion()
	}
	restored, gerr := h.c.get(h.t, h.desired)
	if gerr != nil {
		return gerr
	}
	h.live = restored
	if again, cerr := h.comparers[0].Compare(h.prepared[0], restored); cerr != nil || again.Verdict != diff.Same {
		return fmt.Errorf("%s: the object could not be put back: %v %v", try, again, cerr)
	}
	return err
}
