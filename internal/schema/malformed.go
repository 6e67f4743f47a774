package schema

import (
	"encoding/base64"
	"math"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Malformed is a value that has the type that OpenAPI asks for, and that the Go type behind it cannot be read from.
type Malformed struct {
	// Path has a string for each field and an int for each item.
	Path []any
	Want string
	Got  any
}

// Malformed returns the first value of an object of a native kind that the server cannot read, nil when there is none.
func (k *Kind) Malformed(obj map[string]any) *Malformed {
	if k.origin != native {
		return nil
	}
	bad := table().malformed(k.model, obj)
	if bad != nil {
		slices.Reverse(bad.Path)
	}
	return bad
}

// malformed builds the path from its end, of the first by name.
func (t *modelTable) malformed(name string, obj map[string]any) *Malformed {
	m := t.model(name)
	return firstByName(obj, func(field string, v any) *Malformed {
		if f := m[field]; f != nil {
			return t.malformedField(f, v)
		}
		return nil
	})
}

func (t *modelTable) malformedField(f *form, v any) *Malformed {
	switch f.In {
	case "list":
		list, _ := v.([]any)
		for i, e := range list {
			if bad := t.malformedValue(f, e); bad != nil {
				bad.Path = append(bad.Path, i)
				return bad
			}
		}
		return nil
	case "map":
		entries, _ := v.(map[string]any)
		return firstByName(entries, func(_ string, e any) *Malformed { return t.malformedValue(f, e) })
	}
	return t.malformedValue(f, v)
}

// firstByName does not sort, since nearly always there is none.
func firstByName(m map[string]any, look func(name string, v any) *Malformed) *Malformed {
	var first *Malformed
	at := ""
	for name, v := range m {
		if bad := look(name, v); bad != nil && (first == nil || name < at) {
			first, at = bad, name
		}
	}
	if first != nil {
		first.Path = append(first.Path, at)
	}
	return first
}

func (t *modelTable) malformedValue(f *form, v any) *Malformed {
	if m, ok := v.(map[string]any); ok && f.Kind == "struct" {
		return t.malformed(f.Model, m)
	}
	if want := unreadable(f.Kind, v); want != "" {
		return &Malformed{Want: want, Got: v}
	}
	return nil
}

const quantityWords = "quantity such as 500m or 1Gi"

// readable says what the kinds of values are read from that no type of JSON is.
var readable = map[string]string{
	"quantity": quantityWords, "milli": quantityWords, "bytes": "base64", "duration": "duration such as 1m30s",
	"time": "time such as 2006-01-02T15:04:05Z", "microtime": "time such as 2006-01-02T15:04:05.000000Z",
}

// unreadable says what a value should be, empty when it can be read.
func unreadable(kind string, v any) string {
	want := readable[kind]
	switch v := v.(type) {
	case float64:
		if strings.HasPrefix(kind, "int") && v != math.Trunc(v) {
			return "integer"
		}
		if want == quantityWords {
			return ""
		}
		return want
	case int64:
		if want != "" && want != quantityWords {
			return want
		}
		if kind == "intstr" && v != int64(int32(v)) {
			return "integer of 32 bits"
		}
		return ""
	case bool:
		if kind == "intstr" {
			return "integer or string"
		}
		return want
	}
	s, ok := v.(string)
	if !ok {
		return ""
	}
	var err error
	switch kind {
	case "quantity", "milli":
		_, err = resource.ParseQuantity(s)
	case "bytes":
		_, err = base64.StdEncoding.DecodeString(s)
	case "time":
		_, err = time.Parse(time.RFC3339, s)
	case "microtime":
		_, err = time.Parse(microTime, s)
	case "duration":
		_, err = time.ParseDuration(s)
	}
	if err != nil {
		return want
	}
	return ""
}
