package celrules

import (
	"fmt"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// comparable and summable are the types of items that can be put into order and added up.
var (
	comparable = []*cel.Type{
		cel.IntType, cel.UintType, cel.DoubleType, cel.BoolType, cel.DurationType, cel.TimestampType, cel.StringType, cel.BytesType,
	}
	zeros = []struct {
		typ  *cel.Type
		zero ref.Val
	}{
		{cel.IntType, types.Int(0)}, {cel.UintType, types.Uint(0)}, {cel.DoubleType, types.Double(0)}, {cel.DurationType, types.Duration{}},
	}
	item = cel.TypeParamType("A")
)

// listFunctions are Kubernetes' list library: isSorted, sum, min, max, indexOf and lastIndexOf.
var listFunctions = func() map[string][]cel.FunctionOpt {
	all := map[string][]cel.FunctionOpt{
		"indexOf":     {search("list_a_index_of_int", false)},
		"lastIndexOf": {search("list_a_last_index_of_int", true)},
	}
	for _, t := range comparable {
		all["isSorted"] = append(all["isSorted"], cel.MemberOverload(fmt.Sprintf("list_%s_is_sorted_bool", t), []*cel.Type{cel.ListType(t)}, cel.BoolType, cel.UnaryBinding(isSorted)))
		all["min"] = append(all["min"], extreme("min", t, types.IntOne))
		all["max"] = append(all["max"], extreme("max", t, types.IntNegOne))
	}
	for _, z := range zeros {
		all["sum"] = append(all["sum"], cel.MemberOverload(fmt.Sprintf("list_%s_sum_%[1]s", z.typ), []*cel.Type{cel.ListType(z.typ)}, z.typ,
			cel.UnaryBinding(func(v ref.Val) ref.Val { return sum(v, z.zero) })))
	}
	return all
}()

// each calls visit with the items of a list until it returns a value.
func each(v ref.Val, visit func(item ref.Val) ref.Val) ref.Val {
	iterable, ok := v.(traits.Iterable)
	if !ok {
		return types.MaybeNoSuchOverloadErr(v)
	}
	for it := iterable.Iterator(); it.HasNext() == types.True; {
		if result := visit(it.Next()); result != nil {
			return result
		}
	}
	return nil
}

func isSorted(v ref.Val) ref.Val {
	var previous traits.Comparer
	result := each(v, func(item ref.Val) ref.Val {
		next, ok := item.(traits.Comparer)
		if !ok {
			return types.MaybeNoSuchOverloadErr(item)
		}
		if previous != nil && previous.Compare(item) == types.IntOne {
			return types.False
		}
		previous = next
		return nil
	})
	if result == nil {
		return types.True
	}
	return result
}

func sum(v, total ref.Val) ref.Val {
	fault := each(v, func(item ref.Val) ref.Val {
		adder, ok := total.(traits.Adder)
		if !ok { // an overflow
			return total
		}
		total = adder.Add(item)
		return nil
	})
	if fault != nil {
		return fault
	}
	return total
}

// extreme declares the function that returns the first item from which no other differs in the direction of replace.
func extreme(name string, t *cel.Type, replace ref.Val) cel.FunctionOpt {
	find := func(v ref.Val) ref.Val {
		var best ref.Val
		fault := each(v, func(item ref.Val) ref.Val {
			if best == nil {
				best = item
				return nil
			}
			current, ok := best.(traits.Comparer)
			if !ok {
				return types.MaybeNoSuchOverloadErr(best)
			}
			if current.Compare(item) == replace {
				best = item
			}
			return nil
		})
		switch {
		case fault != nil:
			return fault
		case best == nil:
			return types.NewErr("%s called on empty list", name)
		}
		return best
	}
	return cel.MemberOverload(fmt.Sprintf("list_%s_%s_%[1]s", t, name), []*cel.Type{cel.ListType(t)}, t, cel.UnaryBinding(find))
}

// search declares the function that returns the first or the last place of an item, -1 without one.
func search(id string, last bool) cel.FunctionOpt {
	return cel.MemberOverload(id, []*cel.Type{cel.ListType(item), item}, cel.IntType, cel.BinaryBinding(func(v, wanted ref.Val) ref.Val {
		found, at := types.Int(-1), types.Int(0)
		if fault := each(v, func(item ref.Val) ref.Val {
			if item.Equal(wanted) == types.True && (last || found < 0) {
				found = at
			}
			at++
			return nil
		}); fault != nil {
			return fault
		}
		return found
	}))
}
