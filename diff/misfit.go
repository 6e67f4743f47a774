package diff

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	smdschema "sigs.k8s.io/structured-merge-diff/v4/schema"
	"sigs.k8s.io/structured-merge-diff/v4/typed"

	"github.com/setpoint-dev/setpoint/internal/redact"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

// explain turns a fault of typing the content of obj as kind into a path and a cause. The last result says that the fault is
// an item without a part of its key: servers since Kubernetes 1.34 take such items when any part of the key is there.
func explain(err error, kind *schema.Kind, obj *unstructured.Unstructured) (path string, cause error, partial bool) {
	var faults typed.ValidationErrors
	if !errors.As(err, &faults) || len(faults) == 0 {
		return "", err, false
	}
	// A map is typed in no order, and the same fault has the same words.
	faults = slices.Clone(faults)
	slices.SortFunc(faults, func(a, b typed.ValidationError) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.ErrorMessage, b.ErrorMessage))
	})
	texts := make([]string, len(faults))
	partial = true
	for i, f := range faults {
		texts[i] = misfit(f, kind, obj)
		if i > 0 {
			texts[i] = f.Path + ": " + texts[i]
		}
		partial = partial && strings.Contains(f.ErrorMessage, "omits key field")
	}
	return faults[0].Path, errors.New(strings.Join(texts, "; ")), partial
}

// misfit says what is wrong with a field. Of a value of the wrong type the fault shows the Go value that holds it, in whose
// place comes what the object says there; of a Secret only what type it has.
func misfit(f typed.ValidationError, kind *schema.Kind, obj *unstructured.Unstructured) string {
	want, ok := strings.CutPrefix(f.ErrorMessage, "expected ")
	if !ok {
		return f.ErrorMessage
	}
	want, _, ok = strings.Cut(want, ", got ")
	if !ok {
		return f.ErrorMessage
	}
	switch want {
	case "numeric (int or float)":
		want = "number"
	case "any scalar":
		want = "string, number or boolean"
	}
	w := walker{schema: kind.Type.Schema}
	v, ok := w.lookup(f.Path, kind.Type.TypeRef, obj.Object)
	if !ok {
		return "expected " + want
	}
	return "expected " + want + ", got " + describe(v, redact.IsSecret(obj))
}

// shown is the length in bytes up to which a value is shown.
const shown = 64

// describe shows a short scalar as JSON does, and of all else says what it is.
func describe(v any, secret bool) string {
	kind := "a number"
	switch v.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "a map"
	case []any:
		return "a list"
	case string:
		kind = "a string"
	case bool:
		kind = "a boolean"
	}
	text, err := json.Marshal(v)
	if secret || err != nil || len(text) > shown {
		return kind
	}
	return string(text)
}

// pathOf writes the path of a value in the content of an object, which names each item of a list by its position.
func pathOf(kind *schema.Kind, content any, path []any) string {
	w := walker{schema: kind.Type.Schema}
	ref := kind.Type.TypeRef
	var out fieldpath.Path
	for _, step := range path {
		atom, _ := w.schema.Resolve(ref)
		e := fieldpath.PathElement{}
		switch step := step.(type) {
		case string:
			e.FieldName = &step
			m, _ := content.(map[string]any)
			content, ref = m[step], smdschema.TypeRef{}
			if atom.Map != nil {
				ref = atom.Map.ElementType
				if f, ok := atom.Map.FindField(step); ok {
					ref = f.Type
				}
			}
		case int:
			e.Index = &step
			list, _ := content.([]any)
			content, ref = list[step], smdschema.TypeRef{}
			if atom.List != nil {
				ref = atom.List.ElementType
				if id, ok := w.identity(atom.List, content); ok && atom.List.ElementRelationship == smdschema.Associative {
					e = id
				}
			}
		}
		out = append(out, e)
	}
	return pathString(out)
}

// lookup returns the value at a path that is written as faults of typing write it.
func (w *walker) lookup(path string, ref smdschema.TypeRef, v any) (any, bool) {
	if path == "" {
		return v, true
	}
	atom, _ := w.schema.Resolve(ref)
	below := func(e fieldpath.PathElement, ref smdschema.TypeRef, v any) (any, bool) {
		rest, ok := strings.CutPrefix(path, e.String())
		if !ok {
			return nil, false
		}
		return w.lookup(rest, ref, v)
	}
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			var ref smdschema.TypeRef
			if atom.Map != nil {
				ref = atom.Map.ElementType
				if f, ok := atom.Map.FindField(name); ok {
					ref = f.Type
				}
			}
			if out, ok := below(fieldpath.PathElement{FieldName: &name}, ref, v[name]); ok {
				return out, true
			}
		}
	case []any:
		if atom.List == nil {
			return nil, false
		}
		for i, item := range v {
			e := fieldpath.PathElement{Index: &i}
			if atom.List.ElementRelationship == smdschema.Associative {
				var ok bool
				if e, ok = w.identity(atom.List, item); !ok {
					continue
				}
			}
			if out, ok := below(e, atom.List.ElementType, item); ok {
				return out, true
			}
		}
	}
	return nil, false
}
