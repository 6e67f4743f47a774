package celrules

import (
	"fmt"
	"reflect"
	"time"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/kube-openapi/pkg/validation/strfmt"
)

// value returns the CEL value of v, which the node describes. What does not fit is an error value, which CEL passes on to
// whatever uses it.
func value(v any, node *apiextensionsv1.JSONSchemaProps) ref.Val {
	if v == nil {
		if node.Nullable {
			return types.NullValue
		}
		return types.NewErr("invalid data, got null for schema with nullable=false")
	}
	if node.XIntOrString {
		switch v := v.(type) {
		case string:
			return types.String(v)
		case int64:
			return types.Int(v)
		}
		return types.NewErr("invalid data, expected XIntOrString value to be either a string or integer")
	}
	switch node.Type {
	case "object":
		return objectValue(v, node)
	case "array":
		return listValue(v, node)
	case "string":
		if s, ok := v.(string); ok {
			return stringValue(s, node.Format)
		}
	case "boolean":
		if b, ok := v.(bool); ok {
			return types.Bool(b)
		}
	case "integer":
		if i, ok := v.(int64); ok {
			return types.Int(i)
		}
	case "number":
		switch n := v.(type) {
		case int64:
			return types.Double(n)
		case float64:
			return types.Double(n)
		}
	case "":
		return untyped{v}
	}
	return types.NewErr("invalid data, expected %s, got %T", node.Type, v)
}

func stringValue(s, format string) ref.Val {
	switch format {
	case "duration":
		d, err := strfmt.ParseDuration(s)
		if err != nil {
			return types.NewErr("Invalid duration %s: %v", s, err)
		}
		return types.Duration{Duration: d}
	case "date":
		d, err := time.Parse(strfmt.RFC3339FullDate, s)
		if err != nil {
			return types.NewErr("Invalid date formatted string %s: %v", s, err)
		}
		return types.Timestamp{Time: d}
	case "date-time":
		d, err := strfmt.ParseDateTime(s)
		if err != nil {
			return types.NewErr("Invalid date-time formatted string %s: %v", s, err)
		}
		return types.Timestamp{Time: time.Time(d)}
	case "byte":
		var b strfmt.Base64
		if err := b.UnmarshalText([]byte(s)); err != nil {
			return types.NewErr("Invalid byte formatted string %s: %v", s, err)
		}
		return types.Bytes(b)
	}
	return types.String(s)
}

// untyped is a value without a schema. No rule can name it, but it takes part when what holds it is compared.
type untyped struct{ v any }

// ConvertToNative implements [ref.Val].
func (u untyped) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("type conversion to '%s' not supported for values preserved by x-kubernetes-preserve-unknown-fields", t)
}

// ConvertToType implements [ref.Val].
func (u untyped) ConvertToType(t ref.Type) ref.Val {
	return types.NewErr("type conversion to '%s' not supported for values preserved by x-kubernetes-preserve-unknown-fields", t.TypeName())
}

// Equal implements [ref.Val].
func (u untyped) Equal(other ref.Val) ref.Val {
	return types.Bool(equality.Semantic.DeepEqual(u.v, other.Value()))
}

// Type implements [ref.Val].
func (u untyped) Type() ref.Type { return types.UnknownType }

// Value implements [ref.Val].
func (u untyped) Value() any { return u.v }
