package schema

import "sync"

// Defaults fills objects of one native type in, as the server does when it reads them. It does not change and is safe for
// concurrent use.
type Defaults struct {
	conditions []func(obj map[string]any)
	fields     []defaultField
	parts      []part
}

// defaultField is a default that holds wherever the structure occurs.
type defaultField struct {
	name  string
	form  *form
	value any
}

// part is a field that holds structures with defaults.
type part struct {
	name  string
	form  *form
	inner *Defaults
}

// DefaultsOf returns the defaults of a native type by its name in OpenAPI, such as "io.k8s.api.core.v1.Pod". It is nil, which
// fills nothing in, when the type is unknown or has none.
func DefaultsOf(model string) *Defaults { return compiled().of(model) }

// Fill puts the server's defaults into obj, in place, and what belongs to the one form in which the server keeps values that
// an object may state in several. What the type does not tell from nothing counts as absent, whether or not it is written
// down. As the server does, it goes from the outside in: what depends on other fields first, then what always holds, then
// the parts.
func (d *Defaults) Fill(obj map[string]any) {
	if d == nil {
		return
	}
	for _, f := range d.conditions {
		f(obj)
	}
	for _, f := range d.fields {
		if v, ok := obj[f.name]; !ok || v == nil || !f.form.Pointer && zero(f.form, v) {
			obj[f.name] = deepCopy(f.value)
		}
	}
	for _, p := range d.parts {
		p.fill(obj)
	}
}

func (p part) fill(obj map[string]any) {
	v := obj[p.name]
	switch p.form.In {
	case "list":
		list, _ := v.([]any)
		for _, e := range list {
			if inner, ok := e.(map[string]any); ok {
				p.inner.Fill(inner)
			}
		}
		return
	case "map":
		entries, _ := v.(map[string]any)
		for _, e := range entries {
			if inner, ok := e.(map[string]any); ok {
				p.inner.Fill(inner)
			}
		}
		return
	}
	if inner, ok := v.(map[string]any); ok {
		p.inner.Fill(inner)
		return
	}
	if v == nil && !p.form.Pointer {
		inner := map[string]any{}
		p.inner.Fill(inner)
		if len(inner) > 0 {
			obj[p.name] = inner
		}
	}
}

// plans are the defaults of the types that were asked for, which refer to each other.
type plans struct {
	mu     sync.Mutex
	table  *modelTable
	byName map[string]*Defaults
	// fills says of types whether there is anything to fill in, in them or below.
	fills map[string]bool
}

var compiled = sync.OnceValue(func() *plans {
	return &plans{table: table(), byName: map[string]*Defaults{}, fills: map[string]bool{}}
})

func (p *plans) of(name string) *Defaults {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.build(name)
}

// build is entered with the lock held. A type that holds itself finds its own, unfinished plan.
func (p *plans) build(name string) *Defaults {
	if d, ok := p.byName[name]; ok {
		return d
	}
	if !p.fillsAnything(name) {
		return nil
	}
	d := &Defaults{}
	p.byName[name] = d
	for _, c := range conditionsOf(name) {
		d.conditions = append(d.conditions, c.Fill)
	}
	for field, f := range p.table.model(name) {
		if f.Default != nil {
			d.fields = append(d.fields, defaultField{field, f, f.Default})
		}
		if f.Kind != "struct" {
			continue
		}
		if inner := p.build(f.Model); inner != nil {
			d.parts = append(d.parts, part{field, f, inner})
		}
	}
	return d
}

func (p *plans) fillsAnything(name string) bool {
	seen := map[string]bool{}
	if p.search(name, seen) {
		return true
	}
	for name := range seen { // and nothing below any of them
		p.fills[name] = false
	}
	return false
}

// search looks for something to fill in, in a type and below it.
func (p *plans) search(name string, seen map[string]bool) bool {
	if known, ok := p.fills[name]; ok {
		return known
	}
	if seen[name] {
		return false
	}
	seen[name] = true
	m := p.table.model(name)
	found := m != nil && conditionsOf(name) != nil
	for _, f := range m {
		if found {
			break
		}
		found = f.Default != nil || f.Kind == "struct" && p.search(f.Model, seen)
	}
	if found {
		p.fills[name] = true
	}
	return found
}
