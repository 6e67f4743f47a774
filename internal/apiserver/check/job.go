package check

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func job(obj map[string]any) field.ErrorList {
	spec, at := object(obj, "spec"), field.NewPath("spec")
	errs := jobSpec(spec, at)
	selector, labels := object(spec, "selector"), object(spec, "template", "metadata", "labels")
	if selector == nil {
		errs = append(errs, field.Required(at.Child("selector"), ""))
	}
	if chosen, err := matches(selector, labels); err == nil && (!chosen || selector == nil) {
		errs = append(errs, field.Invalid(at.Child("template", "metadata", "labels"), labels, notChosen))
	}
	return errs
}

// newJob: a selector that nobody wrote is the server's own, and so are the labels that it chooses; and pods with an index get
// names that they can have.
func newJob(obj map[string]any) field.ErrorList {
	spec, name, uid := object(obj, "spec"), str(obj, "metadata", "name"), str(obj, "metadata", "uid")
	var errs field.ErrorList
	if selector := object(spec, "selector"); selector != nil && spec["manualSelector"] != true {
		labels, expected := object(spec, "template", "metadata", "labels"), map[string]any{
			"controller-uid": uid, "job-name": name, "batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name,
		}
		for _, key := range slices.Sorted(maps.Keys(expected)) {
			where := field.NewPath("spec", "template", "metadata", "labels").Key(key)
			switch value, ok := labels[key]; {
			case !ok:
				errs = append(errs, field.Required(where, "must be '"+text(expected[key])+"'"))
			case value != expected[key]:
				errs = append(errs, field.Invalid(where, labels, "must be '"+text(expected[key])+"'"))
			}
		}
		if chosen, err := matches(selector, expected); err == nil && !chosen {
			errs = append(errs, field.Invalid(field.NewPath("spec", "selector"), selector, "`selector` not auto-generated"))
		}
	}
	if n, ok := number(spec, "completions"); ok && n > 0 && str(spec, "completionMode") == "Indexed" {
		if host := name + "-" + strconv.FormatInt(n-1, 10); len(validation.IsDNS1123Label(host)) > 0 {
			errs = append(errs, field.Invalid(field.NewPath("metadata", "name"), name, "will not able to create pod with invalid DNS label: "+host))
		}
	}
	return errs
}

func cronJob(obj map[string]any) field.ErrorList {
	spec, at := object(obj, "spec", "jobTemplate", "spec"), field.NewPath("spec", "jobTemplate", "spec")
	errs := jobSpec(spec, at)
	if selector := object(spec, "selector"); selector != nil {
		errs = append(errs, field.Invalid(at.Child("selector"), selector, "`selector` will be auto-generated"))
	}
	if spec["manualSelector"] == true {
		errs = append(errs, field.NotSupported(at.Child("manualSelector"), true, []string{"nil", "false"}))
	}
	if zone, ok := get(obj, "spec", "timeZone").(string); ok {
		for _, f := range formats["timezone"](zone) {
			errs = append(errs, field.Invalid(field.NewPath("spec", "timeZone"), zone, f.Detail))
		}
	}
	return errs // Nobody looks at the metadata of the template before there is a job of it.
}

// newCronJob: its jobs get names that they can have, the time after its own.
func newCronJob(obj map[string]any) field.ErrorList {
	const longest = 52
	if name := str(obj, "metadata", "name"); len(name) > longest {
		return field.ErrorList{field.Invalid(field.NewPath("metadata", "name"), name, fmt.Sprintf("must be no more than %d characters", longest))}
	}
	return nil
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
		errs = append(errs, indexLimits(spec, at)...)
	} else if mode == "" || mode == "NonIndexed" {
		for _, name := range present(spec, "backoffLimitPerIndex", "maxFailedIndexes") {
			errs = append(errs, field.Invalid(at.Child(name), spec[name], "requires indexed completion mode"))
		}
	}
	if spec["maxFailedIndexes"] != nil && spec["backoffLimitPerIndex"] == nil {
		errs = append(errs, field.Required(at.Child("backoffLimitPerIndex"), "when maxFailedIndexes is specified"))
	}
	if policy := object(spec, "successPolicy"); policy != nil {
		if mode != "Indexed" {
			return append(errs, field.Invalid(at.Child("successPolicy"), policy, "requires indexed completion mode"))
		}
		rules, where := list(policy, "rules"), at.Child("successPolicy", "rules")
		if len(rules) == 0 {
			errs = append(errs, field.Required(where, "at least one rules must be specified when the successPolicy is specified"))
		}
		if len(rules) > mostPolicyRules {
			errs = append(errs, field.TooMany(where, len(rules), mostPolicyRules))
		}
		for i, r := range rules {
			rule, _ := r.(map[string]any)
			errs = append(errs, successRule(rule, completions, counted, at.Child("successPolicy", "rules").Index(i))...)
		}
	}
	return errs
}

// mostPolicyRules is how many rules a policy of a job may have.
const mostPolicyRules = 20

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
		if codes != nil {
			errs = append(errs, exitCodes(codes, where.Child("onExitCodes", "values"))...)
		}
		if str(rule, "action") == "FailIndex" && spec["backoffLimitPerIndex"] == nil {
			errs = append(errs, field.Invalid(where.Child("action"), "FailIndex", "requires the backoffLimitPerIndex to be set"))
		}
	}
	return errs
}

// exitCodes: in their order, and with In none of success.
func exitCodes(codes map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	values, last, ordered := list(codes, "values"), int64(0), true
	if len(values) > mostExitCodes {
		errs = append(errs, field.TooMany(at, len(values), mostExitCodes))
	}
	for i, v := range values {
		code, _ := v.(int64)
		if code == 0 && str(codes, "operator") == "In" {
			errs = append(errs, field.Invalid(at.Index(i), code, "must not be 0 for the In operator"))
		}
		ordered = ordered && (i == 0 || last <= code)
		last = code
	}
	if !ordered {
		errs = append(errs, field.Invalid(at, values, "must be ordered"))
	}
	return errs
}

// disruptionBudget: a limit of one kind.
func disruptionBudget(obj map[string]any) field.ErrorList {
	spec, at := object(obj, "spec"), field.NewPath("spec")
	var errs field.ErrorList
	if len(present(spec, "minAvailable", "maxUnavailable")) == 2 {
		errs = append(errs, field.Invalid(at, spec, "minAvailable and maxUnavailable cannot be both set"))
	}
	for _, name := range present(spec, "minAvailable", "maxUnavailable") {
		if spec[name] == "" {
			for _, f := range formats["share"](spec[name]) {
				errs = append(errs, field.Invalid(at.Child(name), spec[name], f.Detail))
			}
		}
	}
	return errs
}
