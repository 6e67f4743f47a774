package check

import (
	"slices"

	kind "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// metricSources are the sources of metrics by type.
var metricSources = map[string]string{
	"Object": "object", "Pods": "pods", "Resource": "resource", "External": "external", "ContainerResource": "containerResource",
}

// metric: the source of its type, and no other.
func metric(obj map[string]any, at *field.Path) field.ErrorList {
	want := metricSources[str(obj, "type")]
	var errs field.ErrorList
	if want != "" && obj[want] == nil {
		errs = append(errs, field.Required(at.Child(want), "must populate information for the given metric source"))
	}
	have := present(obj, "object", "external", "pods", "resource", "containerResource")
	if len(have) == 1 {
		return errs
	}
	for _, name := range have {
		if name != want {
			errs = append(errs, field.Forbidden(at.Child(name), "must populate the given metric source only"))
		}
	}
	return errs
}

// metricTarget: a target of its type.
func metricTarget(obj map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	source := at.String()
	source = source[:len(source)-len(".target")]
	ends := func(suffix string) bool {
		return len(source) > len(suffix) && source[len(source)-len(suffix)-1:] == "."+suffix
	}
	if n, ok := number(obj, "averageUtilization"); ok && n < 1 {
		errs = append(errs, field.Invalid(at.Child("averageUtilization"), n, "must be greater than 0"))
	}
	usage, average, value := obj["averageUtilization"] != nil, obj["averageValue"] != nil, obj["value"] != nil
	switch {
	case ends("object"):
		if !value && !average {
			errs = append(errs, field.Required(at.Child("averageValue"), "must set either a target value or averageValue"))
		}
	case ends("external"):
		if !value && !average {
			errs = append(errs, field.Required(at.Child("averageValue"), "must set either a target value for metric or a per-pod target"))
		}
		if value && average {
			errs = append(errs, field.Forbidden(at.Child("value"), "may not set both a target value for metric and a per-pod target"))
		}
	case ends("pods"):
		if !average {
			errs = append(errs, field.Required(at.Child("averageValue"), "must specify a positive target averageValue"))
		}
	case ends("resource"), ends("containerResource"):
		if !usage && !average {
			errs = append(errs, field.Required(at.Child("averageUtilization"), "must set either a target raw value or a target utilization"))
		}
		if usage && average {
			errs = append(errs, field.Forbidden(at.Child("averageValue"), "may not set both a target raw value and a target utilization"))
		}
	}
	return errs
}

// autoscaler: not less at most than at least, and to nothing only by what can be measured without pods.
func autoscaler(obj map[string]any) field.ErrorList {
	spec, at := object(obj, "spec"), field.NewPath("spec")
	var errs field.ErrorList
	least, ok := number(spec, "minReplicas")
	most, _ := number(spec, "maxReplicas")
	if most < 0 {
		errs = append(errs, field.Invalid(at.Child("maxReplicas"), most, "must be greater than or equal to 1"))
	}
	ref, version := object(spec, "scaleTargetRef"), str(spec, "scaleTargetRef", "apiVersion")
	gv, err := kind.ParseGroupVersion(version)
	switch where := at.Child("scaleTargetRef", "apiVersion"); {
	case err != nil:
		errs = append(errs, field.Invalid(where, version, err.Error()))
	case gv.Group == "" && str(ref, "kind") != "ReplicationController":
		errs = append(errs, field.Invalid(where, version, "apiVersion must specify API group"))
	}
	byCount := func(m any) bool { return str(m, "type") == "Object" || str(m, "type") == "External" }
	if ok && least == 0 && !slices.ContainsFunc(list(spec, "metrics"), byCount) {
		errs = append(errs, field.Forbidden(at.Child("metrics"), "must specify at least one Object or External metric to support scaling to zero replicas"))
	}
	if ok && most < least {
		errs = append(errs, field.Invalid(at.Child("maxReplicas"), most, "must be greater than or equal to `minReplicas`"))
	}
	return errs
}

// scalingRules: rules that are given say something.
func scalingRules(obj map[string]any, at *field.Path) field.ErrorList {
	if len(list(obj, "policies")) == 0 {
		return field.ErrorList{field.Required(at.Child("policies"), "must specify at least one Policy")}
	}
	return nil
}
