package check

import "fmt"

// isZero says that a value is one that a Go type without a pointer cannot tell from none.
func isZero(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case int64:
		return v == 0
	case map[string]any:
		return len(v) == 0
	case []any:
		return len(v) == 0
	}
	return false
}

func text(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	return fmt.Sprint(value)
}

// get returns the value at a path of fields, nil if there is none.
func get(value any, path ...string) any {
	for _, name := range path {
		m, _ := value.(map[string]any)
		value = m[name]
	}
	return value
}

func object(value any, path ...string) map[string]any {
	m, _ := get(value, path...).(map[string]any)
	return m
}

func list(value any, path ...string) []any {
	l, _ := get(value, path...).([]any)
	return l
}

func str(value any, path ...string) string {
	s, _ := get(value, path...).(string)
	return s
}

func number(value any, path ...string) (int64, bool) {
	n, ok := get(value, path...).(int64)
	return n, ok
}
