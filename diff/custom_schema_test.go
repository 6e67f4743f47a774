package diff_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// customGroup is the group of the definitions that are made up at random.
const customGroup = "corner.example.com"

// shapes are the structures that a field of a custom resource may have. Each takes the shaper for what is inside of it.
var shapes map[string]func(s *shaper, depth int) o

// They refer to each other.
func init() {
	shapes = map[string]func(s *shaper, depth int) o{
		"string":         func(s *shaper, _ int) o { return s.scalar("string") },
		"integer":        func(s *shaper, _ int) o { return s.scalar("integer") },
		"number":         func(s *shaper, _ int) o { return s.scalar("number") },
		"boolean":        func(s *shaper, _ int) o { return s.scalar("boolean") },
		"int or string":  func(*shaper, int) o { return o{"x-kubernetes-int-or-string": true} },
		"struct":         func(s *shaper, d int) o { return s.structure(d) },
		"atomic struct":  func(s *shaper, d int) o { return with(s.structure(d), "x-kubernetes-map-type", "atomic") },
		"granular map":   func(s *shaper, _ int) o { return mapOf(s.plain("string")) },
		"atomic map":     func(s *shaper, _ int) o { return with(mapOf(s.plain("string")), "x-kubernetes-map-type", "atomic") },
		"map of structs": func(s *shaper, d int) o { return mapOf(s.structure(d)) },
		"map of lists": func(s *shaper, d int) o {
			return mapOf(s.shape([]string{"list map", "set of strings"}[s.r.IntN(2)], d+1))
		},
		"list":            func(s *shaper, d int) o { return listOf("", s.scalar("string")) },
		"atomic list":     func(s *shaper, d int) o { return listOf("atomic", s.scalar("integer")) },
		"list of structs": func(s *shaper, d int) o { return listOf("atomic", s.structure(d)) },
		"list of lists":   func(s *shaper, d int) o { return listOf("atomic", listOf("", s.plain("number"))) },
		"set of strings":  func(s *shaper, _ int) o { return listOf("set", s.plain("string")) },
		"set of integers": func(s *shaper, _ int) o { return listOf("set", s.plain("integer")) },
		"set of booleans": func(s *shaper, _ int) o { return listOf("set", s.plain("boolean")) },
		"set of lists":    func(s *shaper, _ int) o { return listOf("set", listOf("atomic", s.plain("string"))) },
		"set of structs": func(s *shaper, d int) o {
			return listOf("set", with(s.structure(d+1), "x-kubernetes-map-type", "atomic"))
		},
		"list map": func(s *shaper, d int) o { return s.listMap(d, o{"name": s.plain("string")}, "name") },
		"list map, two": func(s *shaper, d int) o {
			return s.listMap(d, o{"host": s.plain("string"), "port": s.plain("integer")}, "port", "host")
		},
		"list map, default": func(s *shaper, d int) o {
			return s.listMap(d, o{"port": s.plain("integer"), "protocol": with(s.plain("string"), "default", "a")}, "port", "protocol")
		},
		"list map, integer": func(s *shaper, d int) o { return s.listMap(d, o{"number": s.plain("integer")}, "number") },
		"list map, boolean": func(s *shaper, d int) o { return s.listMap(d, o{"on": s.plain("boolean")}, "on") },
		"list map, all by default": func(s *shaper, d int) o {
			return s.listMap(d, o{"id": with(s.plain("integer"), "default", int64(1)), "zone": with(s.plain("string"), "default", "b")}, "id", "zone")
		},
		"free":            func(*shaper, int) o { return o{"type": "object", "x-kubernetes-preserve-unknown-fields": true} },
		"free, of any":    func(*shaper, int) o { return o{"x-kubernetes-preserve-unknown-fields": true} },
		"free and struct": func(s *shaper, d int) o { return with(s.structure(d), "x-kubernetes-preserve-unknown-fields", true) },
		"embedded": func(*shaper, int) o {
			return o{"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true}
		},
		"embedded struct": func(s *shaper, d int) o { return with(s.structure(d), "x-kubernetes-embedded-resource", true) },
		"list of embedded": func(s *shaper, d int) o {
			return listOf("atomic", with(s.structure(d), "x-kubernetes-embedded-resource", true))
		},
		"filled struct": func(s *shaper, d int) o { return with(s.structure(d), "default", o{}) },
		"nullable": func(s *shaper, d int) o {
			return with(s.shape([]string{"struct", "granular map", "atomic list", "list map", "set of strings", "filled struct"}[s.r.IntN(6)], d+1), "nullable", true)
		},
		"filled list": func(s *shaper, d int) o { return with(listOf("atomic", s.plain("string")), "default", l{"x", "y"}) },
		"filled list map": func(s *shaper, d int) o {
			return with(s.listMap(d, o{"name": s.plain("string")}, "name"), "default", l{o{"name": "a"}})
		},
		"filled map": func(s *shaper, _ int) o { return with(mapOf(s.plain("string")), "default", o{"a": "x"}) },
	}
}

// shaper makes structural schemas.
type shaper struct {
	r *rand.Rand
	// used counts the shapes.
	used map[string]int
}

func with(s o, key string, v any) o {
	s = maps.Clone(s)
	s[key] = v
	return s
}

func mapOf(v o) o { return o{"type": "object", "additionalProperties": v} }

func listOf(kind string, items o) o {
	out := o{"type": "array", "items": items}
	if kind != "" {
		out["x-kubernetes-list-type"] = kind
	}
	return out
}

func (s *shaper) plain(kind string) o { return o{"type": kind} }

// scalar may be nullable, or have a default, or both.
func (s *shaper) scalar(kind string) o {
	out := s.plain(kind)
	values := map[string]l{"string": {"a", "b", ""}, "integer": {int64(0), int64(1), int64(-7)}, "number": {0.5, int64(1), int64(0)}, "boolean": {true, false}}[kind]
	if s.r.IntN(3) == 0 {
		out["default"] = values[s.r.IntN(len(values))]
	}
	if s.r.IntN(3) == 0 {
		out["nullable"] = true
	}
	return out
}

// structure has a few fields.
func (s *shaper) structure(depth int) o {
	properties := o{}
	for i := range 2 + s.r.IntN(2) {
		properties[fmt.Sprintf("%c", 'p'+i)] = s.any(depth + 1)
	}
	return o{"type": "object", "properties": properties}
}

func (s *shaper) any(depth int) o {
	names := slices.Sorted(maps.Keys(shapes))
	if depth > 2 {
		names = []string{"string", "integer", "number", "boolean", "int or string", "granular map", "list", "set of strings", "atomic list", "atomic map"}
	}
	return s.shape(names[s.r.IntN(len(names))], depth)
}

func (s *shaper) shape(name string, depth int) o {
	s.used[name]++
	return shapes[name](s, depth)
}

func (s *shaper) listMap(depth int, keys o, names ...any) o {
	item := s.structure(depth)
	required := l{}
	for _, k := range names {
		key := keys[k.(string)].(o)
		item["properties"].(o)[k.(string)] = key
		if key["default"] == nil {
			required = append(required, k)
		}
	}
	if len(required) > 0 {
		item["required"] = required
	}
	return with(listOf("map", item), "x-kubernetes-list-map-keys", l(names))
}

// custom is a made-up kind.
type custom struct {
	definition *unstructured.Unstructured
	resource   schema.GroupVersionResource
	kind       string
	// specs are the schemas of the objects by version, and served the versions.
	specs  map[string]o
	served []string
	scale  bool
	status bool
}

func customKind(n int) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: customGroup, Version: "v1", Resource: fmt.Sprintf("corner%ds", n)}
}

