package diff_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	smdschema "sigs.k8s.io/structured-merge-diff/v4/schema"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// edit is one thing that another manager does to an object.
type edit struct {
	// what is "change", "remove", "remove item" or "add".
	what string
	// at is the place as a JSON pointer, and pattern the same with one name for all the keys of a map, all the items of a
	// list and all the depths of a type that contains itself.
	at, pattern string
	// leaf says that the place is a leaf of the desired object.
	leaf bool
	// value tells apart what is desired there.
	value string
	// tries are JSON patches that do it, each with another value.
	tries []string
	// patch makes another; nil where there is no choice of a value.
	patch func(v any) string
}

// pool holds the scalars that stand at a place of a kind, by its pattern: what a leaf may be is best known from what others are.
type pool map[string][]any

func (p pool) add(kind *schema.Kind, obj map[string]any) {
	w := &editing{schema: kind.Type.Schema, kind: kind.GVK.Kind, pool: p, collect: true}
	w.walk(place{ref: kind.Type.TypeRef, live: obj, kept: true}, obj)
}

// editing finds the edits of an object, guided by its schema.
type editing struct {
	schema *smdschema.Schema
	kind   string
	pool   pool
	// collect fills the pool.
	collect bool
	r       *rand.Rand
	// fields is the number of fields that are added to each structure that does not state them.
	fields int
	out    []edit
	// dropped counts the leaves whose place a server does not keep, so that they cannot be changed.
	dropped map[string]int
}

// editsOf returns what another manager may do to a live object, place by place of the desired one.
func editsOf(kind *schema.Kind, desired, live *unstructured.Unstructured, p pool, r *rand.Rand, fields int) *editing {
	w := &editing{schema: kind.Type.Schema, kind: kind.GVK.Kind, pool: p, r: r, fields: fields, dropped: map[string]int{}}
	w.walk(place{ref: kind.Type.TypeRef, live: live.Object, kept: true}, desired.Object)
	return w
}

// place is where a walk is.
type place struct {
	ref     smdschema.TypeRef
	pointer string
	pattern string
	// live is the value in the live object, and kept says that there is one.
	live any
	kept bool
	// item says that it is one of a list.
	item bool
	// root is the pointer of the outermost value that is desired and not in the live object, with that value, and the way
	// from there.
	root  string
	whole any
	below []string
	// text tells apart what is desired there.
	text string
	// types are the patterns at which the named types on the way were met first.
	types map[string]string
}

// fixed are the places that are no manager's.
var fixed = []string{"/apiVersion", "/kind", "/status", "/metadata/name", "/metadata/namespace"}

func (w *editing) walk(p place, v any) {
	if slices.Contains(fixed, p.pointer) {
		return
	}
	if name := p.ref.NamedType; name != nil {
		if first, ok := p.types[*name]; ok {
			p.pattern = first
		} else {
			p.types = maps.Clone(p.types)
			if p.types == nil {
				p.types = map[string]string{}
			}
			p.types[*name] = p.pattern
		}
	}
	if !w.collect {
		p.text = gist(v)
	}
	atom, _ := w.schema.Resolve(p.ref)
	switch v := v.(type) {
	case nil:
	case map[string]any:
		live, ok := p.live.(map[string]any)
		if ok && p.item {
			w.patch("remove item", p, false, op("remove", p.pointer, nil))
		}
		if len(v) == 0 && ok {
			w.patch("remove", p, true, op("remove", p.pointer, nil))
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			w.walk(p.child(atom.Map, name, live, v[name]), v[name])
		}
		if ok {
			w.addKeys(p, atom.Map, v, live)
		}
	case []any:
		live, ok := p.live.([]any)
		if len(v) == 0 && ok {
			w.patch("remove", p, true, op("remove", p.pointer, nil))
		}
		for i, e := range v {
			if i >= len(live) {
				w.drop(p)
				break
			}
			w.walk(p.element(atom.List, i, live[i]), e)
		}
		if ok {
			w.addItem(p, atom.List, live)
		}
	default:
		w.scalar(p, v)
	}
}

