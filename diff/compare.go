package diff

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/typed"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/redact"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

// ErrUnpredictable is the answer to a prediction that there is no schema for.
var ErrUnpredictable = errors.New("the result is not known: no schema of the kind")

// comparing is the work of one comparison.
type comparing struct {
	c    *Comparer
	d    *Desired
	out  *Comparison
	mask *redact.Mask
	// also masks the Secrets of other objects.
	also *redact.Mask
	// live is the live object as far as an apply reaches: without managedFields and, where it has its own subresource,
	// status.
	live    map[string]any
	managed *managed
	// uid and version are the live object's.
	uid     types.UID
	version string
	// exact says that the answer is all that a server's own machinery does, but for what notes tell of.
	exact bool
	notes []Reason
	// thorough leaves every merge to structured-merge-diff.
	thorough bool
	// withheld are the fields that the server may keep or drop.
	withheld []Reason
	// hidden says that the answer depends on what the server has and does not show.
	hidden bool
}

// compare compares with a mask for the Secrets of other objects, nil for none.
func compare(c *Comparer, d *Desired, live *unstructured.Unstructured, also *redact.Mask) (*Comparison, error) {
	if live == nil {
		return newComparing(c, d, also).create()
	}
	if out := d.remembered(c, live, also); out != nil {
		return out, nil
	}
	out, err := fresh(c, d, live, also)
	if err == nil {
		out.hidePaths(maskOf(also, d.obj, live))
		d.remember(c, live, also, out)
	}
	return out, err
}

// maskOf is the mask for the Secrets of a set, which has those of its objects, or else of single objects.
func maskOf(set *redact.Mask, objs ...*unstructured.Unstructured) *redact.Mask {
	if set != nil {
		return set
	}
	return redact.Of(objs...)
}

// hidePaths masks what stands in paths: keys of maps, which may be copies of a Secret's text.
func (c *Comparison) hidePaths(mask *redact.Mask) {
	for i := range c.Unsure {
		c.Unsure[i].Path = mask.String(c.Unsure[i].Path)
	}
	for i := range c.Conflicts {
		c.Conflicts[i].Field = mask.String(c.Conflicts[i].Field)
	}
	for i := range c.Ignored {
		c.Ignored[i].Path = mask.String(c.Ignored[i].Path)
	}
}

// fresh compares with an object that was not compared before.
func fresh(c *Comparer, d *Desired, live *unstructured.Unstructured, also *redact.Mask) (*Comparison, error) {
	if err := match(d, live); err != nil {
		return nil, &Error{Op: "compare", Ref: d.ref, Err: err}
	}
	if out := c.inSync(d, live); out != nil {
		return out, nil
	}
	if len(d.ignore) == 0 || d.typed == nil || larger(live.Object, deepest) {
		return newComparing(c, d, also).merged(live)
	}
	effective, ignored, err := c.ignoring(d, live)
	var reason *unknowable
	if errors.As(err, &reason) {
		w := newComparing(c, d, also)
		w.mask = maskOf(also, d.obj, live)
		w.unsure(reason.Path, reason.Message)
		w.out.Verdict = Unsure
		w.seal(nil)
		return w.out, nil
	}
	if err != nil {
		return nil, &Error{Op: "compare", Ref: d.ref, Err: maskOf(also, d.obj, live).Error(err)}
	}
	out, err := newComparing(c, effective, also).merged(live)
	if err != nil {
		return nil, err
	}
	out.Ignored = ignored
	return out, nil
}

func newComparing(c *Comparer, d *Desired, also *redact.Mask) *comparing {
	w := &comparing{c: c, d: d, also: also, out: &Comparison{Ref: d.ref, Origin: d.from, manager: c.manager, apply: d.content, mask: also}}
	w.out.Unsure = append(w.out.Unsure, d.unsure...)
	return w
}

