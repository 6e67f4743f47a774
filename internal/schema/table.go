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
	t.settle()
	return t
})

func (t modelTable) has(name string) bool { return t[name] != nil }

// settle marks the models that have defaults, and those that hold such models.
func (t modelTable) settle() {
	holders := map[string][]*model{}
	var marked []string
	mark := func(name string, m *model) {
		if !m.defaults {
			m.defaults = true
			marked = append(marked, name)
		}
	}
	names := map[*model]string{}
	for name, m := range t {
		names[m] = name
		if conditionsOf(name) != nil {
			mark(name, m)
		}
		for _, f := range m.fields {
			if f.Default != nil {
				mark(name, m)
			}
			if f.Kind == "struct" {
				holders[f.Model] = append(holders[f.Model], m)
			}
		}
	}
	for len(marked) > 0 {
		name := marked[len(marked)-1]
		marked = marked[:len(marked)-1]
		for _, m := range holders[name] {
			mark(names[m], m)
		}
	}
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
