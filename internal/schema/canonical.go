package schema

import (
	"encoding/base64"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

// canonical returns a copy of obj as the native type keeps it, without the fields that are equal to nothing: what is null,
// and of a type that has no null of its own, what is empty or zero.
func (t *modelTable) canonical(name string, obj map[string]any) map[string]any {
	kept, _ := t.spelled(name, obj)
	out := make(map[string]any, len(kept))
	for k, v := range kept {
		out[k] = deepCopy(v)
	}
	return out
}

// spelled returns what canonical does, but shares with obj all that is canonical already. It is obj itself when that is so
// throughout; else the last result is true.
func (t *modelTable) spelled(name string, obj map[string]any) (map[string]any, bool) {
	m := t.model(name)
	out, changed := obj, false
	for k, v := range obj {
		f := m[k]
		if f == nil {
			continue // apiVersion and kind, and what is newer than the table.
		}
		c, keep, other := t.field(f, v)
		if keep && !other {
			continue
		}
		if !changed {
			out, changed = maps.Clone(obj), true
		}
		if keep {
			out[k] = c
		} else {
			delete(out, k)
		}
	}
	return out, changed
}

// field returns the canonical form of a field's value, whether there is anything to keep, and whether it is another value.
func (t *modelTable) field(f *form, v any) (c any, keep, changed bool) {
	if v == nil {
		return nil, false, false
	}
	switch f.In {
	case "list":
		list, ok := v.([]any)
		if !ok {
			return v, true, false
		}
		out := list
		for i, e := range list {
			c, other := t.element(f, e)
			if !other {
				continue
			}
			if !changed {
				out, changed = slices.Clone(list), true
			}
			out[i] = c
		}
		return out, f.Pointer || len(out) > 0, changed
	case "map":
		entries, ok := v.(map[string]any)
		if !ok {
			return v, true, false
		}
		out := entries
		for k, e := range entries {
			c, other := t.element(f, e)
			if !other {
				continue
			}
			if !changed {
				out, changed = maps.Clone(entries), true
			}
			out[k] = c
		}
		return out, f.Pointer || len(out) > 0, changed
	}
	c, changed = t.value(f, v)
	return c, f.Pointer || !zero(f, c), changed
}

// element returns the canonical form of a list item or map value, and whether it is another value. It stays, however empty it is.
func (t *modelTable) element(f *form, v any) (any, bool) {
	if v == nil {
		switch f.Kind {
		case "struct":
			return map[string]any{}, true
		case "string", "bytes":
			return "", true
		case "quantity", "milli":
			return "0", true
		case "int", "int32":
			return int64(0), true
		case "bool":
			return false, true
		}
		return nil, false
	}
	return t.value(f, v)
}

// value returns the canonical form of what is not nothing, and whether it is another value.
func (t *modelTable) value(f *form, v any) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		if f.Kind == "struct" {
			return t.spelled(f.Model, v)
		}
	case string, int64, float64:
		c := scalar(f, v)
		return c, c != v
	}
	return v, false
}

// scalar returns the canonical form of a text or a number.
func scalar(f *form, v any) any {
	switch f.Kind {
	case "quantity", "milli":
		return quantity(v, f.Kind == "milli")
	case "int", "intstr":
		return whole(v)
	case "int32":
		if n, ok := whole(v).(int64); ok {
			return int64(int32(n)) // Without a word, the server keeps what fits.
		}
	case "float":
		if n, ok := v.(int64); ok {
			return float64(n)
		}
	case "time":
		return timestamp(v, time.RFC3339)
	case "microtime":
		return timestamp(v, microTime)
	case "duration":
		if s, ok := v.(string); ok {
			if d, err := time.ParseDuration(s); err == nil {
				return d.String()
			}
		}
	case "bytes":
		if s, ok := v.(string); ok {
			if raw, err := base64.StdEncoding.DecodeString(s); err == nil {
				return base64.StdEncoding.EncodeToString(raw)
			}
		}
	}
	return v
}

// whole returns a whole number as an integer.
func whole(v any) any {
	if n, ok := v.(float64); ok && n == math.Trunc(n) {
		return int64(n) // As the server does, beyond 64 bits too.
	}
	return v
}

const microTime = "2006-01-02T15:04:05.000000Z07:00"

// zero says whether a value is one that its type does not keep apart from none.
func zero(f *form, v any) bool {
	switch f.Kind {
	case "raw":
		return false
	case "duration":
		return v == "0s"
	case "quantity", "milli":
		return v == "0"
	}
	switch v := v.(type) {
	case string:
		return v == "" && f.Kind != "intstr"
	case bool:
		return !v
	case int64:
		return v == 0
	case float64:
		return v == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// quantity returns the canonical spelling of a quantity: "1" for "1000m".
func quantity(v any, milli bool) any {
	var q resource.Quantity
	switch v := v.(type) {
	case string:
		parsed, err := resource.ParseQuantity(v)
		if err != nil {
			return v
		}
		q = parsed
	case int64:
		q = *resource.NewQuantity(v, resource.DecimalSI)
	case float64:
		parsed, err := resource.ParseQuantity(formatFloat(v))
		if err != nil {
			return v
		}
		q = parsed
	default:
		return v
	}
	if milli {
		q.RoundUp(resource.Milli)
	}
	return q.String()
}

func timestamp(v any, layout string) any {
	s, ok := v.(string)
	if !ok {
		return v
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return v
	}
	return t.UTC().Format(layout)
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
