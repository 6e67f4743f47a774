package check

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// shownResources are what a container may see of its resources, besides huge pages of any size.
var shownResources = []string{
	"limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory",
}

// resourceReference: a resource that can be shown; in a file, of a container that is named. It is counted in units that fit.
func resourceReference(obj map[string]any, at *field.Path) field.ErrorList {
	name, file := str(obj, "resource"), strings.HasSuffix(at.String(), "].resourceFieldRef")
	if file {
		at = noList(at)
	}
	huge := strings.HasPrefix(name, "limits.hugepages-") || strings.HasPrefix(name, "requests.hugepages-")
	var errs field.ErrorList
	switch {
	case file && str(obj, "containerName") == "":
		errs = append(errs, field.Required(at.Child("containerName"), ""))
	case name == "":
		errs = append(errs, field.Required(at.Child("resource"), ""))
	case !huge && !slices.Contains(shownResources, name):
		errs = append(errs, field.NotSupported(at.Child("resource"), name, shownResources))
	}
	unit, ok := parse(obj["divisor"])
	if !ok || unit.IsZero() {
		return errs
	}
	allowed, what := []string{"1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"}, ""
	switch _, of, _ := strings.Cut(name, "."); {
	case huge:
		what = "hugepages"
	case !slices.Contains(shownResources, name):
	case of == "cpu":
		if !slices.Contains([]string{"1m", "1"}, unit.String()) {
			errs = append(errs, field.Invalid(at.Child("divisor"), name, "only divisor's values 1m and 1 are supported with the cpu resource"))
		}
	case of == "memory":
		what = "memory"
	default:
		what = "local ephemeral storage"
	}
	if what != "" && !slices.Contains(allowed, unit.String()) {
		errs = append(errs, field.Invalid(at.Child("divisor"), name, "only divisor's values "+strings.Join(allowed, ", ")+" are supported with the "+what+" resource"))
	}
	return errs
}
