package diff_test

import (
	"maps"
	"math/rand/v2"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"
)

// valuer makes values of structural schemas, valid ones but for the odd ones that it is asked for.
type valuer struct {
	r *rand.Rand
	// density is the share of the fields that are there.
	density float64
	// odd is how many things may still be wrong, or unusual.
	odd int
	// oddities counts them by name.
	oddities map[string]int
}

// odds are the chances, one in so many, that a value is an odd one as long as one is to be.
const odds = 12

func (v *valuer) did(what string) {
	v.odd--
	v.oddities[what]++
}

// value returns a value of the schema.
func (v *valuer) value(s o) any {
	if s["nullable"] == true && v.r.IntN(4) == 0 {
		return nil
	}
	if v.odd > 0 && v.r.IntN(odds) == 0 {
		switch v.r.IntN(3) {
		case 0:
			v.did("null")
			return nil
		case 1:
			v.did("wrong type")
			wrong := l{"text", int64(3), 1.5, true, o{}, o{"x": "y"}, l{}, l{"a"}, l{o{"name": "a"}}}
			return runtime.DeepCopyJSONValue(wrong[v.r.IntN(len(wrong))])
		}
	}
	if s["x-kubernetes-int-or-string"] == true {
		return l{int64(0), int64(80), "80", "http", "5%"}[v.r.IntN(5)]
	}
	switch s["type"] {
	case "string":
		return l{"a", "b", "c", "", "x y"}[v.r.IntN(5)]
	case "integer":
		if v.odd > 0 && v.r.IntN(odds) == 0 {
			v.did("huge integer")
			return l{int64(9007199254740993), int64(-9223372036854775808), 1e20, 3.0}[v.r.IntN(4)]
		}
		return int64(v.r.IntN(4))
	case "number":
		return l{int64(0), int64(1), 1.0, 0.5, 1e21, 1e-7, int64(12345678)}[v.r.IntN(7)]
	case "boolean":
		return v.r.IntN(2) == 0
	case "array":
		return v.list(s)
	case "object":
		return v.object(s)
	}
	return v.anything(2)
}

// anything is what a field may hold that no schema speaks of.
func (v *valuer) anything(depth int) any {
	switch n := v.r.IntN(9); {
	case n < 2 && depth > 0:
		m := o{}
		for _, k := range []string{"a", "b", "metadata"} {
			if v.r.IntN(2) == 0 {
				m[k] = v.anything(depth - 1)
			}
		}
		return m
	case n == 2 && depth > 0:
		list := l{}
		for range v.r.IntN(3) {
			list = append(list, v.anything(depth-1))
		}
		return list
	case n == 3:
		return nil
	case n == 4:
		return 1.0
	case n == 5:
		return v.r.IntN(2) == 0
	}
	return l{"a", "", int64(1), int64(2)}[v.r.IntN(4)]
}

func (v *valuer) object(s o) o {
	out := o{}
	if s["x-kubernetes-embedded-resource"] == true {
		out["apiVersion"], out["kind"] = "v1", []any{"Pod", "Secret"}[v.r.IntN(2)]
		if v.r.IntN(3) > 0 {
			out["metadata"] = runtime.DeepCopyJSONValue(l{
				o{}, o{"name": "n"}, o{"labels": o{}}, o{"name": "n", "labels": o{"a": "b"}, "creationTimestamp": nil}, o{"annotations": o{"a": nil}},
				o{"finalizers": l{"a", "b"}}, o{"generation": int64(0), "namespace": ""}, o{"creationTimestamp": "2026-01-01T02:00:00+02:00"},
			}[v.r.IntN(8)])
		}
	}
	if s["x-kubernetes-preserve-unknown-fields"] == true {
		for _, k := range []string{"any", "other"} {
			if v.r.IntN(2) == 0 {
				out[k] = v.anything(2)
			}
		}
	}
	properties, _ := s["properties"].(o)
	required, _ := s["required"].(l)
	for _, k := range slices.Sorted(maps.Keys(properties)) {
		need := slices.Contains(required, any(k))
		if need && v.odd > 0 && v.r.IntN(odds) == 0 {
			v.did("missing key")
			continue
		}
		if need || v.r.Float64() < v.density {
			out[k] = v.value(properties[k].(o))
			for need && out[k] == nil {
				out[k] = (&valuer{r: v.r, density: v.density}).value(properties[k].(o))
			}
		}
	}
	if more, ok := s["additionalProperties"].(o); ok {
		for _, k := range []string{"a", "b", "c.d/e"} {
			if v.r.IntN(2) == 0 {
				out[k] = v.value(more)
			}
		}
		return out
	}
	if v.odd > 0 && v.r.IntN(odds) == 0 {
		v.did("unknown field")
		out["unknown"] = v.anything(1)
	}
	return out
}

func (v *valuer) list(s o) any {
	items := s["items"].(o)
	out := l{}
	n := v.r.IntN(4)
	kind, _ := s["x-kubernetes-list-type"].(string)
	keys, _ := s["x-kubernetes-list-map-keys"].(l)
	if kind == "set" && (items["type"] == "array" || items["type"] == "object") && v.r.IntN(6) > 0 {
		n = 0 // No apply takes an object with such items, while definitions may have them.
	}
	seen := map[string]bool{}
	for range n {
		e := v.value(items)
		if kind == "set" || kind == "map" {
			id := identityOf(e, keys, items)
			if seen[id] {
				if v.odd == 0 || v.r.IntN(3) > 0 {
					continue
				}
				v.did("duplicate in " + kind)
			}
			seen[id] = true
		}
		out = append(out, e)
	}
	return out
}

// identityOf tells the items of a set or a list with keys apart.
func identityOf(e any, keys l, items o) string {
	m, ok := e.(o)
	if !ok || keys == nil {
		return canonicalText(e)
	}
	id := l{}
	for _, k := range keys {
		key, ok := m[k.(string)]
		if !ok {
			key = items["properties"].(o)[k.(string)].(o)["default"]
		}
		id = append(id, key)
	}
	return canonicalText(id)
}
