package schema

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/json"
	"io"
	"reflect"
	"sync"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

//go:embed tables.json.gz
var tables []byte

const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

// form is how a native type keeps one field.
type form struct {
	// Kind is struct, string, bool, int, float, quantity, milli (a quantity with no digits below a thousandth), intstr,
	// time, microtime, duration, bytes or raw.
	Kind string `json:"k"`
	// Model names the type of a struct.
	Model string `json:"m"`
	// In is "list" or "map" when Kind is that of the elements.
	In string `json:"i"`
	// Pointer says that the type keeps an empty value apart from none.
	Pointer bool `json:"p"`
	// Default is what the server puts in the place of nothing.
	Default any `json:"d"`
}

// model is one native structure.
type model struct {
	fields map[string]*form
	// defaults says that filling may do something in here.
	defaults bool
}

type modelTable map[string]*model

// table returns the native types. What was generated is part of the build, and a fault in it a broken build.
var table = sync.OnceValue(func() modelTable {
	z, err := gzip.NewReader(bytes.NewReader(tables))
	if err != nil {
		panic("schema: tables: " + err.Error())
	}
	data, err := io.ReadAll(z)
	if err != nil {
		panic("schema: tables: " + err.Error())
	}
	var raw map[string]map[string]*form
	if err := json.Unmarshal(data, &raw); err != nil {
		panic("schema: tables: " + err.Error())
	}
	t := modelTable{}
	for name, fields := range raw {
		t[name] = &model{fields: fields}
		for _, f := range fields {
			if f.Default != nil {
				f.Default = integers(f.Default)
			}
		}
	}
	for name, m := range t {
		m.defaults = t.reaches(name, map[string]bool{})
	}
	return t
})

func (t modelTable) has(name string) bool { return t[name] != nil }

// reaches says whether a model, or one within it, has a default.
func (t modelTable) reaches(name string, seen map[string]bool) bool {
	if seen[name] || t[name] == nil {
		return false
	}
	seen[name] = true
	if conditionsOf(name) != nil {
		return true
	}
	for _, f := range t[name].fields {
		if f.Default != nil || f.Kind == "struct" && t.reaches(f.Model, seen) {
			return true
		}
	}
	return false
}

// integers returns v with whole numbers as int64, as an unstructured object has them.
func integers(v any) any {
	data, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var out any
	if err := utiljson.Unmarshal(data, &out); err != nil {
		return v
	}
	return out
}

// deepCopy copies a value as JSON decodes it.
func deepCopy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = deepCopy(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = deepCopy(e)
		}
		return out
	}
	return v
}

// equal compares values as JSON decodes them.
func equal(a, b any) bool { return reflect.DeepEqual(a, b) }
