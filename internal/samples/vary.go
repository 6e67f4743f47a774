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

// Variation says how an object is varied.
type Variation struct {
	// Steps is how many changes are tried.
	Steps int
	// Keep says what is left alone, by the names of fields with "*" for items; nil for nothing.
	Keep func(path []string) bool
	// Thin says that fields are taken out, and none put in.
	Thin bool
}

// Vary returns a copy of an object with some fields put in, taken out or changed: such that it fits its kind if the object
// does. The names of the object and of its kind stay.
func (d *Deck) Vary(r *rand.Rand, gvk kschema.GroupVersionKind, obj map[string]any, v *Variation) map[string]any {
	out := runtime.DeepCopyJSON(obj)
	rules, _ := schema.RulesOf(gvk)
	for range v.Steps {
		next := runtime.DeepCopyJSON(out)
		w := varying{d: d, r: r, rules: rules, v: v}
		w.structure(nil, d.kinds[gvk].Model(), next)
		if len(w.edits) == 0 {
			return out
		}
		if w.edits[r.IntN(len(w.edits))](); d.Fits(gvk, next) {
			out = next
		}
	}
	return out
}

// varying collects the changes that an object may be given.
type varying struct {
	d     *Deck
	r     *rand.Rand
	rules schema.Rules
	v     *Variation
	edits []func()
}

func (w *varying) structure(path []string, model string, obj map[string]any) {
	ruled := w.rules.Model(model)
	for _, f := range fieldsOf(model) {
		at := append(slices.Clone(path), f.Name)
		if untouched[model+"."+f.Name] || len(path) == 0 && f.Name == "status" || w.v.Keep != nil && w.v.Keep(at) {
			continue
		}
		if model == objectMeta && !metadata[f.Name] || len(path) == 0 && (f.Name == "apiVersion" || f.Name == "kind") {
			continue
		}
		whole := len(path) > 0 || f.Name != "metadata"
		value, has := obj[f.Name]
		switch {
		case has && whole:
			w.edits = append(w.edits, func() { delete(obj, f.Name) })
			if !w.v.Thin {
				w.edits = append(w.edits, func() { w.change(model, f, ruled, obj) })
			}
		case !has && !w.v.Thin:
			w.edits = append(w.edits, func() { w.put(model, f, ruled, obj) })
		}
		if f.Kind != "struct" {
			continue
		}
		if f.In != "" {
			at = append(at, "*")
		}
		each(f, value, func(inner map[string]any) { w.structure(at, f.Model, inner) })
	}
}

// put gives a field a value, or changes the one that it has.
func (w *varying) put(model string, f schema.Field, ruled schema.ModelRules, obj map[string]any) {
	if value, ok := w.value(model, f, ruled); ok {
		obj[f.Name] = value
	}
}

// value draws one for a field.
func (w *varying) value(model string, f schema.Field, ruled schema.ModelRules) (any, bool) {
	known := w.d.values[model+"."+f.Name]
	choices := slices.Clone(known)
	if f.Default != nil {
		choices = append(choices, f.Default, f.Default)
	}
	if f.In == "" {
		choices = append(choices, plainValues(f, ruled)...)
	}
	if f.Kind == "struct" && f.In == "" {
		choices = append(choices, map[string]any{})
		for _, s := range w.d.structures[f.Model] {
			choices = append(choices, s)
		}
	}
	if f.Kind == "struct" && f.In == "list" {
		if all := w.d.structures[f.Model]; len(all) > 0 {
			choices = append(choices, []any{all[w.r.IntN(len(all))]}, []any{})
		}
	}
	if len(choices) == 0 {
		return nil, false
	}
	return runtime.DeepCopyJSONValue(choices[w.r.IntN(len(choices))]), true
}

