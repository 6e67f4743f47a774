package health

import (
	"math"
)

// view reads an object whose fields may have any type: what is not of the type asked for is not there.
type view struct{ m map[string]any }

func (v view) at(path ...string) any {
	var value any = v.m
	for _, key := range path {
		m, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = m[key]
	}
	return value
}

func (v view) sub(path ...string) view {
	m, _ := v.at(path...).(map[string]any)
	return view{m}
}

func (v view) str(path ...string) string {
	s, _ := v.at(path...).(string)
	return s
}

func (v view) is(path ...string) bool {
	b, _ := v.at(path...).(bool)
	return b
}

// int returns a number and whether it is there.
func (v view) int(path ...string) (int64, bool) {
	switch n := v.at(path...).(type) {
	case int64:
		return n, true
	case int:
		return int64(n), true
	case int32:
		return int64(n), true
	case float64:
		if n == math.Trunc(n) && math.Abs(n) < 1<<53 {
			return int64(n), true
		}
	}
	return 0, false
}

// count returns a number, zero when it is not there.
func (v view) count(path ...string) int64 {
	n, _ := v.int(path...)
	return n
}

// list returns the elements that are objects.
func (v view) list(path ...string) []view {
	items, _ := v.at(path...).([]any)
	views := make([]view, 0, len(items))
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			views = append(views, view{m})
		}
	}
	return views
}

// strs returns the elements that are strings.
func (v view) strs(path ...string) []string {
	items, _ := v.at(path...).([]any)
	texts := make([]string, 0, len(items))
	for _, item := range items {
		if s, ok := item.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}