// merged answers by a merge.
func (w *comparing) merged(live *unstructured.Unstructured) (*Comparison, error) {
	d := w.d
	fail := func(err error) (*Comparison, error) {
		return nil, &Error{Op: "compare", Ref: d.ref, Err: maskOf(w.also, d.obj, live).Error(err)}
	}
	w.mask = maskOf(w.also, d.obj, live)
	w.live = reach(live, d.kind)
	w.managed = &managed{}
	large := larger(live.Object, deepest)
	var quick *merged
	if !large {
		var err error
		if quick, err = w.read(live); err != nil {
			return fail(err)
		}
	}
	w.uid, w.version = live.GetUID(), live.GetResourceVersion()
	w.out.work = func() *comparing { return w }
	w.out.before = func() map[string]any { return w.live }
	if d.kind != nil && d.kind.Exact() {
		w.out.spell = d.kind.Canonical
	}
	w.out.LastApplied = w.managed.lastApplied()
	w.out.Suspects = w.managed.suspects(d.kind != nil && d.kind.HasStatus)
	if large && d.typed != nil {
		w.unsure("", tooLarge)
	}
	if d.kind == nil || d.typed == nil || large {
		w.out.Verdict = Unsure
		w.seal(nil)
		return w.out, nil
	}
	if err := w.existing(quick); err != nil {
		var known *Error
		if errors.As(err, &known) {
			return nil, known
		}
		return fail(err)
	}
	return w.out, nil
}

// read reads who owns what, and returns the merge where it is a simple one.
func (w *comparing) read(live *unstructured.Unstructured) (*merged, error) {
	if !w.thorough {
		metadata, _ := live.Object["metadata"].(map[string]any)
		owned := readFields(metadata, w.c.manager, w.d.obj.GetAPIVersion())
		if out := w.overlaid(owned); out != nil {
			w.managed = undecoded(owned, live, w.c.manager)
			return out, nil
		}
	}
	var err error
	w.managed, err = decode(live, w.c.manager)
	return nil, err
}

// match checks that the objects are the same one, at the same version.
func match(d *Desired, live *unstructured.Unstructured) error {
	if !identical(d, live) {
		return fmt.Errorf("the live object is another one: %s", cluster.RefOf(live))
	}
	if have, want := live.GetAPIVersion(), d.obj.GetAPIVersion(); have != want {
		return fmt.Errorf("the live object is at %s; read it at %s", have, want)
	}
	return nil
}

func identical(d *Desired, live *unstructured.Unstructured) bool {
	m, _ := live.Object["metadata"].(map[string]any)
	if live.Object["kind"] != d.obj.Object["kind"] || m["name"] != d.ref.Name {
		return false
	}
	if d.ref.Namespace != "" && m["namespace"] != d.ref.Namespace {
		return false
	}
	return live.Object["apiVersion"] == d.obj.Object["apiVersion"] || cluster.RefOf(live).Group == d.ref.Group
}

// reach returns the part of a live object that an apply reaches. It shares values with the object.
func reach(live *unstructured.Unstructured, kind *schema.Kind) map[string]any {
	out := without(live.Object, "")
	if m, ok := live.Object["metadata"].(map[string]any); ok {
		out["metadata"] = without(m, "managedFields")
	}
	if kind != nil && kind.HasStatus {
		delete(out, "status")
	}
	return out
}

// create answers for an object that is not there.
func (w *comparing) create() (*Comparison, error) {
	if w.d.typed != nil {
		if err := w.forbidden(w.d.obj.Object); err != nil {
			return nil, err
		}
	}
	w.mask = maskOf(w.also, w.d.obj)
	w.out.Verdict = Missing
	w.out.Changes = []Change{{Op: Add, Cause: FromDesired, New: w.value(nil, w.d.obj.Object), Origin: w.d.from}}
	if w.d.kind != nil && w.d.kind.Exact() {
		stored := w.d.kind.Store(w.d.obj.Object)
		w.withhold(nil, stored)
		w.d.kind.Create(stored)
		w.predict(stored)
	}
	w.seal(nil)
	return w.out, nil
}

// withhold drops what a server keeps only with a feature that is off by default.
func (w *comparing) withhold(before, stored map[string]any) {
	for _, n := range w.d.kind.Withhold(before, stored) {
		w.unsure(n.Path, n.Message)
		w.withheld = append(w.withheld, Reason{Path: n.Path, Message: n.Message})
	}
}

// forbidden returns the error for content with a null that the server does not take.
func (w *comparing) forbidden(content map[string]any) error {
	if path, found := w.d.kind.ForbiddenNull(content); found {
		return &Error{Op: "compare", Ref: w.d.ref, Path: path, Err: errors.New("null is not allowed here, and there is no default in its place")}
	}
	return nil
}