// define makes a kind whose specification has the shapes that are named, and versions that differ in a few of them.
func (s *shaper) define(n int, names []string) *custom {
	c := &custom{kind: fmt.Sprintf("Corner%d", n), specs: map[string]o{}, served: []string{"v1"}}
	c.resource = customKind(n)
	c.status = n%4 != 3
	c.scale = n%2 == 0
	properties := o{"replicas": o{"type": "integer", "default": int64(1)}}
	for i, name := range names {
		properties[fmt.Sprintf("f%d", i)] = s.shape(name, 0)
	}
	spec := o{"type": "object", "properties": properties}
	if n%5 == 1 {
		spec["default"] = o{}
	}
	root := o{"type": "object", "properties": o{
		"spec": spec, "data": s.any(1),
		"status": o{"type": "object", "properties": o{"phase": o{"type": "string"}, "replicas": o{"type": "integer"}, "conditions": s.listMap(2, o{"type": s.plain("string")}, "type")}},
	}}
	if n%6 == 4 {
		root["x-kubernetes-preserve-unknown-fields"] = true
	}
	c.specs["v1"] = root
	if n%3 != 2 {
		c.served = append(c.served, "v2")
		other := runtime.DeepCopyJSON(root)
		if n%3 == 0 {
			properties := other["properties"].(o)["spec"].(o)["properties"].(o)
			delete(properties, "f0")
			properties["only2"] = s.any(1)
			properties["f1"] = s.shape(names[1], 0)
		}
		c.specs["v2"] = other
	}
	c.definition = c.define()
	return c
}

// define returns the definition of the kind as it is now.
func (c *custom) define() *unstructured.Unstructured {
	versions := l{}
	for _, v := range c.served {
		sub := o{}
		if c.status {
			sub["status"] = o{}
		}
		if c.scale {
			sub["scale"] = o{"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"}
		}
		versions = append(versions, o{
			"name": v, "served": true, "storage": v == "v1", "subresources": sub,
			"schema": o{"openAPIV3Schema": runtime.DeepCopyJSON(c.specs[v])},
		})
	}
	return &unstructured.Unstructured{Object: o{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": o{"name": c.resource.Resource + "." + customGroup},
		"spec": o{
			"group": customGroup, "scope": "Namespaced", "versions": versions,
			"names": o{"kind": c.kind, "plural": c.resource.Resource, "singular": c.resource.Resource[:len(c.resource.Resource)-1], "listKind": c.kind + "List"},
		},
	}}
}
