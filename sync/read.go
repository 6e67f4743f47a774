package sync

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// From these numbers on, one list is asked for in place of single objects.
const (
	listMembersFrom = 3
	listAllFrom     = 8
)

// readGroup is the objects of one kind at one version in one namespace.
type readGroup struct {
	sel  cluster.Selector
	refs []cluster.Ref
}

// lives is what was found in the cluster. A reference without an entry does not exist.
type lives map[cluster.Ref]*unstructured.Unstructured

// read reads objects at their versions: few of a kind and namespace one by one, many by a list of the set's members, and if
// that leaves many open, as before the first sync, by a list of all.
func (e *Engine) read(ctx context.Context, versions map[cluster.Ref]string, marks map[string]string) (lives, error) {
	groups := map[cluster.Selector]*readGroup{}
	for ref, version := range versions {
		sel := cluster.Selector{Group: ref.Group, Version: version, Kind: ref.Kind, Namespace: ref.Namespace}
		g := groups[sel]
		if g == nil {
			g = &readGroup{sel: sel}
			groups[sel] = g
		}
		g.refs = append(g.refs, ref)
	}
	found := make(chan lives, len(groups))
	eg, inner := errgroup.WithContext(ctx)
	eg.SetLimit(e.opts.Concurrency)
	for _, g := range groups {
		if len(g.refs) < listMembersFrom {
			continue
		}
		eg.Go(func() error {
			got, err := e.readMany(inner, g, marks)
			found <- got
			return err
		})
	}
	if err := eg.Wait(); err != nil {
		return nil, err
	}
	out := lives{}
	close(found)
	for got := range found {
		maps.Copy(out, got)
	}
	return out, e.readSingly(ctx, groups, out)
}

// readMany lists. It leaves out of g.refs what is settled, which is everything after a list of all.
func (e *Engine) readMany(ctx context.Context, g *readGroup, marks map[string]string) (lives, error) {
	want := map[cluster.Ref]bool{}
	for _, r := range g.refs {
		want[r] = true
	}
	out := lives{}
	list := func(labels string) error {
		return e.retry(ctx, func() error {
			sel := g.sel
			sel.Labels = labels
			for obj, err := range e.client.List(ctx, sel) {
				if errors.Is(err, cluster.ErrNotFound) {
					return nil
				}
				if err != nil {
					return err
				}
				if r := cluster.RefOf(obj); want[r] {
					out[r] = obj
				}
			}
			return nil
		})
	}
	if len(marks) > 0 {
		if err := list(selector(marks)); err != nil {
			return nil, err
		}
	}
	open := slices.DeleteFunc(slices.Clone(g.refs), func(r cluster.Ref) bool { return out[r] != nil })
	if len(open) >= listAllFrom {
		if err := list(""); err != nil {
			return nil, err
		}
		open = nil
	}
	g.refs = open
	return out, nil
}

func (e *Engine) readSingly(ctx context.Context, groups map[cluster.Selector]*readGroup, out lives) error {
	type answer struct {
		ref cluster.Ref
		obj *unstructured.Unstructured
	}
	n := 0
	for _, g := range groups {
		n += len(g.refs)
	}
	answers := make(chan answer, n)
	eg, inner := errgroup.WithContext(ctx)
	eg.SetLimit(e.opts.Concurrency)
	for _, g := range groups {
		for _, r := range g.refs {
			eg.Go(func() error {
				obj, err := e.get(inner, r, g.sel.Version)
				if obj != nil {
					answers <- answer{r, obj}
				}
				return err
			})
		}
	}
	if err := eg.Wait(); err != nil {
		return err
	}
	close(answers)
	for a := range answers {
		out[a.ref] = a.obj
	}
	return nil
}

// get reads one object; nil when it does not exist.
func (e *Engine) get(ctx context.Context, r cluster.Ref, version string) (*unstructured.Unstructured, error) {
	obj, err := retryValue(ctx, e, func() (*unstructured.Unstructured, error) {
		return e.client.Get(ctx, r, cluster.GetOptions{Version: version})
	})
	if errors.Is(err, cluster.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return obj, nil
}

func selector(labels map[string]string) string {
	parts := make([]string, 0, len(labels))
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		parts = append(parts, k+"="+labels[k])
	}
	return strings.Join(parts, ",")
}
