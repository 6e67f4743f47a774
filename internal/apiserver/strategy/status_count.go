package strategy

import (
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// tally is what the counts in a status are held to; ValidateXxxStatus in pkg/apis of Kubernetes v1.37.1.
type tally struct {
	// counts are not negative. Those that are missing are 0.
	counts []string
	// bounds are checked in order.
	bounds []bound
	// rising is a count that neither falls nor goes away, "" for none.
	rising string
}

// bound says that one count is not greater than another, which a fault calls shown.
type bound struct{ less, more, shown string }

var (
	deploymentCounts = tally{
		counts: []string{
			"observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas",
			"terminatingReplicas", "collisionCount",
		},
		bounds: []bound{
			ofReplicas("updatedReplicas"), ofReplicas("readyReplicas"), ofReplicas("availableReplicas"), availableAreReady,
		},
		rising: "collisionCount",
	}
	replicaCounts = tally{
		counts: []string{
			"replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration", "terminatingReplicas",
		},
		bounds: []bound{
			ofReplicas("fullyLabeledReplicas"), ofReplicas("readyReplicas"), ofReplicas("availableReplicas"), availableAreReady,
		},
	}
	statefulCounts = tally{
		counts: []string{
			"replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas", "observedGeneration", "collisionCount",
		},
		bounds: []bound{
			ofReplicas("readyReplicas"), ofReplicas("currentReplicas"), ofReplicas("updatedReplicas"), ofReplicas("availableReplicas"),
			{"availableReplicas", "readyReplicas", "status.readyReplicas"},
		},
		rising: "collisionCount",
	}
	daemonCounts = tally{
		counts: []string{
			"currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady", "observedGeneration",
			"updatedNumberScheduled", "numberAvailable", "numberUnavailable", "collisionCount",
		},
		rising: "collisionCount",
	}
	scalerCounts     = tally{counts: []string{"currentReplicas", "desiredReplicas"}}
	disruptionCounts = tally{counts: []string{"disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"}}

	availableAreReady = bound{"availableReplicas", "readyReplicas", "readyReplicas"}
)

func ofReplicas(name string) bound { return bound{name, "replicas", "status.replicas"} }

func (c tally) check(obj, old map[string]any) field.ErrorList {
	var errs field.ErrorList
	at := field.NewPath("status")
	count := func(of map[string]any, name string) int64 {
		n, _ := Get(of, Path{"status", name}).(int64)
		return n
	}
	for _, name := range c.counts {
		errs = append(errs, notNegative(count(obj, name), at.Child(name))...)
	}
	for _, b := range c.bounds {
		if n := count(obj, b.less); n > count(obj, b.more) {
			errs = append(errs, field.Invalid(at.Child(b.less), n, "cannot be greater than "+b.shown))
		}
	}
	if c.rising != "" && Get(old, Path{"status", c.rising}) != nil {
		n, is := count(obj, c.rising), Get(obj, Path{"status", c.rising}) != nil
		if !is || n < count(old, c.rising) {
			errs = append(errs, field.Invalid(at.Child(c.rising), n, "cannot be decremented"))
		}
	}
	return errs
}

func notNegative(n int64, at *field.Path) field.ErrorList {
	return apivalidation.ValidateNonnegativeField(n, at)
}

// observed: no condition was seen at a negative generation.
func observed(obj, _ map[string]any) field.ErrorList {
	var errs field.ErrorList
	conditions, _ := Get(obj, Path{"status", "conditions"}).([]any)
	for i, c := range conditions {
		c, _ := c.(map[string]any)
		if n, ok := c["observedGeneration"].(int64); ok {
			errs = append(errs, notNegative(n, field.NewPath("status", "conditions").Index(i).Child("observedGeneration"))...)
		}
	}
	return errs
}

// uniformConditions holds the conditions to the form that kinds have in common.
func uniformConditions(obj, _ map[string]any) field.ErrorList {
	var status struct {
		Conditions []metav1.Condition `json:"conditions"`
	}
	written, _ := obj["status"].(map[string]any)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(map[string]any{"conditions": written["conditions"]}, &status); err != nil {
		return nil // What does not decode was refused before.
	}
	return validation.ValidateConditions(status.Conditions, field.NewPath("status", "conditions"))
}
