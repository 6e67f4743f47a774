package diff

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/redact"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

// Set is the answer for many objects.
type Set struct {
	// Comparisons are in the order of the desired objects.
	Comparisons []*Comparison `json:"comparisons"`
	// Extra are the live objects that no desired one matches, in the order of their group, kind, namespace and name.
	Extra []cluster.Ref `json:"extra,omitempty"`
}

// Count returns how many comparisons have the verdict.
func (s *Set) Count(v Verdict) int {
	n := 0
	for _, c := range s.Comparisons {
		if c.Verdict == v {
			n++
		}
	}
	return n
}

// Equal says whether nothing would change: every verdict is [Same] or [Adopt], and nothing is extra.
func (s *Set) Equal() bool {
	return len(s.Extra) == 0 && s.Count(Same)+s.Count(Adopt) == len(s.Comparisons)
}

// PrepareAll prepares many objects, in parallel. The definitions among them are added to the schemas first. The error joins the
// faults of all objects, each an [*Error] or of a definition; the objects that could be prepared are returned with it, in their order.
func (c *Comparer) PrepareAll(objs []*unstructured.Unstructured) ([]*Desired, error) {
	faults := make([]error, 0, len(objs))
	for _, obj := range objs {
		if obj != nil {
			if err := c.schemas.AddCRD(obj); err != nil {
				faults = append(faults, err)
			}
		}
	}
	out := make([]*Desired, len(objs))
	errs := make([]error, len(objs))
	each(len(objs), func(i int) { out[i], errs[i] = c.Prepare(objs[i]) })
	if slices.ContainsFunc(errs, func(err error) bool { return err != nil }) {
		mask := redact.Of(objs...)
		for _, err := range errs {
			var fault *Error
			if errors.As(err, &fault) {
				fault.Path, fault.Err = mask.String(fault.Path), mask.Error(fault.Err)
			}
		}
	}
	return slices.DeleteFunc(out, func(d *Desired) bool { return d == nil }), errors.Join(append(faults, errs...)...)
}

// CompareAll compares many objects with the live ones of the same [cluster.Ref], in parallel. The error joins the faults of all
// objects, each an [*Error], and names objects that are desired twice; what could be compared is returned with it. When the
// context ends it is the context's cause.
func (c *Comparer) CompareAll(ctx context.Context, desired []*Desired, live []*unstructured.Unstructured) (*Set, error) {
	byRef := make(map[cluster.Ref]*unstructured.Unstructured, len(live))
	for _, obj := range live {
		if obj != nil {
			byRef[cluster.RefOf(obj)] = obj
		}
	}
	seen := make(map[cluster.Ref]bool, len(desired))
	results := make([]*Comparison, len(desired))
	errs := make([]error, len(desired))
	for i, d := range desired {
		if seen[d.ref] {
			errs[i] = &Error{Op: "compare", Ref: d.ref, Err: errors.New("the object is desired twice")}
		}
		seen[d.ref] = true
	}
	mask := c.secretsOf(desired, live)
	each(len(desired), func(i int) {
		if errs[i] == nil && ctx.Err() == nil {
			results[i], errs[i] = compare(c, desired[i], byRef[desired[i].ref], mask)
		}
	})
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	set := &Set{Comparisons: slices.DeleteFunc(results, func(c *Comparison) bool { return c == nil })}
	for ref := range byRef {
		if !seen[ref] {
			set.Extra = append(set.Extra, ref)
		}
	}
	slices.SortFunc(set.Extra, compareRefs)
	return set, errors.Join(errs...)
}

// CompareRevisions compares two rendered revisions with each other and with no cluster: what an apply of after would change
// where before was applied and nobody has touched it since. Objects of kinds without a schema are compared field by field, and the
// verdict is then [Unsure] with the changes that were found. Faults are as those of [Comparer.PrepareAll] and
// [Comparer.CompareAll].
func (c *Comparer) CompareRevisions(ctx context.Context, before, after []*unstructured.Unstructured) (*Set, error) {
	old, errOld := c.PrepareAll(before)
	desired, errNew := c.PrepareAll(after)
	versions := make(map[cluster.Ref]string, len(desired))
	for _, d := range desired {
		c.deduce(d)
		versions[d.ref] = d.obj.GetAPIVersion()
	}
	live := make([]*unstructured.Unstructured, 0, len(old))
	was := map[cluster.Ref]string{}
	faults := []error{errOld, errNew}
	for _, d := range old {
		if v := d.obj.GetAPIVersion(); versions[d.ref] != "" && versions[d.ref] != v {
			was[d.ref] = v
			moved := d.Object()
			moved.SetAPIVersion(versions[d.ref])
			if at, err := c.Prepare(moved); err == nil {
				d = at
			}
		}
		c.deduce(d)
		obj, err := c.Applied(d)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		if v := versions[d.ref]; v != "" {
			obj.SetAPIVersion(v)
		}
		live = append(live, obj)
	}
	set, err := c.CompareAll(ctx, desired, live)
	if set == nil {
		return nil, err
	}
	for _, out := range set.Comparisons {
		if v, ok := was[out.Ref]; ok {
			out.Unsure = append(out.Unsure, Reason{Path: ".apiVersion", Message: fmt.Sprintf("the version changes from %s to %s; a server converts the object", v, versions[out.Ref])})
		}
	}
	return set, errors.Join(append(faults, err)...)
}

// deduce gives an object without a schema the structure that its values show.
func (c *Comparer) deduce(d *Desired) {
	if d.kind != nil {
		return
	}
	d.kind = schema.Deduced(d.obj.GroupVersionKind())
	if v, err := d.kind.Type.FromUnstructured(d.obj.Object); err == nil {
		d.typed = v
		d.fields, err = v.ToFieldSet()
		if err == nil {
			return
		}
	}
	d.kind, d.typed = nil, nil
}

func compareRefs(a, b cluster.Ref) int {
	for _, c := range []int{
		strings.Compare(a.Group, b.Group), strings.Compare(a.Kind, b.Kind), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name),
	} {
		if c != 0 {
			return c
		}
	}
	return 0
}

// each calls f with every number below n, some at a time, and returns when all calls have.
func each(n int, f func(i int)) {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	const block = 32
	for from := 0; from < n; from += block {
		g.Go(func() error {
			for i := from; i < min(from+block, n); i++ {
				f(i)
			}
			return nil
		})
	}
	_ = g.Wait()
}
