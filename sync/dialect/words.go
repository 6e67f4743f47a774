package dialect

import (
	"fmt"
	"strconv"
	"strings"
)

// says is how an annotation is told of.
func says(key, value string) string { return key + " says " + value }

// list splits a value at its commas.
func list(value string) []string {
	var out []string
	for part := range strings.SplitSeq(value, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// integer reads a wave or weight.
func (r *reader) integer(key string) (int, bool) {
	value, ok := r.annotations[key]
	if !ok {
		return 0, false
	}
	n, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil {
		r.fault(key, value, "it should be an integer")
		return 0, false
	}
	return n, true
}

// words reads a list of words that each mean something. A value without words is a fault too: it was meant to say something.
func words[T any](r *reader, key string, meaning map[string]T) ([]T, bool) {
	value, ok := r.annotations[key]
	if !ok {
		return nil, false
	}
	var out []T
	for _, w := range list(value) {
		m, ok := meaning[w]
		if !ok {
			r.fault(key, value, fmt.Sprintf("%q is not one of %s", w, strings.Join(sortedKeys(meaning), ", ")))
			return nil, false
		}
		out = append(out, m)
	}
	if len(out) == 0 {
		r.fault(key, value, "it should be one of "+strings.Join(sortedKeys(meaning), ", "))
	}
	return out, len(out) > 0
}
