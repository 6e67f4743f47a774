package kustomize

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// lines finds the places of a kustomization's entries.
type lines struct{ root *yaml.Node }

// linesOf never fails: of a text that is no YAML no line is known.
func linesOf(data []byte) (l lines) {
	defer func() {
		if recover() != nil {
			l = lines{}
		}
	}()
	var doc yaml.Node
	if yaml.Unmarshal(data, &doc) == nil && len(doc.Content) > 0 {
		l.root = doc.Content[0]
	}
	return l
}

// of returns the line of a value below one of the top-level fields, else of the first such field, else 1. Field names differ in
// nothing but case for kustomize.
func (l lines) of(value string, fields ...string) int {
	line := 1
	if l.root == nil || l.root.Kind != yaml.MappingNode {
		return line
	}
	for i := 0; i+1 < len(l.root.Content); i += 2 {
		key := l.root.Content[i]
		for _, field := range fields {
			if !strings.EqualFold(key.Value, field) {
				continue
			}
			if line == 1 {
				line = key.Line
			}
			if value == "" {
				return line
			}
			if n := find(l.root.Content[i+1], value, 0); n != nil {
				return n.Line
			}
		}
	}
	return line
}

// find returns the first scalar of a value below n, not following aliases.
func find(n *yaml.Node, value string, depth int) *yaml.Node {
	if depth > 100 {
		return nil
	}
	if n.Kind == yaml.ScalarNode && n.Value == value {
		return n
	}
	for _, c := range n.Content {
		if found := find(c, value, depth+1); found != nil {
			return found
		}
	}
	return nil
}
