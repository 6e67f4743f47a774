package celrules

import (
	"fmt"
	"reflect"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// object is an object with properties, or a map.
type object struct {
	values map[string]any
	node   *apiextensionsv1.JSONSchemaProps
	elem   *apiextensionsv1.JSONSchemaProps // of a map's values; nil for an object
}

var _ traits.Mapper = (*object)(nil)

func objectValue(v any, node *apiextensionsv1.JSONSchemaProps) ref.Val {
	m, ok := v.(map[string]any)
	if !ok {
		return types.NewErr("invalid data, expected a map for the provided schema with type=object")
	}
	if node.XEmbeddedResource {
		node = withObjectMeta(node)
	}
	o := &object{values: m, node: node}
	if len(node.Properties) == 0 && node.AdditionalProperties != nil {
		o.elem = node.AdditionalProperties.Schema
	}
	return o
}

// schema returns the node of one key.
func (o *object) schema(key string) (*apiextensionsv1.JSONSchemaProps, bool) {
	if o.elem != nil {
		return o.elem, true
	}
	s, ok := o.node.Properties[key]
	return &s, ok
}

// Find implements [traits.Mapper]. A null in an optional field is no value.
func (o *object) Find(key ref.Val) (ref.Val, bool) {
	name, ok := key.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(key), true
	}
	property := string(name)
	if o.elem == nil {
		if property, ok = unescape(property); !ok {
			return nil, false
		}
	}
	v, ok := o.values[property]
	if !ok || v == nil && o.elem == nil {
		return nil, false
	}
	schema, ok := o.schema(property)
	if !ok {
		return nil, false
	}
	return value(v, schema), true
}

// Get implements [traits.Indexer].
func (o *object) Get(key ref.Val) ref.Val {
	if v, ok := o.Find(key); ok {
		return v
	}
	return types.ValOrErr(key, "no such key: %v", key)
}

// Contains implements [traits.Container].
func (o *object) Contains(key ref.Val) ref.Val {
	v, ok := o.Find(key)
	if v != nil && types.IsUnknownOrError(v) {
		return v
	}
	return types.Bool(ok)
}

// Size implements [traits.Sizer].
func (o *object) Size() ref.Val { return types.Int(len(o.values)) }

// Iterator implements [traits.Iterable]: over the keys that rules can name.
func (o *object) Iterator() traits.Iterator {
	var keys []ref.Val
	for key := range o.values {
		if _, ok := o.schema(key); !ok {
			continue
		}
		if o.elem == nil {
			if escaped, ok := escape(key); ok {
				key = escaped
			}
		}
		keys = append(keys, types.String(key))
	}
	return types.NewRefValList(types.DefaultTypeAdapter, keys).(traits.Iterable).Iterator()
}

// Equal implements [ref.Val]. Fields without a schema are compared as they are, where both have them.
func (o *object) Equal(other ref.Val) ref.Val {
	theirs, ok := other.(traits.Mapper)
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	if o.Size() != theirs.Size() {
		return types.False
	}
	for key, raw := range o.values {
		if _, ok := o.schema(key); !ok {
			plain, ok := other.(*object)
			if !ok {
				return types.MaybeNoSuchOverloadErr(other)
			}
			if v, ok := plain.values[key]; ok && !equality.Semantic.DeepEqual(raw, v) {
				return types.False
			}
			continue
		}
		name := key
		if o.elem == nil {
			if escaped, ok := escape(key); ok {
				name = escaped
			}
		}
		v, found := o.Find(types.String(name))
		their, theirFound := theirs.Find(types.String(name))
		if found != theirFound {
			return types.False
		}
		if !found {
			continue
		}
		if equal := v.Equal(their); equal != types.True {
			return equal
		}
	}
	return types.True
}

// ConvertToNative implements [ref.Val].
func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	if t.Kind() == reflect.Map {
		return o.values, nil
	}
	return nil, fmt.Errorf("type conversion error from '%s' to '%s'", o.Type(), t)
}

// ConvertToType implements [ref.Val].
func (o *object) ConvertToType(t ref.Type) ref.Val {
	switch t {
	case types.MapType:
		return o
	case types.TypeType:
		return types.MapType
	}
	return types.NewErr("type conversion error from '%s' to '%s'", o.Type(), t.TypeName())
}

// Type implements [ref.Val].
func (o *object) Type() ref.Type { return types.MapType }

// Value implements [ref.Val].
func (o *object) Value() any { return o.values }
