package diff_test

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// partsOf takes a definition with thousands of leaves apart into definitions with some of its properties each, because a server
// takes as long for a change as the definition is large. Every leaf keeps its path. The parts are definitions of a group of
// their own, and their names are the same.
func partsOf(crd *unstructured.Unstructured, most int) []*unstructured.Unstructured {
	versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
	if len(versions) != 1 {
		return nil
	}
	version, _ := versions[0].(map[string]any)
	root, ok, _ := unstructured.NestedMap(version, "schema", "openAPIV3Schema")
	if !ok {
		return nil
	}
	var out []*unstructured.Unstructured
	for _, part := range split(root, most) {
		names, _, _ := unstructured.NestedMap(crd.Object, "spec", "names")
		scope, _, _ := unstructured.NestedString(crd.Object, "spec", "scope")
		const group = "parts.example.com"
		out = append(out, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": crd.GetAPIVersion(), "kind": crd.GetKind(),
			"metadata": map[string]any{"name": names["plural"].(string) + "." + group},
			"spec": map[string]any{
				"group": group, "names": names, "scope": scope,
				"versions": []any{map[string]any{
					"name": version["name"], "served": true, "storage": true,
					"schema": map[string]any{"openAPIV3Schema": part},
				}},
			},
		}})
	}
	return out
}

// split returns schemas that together have every leaf of a schema, of no more leaves each than most where that can be. What
// surrounds a part is as bare as a definition may be.
func split(node map[string]any, most int) []map[string]any {
	if count(node) <= most {
		return []map[string]any{node}
	}
	own, bare := map[string]any{}, map[string]any{}
	for k, v := range node {
		switch k {
		case "properties", "items", "additionalProperties":
		case "type", "x-kubernetes-preserve-unknown-fields", "x-kubernetes-int-or-string", "x-kubernetes-embedded-resource":
			bare[k] = v
			own[k] = v
		default:
			own[k] = v
		}
	}
	var out []map[string]any
	for _, inner := range []string{"items", "additionalProperties"} {
		below, ok := node[inner].(map[string]any)
		if !ok {
			if v, ok := node[inner]; ok {
				own[inner], bare[inner] = v, v
			}
			continue
		}
		// A list is nothing without its items, nor are its keys without their properties.
		first := map[string]any{}
		for _, k := range []string{"type", "required"} {
			if v, ok := below[k]; ok {
				first[k] = v
			}
		}
		if keys, ok := node["x-kubernetes-list-map-keys"].([]any); ok {
			all, _ := below["properties"].(map[string]any)
			properties := map[string]any{}
			for _, k := range keys {
				properties[k.(string)] = all[k.(string)]
			}
			first["properties"] = properties
		}
		own[inner] = first
		for _, part := range split(below, most) {
			out = append(out, merged(bare, map[string]any{inner: part}))
		}
	}
	properties, _ := node["properties"].(map[string]any)
	chunk, size := map[string]any{}, 0
	flush := func() {
		if len(chunk) > 0 {
			out = append(out, merged(bare, map[string]any{"properties": chunk}))
		}
		chunk, size = map[string]any{}, 0
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		below, ok := properties[name].(map[string]any)
		if !ok {
			continue
		}
		for _, part := range split(below, most) {
			n := count(part)
			if _, taken := chunk[name]; taken || size+n > most {
				flush()
			}
			chunk[name] = part
			size += n
		}
	}
	flush()
	return append(out, own)
}

func merged(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// count returns the number of leaves below a value.
func count(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			n += count(e)
		}
	case []any:
		for _, e := range v {
			n += count(e)
		}
	default:
		return 1
	}
	return max(n, 1)
}
