package diff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/schema"

	"github.com/setpoint-dev/setpoint/internal/redact"
	kinds "github.com/setpoint-dev/setpoint/internal/schema"
)

// place is a field that a rule names in one document.
type place struct {
	rule int
	// text is how the rule names it.
	text string
	// keys lead to it in the document: field names and list indexes.
	keys []any
	// path is the same in the words of ownership. Whole is the number of its elements that lead to the structure around the
	// field that is applied as a whole, -1 where there is none.
	path  fieldpath.Path
	whole int
	// key says that the field is a part of what a list tells its items apart by.
	key bool
}

// places finds the fields that the rules name in a document. What an expression cannot be evaluated for is among the reasons.
func (i *Ignore) places(rules []ignoreRule, kind *kinds.Kind, doc map[string]any) ([]place, []Reason) {
	s, root := kind.Type.Schema, kind.Type.TypeRef
	var out []place
	var reasons []Reason
	var plain any // doc as gojq wants it
	for _, r := range rules {
		for n, steps := range r.pointers {
			text := "/status"
			if n < len(r.JSONPointers) {
				text = r.JSONPointers[n]
			}
			if keys, ok := follow(doc, steps); ok {
				if p, ok := locate(s, root, doc, place{rule: r.number, text: text, keys: keys}); ok {
					out = append(out, p)
				}
			}
		}
		for n, code := range r.queries {
			if plain == nil {
				plain = forJQ(doc)
			}
			ctx, cancel := context.WithTimeout(context.Background(), i.timeout)
			for iter := code.RunWithContext(ctx, plain); ; {
				v, ok := iter.Next()
				if !ok {
					break
				}
				if err, failed := v.(error); failed {
					if ctx.Err() != nil {
						err = fmt.Errorf("it took longer than %s", i.timeout)
					} else if missing(err) {
						break
					}
					if ctx.Err() == nil && redact.IsSecret(&unstructured.Unstructured{Object: doc}) {
						err = errWithheld
					}
					reasons = append(reasons, Reason{Message: fmt.Sprintf("ignore rule %d: %s: %v", r.number, r.JQPaths[n], err)})
					break
				}
				keys, _ := v.([]any)
				if p, ok := locate(s, root, doc, place{rule: r.number, text: r.JQPaths[n], keys: keys}); ok {
					out = append(out, p)
				}
			}
			cancel()
		}
	}
	return out, reasons
}

// errWithheld stands for what an expression failed with on a Secret, which may say what is in it.
var errWithheld = errors.New("it fails on this object; the cause is withheld, since it may show the content of the Secret")

// missing says that an expression went through a field that is not there, which is no fault of the expression.
func missing(err error) bool { return strings.HasSuffix(err.Error(), "null") }

// follow turns the steps of a pointer into keys of the document. It is false where the document has no such field.
func follow(doc any, steps []string) ([]any, bool) {
	keys := make([]any, 0, len(steps))
	for _, step := range steps {
		switch v := doc.(type) {
		case map[string]any:
			next, ok := v[step]
			if !ok {
				return nil, false
			}
			keys, doc = append(keys, step), next
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) {
				return nil, false
			}
			keys, doc = append(keys, i), v[i]
		default:
			return nil, false
		}
	}
	return keys, true
}

// forJQ returns v with the integers that gojq knows.
func forJQ(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[k] = forJQ(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = forJQ(e)
		}
		return out
	case int64:
		return int(v)
	}
	return v
}

// locate finds the path of a place by walking the document along its schema. It is false for a field that the document does not
// have, which expressions name too. A slice of a list is all of it.
func locate(s *schema.Schema, ref schema.TypeRef, doc any, p place) (place, bool) {
	p.whole = -1
	for n, key := range p.keys {
		atom, _ := s.Resolve(ref)
		ref = schema.TypeRef{}
		switch v := doc.(type) {
		case map[string]any:
			name, _ := key.(string)
			next, ok := v[name]
			if !ok {
				return p, false
			}
			if p.whole < 0 && (atom.Map == nil || atom.Map.ElementRelationship == schema.Atomic) {
				p.whole = n
			}
			p.path = append(p.path, fieldpath.PathElement{FieldName: &name})
			if atom.Map != nil {
				ref = atom.Map.ElementType
				if f, ok := atom.Map.FindField(name); ok {
					ref = f.Type
				}
			}
			doc = next
		case []any:
			i, isIndex := key.(int)
			if !isIndex {
				p.keys = p.keys[:n]
				return p, true
			}
			if i < 0 || i >= len(v) {
				return p, false
			}
			element := fieldpath.PathElement{Index: &i}
			if atom.List != nil {
				ref = atom.List.ElementType
			}
			if atom.List != nil && atom.List.ElementRelationship == schema.Associative && p.whole < 0 {
				id, ok := (&walker{schema: s}).identity(atom.List, v[i])
				if !ok {
					return p, false
				}
				element = id
			} else if p.whole < 0 {
				p.whole = n
			}
			p.path = append(p.path, element)
			doc = v[i]
		default:
			return p, false
		}
	}
	if n := len(p.path); n > 1 && p.path[n-2].Key != nil && p.path[n-1].FieldName != nil {
		for _, f := range *p.path[n-2].Key {
			p.key = p.key || f.Name == *p.path[n-1].FieldName
		}
	}
	return p, true
}

// essential says that a field tells which object, or which item of a list, something is, or that the kind requires it.
func essential(p fieldpath.Path, kind *kinds.Kind) bool {
	if slices.Contains(identity, "/"+strings.Join(fieldNames(p), "/")) || kind.Requires(fieldNames(p)) {
		return true
	}
	n := len(p)
	if n < 2 || p[n-2].Key == nil || p[n-1].FieldName == nil {
		return false
	}
	for _, f := range *p[n-2].Key {
		if f.Name == *p[n-1].FieldName {
			return true
		}
	}
	return false
}

// forbidden returns why one of the places cannot be ignored: a list tells its items apart by the field, or the kind requires it.
func forbidden(places []place, kind *kinds.Kind) error {
	for _, p := range places {
		switch {
		case len(p.path) == 0:
			return &IgnoreError{Rule: p.rule, Text: p.text, Err: errors.New("names the whole object")}
		case slices.Contains(identity, "/"+strings.Join(fieldNames(p.path), "/")):
			return &IgnoreError{Rule: p.rule, Text: p.text, Err: errors.New("names what the object is, which cannot be ignored")}
		case p.key:
			return &IgnoreError{Rule: p.rule, Text: p.text, Err: fmt.Errorf("%s tells the items of its list apart, which cannot be ignored", pathString(p.path))}
		case kind.Requires(fieldNames(p.path)):
			return &IgnoreError{Rule: p.rule, Text: p.text, Err: fmt.Errorf("%s is required, which cannot be ignored", pathString(p.path))}
		}
	}
	return nil
}

// names returns the field names of a path; the items of a list have none.
func fieldNames(p fieldpath.Path) []string {
	out := make([]string, len(p))
	for i, e := range p {
		if e.FieldName != nil {
			out[i] = *e.FieldName
		}
	}
	return out
}
