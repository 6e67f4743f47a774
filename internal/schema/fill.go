package schema

import (
	"encoding/base64"
	"strconv"
)

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// fill puts the server's defaults into a canonical object, in place. As the server does, it goes from the outside in: what
// depends on other fields first, then what always holds, then the parts.
func (t modelTable) fill(name string, obj map[string]any) {
	m := t[name]
	if !m.defaults {
		return
	}
	if f := conditional[name]; f != nil {
		f(obj)
	}
	for field, f := range m.fields {
		if _, ok := obj[field]; !ok && f.Default != nil {
			obj[field] = deepCopy(f.Default)
		}
	}
	for field, f := range m.fields {
		if f.Kind != "struct" || !t[f.Model].defaults {
			continue
		}
		v, present := obj[field]
		switch {
		case f.In == "list":
			list, _ := v.([]any)
			for _, e := range list {
				if inner, ok := e.(map[string]any); ok {
					t.fill(f.Model, inner)
				}
			}
		case f.In == "map":
			entries, _ := v.(map[string]any)
			for _, e := range entries {
				if inner, ok := e.(map[string]any); ok {
					t.fill(f.Model, inner)
				}
			}
		case present:
			if inner, ok := v.(map[string]any); ok {
				t.fill(f.Model, inner)
			}
		case !f.Pointer:
			inner := map[string]any{}
			t.fill(f.Model, inner)
			if len(inner) > 0 {
				obj[field] = inner
			}
		}
	}
}
