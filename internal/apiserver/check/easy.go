package check

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
)

// easily asks f only about strings that are not easy: most names are, and what asks of them costs a regular expression each.
// Easy strings are right by the rules of DNS labels and subdomains, of keys and values of labels, and of keys of ConfigMaps.
func easily(f func(string) []string) func(string) []string {
	return func(s string) []string {
		if easy(s) {
			return nil
		}
		return f(s)
	}
}

// easy says that a string has up to 63 small letters and digits, and dashes between them.
func easy(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// easyKey says that a string is an easy name, behind a domain of easy names or alone: a key that every label can have.
func easyKey(s string) bool {
	domain, name, qualified := strings.Cut(s, "/")
	if !qualified {
		return easy(s)
	}
	if len(domain) > 253 || !easy(name) {
		return false
	}
	for part := range strings.SplitSeq(domain, ".") {
		if !easy(part) {
			return false
		}
	}
	return true
}

// qualifiedName is [validation.IsQualifiedName].
func qualifiedName(s string) []string {
	if easyKey(s) {
		return nil
	}
	return validation.IsQualifiedName(s)
}
