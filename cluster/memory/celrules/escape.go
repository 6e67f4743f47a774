package celrules

import (
	"regexp"
	"slices"
	"strings"
)

// reserved are the words of CEL's grammar that no identifier may be
// (https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax).
var reserved = strings.Fields("true false null in as break const continue else for function if import let loop package namespace return var void while")

var (
	escapable = regexp.MustCompile(`^[a-zA-Z_./-][a-zA-Z0-9_./-]*$`)
	escaper   = strings.NewReplacer("__", "__underscores__", ".", "__dot__", "-", "__dash__", "/", "__slash__")
	escapes   = regexp.MustCompile(`__[^_]+__`)
	unescaped = map[string]string{"__underscores__": "__", "__dot__": ".", "__dash__": "-", "__slash__": "/"}
)

// escape returns the identifier that a rule names a property by, and false for a property that no rule can name
// (https://kubernetes.io/docs/reference/using-api/cel/#escaping).
func escape(property string) (string, bool) {
	if slices.Contains(reserved, property) {
		return "__" + property + "__", true
	}
	if !escapable.MatchString(property) {
		return "", false
	}
	return escaper.Replace(property), true
}

// unescape returns the property of an identifier.
func unescape(identifier string) (string, bool) {
	if word, ok := strings.CutPrefix(identifier, "__"); ok {
		if word, ok = strings.CutSuffix(word, "__"); ok && slices.Contains(reserved, word) {
			return word, true
		}
	}
	ok := true
	property := escapes.ReplaceAllStringFunc(identifier, func(s string) string {
		plain, known := unescaped[s]
		ok = ok && known
		return plain
	})
	return property, ok
}
