package celrules

import (
	"errors"
	"strings"

	"github.com/blang/semver/v4"
	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"k8s.io/apimachinery/pkg/api/resource"
)

var quantityType = cel.ObjectType("kubernetes.Quantity")

func quantity(q resource.Quantity) ref.Val {
	return opaque[resource.Quantity]{q, quantityType, resource.Quantity.Equal}
}

// quantityFunctions are Kubernetes' functions for quantities.
var quantityFunctions = func() map[string][]cel.FunctionOpt {
	type q = resource.Quantity
	two := []*cel.Type{quantityType, quantityType}
	compare := func(id string, result *cel.Type, f func(order int) ref.Val) []cel.FunctionOpt {
		return []cel.FunctionOpt{cel.MemberOverload("quantity_"+id, two, result, of2(func(a, b q) ref.Val { return f(a.Cmp(b)) }))}
	}
	calculate := func(id string, f func(a *q, b q)) []cel.FunctionOpt {
		with := func(a, b q) ref.Val {
			out := a.DeepCopy()
			f(&out, b)
			return quantity(out)
		}
		return []cel.FunctionOpt{
			cel.MemberOverload("quantity_"+id, two, quantityType, of2(with)),
			cel.MemberOverload("quantity_"+id+"_int", []*cel.Type{quantityType, cel.IntType}, quantityType,
				of2(func(a q, b int64) ref.Val { return with(a, *resource.NewQuantity(b, resource.DecimalExponent)) })),
		}
	}
	read, is := parsed("quantity", quantityType, resource.ParseQuantity, quantity, "")
	return map[string][]cel.FunctionOpt{
		"quantity":      {read},
		"isQuantity":    {is},
		"sign":          {cel.Overload("quantity_sign", []*cel.Type{quantityType}, cel.IntType, of(func(a q) ref.Val { return types.Int(a.Sign()) }))},
		"isGreaterThan": compare("is_greater_than", cel.BoolType, func(order int) ref.Val { return types.Bool(order > 0) }),
		"isLessThan":    compare("is_less_than", cel.BoolType, func(order int) ref.Val { return types.Bool(order < 0) }),
		"compareTo":     compare("compare_to", cel.IntType, func(order int) ref.Val { return types.Int(order) }),
		"add":           calculate("add", (*q).Add),
		"sub":           calculate("sub", func(a *q, b q) { a.Sub(b) }),
		"asApproximateFloat": member("quantity_get_float", quantityType, cel.DoubleType, func(a q) ref.Val {
			return types.Double(a.AsApproximateFloat64())
		}),
		"isInteger": member("quantity_is_integer", quantityType, cel.BoolType, func(a q) ref.Val {
			_, ok := a.AsInt64()
			return types.Bool(ok)
		}),
		"asInteger": member("quantity_get_int", quantityType, cel.IntType, func(a q) ref.Val {
			v, ok := a.AsInt64()
			if !ok {
				return types.NewErr("cannot convert value to integer")
			}
			return types.Int(v)
		}),
	}
}()

var versionType = cel.ObjectType("kubernetes.Semver")

func version(v semver.Version) ref.Val {
	return opaque[semver.Version]{v, versionType, semver.Version.EQ}
}

// versionFunctions are Kubernetes' functions for semantic versions.
var versionFunctions = func() map[string][]cel.FunctionOpt {
	type v = semver.Version
	compare := func(id string, result *cel.Type, f func(order int) ref.Val) []cel.FunctionOpt {
		return []cel.FunctionOpt{cel.MemberOverload("semver_"+id, []*cel.Type{versionType, versionType}, result,
			of2(func(a, b v) ref.Val { return f(a.Compare(b)) }))}
	}
	part := func(id string, get func(a v) uint64) []cel.FunctionOpt {
		return member("semver_"+id, versionType, cel.IntType, func(a v) ref.Val { return types.Int(get(a)) })
	}
	flagged := func(text string, normalize bool) (v, error) {
		if normalize {
			return normalized(text)
		}
		return semver.Parse(text)
	}
	read, is := parsed("semver", versionType, semver.Parse, version, "")
	textAndFlag := []*cel.Type{cel.StringType, cel.BoolType}
	return map[string][]cel.FunctionOpt{
		"semver": {read, cel.Overload("string_bool_to_semver", textAndFlag, versionType, of2(func(text string, normalize bool) ref.Val {
			parsed, err := flagged(text, normalize)
			if err != nil {
				return types.WrapErr(err)
			}
			return version(parsed)
		}))},
		"isSemver": {is, cel.Overload("is_semver_string_bool", textAndFlag, cel.BoolType, of2(func(text string, normalize bool) ref.Val {
			_, err := flagged(text, normalize)
			return types.Bool(err == nil)
		}))},
		"isGreaterThan": compare("is_greater_than", cel.BoolType, func(order int) ref.Val { return types.Bool(order > 0) }),
		"isLessThan":    compare("is_less_than", cel.BoolType, func(order int) ref.Val { return types.Bool(order < 0) }),
		"compareTo":     compare("compare_to", cel.IntType, func(order int) ref.Val { return types.Int(order) }),
		"major":         part("major", func(a v) uint64 { return a.Major }),
		"minor":         part("minor", func(a v) uint64 { return a.Minor }),
		"patch":         part("patch", func(a v) uint64 { return a.Patch }),
	}
}()

// normalized reads a version that may have a leading "v", leading zeros, and no minor version or patch.
func normalized(text string) (semver.Version, error) {
	parts := strings.SplitN(strings.TrimPrefix(text, "v"), ".", 3)
	for i, part := range parts {
		if trimmed := strings.TrimLeft(part, "0"); len(part) > 1 {
			if trimmed == "" || trimmed[0] < '0' || trimmed[0] > '9' {
				trimmed = "0" + trimmed
			}
			parts[i] = trimmed
		}
	}
	if len(parts) < 3 && strings.ContainsAny(parts[len(parts)-1], "+-") {
		return semver.Version{}, errors.New("short version cannot contain PreRelease/Build meta data")
	}
	for len(parts) < 3 {
		parts = append(parts, "0")
	}
	return semver.Parse(strings.Join(parts, "."))
}
