package check

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// limits: for each resource the least is not more than the default, which is not more than the most.
func limits(obj map[string]any) field.ErrorList {
	var errs field.ErrorList
	types := map[string]bool{}
	for i, item := range list(obj, "spec", "limits") {
		at := field.NewPath("spec", "limits").Index(i)
		kind := str(item, "type")
		if types[kind] {
			errs = append(errs, field.Duplicate(at.Child("type"), kind))
		}
		types[kind] = true
		if kind == "PersistentVolumeClaim" && get(item, "min", "storage") == nil && get(item, "max", "storage") == nil {
			errs = append(errs, field.Required(at.Child("limits"), "either minimum or maximum storage value is required, but neither was provided"))
		}
		if kind == "Pod" {
			for _, name := range []string{"default", "defaultRequest"} {
				if len(object(item, name)) > 0 {
					errs = append(errs, field.Forbidden(at.Child(name), "may not be specified when `type` is 'Pod'"))
				}
			}
		}
		errs = append(errs, limitOrder(item, at)...)
	}
	return errs
}

var limitParts = []string{"min", "max", "default", "defaultRequest", "maxLimitRequestRatio"}

func limitOrder(item any, at *field.Path) field.ErrorList {
	names := map[string]bool{}
	for _, part := range limitParts {
		for name := range object(item, part) {
			names[name] = true
		}
	}
	var errs field.ErrorList
	form := "resource"
	if kind := str(item, "type"); kind == "Container" || kind == "Pod" {
		form = "containerresource"
	}
	for _, part := range limitParts {
		for _, name := range slices.Sorted(maps.Keys(object(item, part))) {
			for _, f := range formats[form](name) {
				errs = append(errs, field.Invalid(at.Child(part).Key(name), name, f.Detail))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		value := func(part string) (resource.Quantity, bool) { return parse(get(item, part, name)) }
		least, hasLeast := value("min")
		most, hasMost := value("max")
		usual, hasUsual := value("default")
		asked, hasAsked := value("defaultRequest")
		ratio, hasRatio := value("maxLimitRequestRatio")
		above := func(at *field.Path, shown resource.Quantity, lowName string, low resource.Quantity, highName string, high resource.Quantity) {
			if low.Cmp(high) > 0 {
				errs = append(errs, field.Invalid(at, shown.String(), fmt.Sprintf("%s value %s is greater than %s value %s", lowName, low.String(), highName, high.String())))
			}
		}
		if hasLeast && hasMost {
			above(at.Child("min").Key(name), least, "min", least, "max", most)
		}
		if hasAsked && hasLeast {
			above(at.Child("defaultRequest").Key(name), asked, "min", least, "default request", asked)
		}
		if hasAsked && hasMost {
			above(at.Child("defaultRequest").Key(name), asked, "default request", asked, "max", most)
		}
		if hasAsked && hasUsual {
			above(at.Child("defaultRequest").Key(name), asked, "default request", asked, "default limit", usual)
		}
		if hasUsual && hasLeast {
			above(at.Child("default").Key(name), least, "min", least, "default", usual)
		}
		if hasUsual && hasMost {
			above(at.Child("default").Key(name), most, "default", usual, "max", most)
		}
		if exact := !inDefaultNamespace(name) || strings.HasPrefix(name, "hugepages-"); exact && hasAsked && hasUsual && asked.Cmp(usual) != 0 {
			errs = append(errs, field.Invalid(at.Child("defaultRequest").Key(name), asked.String(),
				fmt.Sprintf("default value %s must equal to defaultRequest value %s in %s", usual.String(), asked.String(), name)))
		}
		if hasRatio {
			errs = append(errs, limitRatio(ratio, least, most, hasLeast && hasMost, at.Child("maxLimitRequestRatio").Key(name))...)
		}
	}
	return errs
}

// limitRatio: what may be used is at least what was asked for, and not further from it than the bounds are from each other.
func limitRatio(ratio, least, most resource.Quantity, bounded bool, at *field.Path) field.ErrorList {
	if ratio.Cmp(*resource.NewQuantity(1, resource.DecimalSI)) < 0 {
		return field.ErrorList{field.Invalid(at, ratio.String(), fmt.Sprintf("ratio %s is less than 1", ratio.String()))}
	}
	if bounded && least.AsApproximateFloat64() > 0 {
		if widest := most.AsApproximateFloat64() / least.AsApproximateFloat64(); ratio.AsApproximateFloat64() > widest {
			return field.ErrorList{field.Invalid(at, ratio.String(), fmt.Sprintf("ratio %s is greater than max/min = %f", ratio.String(), widest))}
		}
	}
	return nil
}

var quotaScopes = []string{
	"Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity", "VolumeAttributesClass",
}

// existingScopes are those of a pod, which it is in or is not.
var existingScopes = []string{"BestEffort", "NotBestEffort", "Terminating", "NotTerminating", "CrossNamespacePodAffinity"}

// scopeOfResources: a scope of pods limits what pods use, one of claims what claims ask for. Resources that the server does not
// know by name have any scope.
func scopeOfResources(scope string, hard map[string]any, at *field.Path, shown any) field.ErrorList {
	var of []string
	switch scope {
	case "BestEffort":
		of = []string{"pods"}
	case "VolumeAttributesClass":
		of = []string{"persistentvolumeclaims", "requests.storage"}
	case "Terminating", "NotTerminating", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity":
		of = []string{"pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"}
	default:
		return nil
	}
	var errs field.ErrorList
	for _, name := range slices.Sorted(maps.Keys(hard)) {
		if quotaResource(name) && !slices.Contains(of, name) {
			errs = append(errs, field.Invalid(at, shown, "unsupported scope applied to resource"))
		}
	}
	return errs
}

// quota: amounts of what is counted are whole, and scopes choose by values only where there are some to choose.
func quota(obj map[string]any) field.ErrorList {
	var errs field.ErrorList
	hard := object(obj, "spec", "hard")
	for _, name := range slices.Sorted(maps.Keys(hard)) {
		at := field.NewPath("spec", "hard").Key(name)
		for _, f := range formats["quotaresource"](name) {
			errs = append(errs, field.Invalid(at, name, f.Detail))
		}
		errs = append(errs, counted(name, hard[name], at)...)
	}
	scopes := list(obj, "spec", "scopes")
	for _, s := range scopes {
		if !slices.Contains(quotaScopes, text(s)) {
			errs = append(errs, field.Invalid(field.NewPath("spec", "scopes"), scopes, "unsupported scope"))
		}
	}
	for _, s := range scopes {
		errs = append(errs, scopeOfResources(text(s), hard, field.NewPath("spec", "scopes"), scopes)...)
	}
	selector := object(obj, "spec", "scopeSelector")
	for _, e := range list(selector, "matchExpressions") {
		at := field.NewPath("spec", "scopeSelector", "matchExpressions")
		errs = append(errs, scopeOfResources(str(e, "scopeName"), hard, at, selector)...)
		if operator := str(e, "operator"); operator != "Exists" && slices.Contains(existingScopes, str(e, "scopeName")) {
			errs = append(errs, field.Invalid(at.Child("operator"), operator, "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, "+
				"ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity"))
		}
		switch operator, values := str(e, "operator"), len(list(e, "values")); {
		case operator == "":
			errs = append(errs, field.Invalid(at.Child("operator"), operator, "not a valid selector operator"))
		case (operator == "In" || operator == "NotIn") && values == 0:
			errs = append(errs, field.Required(at.Child("values"), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"))
		case (operator == "Exists" || operator == "DoesNotExist") && values > 0:
			errs = append(errs, field.Invalid(at.Child("values"), get(e, "values"), "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"))
		}
		if name := str(e, "scopeName"); !slices.Contains(quotaScopes, name) {
			errs = append(errs, field.Invalid(at.Child("scopeName"), name, "unsupported scope"))
		}
	}
	for _, pair := range [][2]string{{"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"}} {
		if slices.Contains(scopes, any(pair[0])) && slices.Contains(scopes, any(pair[1])) {
			errs = append(errs, field.Invalid(field.NewPath("spec", "scopes"), scopes, "conflicting scopes"))
		}
	}
	return errs
}
