package schema

import (
	_ "embed"
	"encoding/json"
	"reflect"
	"sync"

	utiljson "k8s.io/apimachinery/pkg/util/json"
)

//go:embed tables.json.gz
var tables []byte

const objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"

// form is how a native type keeps one field.
type form struct {
	// Kind is struct, string, bool, int, int32, float, quantity, milli (a quantity with no digits below a thousandth), intstr,
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

// model is one native structure: its fields by name.
type model map[string]*form

// modelTable holds the native types, each decoded when it is first asked for: who needs few does not wait for all. It is safe
// for concurrent use.
type modelTable struct {
	raw   map[string][]byte
	known sync.Map
}

// table returns the native types.
var table = sync.OnceValue(func() *modelTable {
	return &modelTable{raw: members("tables", unpacked("tables", tables))}
})

func (t *modelTable) has(name string) bool { return t.raw[name] != nil }

// model returns a structure, nil when there is none of that name.
func (t *modelTable) model(name string) model {
	if known, ok := t.known.Load(name); ok {
		return known.(model)
	}
	raw, ok := t.raw[name]
	if !ok {
		return nil
	}
	var m model
	if err := json.Unmarshal(raw, &m); err != nil {
		panic("schema: tables: " + name + ": " + err.Error())
	}
	for _, f := range m {
		if f.Default != nil {
			f.Default = integers(f.Default)
		}
	}
	kept, _ := t.known.LoadOrStore(name, m)
	return kept.(model)
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
