package crd

import (
	"fmt"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// followFieldPath reads the fieldPath of a rule, ".a.b" or "['a'].b", along a schema. It leads through fields and keys of
// maps, never into lists.
func followFieldPath(s *apiextensionsv1.JSONSchemaProps, text string) (*field.Path, error) {
	var path *field.Path
	step := func(name string) error {
		switch {
		case s != nil && s.Properties != nil:
			next, ok := s.Properties[name]
			if !ok {
				return fmt.Errorf("does not refer to a valid field")
			}
			s, path = &next, path.Child(name)
		case s != nil && s.AdditionalProperties != nil:
			s, path = s.AdditionalProperties.Schema, path.Key(name)
		default:
			return fmt.Errorf("does not refer to a valid field")
		}
		return nil
	}
	for rest := text; rest != ""; {
		var name string
		var err error
		switch rest[0] {
		case '.':
			end := strings.IndexAny(rest[1:], ".[]") + 1
			if end == 0 {
				end = len(rest)
			}
			name, rest = rest[1:end], rest[end:]
			if name == "" {
				return nil, fmt.Errorf("unexpected end of JSON path")
			}
		case '[':
			if name, rest, err = quotedKey(rest[1:]); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("expected [ or . but got: %s", rest)
		}
		if err := step(name); err != nil {
			return nil, err
		}
	}
	return path, nil
}

// quotedKey reads 'name'] and returns what follows it.
func quotedKey(text string) (name, rest string, err error) {
	if !strings.HasPrefix(text, "'") {
		return "", "", fmt.Errorf("expected single quoted string but got %s", text)
	}
	var b strings.Builder
	escapes := map[byte]byte{'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', '\'': '\'', '\\': '\\'}
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			plain, ok := escapes[text[i]]
			if !ok {
				return "", "", fmt.Errorf("invalid string literal: invalid escape char \\%c", text[i])
			}
			b.WriteByte(plain)
		case c == '\'':
			if !strings.HasPrefix(text[i+1:], "]") {
				return "", "", fmt.Errorf("expected ] but got %s", text[i+1:])
			}
			return b.String(), text[i+2:], nil
		default:
			b.WriteByte(c)
		}
	}
	return "", "", fmt.Errorf("unexpected end of JSON path")
}
