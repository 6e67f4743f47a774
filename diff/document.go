package diff

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v2"
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

// yamlText marshals a value. The marshaller writes some characters as they are of which readers, its own too, make line breaks or
// nothing. Each goes in as a NUL and a name, which it can only write in double quotes, and comes out as the escape that is meant.
//
// It is not the marshaller of sigs.k8s.io/yaml, which reads JSON as YAML on the way and so fails over a key of more than a
// thousand characters.
func yamlText(v any) (string, error) {
	w := rewriter{name: "u"}
	out := w.value(v)
	if w.special {
		raw, err := json.Marshal(v)
		if err != nil {
			return "", err
		}
		for strings.Contains(string(raw), w.name) {
			w.name += "u"
		}
		out = w.value(v)
	}
	data, err := yaml.Marshal(out)
	if err != nil || !w.special {
		return string(data), err
	}
	return regexp.MustCompile(`\\0`+w.name+`([0-9A-F]{4})`).ReplaceAllString(string(data), `\u$1`), nil
}

// mergeKey is a name that the marshaller does not quote and readers take for an instruction.
const mergeKey = "<<"

func unwritable(r rune) bool {
	switch {
	case r >= 0x7f && r <= 0x9f, r == '\u2028', r == '\u2029', r == '\ufeff', r == '\ufffe', r == '\uffff':
		return true
	}
	return unicode.Is(unicode.Bidi_Control, r)
}

// rewriter copies values for the marshaller.
type rewriter struct {
	// name is behind each NUL that stands for a character.
	name string
	// special says that there were some.
	special bool
}

func (w *rewriter) value(v any) any {
	switch v := v.(type) {
	case string:
		return w.text(v)
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			out[w.text(k)] = w.value(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = w.value(e)
		}
		return out
	case float64:
		if i := int64(v); float64(i) == v && i > -1<<53 && i < 1<<53 {
			return i
		}
		return v
	case nil, bool, int64:
		return v
	}
	// Nothing that JSON decodes to.
	data, err := json.Marshal(v)
	var out any
	if err != nil || json.Unmarshal(data, &out) != nil {
		return fmt.Sprintf("(a %T, which is not JSON)", v)
	}
	return w.value(out)
}

func (w *rewriter) text(s string) string {
	if s != mergeKey && !strings.ContainsFunc(s, unwritable) {
		return s
	}
	w.special = true
	if s == mergeKey {
		return fmt.Sprintf("\x00%s%04X<", w.name, '<')
	}
	var b strings.Builder
	for _, r := range s {
		if unwritable(r) {
			fmt.Fprintf(&b, "\x00%s%04X", w.name, r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