// child is the place of a field.
func (p place) child(m *smdschema.Map, name string, live map[string]any, v any) place {
	c := place{pointer: p.pointer + "/" + escape(name), pattern: p.pattern + ".*", types: p.types, root: p.root, whole: p.whole}
	if m != nil {
		c.ref = m.ElementType
		if f, ok := m.FindField(name); ok {
			c.ref, c.pattern = f.Type, p.pattern+"."+name
		}
	}
	c.live, c.kept = live[name]
	if p.root != "" {
		c.below = append(slices.Clone(p.below), name)
	} else if !c.kept {
		c.root, c.whole = c.pointer, v
	}
	return c
}

func (p place) element(l *smdschema.List, i int, live any) place {
	c := place{pointer: fmt.Sprintf("%s/%d", p.pointer, i), pattern: p.pattern + "[]", types: p.types, live: live, kept: true, item: true}
	if l != nil {
		c.ref = l.ElementType
	}
	return c
}

func (w *editing) drop(p place) {
	if !w.collect {
		w.dropped[p.pattern]++
	}
}

func (w *editing) scalar(p place, v any) {
	if w.collect {
		if key := w.kind + p.pattern; !slices.Contains(w.pool[key], v) {
			w.pool[key] = append(w.pool[key], v)
		}
		return
	}
	if p.kept {
		v = p.live
	}
	patch := func(other any) string {
		switch {
		case p.item:
			return op("replace", p.pointer, other)
		case p.kept || p.root == p.pointer:
			return op("add", p.pointer, other)
		}
		return op("add", p.root, withAt(p.whole, p.below, other))
	}
	var tries []string
	for _, other := range w.others(p.pattern, v) {
		tries = append(tries, patch(other))
	}
	w.patch("change", p, true, tries...)
	w.last().patch = patch
	if p.kept {
		w.patch("remove", p, true, op("remove", p.pointer, nil))
	}
}

// withAt returns a copy of v with another value at a path of fields.
func withAt(v any, path []string, other any) any {
	if len(path) == 0 {
		return other
	}
	m, _ := v.(map[string]any)
	out := maps.Clone(m)
	out[path[0]] = withAt(m[path[0]], path[1:], other)
	return out
}

// others returns values to change a scalar to, best first.
func (w *editing) others(pattern string, v any) []any {
	var out []any
	switch v := v.(type) {
	case string:
		out = []any{v + "x"}
	case int64:
		out = []any{v + 1, v - 1}
	case float64:
		out = []any{v + 1}
	case bool:
		return []any{!v}
	}
	known := slices.Clone(w.pool[w.kind+pattern])
	w.r.Shuffle(len(known), func(i, j int) { known[i], known[j] = known[j], known[i] })
	for _, k := range known {
		if len(out) < 4 && k != v {
			out = append(out, k)
		}
	}
	return out
}

func (w *editing) patch(what string, p place, leaf bool, tries ...string) {
	if !w.collect && len(tries) > 0 {
		w.out = append(w.out, edit{what: what, at: p.pointer, pattern: p.pattern, leaf: leaf, value: p.text, tries: tries})
	}
}

// last returns the latest edit.
func (w *editing) last() *edit { return &w.out[len(w.out)-1] }

