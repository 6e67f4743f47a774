package diff

import (
	"slices"
	"strings"

	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
)

// fields is who owns what in a live object, as managedFields write it.
type fields struct {
	// ours are the fields of our own entry; nil when we have none.
	ours   map[string]any
	owner  Owner
	others []entry
}

// entry is what one other manager owns.
type entry struct {
	owner  Owner
	fields map[string]any
}

// manyManagers is the number of entries above which they are decoded, since here each is asked for each path.
const manyManagers = 64

// readFields reads managedFields without decoding the sets in them. It returns nil for what takes decoding: entries that are
// not as servers write them, or at another version.
func readFields(metadata map[string]any, manager, version string) *fields {
	list, ok := metadata["managedFields"].([]any)
	if !ok || len(list) > manyManagers {
		return nil
	}
	out := &fields{others: make([]entry, 0, len(list))}
	for _, e := range list {
		m, ok := e.(map[string]any)
		if !ok || m["apiVersion"] != version {
			return nil
		}
		set, ok := m["fieldsV1"].(map[string]any)
		if !ok || !written(set) {
			return nil
		}
		_, o := owner(m)
		if isOurs(m, manager) {
			if out.ours != nil {
				return nil
			}
			out.ours, out.owner = set, o
			continue
		}
		for _, earlier := range out.others {
			if compareOwners(earlier.owner, o) == 0 {
				return nil
			}
		}
		out.others = append(out.others, entry{owner: o, fields: set})
	}
	if out.ours == nil && len(out.others) == 0 {
		return nil
	}
	return out
}

// touch says whether an entry of another manager has the path, in whatever way, or may have it.
func (f *fields) touch(path []string) bool {
	for i := range f.others {
		if _, found, clear := f.others[i].find(path); found || !clear {
			return true
		}
	}
	return false
}

// of returns those who own the field at the path or a part of it, and false when that takes decoding.
func (f *fields) of(path fieldpath.Path) ([]Owner, bool) {
	keys, ok := serialized(path)
	if !ok {
		return nil, false
	}
	var out []Owner
	add := func(e *entry) bool {
		_, found, clear := e.find(keys)
		if found {
			out = append(out, e.owner)
		}
		return clear
	}
	if f.ours != nil && !add(&entry{owner: f.owner, fields: f.ours}) {
		return nil, false
	}
	for i := range f.others {
		if !add(&f.others[i]) {
			return nil, false
		}
	}
	slices.SortFunc(out, compareOwners)
	return out, true
}

// leaf says whether the entry owns the leaf at the path. Clear is false when that takes decoding.
func (e *entry) leaf(path []string) (owns, clear bool) {
	node, found, clear := e.find(path)
	if !found || !clear {
		return false, clear
	}
	_, itself := node["."]
	if len(node) == 0 || itself && len(node) == 1 {
		return true, true
	}
	return false, false // It owns parts of what is of one piece.
}

// find returns what an entry has below a path. Clear is false when that takes decoding.
func (e *entry) find(path []string) (node map[string]any, found, clear bool) {
	node = e.fields
	for i, key := range path {
		if i > 0 && len(node) == 0 {
			return nil, false, false // A field is owned as one piece that has parts.
		}
		below, ok := node[key]
		if !ok {
			return nil, false, true
		}
		if node, ok = below.(map[string]any); !ok {
			return nil, false, false
		}
	}
	return node, true, true
}

// written says whether fields are as servers write them, every path element spelled as we spell it, so that one that is not
// found by its text is not there.
func written(node map[string]any) bool {
	for key, below := range node {
		if key != "." && !strings.HasPrefix(key, "f:") && !usual(key) {
			e, err := fieldpath.DeserializePathElement(key)
			if err != nil {
				return false
			}
			if again, err := fieldpath.SerializePathElement(e); err != nil || again != key {
				return false
			}
		}
		if m, ok := below.(map[string]any); !ok || !written(m) {
			return false
		}
	}
	return true
}

// usual says of a key whether it tells an item by one field that is a word: k:{"name":"web"}. It is what most are like.
func usual(key string) bool {
	rest, ok := strings.CutPrefix(key, `k:{"`)
	if !ok {
		return false
	}
	name, rest, ok := strings.Cut(rest, `":"`)
	if !ok || !word(name) {
		return false
	}
	value, ok := strings.CutSuffix(rest, `"}`)
	return ok && word(value)
}

func word(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '-' && c != '.' && c != '/' && c != '_' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return true
}
