package check

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func pod(obj map[string]any) field.ErrorList {
	var errs field.ErrorList
	spec, at := object(obj, "spec"), field.NewPath("spec")
	errs = append(errs, podNotes(object(obj, "metadata", "annotations"), spec, field.NewPath("metadata", "annotations"))...)
	if n, ok := number(spec, "terminationGracePeriodSeconds"); ok && n < 0 {
		errs = append(errs, field.Invalid(at.Child("terminationGracePeriodSeconds"), n, notNegative))
	}
	for _, c := range append(containersOf(spec, at), ephemeralOf(spec, at)...) {
		if image := str(c.obj, "image"); image != strings.TrimSpace(image) {
			errs = append(errs, field.Invalid(c.at.Child("image"), image, "must not have leading or trailing whitespace"))
		}
	}
	return errs
}

// newPod: what is added to a pod that runs cannot be there before, and a pod that waits has no node.
func newPod(obj map[string]any) field.ErrorList {
	spec, at := object(obj, "spec"), field.NewPath("spec")
	var errs field.ErrorList
	if len(list(spec, "ephemeralContainers")) > 0 {
		errs = append(errs, field.Forbidden(at.Child("ephemeralContainers"), "cannot be set on create"))
	}
	if str(spec, "nodeName") != "" && len(list(spec, "schedulingGates")) > 0 {
		errs = append(errs, field.Forbidden(at.Child("nodeName"), "cannot be set until all schedulingGates have been cleared"))
	}
	return errs
}

