package sync

import (
	"fmt"
	"slices"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/sync/dialect"
)

// checkDependencies finds objects that depend on what is not there to be applied, on what a later wave brings, or in the end on
// themselves. It expects the waves settled.
func checkDependencies(objects, hooks []*object) []error {
	byRef := make(map[cluster.Ref]*object, len(objects))
	for _, o := range objects {
		byRef[o.ref] = o
	}
	var faults []error
	for _, o := range objects {
		for _, r := range o.asks.DependsOn {
			d := byRef[r]
			switch {
			case o.skip != "":
			case d == nil && slices.ContainsFunc(hooks, func(h *object) bool { return h.ref == r }):
				faults = append(faults, o.fault(fmt.Errorf("%w: it depends on %s, which is a hook", ErrDependency, r)))
			case d == nil:
				faults = append(faults, o.fault(fmt.Errorf("%w: it depends on %s, which is not among the desired objects", ErrDependency, r)))
			case d.skip != "":
				faults = append(faults, o.fault(fmt.Errorf("%w: it depends on %s, which is left alone: %s", ErrDependency, r, d.skip)))
			case d.wave > o.wave:
				faults = append(faults, o.fault(fmt.Errorf("%w: it is in wave %d and depends on %s, which is in wave %d", ErrDependency, o.wave, r, d.wave)))
			}
		}
	}
	for _, h := range hooks {
		for _, r := range h.asks.DependsOn {
			switch d := byRef[r]; {
			case len(within(h.times, syncPhases)) == 0:
			case d != nil && d.skip != "":
				faults = append(faults, h.fault(fmt.Errorf("%w: the hook depends on %s, which is left alone: %s", ErrDependency, r, d.skip)))
			case d != nil && slices.Contains(h.times, dialect.Sync) && d.wave > h.wave:
				faults = append(faults, h.fault(fmt.Errorf("%w: the hook is in wave %d and depends on %s, which is in wave %d", ErrDependency, h.wave, r, d.wave)))
			case d == nil:
				faults = append(faults, h.fault(fmt.Errorf("%w: the hook depends on %s, which is not among the desired objects", ErrDependency, r)))
			case slices.Contains(h.times, dialect.PreSync):
				faults = append(faults, h.fault(fmt.Errorf("%w: the PreSync hook depends on %s, which is applied after it", ErrDependency, r)))
			}
		}
	}
	if len(faults) > 0 {
		return faults
	}
	for _, circle := range circles(objects, byRef) {
		names := make([]string, len(circle))
		for i, o := range circle {
			names[i] = o.ref.String()
		}
		faults = append(faults, circle[0].fault(fmt.Errorf("%w: it depends on itself: %s", ErrDependency, strings.Join(append(names, names[0]), " -> "))))
	}
	return faults
}

// dependencies are the desired objects of the same wave that an object waits for.
func dependencies(o *object, byRef map[cluster.Ref]*object) []*object {
	var out []*object
	add := func(d *object) {
		if d != nil && d != o && d.skip == "" && d.wave == o.wave && !slices.Contains(out, d) {
			out = append(out, d)
		}
	}
	for _, r := range o.asks.DependsOn {
		if d := byRef[r]; d == o {
			out = append(out, d) // the shortest circle
		} else {
			add(d)
		}
	}
	if o.ref.Namespace != "" {
		add(byRef[cluster.Ref{Kind: "Namespace", Name: o.ref.Namespace}])
	}
	add(o.crd)
	for _, r := range needs(o.obj) {
		add(byRef[r])
	}
	return out
}

// circles returns a circle for each object whose dependencies lead back to it and that no other circle has shown yet.
func circles(objects []*object, byRef map[cluster.Ref]*object) [][]*object {
	var found [][]*object
	done := map[*object]bool{}
	at := map[*object]int{}
	var path []*object
	var visit func(o *object)
	visit = func(o *object) {
		at[o] = len(path)
		path = append(path, o)
		for _, d := range dependencies(o, byRef) {
			if i, ok := at[d]; ok {
				found = append(found, slices.Clone(path[i:]))
			} else if !done[d] {
				visit(d)
			}
		}
		path = path[:len(path)-1]
		delete(at, o)
		done[o] = true
	}
	for _, o := range objects {
		if !done[o] && o.skip == "" && o.obj != nil {
			visit(o)
		}
	}
	return found
}
