package celrules

import (
	"fmt"
	"reflect"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

// list is an array. Its key says what makes two items the same one: nil for an atomic list, whose items have a place instead.
type list struct {
	items []ref.Val
	raw   []any // what the items were made of, nil for a list that a rule has made
	key   func(item ref.Val) (any, error)
}

var _ traits.Lister = (*list)(nil)

func listValue(v any, node *apiextensionsv1.JSONSchemaProps) ref.Val {
	raw, ok := v.([]any)
	if !ok {
		return types.NewErr("invalid data, expected an array for the provided schema with type=array")
	}
	if node.Items == nil || node.Items.Schema == nil {
		return types.NewErr("invalid array type, expected Items with a non-empty Schema")
	}
	l := &list{raw: raw, items: make([]ref.Val, len(raw))}
	for i, item := range raw {
		l.items[i] = value(item, node.Items.Schema)
	}
	if node.XListType == nil {
		return l
	}
	switch *node.XListType {
	case "set":
		l.key = scalarKey
	case "map":
		keys := make([]string, len(node.XListMapKeys))
		for i, k := range node.XListMapKeys {
			keys[i] = k
			if escaped, ok := escape(k); ok {
				keys[i] = escaped
			}
		}
		l.key = func(item ref.Val) (any, error) { return fieldsKey(item, keys) }
	}
	return l
}

// scalarKey identifies an item of a set by its value.
func scalarKey(item ref.Val) (any, error) {
	switch item.(type) {
	case traits.Lister, traits.Mapper:
		return nil, fmt.Errorf("listSet operations are only supported on lists of scalar values")
	}
	v := item.Value()
	if v != nil && !reflect.TypeOf(v).Comparable() {
		return fmt.Sprintf("%#v", v), nil
	}
	return v, nil
}

// fieldsKey identifies an item of a list map by its key fields.
func fieldsKey(item ref.Val, keys []string) (any, error) {
	m, ok := item.(traits.Mapper)
	if !ok {
		return nil, fmt.Errorf("unexpected data format for element of array with x-kubernetes-list-type=map: %T", item.Value())
	}
	id := make([]any, len(keys))
	for i, k := range keys {
		if v, ok := m.Find(types.String(k)); ok {
			id[i] = v.Value()
		}
	}
	return fmt.Sprintf("%#v", id), nil
}

// Equal implements [ref.Val]. The order of sets and list maps does not count.
func (l *list) Equal(other ref.Val) ref.Val {
	theirs, ok := other.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	if l.Size() != theirs.Size() {
		return types.False
	}
	if l.key == nil {
		for i, item := range l.items {
			if equal := item.Equal(theirs.Get(types.Int(i))); equal != types.True {
				return equal
			}
		}
		return types.True
	}
	mine, err := l.index()
	if err != nil {
		return types.WrapErr(err)
	}
	seen := map[any]bool{}
	for it := theirs.Iterator(); it.HasNext() == types.True; {
		item := it.Next()
		k, err := l.key(item)
		if err != nil {
			return types.WrapErr(err)
		}
		i, ok := mine[k]
		if !ok {
			return types.False
		}
		if equal := l.items[i].Equal(item); equal != types.True {
			return equal
		}
		seen[k] = true
	}
	return types.Bool(len(seen) == len(mine))
}

// index returns the place of each item by its key.
func (l *list) index() (map[any]int, error) {
	places := make(map[any]int, len(l.items))
	for i, item := range l.items {
		k, err := l.key(item)
		if err != nil {
			return nil, err
		}
		places[k] = i
	}
	return places, nil
}

// Add implements [traits.Adder]: the union of sets, the merge of list maps in which items of other replace those of the same
// key, and the concatenation of atomic lists. What has a place in the first operand keeps it.
func (l *list) Add(other ref.Val) ref.Val {
	theirs, ok := other.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	out := &list{items: append([]ref.Val(nil), l.items...), key: l.key}
	places := map[any]int{}
	if l.key != nil {
		var err error
		if places, err = l.index(); err != nil {
			return types.WrapErr(err)
		}
	}
	for it := theirs.Iterator(); it.HasNext() == types.True; {
		item := it.Next()
		if l.key == nil {
			out.items = append(out.items, item)
			continue
		}
		k, err := l.key(item)
		if err != nil {
			return types.WrapErr(err)
		}
		if at, ok := places[k]; ok {
			out.items[at] = item
			continue
		}
		places[k] = len(out.items)
		out.items = append(out.items, item)
	}
	return out
}

// Contains implements [traits.Container].
func (l *list) Contains(v ref.Val) ref.Val {
	if types.IsUnknownOrError(v) {
		return v
	}
	var fault ref.Val
	for _, item := range l.items {
		equal := item.Equal(v)
		if equal == types.True {
			return types.True
		}
		if _, ok := equal.(types.Bool); !ok && fault == nil {
			fault = types.MaybeNoSuchOverloadErr(equal)
		}
	}
	if fault != nil {
		return fault
	}
	return types.False
}

// Get implements [traits.Indexer].
func (l *list) Get(index ref.Val) ref.Val {
	i, ok := index.(types.Int)
	if !ok {
		return types.ValOrErr(index, "unsupported index: %v", index)
	}
	if i < 0 || int(i) >= len(l.items) {
		return types.NewErr("index out of bounds: %v", index)
	}
	return l.items[i]
}

// Size implements [traits.Sizer].
func (l *list) Size() ref.Val { return types.Int(len(l.items)) }

// Iterator implements [traits.Iterable].
func (l *list) Iterator() traits.Iterator {
	return types.NewRefValList(types.DefaultTypeAdapter, l.items).(traits.Iterable).Iterator()
}

// ConvertToNative implements [ref.Val].
func (l *list) ConvertToNative(t reflect.Type) (any, error) {
	return types.NewRefValList(types.DefaultTypeAdapter, l.items).ConvertToNative(t)
}

// ConvertToType implements [ref.Val].
func (l *list) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.ListType:
		return l
	case types.TypeType:
		return types.ListType
	}
	return types.NewErr("type conversion error from '%s' to '%s'", l.Type(), t.TypeName())
}

// Type implements [ref.Val].
func (l *list) Type() ref.Type { return types.ListType }

// Value implements [ref.Val].
func (l *list) Value() any {
	if l.raw != nil {
		return l.raw
	}
	return l.items
}
