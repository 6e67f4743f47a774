package celrules

import (
	"fmt"
	"reflect"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
)

// opaque is a value of a type that rules handle by functions only.
type opaque[T any] struct {
	v     T
	typ   *cel.Type
	equal func(a, b T) bool
}

// ConvertToNative implements [ref.Val].
func (o opaque[T]) ConvertToNative(t reflect.Type) (any, error) {
	if reflect.TypeOf(o.v).AssignableTo(t) {
		return o.v, nil
	}
	return nil, fmt.Errorf("type conversion error from '%s' to '%v'", o.typ, t)
}

// ConvertToType implements [ref.Val].
func (o opaque[T]) ConvertToType(t ref.Type) ref.Val {
	switch t.TypeName() {
	case o.typ.TypeName():
		return o
	case types.TypeType.TypeName():
		return types.NewTypeTypeWithParam(o.typ)
	}
	return types.NewErr("type conversion error from '%s' to '%s'", o.typ, t)
}

// Equal implements [ref.Val].
func (o opaque[T]) Equal(other ref.Val) ref.Val {
	their, ok := other.(opaque[T])
	if !ok {
		return types.MaybeNoSuchOverloadErr(other)
	}
	return types.Bool(o.equal(o.v, their.v))
}

// Type implements [ref.Val].
func (o opaque[T]) Type() ref.Type { return o.typ }

// Value implements [ref.Val].
func (o opaque[T]) Value() any { return o.v }

// of binds a function of one argument of a Go type.
func of[A any](f func(a A) ref.Val) cel.OverloadOpt {
	return cel.UnaryBinding(func(arg ref.Val) ref.Val {
		a, ok := arg.Value().(A)
		if !ok {
			return types.MaybeNoSuchOverloadErr(arg)
		}
		return f(a)
	})
}

// of2 binds a function of two arguments.
func of2[A, B any](f func(a A, b B) ref.Val) cel.OverloadOpt {
	return cel.BinaryBinding(func(left, right ref.Val) ref.Val {
		a, ok := left.Value().(A)
		if !ok {
			return types.MaybeNoSuchOverloadErr(left)
		}
		b, ok := right.Value().(B)
		if !ok {
			return types.MaybeNoSuchOverloadErr(right)
		}
		return f(a, b)
	})
}

// parsed declares a function that reads a text, and one that asks whether it could be read.
func parsed[T any](id string, t *cel.Type, parse func(text string) (T, error), wrap func(T) ref.Val, fault string) (make, is cel.FunctionOpt) {
	make = cel.Overload("string_to_"+id, []*cel.Type{cel.StringType}, t, of(func(text string) ref.Val {
		v, err := parse(text)
		if err != nil {
			return types.NewErr("%s%v", fault, err)
		}
		return wrap(v)
	}))
	is = cel.Overload("is_"+id+"_string", []*cel.Type{cel.StringType}, cel.BoolType, of(func(text string) ref.Val {
		_, err := parse(text)
		return types.Bool(err == nil)
	}))
	return make, is
}

// member declares a method without arguments.
func member[A any](id string, t, result *cel.Type, f func(a A) ref.Val) []cel.FunctionOpt {
	return []cel.FunctionOpt{cel.MemberOverload(id, []*cel.Type{t}, result, of(f))}
}
