package plain

import "reflect"

// Equal reports what [reflect.DeepEqual] does.
func Equal(a, b any) bool {
	switch a := a.(type) {
	case nil:
		return b == nil
	case string, bool, int64, float64:
		return a == b
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) || (a == nil) != (b == nil) {
			return false
		}
		for k, v := range a {
			w, ok := b[k]
			if !ok || !Equal(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) || (a == nil) != (b == nil) {
			return false
		}
		for i, v := range a {
			if !Equal(v, b[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(a, b)
}