// plainValues are the ones that the rules or the type of a field name.
func plainValues(f schema.Field, ruled schema.ModelRules) []any {
	var out []any
	for _, rule := range ruled {
		if rule.Name != f.Name || rule.Value == nil {
			continue
		}
		for _, v := range rule.Value.Values {
			out = append(out, v)
		}
		for _, b := range []*schema.Bound{rule.Value.Min, rule.Value.Max} {
			if b != nil && integer(f) {
				out = append(out, b.Number)
			}
		}
	}
	switch f.Kind {
	case "bool":
		out = append(out, true, false)
	case "int", "int32":
		out = append(out, int64(0), int64(1), int64(7))
	case "intstr":
		out = append(out, int64(1), "10%")
	case "string":
		out = append(out, "")
	}
	return out
}

func integer(f schema.Field) bool { return f.Kind == "int" || f.Kind == "int32" }

// change makes something else of a value that is there.
func (w *varying) change(model string, f schema.Field, ruled schema.ModelRules, obj map[string]any) {
	switch v := obj[f.Name].(type) {
	case []any:
		w.list(model, f, ruled, obj, v)
	case map[string]any:
		if f.In == "map" {
			w.entries(f, obj, v)
			return
		}
		w.put(model, f, ruled, obj)
	default:
		if w.r.IntN(6) == 0 {
			obj[f.Name] = nil
			return
		}
		w.put(model, f, ruled, obj)
	}
}

func (w *varying) list(model string, f schema.Field, ruled schema.ModelRules, obj map[string]any, list []any) {
	list = slices.Clone(list)
	switch n := w.r.IntN(8); {
	case n == 0:
		obj[f.Name] = []any{}
	case n <= 2 && len(list) > 1:
		i := w.r.IntN(len(list))
		obj[f.Name] = slices.Delete(list, i, i+1)
	case n == 3 && len(list) > 1:
		w.r.Shuffle(len(list), func(i, k int) { list[i], list[k] = list[k], list[i] })
		obj[f.Name] = list
	case n == 4:
		w.put(model, f, ruled, obj)
	default:
		more, ok := w.value(model, f, ruled)
		items, _ := more.([]any)
		if !ok || len(items) == 0 {
			return
		}
		item := items[w.r.IntN(len(items))]
		if inner, ok := item.(map[string]any); ok && w.r.IntN(2) == 0 {
			rename(list, inner)
		}
		obj[f.Name] = slices.Insert(list, w.r.IntN(len(list)+1), item)
	}
}

// entries changes a map: a key goes, comes, or takes the value of another.
func (w *varying) entries(f schema.Field, obj, entries map[string]any) {
	entries = maps.Clone(entries)
	keys := slices.Sorted(maps.Keys(entries))
	obj[f.Name] = entries
	switch w.r.IntN(4) {
	case 0:
		if len(keys) > 0 {
			delete(entries, keys[w.r.IntN(len(keys))])
		}
	case 1:
		if len(keys) > 0 {
			entries[keys[w.r.IntN(len(keys))]] = w.text(f, entries[keys[w.r.IntN(len(keys))]])
		}
	case 2:
		clear(entries)
	default:
		key := []string{"added", "more.conf", "third"}[w.r.IntN(3)]
		if len(keys) > 0 {
			entries[key] = w.text(f, entries[keys[w.r.IntN(len(keys))]])
		} else if f.Kind == "string" {
			entries[key] = "x"
		}
	}
}

// text returns another value for an entry of a map, in the same form.
func (w *varying) text(f schema.Field, value any) any {
	s, ok := value.(string)
	if !ok {
		return runtime.DeepCopyJSONValue(value)
	}
	switch f.Kind {
	case "string":
		return []any{"", "x", s, strings.ToUpper(s) + "1"}[w.r.IntN(4)]
	case "quantity", "milli":
		return []any{"1", "1000m", "1024Mi", "1Gi", "0", "2"}[w.r.IntN(6)]
	case "bytes":
		return []any{"aGVsbG8=", "d29ybGQ=", ""}[w.r.IntN(3)]
	}
	return s
}
