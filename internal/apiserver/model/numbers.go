package model

// integers writes whole numbers that a Go type holds as floating point the way they come back from JSON, so that an object
// equals itself after it was stored.
func integers(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for k, item := range v {
			switch item.(type) {
			case map[string]any, []any, float64:
				v[k] = integers(item)
			}
		}
	case []any:
		for i, item := range v {
			switch item.(type) {
			case map[string]any, []any, float64:
				v[i] = integers(item)
			}
		}
	case float64:
		// Beyond 1e15 JSON may be written with an exponent, which reads back as floating point.
		if whole := int64(v); float64(whole) == v && whole < 1e15 && whole > -1e15 {
			return whole
		}
	}
	return value
}
