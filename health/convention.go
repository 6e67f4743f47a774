package health

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The conditions that conventions know, from the API conventions of Kubernetes, KEP-1623 and kstatus.
var (
	badWhenTrue       = []string{"Stalled", "Failed", "Failure", "Degraded", "Error"}
	suspendedWhenTrue = []string{"Suspended", "Paused"}
	summaries         = []string{"Available", "Healthy", "Succeeded", "Complete", "Completed"}
)

// byConvention judges objects of kinds that it does not know. The package doc has its rules.
func byConvention(obj *unstructured.Unstructured) (Result, error) {
	return convention(view{obj.Object}), nil
}

func convention(o view) Result {
	_, says := o.int("status", "observedGeneration")
	if r, lags := o.notObserved(); says && lags {
		r.Rule = "observedGeneration"
		return r
	}
	all := o.conditions()
	if r, ok := byCondition(o, all); ok {
		r.Rule = "conditions"
		return r
	}
	switch {
	case says:
		return Result{Healthy, "Observed", "the controller has seen the latest generation, and reports nothing to wait for", "observedGeneration"}
	case len(o.sub("status").m) == 0:
		return Result{Unknown, ReasonNoStatus, "no controller has reported on the object; is one for its kind installed?", "status"}
	}
	message := "the status follows no known convention; add a checker for the kind"
	if len(all) > 0 {
		message = fmt.Sprintf("none of its %d conditions says whether it is ready; add a checker for the kind", len(all))
	}
	return Result{Unknown, ReasonNoVerdict, message, "status"}
}

// byCondition judges by the conditions that are known; ok is false when none of them decides.
func byCondition(o view, all []condition) (r Result, ok bool) {
	generation := o.count("metadata", "generation")
	old := func(c condition) bool { return c.observed > 0 && generation > 0 && c.observed != generation }
	first := func(kinds []string) condition {
		for _, c := range all {
			if slices.Contains(kinds, c.kind) && c.isTrue() && !old(c) {
				return c
			}
		}
		return condition{}
	}
	if c := first(badWhenTrue); c.kind != "" {
		return degraded(c.why(), c.says()), true
	}
	for _, field := range []string{"suspend", "paused"} {
		if o.is("spec", field) {
			return Result{Status: Suspended, Reason: "Suspended", Message: "spec." + field + " is true; set it to false to go on"}, true
		}
	}
	if c := first(suspendedWhenTrue); c.kind != "" {
		return Result{Status: Suspended, Reason: c.why(), Message: c.says()}, true
	}
	if c := first([]string{"Reconciling"}); c.kind != "" {
		return progressing(c.why(), "%s", c.says()), true
	}
	deciding := decisive(all)
	for _, c := range deciding {
		switch {
		case old(c):
			return progressing(ReasonNotObserved, "condition %s speaks of generation %d of %d", c.kind, c.observed, generation), true
		case c.kind == "Succeeded" && c.isFalse():
			return degraded(c.why(), c.says()), true
		case !c.isTrue():
			return progressing(c.why(), "%s", c.says()), true
		}
	}
	if len(deciding) > 0 {
		return healthy(deciding[0].why(), "%s", deciding[0].says()), true
	}
	// A kind that copies Deployment leaves Progressing at True when it is done, so it counts only by itself.
	if c := first([]string{"Progressing"}); c.kind != "" {
		return progressing(c.why(), "%s", c.says()), true
	}
	return Result{}, false
}

// decisive returns the conditions that sum the object up: Ready alone, or else all others that do.
func decisive(all []condition) []condition {
	var some []condition
	for _, c := range all {
		if c.kind == "Ready" {
			return []condition{c}
		}
		if slices.Contains(summaries, c.kind) {
			some = append(some, c)
		}
	}
	return some
}
