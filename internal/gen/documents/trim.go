package main

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
)

// verbs are the operations of a path item.
var verbs = []string{"get", "put", "post", "delete", "patch"}

// document reads an OpenAPI v3 document and drops what only people read, and the paths of watches, which are deprecated and
// double the size. Structure, defaults, extensions and the query parameters of each operation stay: clients look at the
// parameters to learn what a server supports.
func document(file string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		return nil, err
	}
	paths, _ := doc["paths"].(map[string]any)
	maps.DeleteFunc(paths, func(p string, _ any) bool { return strings.Contains(p, "/watch/") })
	for _, item := range paths {
		trimPath(item.(map[string]any))
	}
	components, _ := doc["components"].(map[string]any)
	delete(components, "securitySchemes")
	schemas, _ := components["schemas"].(map[string]any)
	for _, s := range schemas {
		trimSchema(s)
	}
	return json.Marshal(doc)
}

// trimSchema removes descriptions from a schema and all within it. A property may itself be called "description".
func trimSchema(v any) {
	s, ok := v.(map[string]any)
	if !ok {
		return
	}
	delete(s, "description")
	for _, word := range []string{"items", "additionalProperties", "not"} {
		trimSchema(s[word])
	}
	for _, word := range []string{"allOf", "anyOf", "oneOf"} {
		list, _ := s[word].([]any)
		for _, e := range list {
			trimSchema(e)
		}
	}
	properties, _ := s["properties"].(map[string]any)
	for _, p := range properties {
		trimSchema(p)
	}
}

func trimPath(item map[string]any) {
	trimParameters(item)
	for _, verb := range verbs {
		op, ok := item[verb].(map[string]any)
		if !ok {
			continue
		}
		delete(op, "description")
		delete(op, "tags")
		delete(op, "requestBody")
		trimParameters(op)
		// The specification asks for at least one response.
		op["responses"] = map[string]any{"200": map[string]any{"description": "OK"}}
	}
}

func trimParameters(holder map[string]any) {
	list, _ := holder["parameters"].([]any)
	for _, p := range list {
		if m, ok := p.(map[string]any); ok {
			delete(m, "description")
		}
	}
}
