package strategy

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// podUpdate lists the rules for a pod that depend on which item or key has changed, and on which way a value goes.
var podUpdate = []check{podContainers, podDeadline, podTolerations, podGates, podNodeSelector, podAffinity}

// podContainers keeps the number of containers. Nothing else is said of a pod in which one has come or gone.
func podContainers(obj, old map[string]any) field.ErrorList {
	if old == nil {
		return nil
	}
	for _, part := range []string{"containers", "initContainers"} {
		was, _ := Get(old, Path{"spec", part}).([]any)
		is, _ := Get(obj, Path{"spec", part}).([]any)
		if len(was) != len(is) {
			return field.ErrorList{field.Forbidden(field.NewPath("spec", part), "pod updates may not add or remove containers")}
		}
	}
	return nil
}

// podDeadline lets a deadline come nearer, and not go.
func podDeadline(obj, old map[string]any) field.ErrorList {
	path := Path{"spec", "activeDeadlineSeconds"}
	was, had := Get(old, path).(int64)
	is, has := Get(obj, path).(int64)
	switch {
	case !had || podContainers(obj, old) != nil:
		return nil
	case !has:
		return field.ErrorList{field.Invalid(field.NewPath(path[0], path[1:]...), nil, "must not update from a positive integer to nil value")}
	case is > was:
		return field.ErrorList{field.Invalid(field.NewPath(path[0], path[1:]...), is, "must be less than or equal to previous value")}
	}
	return nil
}

// podTolerations lets tolerations be added, and how long they hold be changed.
func podTolerations(obj, old map[string]any) field.ErrorList {
	if old == nil || podContainers(obj, old) != nil {
		return nil
	}
	was, _ := Get(old, Path{"spec", "tolerations"}).([]any)
	is, _ := Get(obj, Path{"spec", "tolerations"}).([]any)
	same := func(a, b any) bool {
		skip := []Path{{"tolerationSeconds"}}
		return reflect.DeepEqual(without(a, skip), without(b, skip))
	}
	for _, t := range was {
		if !slices.ContainsFunc(is, func(n any) bool { return same(t, n) }) {
			return field.ErrorList{field.Forbidden(field.NewPath("spec", "tolerations"),
				"existing toleration can not be modified except its tolerationSeconds")}
		}
	}
	return nil
}

// podGates lets gates be taken away.
func podGates(obj, old map[string]any) field.ErrorList {
	if old == nil || podContainers(obj, old) != nil {
		return nil
	}
	had := map[any]bool{}
	was, _ := Get(old, Path{"spec", "schedulingGates"}).([]any)
	for _, g := range was {
		g, _ := g.(map[string]any)
		had[g["name"]] = true
	}
	var errs field.ErrorList
	is, _ := Get(obj, Path{"spec", "schedulingGates"}).([]any)
	for i, g := range is {
		if g, _ := g.(map[string]any); !had[g["name"]] {
			errs = append(errs, field.Forbidden(field.NewPath("spec", "schedulingGates").Index(i).Child("name"),
				fmt.Sprintf("only deletion is allowed, but found new scheduling gate '%v'", g["name"])))
		}
	}
	return errs
}

// podNodeSelector lets labels be added to the selector of a pod that waits at a gate (KEP-3838).
func podNodeSelector(obj, old map[string]any) field.ErrorList {
	gates, _ := Get(old, Path{"spec", "schedulingGates"}).([]any)
	if len(gates) == 0 || podContainers(obj, old) != nil {
		return nil
	}
	was, _ := Get(old, Path{"spec", "nodeSelector"}).(map[string]any)
	is, _ := Get(obj, Path{"spec", "nodeSelector"}).(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(was)) {
		if is[key] != was[key] {
			return field.ErrorList{field.Invalid(field.NewPath("spec", "nodeSelector"), is,
				"only additions to spec.nodeSelector are allowed (no mutations or deletions)")}
		}
	}
	return nil
}

// podAffinity lets expressions be added to what nodes a pod that waits at a gate requires, and terms where there are none
// (KEP-3838).
func podAffinity(obj, old map[string]any) field.ErrorList {
	gates, _ := Get(old, Path{"spec", "schedulingGates"}).([]any)
	path := Path{"spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"}
	was, _ := Get(old, path).([]any)
	is, _ := Get(obj, path).([]any)
	if len(gates) == 0 || len(was) == 0 || podContainers(obj, old) != nil {
		return nil
	}
	where := field.NewPath(path[0], path[1:]...)
	if len(was) != len(is) {
		return field.ErrorList{field.Invalid(where, is, "no additions/deletions to non-empty NodeSelectorTerms list are allowed")}
	}
	var errs field.ErrorList
	for i := range was {
		was, _ := was[i].(map[string]any)
		is, _ := is[i].(map[string]any)
		if !onlyMore(was, is) {
			errs = append(errs, field.Invalid(where.Index(i), is, "only additions are allowed (no mutations or deletions)"))
		}
	}
	return errs
}

// onlyMore says whether a term has all that it had, in its place. A term that matches nothing stays so.
func onlyMore(was, is map[string]any) bool {
	lists := []string{"matchExpressions", "matchFields"}
	if isEmpty(was[lists[0]]) && isEmpty(was[lists[1]]) {
		return isEmpty(is[lists[0]]) && isEmpty(is[lists[1]])
	}
	for _, name := range lists {
		had, _ := was[name].([]any)
		has, _ := is[name].([]any)
		if len(has) < len(had) || !reflect.DeepEqual(has[:len(had):len(had)], had) && len(had) > 0 {
			return false
		}
	}
	return true
}
