package strategy

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// standardFinalizers are those that need no domain.
var standardFinalizers = []string{"kubernetes", metav1.FinalizerOrphanDependents, metav1.FinalizerDeleteDependents}

// Finalizers checks the names of finalizers as most built-in kinds do: one of Kubernetes' own, or one with a domain.
func Finalizers(names []string, where *field.Path) field.ErrorList {
	var errs field.ErrorList
	for i, name := range names {
		if !strings.Contains(name, "/") && !slices.Contains(standardFinalizers, name) {
			errs = append(errs, field.Invalid(where.Index(i), name, "name is neither a standard finalizer name nor is it fully qualified"))
		}
	}
	return errs
}

// finalizerWarnings are those about the finalizers of custom resources, which may have any name.
func finalizerWarnings(obj, old map[string]any) []string {
	had, _ := Get(old, Path{"metadata", "finalizers"}).([]any)
	list, _ := Get(obj, Path{"metadata", "finalizers"}).([]any)
	var out []string
	for _, f := range list {
		name, _ := f.(string)
		if slices.Contains(had, f) || strings.Contains(name, "/") || slices.Contains(standardFinalizers, name) {
			continue
		}
		better := "a domain-qualified finalizer name"
		if strings.Contains(name, ".") {
			better += " including a path (/)"
		}
		out = append(out, fmt.Sprintf("metadata.finalizers: %q: prefer %s to avoid accidental conflicts with other finalizer writers", name, better))
	}
	return out
}
