package strategy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	rules "github.com/setpoint-dev/setpoint/internal/apiserver/check"
)

// amounts returns the quantities of a list of resources in order of their names.
func amounts(obj map[string]any, path Path, each func(name string, amount resource.Quantity, at *field.Path)) {
	values, _ := Get(obj, path).(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if amount, err := resource.ParseQuantity(fmt.Sprint(values[name])); err == nil {
			each(name, amount, field.NewPath(path[0], path[1:]...).Key(name))
		}
	}
}

// quotaStatus: what a quota reports is an amount of something that it can count.
func quotaStatus(obj, _ map[string]any) field.ErrorList {
	var errs field.ErrorList
	for _, part := range []string{"hard", "used"} {
		amounts(obj, Path{"status", part}, func(name string, amount resource.Quantity, at *field.Path) {
			for _, f := range rules.Conform([]string{"quotaresource"}, name) {
				errs = append(errs, field.Invalid(at, name, f.Detail))
			}
			if amount.Sign() < 0 {
				errs = append(errs, field.Invalid(at, amount.String(), "must be greater than or equal to 0"))
			}
			if wholeResources[name] && amount.MilliValue()%1000 != 0 {
				errs = append(errs, field.Invalid(at, amount.String(), "must be an integer"))
			}
		})
	}
	return errs
}

// wholeResources are counted one by one; IsIntegerResourceName in pkg/apis/core/helper of Kubernetes v1.37.1.
var wholeResources = map[string]bool{
	"pods": true, "resourcequotas": true, "services": true, "replicationcontrollers": true, "secrets": true, "configmaps": true,
	"persistentvolumeclaims": true, "services.nodeports": true, "services.loadbalancers": true,
}

// resizing are the states of a claim whose size changes.
var resizing = []string{
	"ControllerResizeInProgress", "ControllerResizeInfeasible", "NodeResizePending", "NodeResizeInProgress", "NodeResizeInfeasible",
}

// claimStatus: no volume is smaller than nothing, and what changes is its storage.
func claimStatus(obj, _ map[string]any) field.ErrorList {
	var errs field.ErrorList
	negative := func(amount resource.Quantity, at *field.Path) bool {
		if amount.Value() >= 0 {
			return false
		}
		errs = append(errs, field.Invalid(at, amount.Value(), "must be a valid resource quantity"))
		return true
	}
	amounts(obj, Path{"status", "capacity"}, func(_ string, amount resource.Quantity, at *field.Path) { negative(amount, at) })
	changes, _ := Get(obj, Path{"status", "allocatedResourceStatuses"}).(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		at := field.NewPath("status", "allocatedResourceStatuses")
		errs = append(errs, storageOnly(name, at)...)
		if state, _ := changes[name].(string); !slices.Contains(resizing, state) {
			errs = append(errs, field.NotSupported(at, name, slices.Sorted(slices.Values(resizing))))
		}
	}
	amounts(obj, Path{"status", "allocatedResources"}, func(name string, amount resource.Quantity, at *field.Path) {
		if bad := storageOnly(name, field.NewPath("status", "allocatedResources")); len(bad) > 0 {
			errs = append(errs, bad...)
		} else if !negative(amount, at) && amount.Sign() < 0 {
			errs = append(errs, field.Invalid(at, amount.String(), "must be greater than or equal to 0"))
		}
	})
	return errs
}

// storageOnly: of the resources that Kubernetes names, claims have storage; others name what they like.
func storageOnly(name string, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, message := range validation.IsQualifiedName(name) {
		errs = append(errs, field.Invalid(at, name, message))
	}
	native := !strings.Contains(name, "/") || strings.Contains(name, "kubernetes.io/")
	if len(errs) == 0 && native && name != "storage" {
		errs = append(errs, field.NotSupported(at, name, []string{"storage"}))
	}
	return errs
}
