package manifest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/render"
)

// maxLists bounds how deep lists may hold lists.
const maxLists = 8

// Located is an object with its place.
type Located struct {
	// Object is nil when Err says that there is none.
	Object *unstructured.Unstructured
	Origin cluster.Origin
	// Err is a [*render.Error] matching [render.ErrNotManifest] when the object is not whole.
	Err error
}

// Objects returns the objects of a document, the items of a list each by itself.
func Objects(file string, doc Document) []Located {
	var f flattener
	origin := cluster.Origin{File: file, Document: doc.Number, Line: doc.Line}
	f.add(doc.Value, origin, doc.Items, 0)
	return f
}

type flattener []Located

func (f *flattener) fault(origin cluster.Origin, ref cluster.Ref, obj *unstructured.Unstructured, err error) {
	err = &render.Error{Origin: origin, Ref: ref, Err: fmt.Errorf("%w: %w", render.ErrNotManifest, err)}
	*f = append(*f, Located{obj, origin, err})
}

func (f *flattener) add(value any, origin cluster.Origin, lines []int, depth int) {
	m, ok := value.(map[string]any)
	if !ok {
		f.fault(origin, cluster.Ref{}, nil, fmt.Errorf("expected an object, found %s", article(value)))
		return
	}
	items, isList, err := itemsOf(m)
	if err != nil {
		f.fault(origin, cluster.Ref{}, nil, err)
		return
	}
	if !isList {
		obj := &unstructured.Unstructured{Object: m}
		if err := Validate(obj); err != nil {
			f.fault(origin, knownRef(m), obj, err)
			return
		}
		*f = append(*f, Located{Object: obj, Origin: origin})
		return
	}
	if depth == maxLists {
		f.fault(origin, cluster.Ref{}, nil, fmt.Errorf("lists inside of lists more than %d deep", maxLists))
		return
	}
	kind, _ := m["kind"].(string)
	for i, item := range items {
		at := origin
		if i < len(lines) {
			at.Line = lines[i]
		}
		f.add(itemOf(item, m["apiVersion"], kind), at, nil, depth+1)
	}
}

// itemsOf returns the elements when m is a list: its kind ends in "List" and it has items. That is what the API machinery calls a
// list too, so an object of a kind such as AllowList, which has its data under spec, stays an object.
func itemsOf(m map[string]any) (items []any, isList bool, err error) {
	kind, _ := m["kind"].(string)
	value, ok := m["items"]
	if !ok || !strings.HasSuffix(kind, "List") {
		return nil, false, nil
	}
	if value == nil {
		return nil, true, nil
	}
	if items, ok = value.([]any); !ok {
		return nil, false, fmt.Errorf("%s: items is %s, not a list", kind, article(value))
	}
	return items, true, nil
}

// itemOf completes an item of a typed list such as RoleList, whose items may leave out what the list's kind says.
func itemOf(item, apiVersion any, list string) any {
	m, ok := item.(map[string]any)
	single := strings.TrimSuffix(list, "List")
	if !ok || single == "" {
		return item
	}
	if _, ok := m["kind"]; !ok {
		m["kind"] = single
		if _, ok := m["apiVersion"]; !ok {
			m["apiVersion"] = apiVersion
		}
	}
	return m
}

// knownRef is as much of an object's identity as it states.
func knownRef(m map[string]any) cluster.Ref {
	var r cluster.Ref
	if v, ok := m["apiVersion"].(string); ok {
		if gv, err := schema.ParseGroupVersion(v); err == nil {
			r.Group = gv.Group
		}
	}
	r.Kind, _ = m["kind"].(string)
	if meta, ok := m["metadata"].(map[string]any); ok {
		r.Namespace, _ = meta["namespace"].(string)
		r.Name, _ = meta["name"].(string)
	}
	if r.Kind == "" || r.Name == "" {
		return cluster.Ref{}
	}
	return r
}

// Validate reports every reason why obj cannot name an object of a cluster: apiVersion, kind or name missing, or metadata of the
// wrong type. An object with metadata.generateName needs no name.
func Validate(obj *unstructured.Unstructured) error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }

	if apiVersion, ok := text(obj.Object, "apiVersion", "apiVersion", fail); ok {
		if gv, err := schema.ParseGroupVersion(apiVersion); err != nil || gv.Version == "" {
			fail("apiVersion %q is not of the form group/version", apiVersion)
		}
	} else if len(errs) == 0 {
		fail("apiVersion is missing")
	}
	before := len(errs)
	if _, ok := text(obj.Object, "kind", "kind", fail); !ok && len(errs) == before {
		fail("kind is missing")
	}
	value, ok := obj.Object["metadata"]
	meta, isMap := value.(map[string]any)
	switch {
	case !ok || value == nil:
		fail("metadata.name is missing")
	case !isMap:
		fail("metadata is %s, not an object", article(value))
	default:
		before = len(errs)
		_, named := text(meta, "name", "metadata.name", fail)
		_, generated := text(meta, "generateName", "metadata.generateName", fail)
		if !named && !generated && len(errs) == before {
			fail("metadata.name is missing")
		}
		text(meta, "namespace", "metadata.namespace", fail)
		texts(meta, "labels", fail)
		texts(meta, "annotations", fail)
	}
	return oneLine(errs)
}

// oneLine joins faults of one place with "; ".
func oneLine(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return errors.New(strings.Join(texts, "; "))
}

// text returns the string at a key; ok is false when it is absent, empty or, which is a fault, no string.
func text(m map[string]any, key, path string, fail func(string, ...any)) (s string, ok bool) {
	value := m[key]
	if s, ok = value.(string); !ok && value != nil {
		fail("%s is %s, not a string; quote it", path, article(value))
	}
	return s, s != ""
}

// texts checks a mapping of strings.
func texts(meta map[string]any, key string, fail func(string, ...any)) {
	value := meta[key]
	m, ok := value.(map[string]any)
	if !ok {
		if value != nil {
			fail("metadata.%s is %s, not an object", key, article(value))
		}
		return
	}
	var bad []string
	for k, v := range m {
		// The API server reads null as the empty string.
		if _, ok := v.(string); !ok && v != nil {
			bad = append(bad, k)
		}
	}
	slices.Sort(bad)
	for _, k := range bad {
		fail("metadata.%s[%q] is %s, not a string; quote it", key, k, article(m[k]))
	}
}

// article names the type of a value: "a list".
func article(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	default:
		return "a number"
	}
}
