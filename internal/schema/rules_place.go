package schema

import "strings"

// Place says where the server reports a fault, relative to the value that has it.
type Place string

// The places that occur.
const (
	// Here is the value itself.
	Here Place = ""
	// Holder is the list or map that the value is an element of.
	Holder Place = "holder"
	// Parent is the structure that the value is a field of.
	Parent Place = "parent"
	// NoIndex is the value, without saying in which element of the innermost list it is.
	NoIndex Place = "noindex"
	// NoList is the value, as if its structure were not in a list at all.
	NoList Place = "nolist"
)

// Places are all of them, the likeliest first.
var Places = []Place{Here, Holder, NoIndex, NoList, Parent}

// Of returns the path that faults of a value at path are reported at.
func (p Place) Of(path string) string {
	switch p {
	case Holder:
		if end := strings.LastIndex(path, "["); end >= 0 && strings.HasSuffix(path, "]") {
			return path[:end]
		}
	case Parent:
		if end := strings.LastIndex(path, "."); end >= 0 && !strings.HasSuffix(path, "]") {
			return path[:end]
		}
	case NoIndex:
		if start, end, ok := lastIndex(path); ok {
			return path[:start] + path[end:]
		}
	case NoList:
		if start, end, ok := lastIndex(path); ok {
			if dot := strings.LastIndex(path[:start], "."); dot >= 0 {
				return path[:dot] + path[end:]
			}
		}
	}
	return path
}

// lastIndex finds the last index before the end of a path.
func lastIndex(path string) (start, end int, ok bool) {
	end = strings.LastIndex(path, "].")
	if end < 0 {
		return 0, 0, false
	}
	start = strings.LastIndex(path[:end], "[")
	return start, end + 1, start >= 0
}