// addKeys adds a key to a map, or to a structure fields that it does not state.
func (w *editing) addKeys(p place, m *smdschema.Map, desired, live map[string]any) {
	if m == nil || w.collect {
		return
	}
	if len(m.Fields) == 0 {
		var tries []string
		for _, name := range slices.Sorted(maps.Keys(live))[:min(1, len(live))] {
			tries = append(tries, op("add", p.pointer+"/other", live[name]))
		}
		if v, ok := w.sample(m.ElementType, p.pattern+".*"); ok {
			tries = append(tries, op("add", p.pointer+"/other", v), op("add", p.pointer+"/example.com~1other", "1"))
		}
		w.patch("add", p, false, tries...)
		return
	}
	var names []string
	for _, f := range m.Fields {
		_, stated := desired[f.Name]
		_, kept := live[f.Name]
		bookkeeping := p.pointer == "/metadata" && slices.Contains([]string{"generateName", "selfLink", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "managedFields", "resourceVersion", "uid"}, f.Name)
		if !stated && !kept && !bookkeeping && !slices.Contains(fixed, p.pointer+"/"+f.Name) {
			names = append(names, f.Name)
		}
	}
	w.r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	n := 0
	for _, name := range names {
		f, _ := m.FindField(name)
		at := place{pointer: p.pointer + "/" + escape(name), pattern: p.pattern + "." + name, text: p.text}
		if v, ok := w.sample(f.Type, at.pattern); ok && (w.fields == 0 || n < w.fields) {
			n++
			w.patch("add", at, false, op("add", at.pointer, v))
			if atom, _ := w.schema.Resolve(f.Type); atom.Scalar != nil {
				w.last().patch = func(v any) string { return op("add", at.pointer, v) }
			}
		}
	}
}

// addItem adds an item to a list: one like the last, with another identity where items have some.
func (w *editing) addItem(p place, l *smdschema.List, live []any) {
	if l == nil || w.collect {
		return
	}
	var tries []string
	if len(live) == 0 {
		if v, ok := w.sample(l.ElementType, p.pattern+"[]"); ok {
			tries = append(tries, op("add", p.pointer+"/-", v))
		}
		w.patch("add", p, false, tries...)
		return
	}
	switch last := live[len(live)-1].(type) {
	case map[string]any:
		keys := l.Keys
		if len(keys) == 0 {
			keys = slices.Sorted(maps.Keys(last))
		}
		for _, k := range keys {
			for _, v := range w.others(p.pattern+"[]."+k, last[k]) {
				item := maps.Clone(last)
				item[k] = v
				tries = append(tries, op("add", p.pointer+"/-", item))
			}
		}
	case []any:
	default:
		for _, v := range w.others(p.pattern+"[]", last) {
			if !slices.Contains(live, v) {
				tries = append(tries, op("add", p.pointer+"/-", v))
			}
		}
	}
	w.patch("add", p, false, tries[:min(len(tries), 4)]...)
}

// sample makes a small value of a type.
func (w *editing) sample(ref smdschema.TypeRef, pattern string) (any, bool) {
	if known := w.pool[w.kind+pattern]; len(known) > 0 {
		return known[w.r.IntN(len(known))], true
	}
	atom, ok := w.schema.Resolve(ref)
	if !ok {
		return nil, false
	}
	switch {
	case atom.Scalar != nil && *atom.Scalar == smdschema.Numeric:
		return int64(1), true
	case atom.Scalar != nil && *atom.Scalar == smdschema.Boolean:
		return true, true
	case atom.Scalar != nil:
		return "x", true
	case atom.Map != nil && len(atom.Map.Fields) > 0:
		return map[string]any{}, true
	case atom.Map != nil:
		if v, ok := w.sample(atom.Map.ElementType, pattern+".*"); ok {
			return map[string]any{"other": v}, true
		}
	case atom.List != nil && len(atom.List.Keys) == 0:
		if v, ok := w.sample(atom.List.ElementType, pattern+"[]"); ok {
			return []any{v}, true
		}
	}
	return nil, false
}

// gist tells apart what stands at a place: of a map its names, of a list its length, of a scalar itself.
func gist(v any) string {
	switch v := v.(type) {
	case map[string]any:
		return strings.Join(slices.Sorted(maps.Keys(v)), " ")
	case []any:
		return fmt.Sprint(len(v))
	}
	return fmt.Sprint(v)
}

func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// op writes a JSON patch of one operation.
func op(verb, pointer string, v any) string {
	m := map[string]any{"op": verb, "path": pointer}
	if verb != "remove" {
		m["value"] = v
	}
	data, err := json.Marshal([]any{m})
	if err != nil {
		panic(err)
	}
	return string(data)
}
