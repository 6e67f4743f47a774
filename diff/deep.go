package diff

// deepest is how many levels an object, or the fields of a manager, may have. A merge takes time that grows with the square of
// the levels, and an object that people write has a few dozen; servers take 10,000.
const deepest = 1000

const tooDeep = "it is nested more than 1,000 levels deep; ask the server by a dry run"

// deeper says whether a value has more levels than that.
func deeper(v any, levels int) bool {
	if levels < 0 {
		return true
	}
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			if deeper(e, levels-1) {
				return true
			}
		}
	case []any:
		for _, e := range v {
			if deeper(e, levels-1) {
				return true
			}
		}
	}
	return false
}
