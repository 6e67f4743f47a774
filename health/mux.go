package health

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Options adjust [New].
type Options struct {
	// Now is the clock; nil means time.Now. The rules here use it for one thing only: to tell a deletion that is under way from one that
	// is stuck.
	Now func() time.Time
}

// Mux is a checker that has one for each kind. Make one with [New].
type Mux struct {
	now      func() time.Time
	kinds    map[schema.GroupKind]Checker
	fallback Checker
}

var _ Checker = (*Mux)(nil)

// New returns a checker with the rules for the kinds of Kubernetes, and conventions for all others. Nil options are the defaults.
func New(opts *Options) *Mux {
	m := &Mux{now: time.Now, kinds: map[schema.GroupKind]Checker{}, fallback: CheckerFunc(byConvention)}
	if opts != nil && opts.Now != nil {
		m.now = opts.Now
	}
	for gk, rule := range rules {
		m.kinds[gk] = named(gk, rule)
	}
	for group, kinds := range inert {
		for _, kind := range kinds {
			gk := schema.GroupKind{Group: group, Kind: kind}
			m.kinds[gk] = named(gk, exists)
		}
	}
	return m
}

// Handle puts c in charge of a kind, in place of what was; the group of core kinds is "". Call it before the mux is shared.
func (m *Mux) Handle(group, kind string, c Checker) {
	m.kinds[schema.GroupKind{Group: group, Kind: kind}] = c
}

// Check judges obj. An object that is being deleted is [Progressing] whatever its kind; for all others the kind's checker
// answers.
func (m *Mux) Check(obj *unstructured.Unstructured) (Result, error) {
	if obj == nil || obj.Object == nil {
		return Result{Missing, ReasonMissing, "the object does not exist", "missing"}, nil
	}
	if r, ok := deletion(view{obj.Object}, m.now()); ok {
		return r, nil
	}
	if c, ok := m.kinds[obj.GroupVersionKind().GroupKind()]; ok {
		return c.Check(obj)
	}
	return m.fallback.Check(obj)
}

// rule judges one kind. It need not fill in Result.Rule.
type rule func(o view) Result

// named makes a checker of a rule.
func named(gk schema.GroupKind, r rule) Checker {
	name := gk.Kind
	if gk.Group != "" {
		name = gk.Group + "/" + gk.Kind
	}
	return CheckerFunc(func(obj *unstructured.Unstructured) (Result, error) {
		result := r(view{obj.Object})
		result.Rule = name
		return result, nil
	})
}
