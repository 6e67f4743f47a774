package check

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// finalizers: the server's own, or in somebody's domain.
func finalizers(obj map[string]any) field.ErrorList {
	var errs field.ErrorList
	at := field.NewPath("spec", "finalizers")
	for _, f := range list(obj, "spec", "finalizers") {
		name := text(f)
		if name == "" {
			continue // A rule says so.
		}
		for _, fault := range formats["qualified"](name) {
			errs = append(errs, field.Invalid(at, name, fault.Detail))
		}
		if !strings.Contains(name, "/") && !slices.Contains([]string{"kubernetes", "orphan", "foregroundDeletion"}, name) {
			errs = append(errs, field.Invalid(at, name, "name is neither a standard finalizer name nor is it fully qualified"))
		}
	}
	return errs
}
