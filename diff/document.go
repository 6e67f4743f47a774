package diff

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"sigs.k8s.io/yaml"
)

// document writes an object as lines of YAML, in the order that people write its fields in. Characters that would move what
// people see (controls, marks of direction) are escaped, and so are those that end a line in YAML and nowhere else.
func document(obj map[string]any) ([]string, error) {
	var lines []string
	for _, key := range ordered(obj) {
		text, err := yamlText(map[string]any{key: obj[key]})
		if err != nil {
			return nil, err
		}
		lines = append(lines, strings.Split(strings.TrimSuffix(text, "\n"), "\n")...)
	}
	return lines, nil
}

// yamlText marshals a value. The marshaller writes some characters as they are, of which readers, its own too, make line breaks or
// nothing. Each goes in as a NUL and a name, which it can only write in double quotes, and comes out as the escape that is meant.
func yamlText(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	name := "u"
	// JSON escapes two of the characters, and the angle brackets of a key that means a merge.
	special := strings.ContainsFunc(string(raw), unwritable) || strings.Contains(string(raw), `\u202`) || strings.Contains(string(raw), `"\u003c\u003c"`)
	for special && strings.Contains(string(raw), name) {
		name += "u"
	}
	if special {
		v = rewrite(v, name)
	}
	data, err := yaml.Marshal(v)
	if err != nil || !special {
		return string(data), err
	}
	return regexp.MustCompile(`\\0`+name+`([0-9A-F]{4})`).ReplaceAllString(string(data), `\u$1`), nil
}

// mergeKey is a name that the marshaller does not quote and readers take for an instruction.
const mergeKey = "<<"

func unwritable(r rune) bool {
	return r == '\u0085' || r == '\u2028' || r == '\u2029' || r == '\ufeff' || unicode.Is(unicode.Bidi_Control, r)
}

// rewrite returns a copy of a value in which a NUL and a name stand for what the marshaller does not escape.
func rewrite(v any, name string) any {
	switch v := v.(type) {
	case string:
		if v == mergeKey {
			return fmt.Sprintf("\x00%s%04X<", name, '<')
		}
		if !strings.ContainsFunc(v, unwritable) {
			return v
		}
		var b strings.Builder
		for _, r := range v {
			if unwritable(r) {
				fmt.Fprintf(&b, "\x00%s%04X", name, r)
				continue
			}
			b.WriteRune(r)
		}
		return b.String()
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			k, _ := rewrite(k, name).(string)
			out[k] = rewrite(e, name)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = rewrite(e, name)
		}
		return out
	}
	return v
}
