package diff

// A merge takes time that grows with the square of the levels of an object, and of the members of a list or map in no order. What
// people write has a few dozen of either; a server takes 10,000 levels, and what fits into a megabyte and a half.
const (
	deepest = 1000
	widest  = 20000
)

const tooLarge = "it is nested more than 1,000 levels deep, or has a list or map of more than 20,000 members; ask the server by a dry run"

// larger says whether a value has more levels than that, or more members in one place than are merged.
func larger(v any, levels int) bool {
	if levels < 0 {
		return true
	}
	switch v := v.(type) {
	case map[string]any:
		if len(v) > widest {
			return true
		}
		for _, e := range v {
			if larger(e, levels-1) {
				return true
			}
		}
	case []any:
		if len(v) > widest {
			return true
		}
		for _, e := range v {
			if larger(e, levels-1) {
				return true
			}
		}
	}
	return false
}
