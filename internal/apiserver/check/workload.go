package check

import (
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// template: labels and annotations are such, as on an object of its own.
func template(obj map[string]any, at *field.Path) field.ErrorList {
	errs := labelled(object(obj, "metadata"), at) // The server leaves out that they are metadata.
	errs = append(errs, podNotes(object(obj, "metadata", "annotations"), object(obj, "spec"), at.Child("annotations"))...)
	if len(list(obj, "spec", "ephemeralContainers")) > 0 {
		errs = append(errs, field.Forbidden(at.Child("spec", "ephemeralContainers"), "ephemeral containers not allowed in pod template"))
	}
	return errs
}

// labelled checks the labels and annotations of an object that is to be made.
func labelled(meta map[string]any, at *field.Path) field.ErrorList {
	labels, annotations := object(meta, "labels"), map[string]string{}
	errs := append(labelKeys(labels, at.Child("labels")), labelValues(labels, at.Child("labels"))...)
	for k, v := range object(meta, "annotations") {
		annotations[k] = text(v)
	}
	return append(errs, validation.ValidateAnnotations(annotations, at.Child("annotations"))...)
}

// selects holds the selector of a workload to being there, to choosing something, and to choosing what the template makes. word
// is what the server calls the kind.
func selects(word string) func(obj map[string]any) field.ErrorList {
	return func(obj map[string]any) field.ErrorList {
		at := field.NewPath("spec", "selector")
		selector := object(obj, "spec", "selector")
		where := field.NewPath("spec", "template", "metadata", "labels")
		labels := object(obj, "spec", "template", "metadata", "labels")
		switch {
		case selector == nil:
			errs := field.ErrorList{field.Invalid(where, labels, notChosen)}
			if word != "daemonset" {
				errs = append(errs, field.Required(at, ""))
			}
			return errs
		case len(object(selector, "matchLabels")) == 0 && len(list(selector, "matchExpressions")) == 0:
			return field.ErrorList{field.Invalid(at, selector, "empty selector is invalid for "+word)}
		}
		chosen, err := matches(selector, labels)
		switch {
		case err != nil && word == "daemonset", chosen:
			return nil
		case err != nil:
			return field.ErrorList{field.Invalid(at, selector, "invalid label selector")}
		}
		return field.ErrorList{field.Invalid(where, labels, notChosen)}
	}
}

const notChosen = "`selector` does not match template `labels`"

// controllerSelector does the same for the selector of labels alone.
func controllerSelector(obj map[string]any) field.ErrorList {
	at := field.NewPath("spec", "selector")
	selector, template := object(obj, "spec", "selector"), object(obj, "spec", "template")
	if len(selector) == 0 {
		return field.ErrorList{field.Required(at, "")}
	}
	labels := object(template, "metadata", "labels")
	for key, value := range selector {
		if template != nil && labels[key] != value {
			return field.ErrorList{field.Invalid(field.NewPath("spec", "template", "metadata", "labels"), labels, notChosen)}
		}
	}
	return nil
}

// alwaysRestarts: what a workload keeps running, runs always, and for ever.
func alwaysRestarts(obj map[string]any) field.ErrorList {
	at := field.NewPath("spec", "template", "spec")
	spec := object(obj, "spec", "template", "spec")
	var errs field.ErrorList
	if policy := str(spec, "restartPolicy"); policy != "Always" && policy != "" {
		errs = append(errs, field.NotSupported(at.Child("restartPolicy"), policy, []string{"Always"}))
	}
	if n, ok := number(spec, "activeDeadlineSeconds"); ok && obj["kind"] != "DaemonSet" && obj["kind"] != "ReplicationController" {
		errs = append(errs, field.Forbidden(at.Child("activeDeadlineSeconds"), "activeDeadlineSeconds in "+text(obj["kind"])+" is not Supported"))
		_ = n
	}
	return errs
}

// deploymentStrategy: something has to give way in an update, and only where pods are replaced one after another.
func deploymentStrategy(obj map[string]any) field.ErrorList {
	strategy, at := object(obj, "spec", "strategy"), field.NewPath("spec", "strategy")
	var errs field.ErrorList
	rolling := object(strategy, "rollingUpdate")
	switch str(strategy, "type") {
	case "Recreate":
		if rolling != nil {
			errs = append(errs, field.Forbidden(at.Child("rollingUpdate"), "may not be specified when strategy `type` is 'Recreate'"))
		}
	case "RollingUpdate":
		if rolling == nil {
			errs = append(errs, field.Required(at.Child("rollingUpdate"), "this should be defaulted and never be nil"))
		} else if count(rolling["maxUnavailable"]) == 0 && count(rolling["maxSurge"]) == 0 {
			errs = append(errs, field.Invalid(at.Child("rollingUpdate", "maxUnavailable"), rolling["maxUnavailable"], "may not be 0 when `maxSurge` is 0"))
		}
	}
	deadline, ok := number(obj, "spec", "progressDeadlineSeconds")
	ready, _ := number(obj, "spec", "minReadySeconds")
	if ok {
		if deadline < 0 {
			errs = append(errs, field.Invalid(field.NewPath("spec", "progressDeadlineSeconds"), deadline, notNegative))
		}
		if deadline <= ready {
			errs = append(errs, field.Invalid(field.NewPath("spec", "progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds"))
		}
	}
	return errs
}

// daemonStrategy: either a new pod comes before the old one goes, or some are missing meanwhile.
func daemonStrategy(obj map[string]any) field.ErrorList {
	strategy, at := object(obj, "spec", "updateStrategy"), field.NewPath("spec", "updateStrategy")
	rolling := object(strategy, "rollingUpdate")
	if str(strategy, "type") != "RollingUpdate" {
		return nil
	}
	if rolling == nil {
		return field.ErrorList{field.Required(at.Child("rollingUpdate"), "")}
	}
	var errs field.ErrorList
	for _, name := range []string{"maxUnavailable", "maxSurge"} {
		for _, fault := range formats["part"](rolling[name]) {
			errs = append(errs, field.Invalid(at.Child("rollingUpdate", name), rolling[name], fault.Detail))
		}
	}
	missing, more := count(rolling["maxUnavailable"]) != 0, count(rolling["maxSurge"]) != 0
	switch {
	case missing && more:
		errs = append(errs, field.Invalid(at.Child("rollingUpdate", "maxSurge"), rolling["maxSurge"], "may not be set when maxUnavailable is non-zero"))
	case !missing && !more:
		errs = append(errs, field.Required(at.Child("rollingUpdate", "maxUnavailable"), "cannot be 0 when maxSurge is 0"))
	}
	return errs
}

// statefulStrategy: a partition divides pods that are updated by the controller.
func statefulStrategy(obj map[string]any) field.ErrorList {
	strategy, at := object(obj, "spec", "updateStrategy"), field.NewPath("spec", "updateStrategy")
	if str(strategy, "type") == "OnDelete" && strategy["rollingUpdate"] != nil {
		return field.ErrorList{field.Invalid(at.Child("rollingUpdate"), strategy["rollingUpdate"], "only allowed for updateStrategy 'RollingUpdate'")}
	}
	return nil
}
