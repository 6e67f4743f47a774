package check

import (
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

func job(obj map[string]any) field.ErrorList {
	spec, at := object(obj, "spec"), field.NewPath("spec")
	errs := jobSpec(spec, at)
	if selector := object(spec, "selector"); selector == nil {
		errs = append(errs, field.Required(at.Child("selector"), ""), field.Invalid(at.Child("template", "metadata", "labels"),
			object(spec, "template", "metadata", "labels"), "`selector` does not match template `labels`"))
	} else {
		errs = append(errs, matches(selector, object(spec, "template", "metadata", "labels"), at.Child("template", "metadata", "labels"))...)
	}
	return errs
}

func cronJob(obj map[string]any) field.ErrorList {
	spec, at := object(obj, "spec", "jobTemplate", "spec"), field.NewPath("spec", "jobTemplate", "spec")
	errs := jobSpec(spec, at)
	if spec["manualSelector"] == true {
		errs = append(errs, field.NotSupported(at.Child("manualSelector"), true, []string{"nil", "false"}))
	}
	meta := object(obj, "spec", "jobTemplate", "metadata")
	errs = append(errs, labelKeys(object(meta, "labels"), field.NewPath("spec", "jobTemplate", "metadata", "labels"))...)
	return append(errs, labelValues(object(meta, "labels"), field.NewPath("spec", "jobTemplate", "metadata", "labels"))...)
}

// jobSpec: a job's pods end. With indexes there are as many completions as the job says, and limits count within them.
func jobSpec(spec map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	restart, where := str(spec, "template", "spec", "restartPolicy"), at.Child("template", "spec", "restartPolicy")
	switch restart {
	case "OnFailure", "Never":
	case "", "Always":
		errs = append(errs, field.Required(where, `valid values: "OnFailure", "Never"`))
	default:
		errs = append(errs, field.NotSupported(where, restart, []string{"OnFailure", "Never"}))
	}
	if spec["podFailurePolicy"] != nil && restart == "OnFailure" {
		errs = append(errs, field.Invalid(where, restart, `only "Never" is supported when podFailurePolicy is specified`))
	}
	errs = append(errs, indexed(spec, at)...)
	errs = append(errs, failurePolicy(spec, at.Child("podFailurePolicy"))...)
	allowed := []string{"Failed", "TerminatingOrFailed"}
	if spec["podFailurePolicy"] != nil {
		allowed = allowed[:1]
	}
	if replaces := str(spec, "podReplacementPolicy"); spec["podReplacementPolicy"] != nil && !slices.Contains(allowed, replaces) {
		errs = append(errs, field.NotSupported(at.Child("podReplacementPolicy"), replaces, allowed))
	}
	return errs
}

func indexed(spec map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	completions, counted := number(spec, "completions")
	if n, _ := number(spec, "parallelism"); n < 0 {
		errs = append(errs, field.Invalid(at.Child("parallelism"), n, notNegative))
	}
	mode := str(spec, "completionMode")
	if mode == "Indexed" {
		if !counted {
			errs = append(errs, field.Required(at.Child("completions"), "when completion mode is Indexed"))
		}
		if n, ok := number(spec, "parallelism"); ok && n > 100000 {
			errs = append(errs, field.Invalid(at.Child("parallelism"), n, "must be less than or equal to 100000 when completion mode is Indexed"))
		}
	} else if spec["backoffLimitPerIndex"] != nil {
		errs = append(errs, field.Invalid(at.Child("backoffLimitPerIndex"), spec["backoffLimitPerIndex"], "requires indexed completion mode"))
	}
	if spec["maxFailedIndexes"] != nil && spec["backoffLimitPerIndex"] == nil {
		errs = append(errs, field.Required(at.Child("backoffLimitPerIndex"), "when maxFailedIndexes is specified"))
	}
	if n, ok := number(spec, "maxFailedIndexes"); ok && counted && n > completions {
		errs = append(errs, field.Invalid(at.Child("maxFailedIndexes"), n, "must be less than or equal to completions"))
	}
	if policy := object(spec, "successPolicy"); policy != nil {
		if mode != "Indexed" {
			errs = append(errs, field.Invalid(at.Child("successPolicy"), policy, "requires indexed completion mode"))
		}
		for i, r := range list(policy, "rules") {
			rule, _ := r.(map[string]any)
			where := at.Child("successPolicy", "rules").Index(i)
			if len(present(rule, "succeededCount", "succeededIndexes")) == 0 {
				errs = append(errs, field.Required(where, "at least one of succeededCount or succeededIndexes must be specified"))
			}
			if n, ok := number(rule, "succeededCount"); ok && counted && n > completions {
				errs = append(errs, field.Invalid(where.Child("succeededCount"), n,
					"must be less than or equal to "+strconv.FormatInt(completions, 10)+" (the number of specified completions)"))
			}
		}
	}
	return errs
}

// failurePolicy: each rule looks at exit codes or at conditions, and fails an index only where indexes have limits of their own.
func failurePolicy(spec map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	names := map[string]bool{}
	for _, c := range containersOf(object(spec, "template", "spec"), at) {
		names[str(c.obj, "name")] = true
	}
	for i, r := range list(spec, "podFailurePolicy", "rules") {
		rule, _ := r.(map[string]any)
		where := at.Child("rules").Index(i)
		codes, conditions := object(rule, "onExitCodes"), list(rule, "onPodConditions")
		switch {
		case codes == nil && len(conditions) == 0:
			errs = append(errs, field.Invalid(where, rule, "specifying one of OnExitCodes and OnPodConditions is required"))
		case codes != nil && len(conditions) > 0:
			errs = append(errs, field.Invalid(where, rule, "specifying both OnExitCodes and OnPodConditions is not supported"))
		}
		if name := str(codes, "containerName"); codes["containerName"] != nil && !names[name] {
			errs = append(errs, field.Invalid(where.Child("onExitCodes", "containerName"), name, "must be one of the container or initContainer names in the pod template"))
		}
		if values := list(codes, "values"); codes != nil && str(codes, "operator") == "In" && slices.Contains(values, any(int64(0))) {
			errs = append(errs, field.Invalid(where.Child("onExitCodes", "values").Index(slices.Index(values, any(int64(0)))), int64(0), "must not be 0 for the In operator"))
		}
		if str(rule, "action") == "FailIndex" && spec["backoffLimitPerIndex"] == nil {
			errs = append(errs, field.Invalid(where.Child("action"), "FailIndex", "requires the backoffLimitPerIndex to be set"))
		}
	}
	return errs
}

// disruptionBudget: a limit of one kind.
func disruptionBudget(obj map[string]any) field.ErrorList {
	spec := object(obj, "spec")
	if len(present(spec, "minAvailable", "maxUnavailable")) == 2 {
		return field.ErrorList{field.Invalid(field.NewPath("spec"), strings.Join([]string{text(spec["minAvailable"]), text(spec["maxUnavailable"])}, ", "),
			"minAvailable and maxUnavailable cannot be both set")}
	}
	return nil
}
