package check

import (
	"slices"
	"strings"

	kind "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// What the server looks at first, in the order in which it does, where it looks at one of several alone.
var (
	metricOrder = []string{"object", "external", "pods", "resource", "containerResource"}
	first       = map[string][]string{"metrics": metricOrder, "volumes": volumeSources}
)

// seen leaves out faults in what the server does not look at, because something else there is wrong.
func seen(gk kind.GroupKind, faults field.ErrorList) field.ErrorList {
	if len(faults) < 2 {
		return faults
	}
	faults = slices.DeleteFunc(faults, func(e *field.Error) bool {
		return behindFirst(e, faults) || behindSelector(e, faults) || behindVolume(e, faults) || behindKind(e, faults)
	})
	if only := alone[gk]; only != nil {
		if these := only(faults); len(these) > 0 {
			return these
		}
	}
	return faults
}

// behindFirst says that a fault is inside a source that is one too many.
func behindFirst(e *field.Error, faults field.ErrorList) bool {
	return slices.ContainsFunc(faults, func(other *field.Error) bool {
		if other.Type != field.ErrorTypeForbidden || !strings.HasPrefix(e.Field, other.Field+".") {
			return false
		}
		dot := strings.LastIndex(other.Field, ".")
		holder, source := other.Field[:max(dot, 0)], other.Field[dot+1:]
		list := holder[strings.LastIndex(holder, ".")+1:]
		list, _, _ = strings.Cut(list, "[")
		if holder == "spec" {
			return slices.Contains(persistentSources, source)
		}
		return slices.Contains(first[list], source)
	})
}

// behindSelector says that a fault is in a template that nobody compares with a selector that says nothing.
func behindSelector(e *field.Error, faults field.ErrorList) bool {
	return strings.HasPrefix(e.Field, "spec.template.") && slices.ContainsFunc(faults, func(other *field.Error) bool {
		return other.Field == "spec.selector" && other.Detail == "invalid label selector"
	})
}

// behindVolume says that a fault is the name of a volume that is there twice, where the other one does not count.
func behindVolume(e *field.Error, faults field.ErrorList) bool {
	at, isName := strings.CutSuffix(e.Field, "].name")
	if !isName || e.Type != field.ErrorTypeDuplicate || !strings.HasSuffix(at[:max(strings.LastIndex(at, "["), 0)], ".volumes") {
		return false
	}
	place := at[:strings.LastIndex(at, "[")+1]
	own := at + "]"
	return slices.ContainsFunc(faults, func(other *field.Error) bool {
		return other.Type != field.ErrorTypeDuplicate && strings.HasPrefix(other.Field, place) && !strings.HasPrefix(other.Field, own)
	})
}

// behindKind says that a fault is the group of a subject that is of no known kind.
func behindKind(e *field.Error, faults field.ErrorList) bool {
	subject, ok := strings.CutSuffix(e.Field, "].apiGroup")
	return ok && strings.HasPrefix(subject, "subjects[") && slices.ContainsFunc(faults, func(other *field.Error) bool {
		return other.Field == subject+"].kind" && other.Type == field.ErrorTypeNotSupported
	})
}

// alone are faults that are found, by kind, before others are looked for.
var alone = map[kind.GroupKind]func(faults field.ErrorList) field.ErrorList{
	{Kind: "Service"}: addressFaults,
}

// addressFaults are those of a service's addresses and their families, without which there is nothing to allocate.
func addressFaults(faults field.ErrorList) field.ErrorList {
	var out field.ErrorList
	for _, e := range faults {
		for _, name := range []string{"clusterIPs", "ipFamilies", "ipFamilyPolicy"} {
			rest, ok := strings.CutPrefix(e.Field, "spec."+name)
			if ok && (rest == "" || rest[0] == '[') && e.Type != field.ErrorTypeForbidden && !strings.HasPrefix(e.Detail, "may not be set to 'None'") {
				out = append(out, e)
			}
		}
	}
	return out
}
