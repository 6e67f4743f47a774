package check

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// selectorRequirement: a label and a known operator. In and NotIn need values, Exists and DoesNotExist have none.
func selectorRequirement(obj map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, fault := range validation.IsQualifiedName(str(obj, "key")) {
		errs = append(errs, field.Invalid(at.Child("key"), str(obj, "key"), fault))
	}
	values := len(list(obj, "values"))
	switch operator := str(obj, "operator"); operator {
	default:
		errs = append(errs, field.Invalid(at.Child("operator"), operator, "not a valid selector operator"))
	case "In", "NotIn":
		if values == 0 {
			errs = append(errs, field.Required(at.Child("values"), "must be specified when `operator` is 'In' or 'NotIn'"))
		}
	case "Exists", "DoesNotExist":
		if values > 0 {
			errs = append(errs, field.Forbidden(at.Child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
		}
	}
	return errs
}

// selectorLabels: what is selected are labels.
func selectorLabels(obj map[string]any, at *field.Path) field.ErrorList {
	labels, where := object(obj, "matchLabels"), at.Child("matchLabels")
	return append(labelKeys(labels, where), labelValues(labels, where)...)
}

// labelValues reports values that no label can have.
func labelValues(set map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, value := range set {
		for _, fault := range easily(validation.IsValidLabelValue)(text(value)) {
			errs = append(errs, field.Invalid(at, value, fault))
		}
	}
	return errs
}

// labelKeys reports keys that no label can have.
func labelKeys(set map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for key := range set {
		for _, fault := range qualifiedName(key) {
			errs = append(errs, field.Invalid(at, key, fault))
		}
	}
	return errs
}

// nodeRequirement: as for labels, and Gt and Lt compare with one value. Fields are chosen by exactly one value.
func nodeRequirement(obj map[string]any, at *field.Path) field.ErrorList {
	values, where := len(list(obj, "values")), at.Child("values")
	operator := str(obj, "operator")
	if strings.Contains(at.String(), ".matchFields[") {
		var errs field.ErrorList
		if (operator == "In" || operator == "NotIn") && values != 1 {
			errs = append(errs, field.Required(where, "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"))
		}
		if str(obj, "key") == "" {
			errs = append(errs, field.Invalid(at.Child("key"), "", "not a valid field selector key"))
		}
		return errs
	}
	switch {
	case (operator == "Gt" || operator == "Lt") && values != 1:
		return field.ErrorList{field.Required(where, "must be specified single value when `operator` is 'Lt' or 'Gt'")}
	case operator == "Gt" || operator == "Lt":
		return nil
	}
	return selectorRequirement(obj, at)
}

// affinityTerm: keys to match by need a selector to add them to, and are not in both lists.
func affinityTerm(obj map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, name := range []string{"matchLabelKeys", "mismatchLabelKeys"} {
		if len(list(obj, name)) > 0 && obj["labelSelector"] == nil {
			errs = append(errs, field.Forbidden(at.Child(name), "must not be specified when labelSelector is not set"))
		}
	}
	for i, key := range list(obj, "matchLabelKeys") {
		if slices.Contains(list(obj, "mismatchLabelKeys"), key) {
			errs = append(errs, field.Invalid(at.Child("matchLabelKeys").Index(i), key, "exists in both matchLabelKeys and mismatchLabelKeys"))
		}
	}
	for _, name := range list(obj, "namespaces") {
		for _, fault := range validation.IsDNS1123Label(text(name)) {
			errs = append(errs, field.Invalid(at.Child("namespace"), name, fault))
		}
	}
	return errs
}

// spreadConstraint: minDomains means something only where pods are held back, keys need a selector.
func spreadConstraint(obj map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	if n, ok := number(obj, "minDomains"); ok && n > 0 && str(obj, "whenUnsatisfiable") != "DoNotSchedule" {
		errs = append(errs, field.Invalid(at.Child("minDomains"), n, "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not "+str(obj, "whenUnsatisfiable")))
	}
	if len(list(obj, "matchLabelKeys")) > 0 && obj["labelSelector"] == nil {
		errs = append(errs, field.Forbidden(at.Child("matchLabelKeys"), "must not be specified when labelSelector is not set"))
	}
	return errs
}

// matches says whether a selector chooses what a template makes. It fails for a selector that cannot be.
func matches(selector, set map[string]any) (bool, error) {
	if easilyMatches(selector, set) {
		return true, nil
	}
	var typed metav1.LabelSelector
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(selector, &typed); err != nil {
		return true, nil
	}
	chooses, err := metav1.LabelSelectorAsSelector(&typed)
	if err != nil {
		return false, err
	}
	return chooses.Empty() || chooses.Matches(labelSet(set)), nil
}

// easilyMatches reports true for a selector of nothing but easy labels, all of which are in set.
func easilyMatches(selector, set map[string]any) bool {
	wanted, ok := selector["matchLabels"].(map[string]any)
	if !ok || len(selector) > 1 {
		return false
	}
	for key, value := range wanted {
		text, ok := value.(string)
		if !ok || set[key] != text || !easyKey(key) || !easy(text) {
			return false
		}
	}
	return true
}

func labelSet(m map[string]any) labels.Set {
	out := labels.Set{}
	for k, v := range m {
		out[k] = text(v)
	}
	return out
}
