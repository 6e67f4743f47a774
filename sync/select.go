package sync

import (
	"fmt"
	"path"

	"github.com/setpoint-dev/setpoint/cluster"
	"k8s.io/apimachinery/pkg/labels"
)

// Selection picks objects of a desired state. An object is picked by any of Refs and Globs, and by Labels; the zero value picks
// everything.
type Selection struct {
	// Refs are objects by name.
	Refs []cluster.Ref
	// Globs are patterns of [path.Match] for "kind/name" and "namespace/kind/name", such as "Deployment/web-*" and
	// "shop/*/*".
	Globs []string
	// Labels is a label selector, such as "tier=web".
	Labels string
}

// all reports whether the selection leaves nothing out.
func (s Selection) all() bool { return len(s.Refs)+len(s.Globs) == 0 && s.Labels == "" }

// picker is a selection that has been read.
type picker struct {
	Selection
	refs   map[cluster.Ref]bool
	labels labels.Selector
}

func (s Selection) picker() (*picker, error) {
	p := &picker{Selection: s, refs: map[cluster.Ref]bool{}}
	for _, r := range s.Refs {
		p.refs[r] = true
	}
	for _, g := range s.Globs {
		if _, err := path.Match(g, ""); err != nil {
			return nil, fmt.Errorf("select by the pattern %q: %w", g, err)
		}
	}
	if s.Labels != "" {
		var err error
		if p.labels, err = labels.Parse(s.Labels); err != nil {
			return nil, fmt.Errorf("select by the labels %q: %w", s.Labels, err)
		}
	}
	return p, nil
}

func (p *picker) picks(o *object) bool {
	if p.all() || p.refs[o.ref] || p.labels != nil && p.labels.Matches(labels.Set(o.obj.GetLabels())) {
		return true
	}
	short := o.ref.Kind + "/" + o.ref.Name
	for _, g := range p.Globs {
		if ok, _ := path.Match(g, short); ok {
			return true
		}
		if ok, _ := path.Match(g, o.ref.Namespace+"/"+short); ok {
			return true
		}
	}
	return false
}

// choose marks the objects that a selection leaves out. A selection that picks nothing is a fault: it is a mistake more often than a
// wish.
func (s Selection) choose(objects []*object) error {
	if s.all() {
		return nil
	}
	p, err := s.picker()
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	found := map[cluster.Ref]bool{}
	picked := 0
	for _, o := range objects {
		found[o.ref] = true
		if o.unselected = !p.picks(o); !o.unselected {
			picked++
		}
	}
	for _, r := range s.Refs {
		if !found[r] {
			return fmt.Errorf("plan: %w: %s is selected and not among the desired objects", ErrSelection, r)
		}
	}
	if picked == 0 && len(objects) > 0 {
		return fmt.Errorf("plan: %w: none of %s is selected", ErrSelection, count(len(objects), "desired object"))
	}
	return nil
}
