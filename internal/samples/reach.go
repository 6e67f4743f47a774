package samples

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// Reach returns a copy of an object that has the structure which a place of [Defaulted] or [Lists] is in. A field that has a
// default it has not; for a list it has some items. The second result is false, and the copy as the object, when no such object was
// found that fits.
func (d *Deck) Reach(r *rand.Rand, gvk kschema.GroupVersionKind, obj map[string]any, place string) (map[string]any, bool) {
	out := runtime.DeepCopyJSON(obj)
	steps, name, condition := parse(place)
	s := search{d: d, r: r, tries: maxTries, visits: maxVisits, fits: func() bool { return d.Fits(gvk, out) }}
	if s.condition = condition; condition {
		s.decides = decides(name)
	}
	model := d.kinds[gvk].Model()
	if s.structure(model, out, steps) {
		return out, true
	}
	return runtime.DeepCopyJSON(obj), false
}

// A search gives up after so many objects, and so many structures.
const (
	maxTries  = 40
	maxVisits = 400
)

// decides returns the fields that a condition decides.
func decides(name string) []string {
	for _, c := range schema.Conditions() {
		if c.Name == name {
			return c.Decides
		}
	}
	return nil
}

// search is for a structure inside an object, which it changes in place.
type search struct {
	d         *Deck
	r         *rand.Rand
	tries     int
	visits    int
	fits      func() bool
	condition bool
	decides   []string
}

func (s *search) try() bool {
	s.tries--
	return s.fits()
}

// plain is a step without what says that it leads into a list or a map.
func plain(step string) string { return strings.TrimSuffix(strings.TrimSuffix(step, "[]"), "{}") }

func (s *search) structure(model string, obj map[string]any, steps []string) bool {
	if s.tries <= 0 || s.visits <= 0 {
		return false
	}
	if len(steps) == 0 {
		return s.here(model, obj)
	}
	s.visits--
	f, ok := fieldOf(model, plain(steps[0]))
	if !ok {
		return false
	}
	if len(steps) == 1 && !s.condition {
		return s.field(model, f, obj)
	}
	if f.Kind != "struct" {
		return false
	}
	// What is there already comes first, then what other objects have.
	var inside []map[string]any
	each(f, obj[f.Name], func(inner map[string]any) { inside = append(inside, inner) })
	for _, k := range s.r.Perm(len(inside)) {
		if s.structure(f.Model, inside[k], steps[1:]) {
			return true
		}
	}
	was, had := obj[f.Name]
	for _, donor := range s.donors(f.Model, steps[1:]) {
		for _, place := range []func(map[string]any, schema.Field, map[string]any) func(){s.add, replace, alone} {
			inner := runtime.DeepCopyJSON(donor)
			undo := place(obj, f, inner)
			if undo == nil {
				continue
			}
			if s.structure(f.Model, inner, steps[1:]) {
				return true
			}
			undo()
			restore(obj, f.Name, was, had)
		}
	}
	return false
}

// here looks for a condition at a structure: without the fields that it decides, if it can be, else as it is.
func (s *search) here(model string, obj map[string]any) bool {
	saved := maps.Clone(obj)
	for _, field := range s.decides {
		if name, ok := strings.CutPrefix(field, model+"."); ok {
			delete(obj, name)
		}
	}
	if s.try() {
		return true
	}
	maps.Copy(obj, saved)
	return s.try()
}

// field takes a field with a default out, or gives a list items.
func (s *search) field(model string, f schema.Field, obj map[string]any) bool {
	was, had := obj[f.Name]
	if f.Default != nil {
		delete(obj, f.Name)
		if s.try() {
			return true
		}
		restore(obj, f.Name, was, had)
		return false
	}
	if list, ok := was.([]any); ok && len(list) > 0 {
		return s.try()
	}
	values := s.d.values[model+"."+f.Name]
	for _, k := range s.r.Perm(len(values)) {
		if list, ok := values[k].([]any); ok && len(list) > 0 {
			if obj[f.Name] = runtime.DeepCopyJSONValue(list); s.try() {
				return true
			}
		}
	}
	restore(obj, f.Name, was, had)
	return false
}

// donors returns structures of a type from the samples, those first that have what the steps lead to, and at last one without
// anything.
func (s *search) donors(model string, steps []string) []map[string]any {
	type donor struct {
		obj   map[string]any
		depth int
	}
	var all []donor
	for _, i := range s.r.Perm(len(s.d.structures[model])) {
		obj := s.d.structures[model][i]
		all = append(all, donor{obj, depth(model, obj, steps)})
	}
	slices.SortStableFunc(all, func(a, b donor) int { return b.depth - a.depth })
	var out []map[string]any
	for _, d := range all[:min(len(all), 4)] {
		out = append(out, d.obj)
	}
	return append(out, map[string]any{})
}

// depth says how far the steps lead in a structure.
func depth(model string, obj map[string]any, steps []string) int {
	if len(steps) == 0 {
		return 0
	}
	f, ok := fieldOf(model, plain(steps[0]))
	if !ok || obj[f.Name] == nil {
		return 0
	}
	best := 1
	if f.Kind == "struct" {
		each(f, obj[f.Name], func(inner map[string]any) { best = max(best, 1+depth(f.Model, inner, steps[1:])) })
	}
	return best
}

// add puts a structure into a field beside what is there.
func (s *search) add(obj map[string]any, f schema.Field, inner map[string]any) func() {
	switch f.In {
	case "list":
		list, _ := obj[f.Name].([]any)
		rename(list, inner)
		obj[f.Name] = append(slices.Clone(list), inner)
	case "map":
		m, _ := obj[f.Name].(map[string]any)
		m = maps.Clone(m)
		if m == nil {
			m = map[string]any{}
		}
		m["added"] = inner
		obj[f.Name] = m
	default:
		obj[f.Name] = inner
	}
	return func() {}
}

// replace puts a structure into a list in the place of the first item, whose name it takes.
func replace(obj map[string]any, f schema.Field, inner map[string]any) func() {
	list, _ := obj[f.Name].([]any)
	if f.In != "list" || len(list) == 0 {
		return nil
	}
	if first, ok := list[0].(map[string]any); ok && first["name"] != nil {
		inner["name"] = first["name"]
	}
	list = slices.Clone(list)
	list[0] = inner
	obj[f.Name] = list
	return func() {}
}

// alone puts a structure into a field and takes its neighbours out that are structures too, for it may be one of those of which
// there is one.
func alone(obj map[string]any, f schema.Field, inner map[string]any) func() {
	if f.In != "" {
		return nil
	}
	saved := maps.Clone(obj)
	for name, v := range obj {
		if _, ok := v.(map[string]any); ok {
			delete(obj, name)
		}
	}
	obj[f.Name] = inner
	return func() { maps.Copy(obj, saved) }
}

func restore(obj map[string]any, name string, was any, had bool) {
	if had {
		obj[name] = was
	} else {
		delete(obj, name)
	}
}

// rename gives an item a name that no other has.
func rename(list []any, inner map[string]any) {
	name, ok := inner["name"].(string)
	for taken := ok; taken; {
		taken = slices.ContainsFunc(list, func(e any) bool {
			m, _ := e.(map[string]any)
			return m["name"] == name
		})
		if taken {
			name += "2"
		}
	}
	if ok {
		inner["name"] = name
	}
}