// podSpec holds the parts of a pod to each other, in a pod of its own and in a template. volumes
// are those that can be mounted, by name.
func podSpec(spec map[string]any, at *field.Path, volumes map[string]map[string]any) field.ErrorList {
	var errs field.ErrorList
	all := containersOf(spec, at)
	errs = append(errs, containerNames(all)...)
	errs = append(errs, hostPorts(all)...)
	for _, c := range all {
		errs = append(errs, c.check(spec, volumes)...)
	}
	errs = append(errs, ephemeral(spec, at, volumes)...)
	every := append(slices.Clone(all), ephemeralOf(spec, at)...)
	errs = slices.Concat(errs, platform(spec, every, at), hostProcesses(spec, every, at), hostUsers(spec, every, at), hostSysctls(spec, at),
		hostname(spec, at), podResources(spec, all, at.Child("resources")), nameservers(spec, at.Child("dnsConfig")))
	if str(spec, "dnsPolicy") == "None" {
		switch {
		case spec["dnsConfig"] == nil:
			errs = append(errs, field.Required(at.Child("dnsConfig"), "must provide `dnsConfig` when `dnsPolicy` is None"))
		case len(list(spec, "dnsConfig", "nameservers")) == 0:
			errs = append(errs, field.Required(at.Child("dnsConfig", "nameservers"), "must provide at least one DNS nameserver when `dnsPolicy` is None"))
		}
	}
	for i, s := range list(spec, "dnsConfig", "searches") {
		for _, f := range formats["underscore"](s) {
			if s != "." {
				errs = append(errs, field.Invalid(at.Child("dnsConfig", "searches").Index(i), s, f.Detail))
			}
		}
	}
	for i, o := range list(spec, "dnsConfig", "options") {
		if str(o, "name") == "" {
			errs = append(errs, field.Required(at.Child("dnsConfig", "options").Index(i), "must not be empty"))
		}
	}
	errs = append(errs, labelValues(object(spec, "nodeSelector"), at.Child("nodeSelector"))...)
	if overhead := object(spec, "overhead"); overhead != nil {
		errs = append(errs, requirements(map[string]any{"limits": overhead}, at.Child("overhead"))...)
	}
	for i, gate := range list(spec, "schedulingGates") {
		if str(gate, "name") == "" {
			for _, f := range formats["qualified"]("") {
				errs = append(errs, field.Invalid(at.Child("schedulingGates").Index(i), "", f.Detail))
			}
		}
	}
	if get(spec, "shareProcessNamespace") == true && get(spec, "hostPID") == true {
		errs = append(errs, field.Invalid(at.Child("shareProcessNamespace"), true, "ShareProcessNamespace and HostPID cannot both be enabled"))
	}
	for i, c := range list(spec, "resourceClaims") {
		where := at.Child("resourceClaims").Index(i)
		obj, _ := c.(map[string]any)
		switch len(present(obj, "resourceClaimName", "resourceClaimTemplateName")) {
		case 0:
			errs = append(errs, field.Invalid(where, c, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"))
		case 2:
			errs = append(errs, field.Invalid(where, c, "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"))
		}
	}
	errs = append(errs, spreadTwice(spec, at)...)
	errs = append(errs, projectedTokens(spec, at)...)
	return errs
}

// containerNames: each its own.
func containerNames(all []container) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for _, c := range all {
		name := str(c.obj, "name")
		if (name != "" || !c.init) && seen[name] {
			errs = append(errs, field.Duplicate(c.at.Child("name"), name))
		}
		seen[name] = true
	}
	return errs
}

// spreadTwice: a pod is spread once over each topology, in each way.
func spreadTwice(spec map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	all := list(spec, "topologySpreadConstraints")
	key := func(c any) string { return str(c, "topologyKey") + "/" + str(c, "whenUnsatisfiable") }
	for i, c := range all {
		if slices.ContainsFunc(all[i+1:], func(other any) bool { return key(other) == key(c) }) {
			errs = append(errs, field.Duplicate(at.Child("topologySpreadConstraints").Index(i).Child("{topologyKey, whenUnsatisfiable}"), key(c)))
		}
	}
	return errs
}

// projectedTokens: a token is somebody's.
func projectedTokens(spec map[string]any, at *field.Path) field.ErrorList {
	if str(spec, "serviceAccountName") != "" {
		return nil
	}
	var errs field.ErrorList
	for i, v := range list(spec, "volumes") {
		for j, s := range list(v, "projected", "sources") {
			if get(s, "serviceAccountToken") != nil {
				errs = append(errs, field.Forbidden(at.Child("volumes").Index(i).Child("projected", "sources").Index(j).Child("serviceAccountToken"),
					"must not be specified when serviceAccountName is not set"))
			}
		}
	}
	return errs
}

// toleration: without a key it is for all taints; for how long says only what would be evicted; Exists has no value.
func toleration(obj map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	operator, value := str(obj, "operator"), str(obj, "value")
	if str(obj, "key") == "" && operator != "Exists" {
		errs = append(errs, field.Invalid(at.Child("operator"), operator, "operator must be Exists when `key` is empty, which means \"match all values and all keys\""))
	}
	if obj["tolerationSeconds"] != nil && str(obj, "effect") != "NoExecute" {
		errs = append(errs, field.Invalid(at.Child("effect"), str(obj, "effect"), "effect must be 'NoExecute' when `tolerationSeconds` is set"))
	}
	switch operator {
	case "", "Equal":
		for _, fault := range validation.IsValidLabelValue(value) {
			errs = append(errs, field.Invalid(at.Child("operator"), value, fault))
		}
	case "Exists":
		if value != "" {
			errs = append(errs, field.Invalid(at.Child("operator"), value, "value must be empty when `operator` is 'Exists'"))
		}
	}
	return errs
}

// Bounds of how a pod resolves names.
const (
	mostNameservers = 3
	mostSearches    = 32
	longestSearches = 2048
)

// nameservers: no more of what a resolver reads than it can.
func nameservers(spec map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	servers, searches := list(spec, "dnsConfig", "nameservers"), list(spec, "dnsConfig", "searches")
	if len(servers) > mostNameservers {
		errs = append(errs, field.Invalid(at.Child("nameservers"), servers, fmt.Sprintf("must not have more than %v nameservers", mostNameservers)))
	}
	if len(searches) > mostSearches {
		errs = append(errs, field.Invalid(at.Child("searches"), searches, fmt.Sprintf("must not have more than %v search paths", mostSearches)))
	}
	length := max(len(searches)-1, 0)
	for _, s := range searches {
		length += len(text(s))
	}
	if length > longestSearches {
		errs = append(errs, field.Invalid(at.Child("searches"), searches,
			fmt.Sprintf("must not have more than %v characters (including spaces) in the search list", longestSearches)))
	}
	return errs
}