// existing answers for an object that is there, of a kind with a schema.
func (w *comparing) existing(quick *merged) error {
	kind := w.d.kind
	result, certain := quick, true
	var err error
	if result == nil {
		if result, certain, err = w.mergeTyped(); err != nil || result == nil {
			return err
		}
	}
	if err := w.forbidden(result.content); err != nil {
		return err
	}
	if result.content, err = w.annotate(result.content); err != nil {
		return err
	}
	diffs, notes := w.store(result)
	w.out.Conflicts = result.conflicts
	w.changes(diffs)
	if len(diffs) > 0 || w.hidden {
		w.out.Unsure = append(w.out.Unsure, notes...)
	}
	w.exact, w.notes = certain && !w.hidden && kind.Exact() && len(w.d.unsure) == 0, append(notes, w.withheld...)
	switch {
	case !certain || w.hidden:
		w.out.Verdict = Unsure
	case len(diffs) > 0 && !kind.Exact():
		w.unsure("", "how the server keeps objects of this kind is not known; the changes may be of spelling only")
		w.out.Verdict = Unsure
	case len(result.conflicts) > 0:
		w.out.Verdict = Conflict
	case len(diffs) > 0:
		w.out.Verdict = Differs
	case len(w.d.unsure) > 0 || len(w.withheld) > 0:
		w.out.Verdict = Unsure
	case result.settled:
		w.out.Verdict = Same
	default:
		w.out.Verdict = Adopt
	}
	w.seal(diffs)
	return nil
}

// mergeTyped merges typed values. There is no result where the live object does not fit the schema, which is then the answer.
func (w *comparing) mergeTyped() (*merged, bool, error) {
	kind := w.d.kind
	live, err := kind.Type.FromUnstructured(w.live, typed.AllowDuplicates)
	if err != nil {
		path, cause, _ := explain(err, kind, &unstructured.Unstructured{Object: w.live})
		w.unsure(path, misfitting+cause.Error())
		w.out.Verdict = Unsure
		w.seal(nil)
		return nil, false, nil
	}
	if len(w.managed.sets) == 0 {
		// The first apply to an object without managedFields finds all of it owned by this name, but for what an empty
		// object has too.
		empty, err := kind.Type.FromUnstructured(map[string]any{"apiVersion": w.live["apiVersion"], "kind": w.live["kind"]})
		if err != nil {
			return nil, false, err
		}
		written, err := kind.Type.FromUnstructured(kind.Written(w.live), typed.AllowDuplicates)
		if err != nil {
			return nil, false, err
		}
		c, err := empty.Compare(written)
		if err != nil {
			return nil, false, err
		}
		set := c.Added.Union(c.Modified)
		w.managed.sets["0"] = fieldpath.NewVersionedSet(set.Difference(serverFields), fieldpath.APIVersion(w.d.obj.GetAPIVersion()), false)
		w.managed.owners["0"] = Owner{Manager: "before-first-apply", Operation: "Update"}
	}
	return w.merge(live)
}

// merge merges, and says whether entries at other versions leave the result certain.
func (w *comparing) merge(live *typed.TypedValue) (*merged, bool, error) {
	kind := w.d.kind
	version := fieldpath.APIVersion(w.d.obj.GetAPIVersion())
	conv := &converter{set: w.c.schemas.set, kind: kind, failed: map[fieldpath.APIVersion]bool{}}
	left := w.leftToUs()
	result, err := mergeApply(w.d, live, w.managed, left, conv)
	if err != nil {
		return nil, false, err
	}
	others := w.managed.otherVersions(version)
	if len(others) == 0 || kind.Converts && len(conv.failed) == 0 {
		return result, true, nil
	}
	conv.drop = true
	dropped, err := mergeApply(w.d, live, w.managed, left, conv)
	if err != nil {
		return nil, false, err
	}
	certain := len(conv.failed) == 0 && equal(result.content, dropped.content) && len(result.conflicts) == len(dropped.conflicts)
	if len(dropped.conflicts) == 0 && equal(dropped.content, w.live) {
		return dropped, true, nil // Nothing is written, so nobody's ownership matters.
	}
	for _, key := range others {
		v := w.managed.sets[key].APIVersion()
		if conv.failed[v] && kindAt(w.c.schemas.set, kind, v) == nil && w.c.schemas.set.Knows(kind.GVK) {
			continue // A version that is served no longer: the server drops the entry.
		}
		w.unsure("", fmt.Sprintf("%s owns fields at %s, and how that version converts to %s is not known", w.managed.owners[key], v, version))
		certain = false
	}
	if len(w.out.Unsure) == len(w.d.unsure) {
		return dropped, true, nil
	}
	return dropped, certain, nil
}

func (w *comparing) unsure(path, message string) {
	w.out.Unsure = append(w.out.Unsure, Reason{Path: path, Message: w.mask.String(message)})
}

func (w *comparing) predict(content map[string]any) {
	w.out.predicted = func() map[string]any { return content }
}
