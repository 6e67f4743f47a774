package check

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// roleRules: what a rule allows is said completely.
func roleRules(obj map[string]any) field.ErrorList { return policyRules(obj, true) }

func clusterRoleRules(obj map[string]any) field.ErrorList { return policyRules(obj, false) }

// aggregation: a role that gathers others chooses them.
func aggregation(obj map[string]any) field.ErrorList {
	rule, at := object(obj, "aggregationRule"), field.NewPath("aggregationRule", "clusterRoleSelectors")
	selectors := list(rule, "clusterRoleSelectors")
	if rule != nil && len(selectors) == 0 {
		return field.ErrorList{field.Required(at, "at least one clusterRoleSelector required if aggregationRule is non-nil")}
	}
	var errs field.ErrorList
	for i := range selectors {
		selector, _ := selectors[i].(map[string]any)
		if _, err := matches(selector, nil); err != nil {
			// What the server shows is the selector that it could not make.
			errs = append(errs, field.Invalid(at.Index(i), nil, "invalid label selector."))
		}
	}
	return errs
}

func policyRules(obj map[string]any, namespaced bool) field.ErrorList {
	var errs field.ErrorList
	for i, r := range list(obj, "rules") {
		at := field.NewPath("rules").Index(i)
		groups, things, urls := list(r, "apiGroups"), list(r, "resources"), list(r, "nonResourceURLs")
		if len(urls) > 0 {
			if namespaced {
				errs = append(errs, field.Invalid(at.Child("nonResourceURLs"), urls, "namespaced rules cannot apply to non-resource URLs"))
			}
			if len(groups) > 0 || len(things) > 0 || len(list(r, "resourceNames")) > 0 {
				errs = append(errs, field.Invalid(at.Child("nonResourceURLs"), urls, "rules cannot apply to both regular resources and non-resource URLs"))
			}
			continue
		}
		if len(groups) == 0 {
			errs = append(errs, field.Required(at.Child("apiGroups"), "resource rules must supply at least one api group"))
		}
		if len(things) == 0 {
			errs = append(errs, field.Required(at.Child("resources"), "resource rules must supply at least one resource"))
		}
	}
	return errs
}

// subjects: users and groups are of one API group, service accounts of none. A binding that is in no namespace says in which
// namespace an account is.
func subjects(everywhere bool) func(obj map[string]any) field.ErrorList {
	return func(obj map[string]any) field.ErrorList { return checkSubjects(obj, everywhere) }
}

func checkSubjects(obj map[string]any, everywhere bool) field.ErrorList {
	var errs field.ErrorList
	for i, s := range list(obj, "subjects") {
		at := field.NewPath("subjects").Index(i)
		kind, group := str(s, "kind"), str(s, "apiGroup")
		switch kind {
		case "ServiceAccount":
			for _, f := range formats["subdomain"](str(s, "name")) {
				if str(s, "name") != "" {
					errs = append(errs, field.Invalid(at.Child("name"), str(s, "name"), f.Detail))
				}
			}
			if group != "" {
				errs = append(errs, field.NotSupported(at.Child("apiGroup"), group, []string{""}))
			}
			if everywhere && str(s, "namespace") == "" {
				errs = append(errs, field.Required(at.Child("namespace"), ""))
			}
		case "User", "Group":
			if group != "rbac.authorization.k8s.io" {
				errs = append(errs, field.NotSupported(at.Child("apiGroup"), group, []string{"rbac.authorization.k8s.io"}))
			}
		}
	}
	return errs
}

// operations: a wildcard stands alone.
func operations(obj map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, name := range []string{"operations", "apiGroups", "apiVersions"} {
		values := list(obj, name)
		if len(values) > 1 && slices.Contains(values, any("*")) {
			errs = append(errs, field.Invalid(at.Child(name), values, "if '*' is present, must not specify other "+
				map[string]string{"operations": "operations", "apiGroups": "API groups", "apiVersions": "API versions"}[name]))
		}
	}
	return append(errs, webhookResources(list(obj, "resources"), at.Child("resources"))...)
}

// mutableOperations: what is deleted cannot be changed.
func mutableOperations(part string) func(obj map[string]any) field.ErrorList {
	return func(obj map[string]any) field.ErrorList {
		var errs field.ErrorList
		for _, rule := range list(obj, "spec", part, "resourceRules") {
			for _, operation := range list(rule, "operations") {
				if allowed := []string{"*", "CONNECT", "CREATE", "UPDATE"}; !slices.Contains(allowed, text(operation)) {
					errs = append(errs, field.NotSupported(field.NewPath("spec", part, "resourceRules", "operations"), operation, allowed))
				}
			}
		}
		return errs
	}
}

// mutation: the patch of its type, and no other.
func mutation(obj map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	fields := map[string]string{"JSONPatch": "jsonPatch", "ApplyConfiguration": "applyConfiguration"}
	kind := str(obj, "patchType")
	for other, name := range fields {
		switch {
		case fields[kind] == "":
		case other == kind && obj[name] == nil:
			errs = append(errs, field.Required(at.Child(name), "must be specified when patchType is "+kind))
		case other != kind && obj[name] != nil:
			errs = append(errs, field.Invalid(at.Child(name), "{"+name+"}", "must not be specified when patchType is "+kind))
		}
	}
	return errs
}

// validations: a policy says something.
func validations(obj map[string]any) field.ErrorList {
	if len(list(obj, "spec", "validations"))+len(list(obj, "spec", "auditAnnotations")) > 0 {
		return nil
	}
	const detail = "validations or auditAnnotations must contain at least one item"
	return field.ErrorList{
		field.Required(field.NewPath("spec", "validations"), detail), field.Required(field.NewPath("spec", "auditAnnotations"), detail),
	}
}

// webhookResources: what is all of something stands alone beside parts of it.
func webhookResources(values []any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	whole, everywhere := map[string]bool{}, map[string]bool{}
	for i, v := range values {
		name := text(v)
		resource, part, divided := strings.Cut(name, "/")
		if !divided {
			continue
		}
		if whole[resource] {
			errs = append(errs, field.Invalid(at.Index(i), name, fmt.Sprintf("if '%s/*' is present, must not specify %s", resource, name)))
		}
		if everywhere[part] {
			errs = append(errs, field.Invalid(at.Index(i), name, fmt.Sprintf("if '*/%s' is present, must not specify %s", part, name)))
		}
		whole[resource] = whole[resource] || part == "*"
		everywhere[part] = everywhere[part] || resource == "*"
	}
	if len(values) > 1 && slices.Contains(values, any("*/*")) {
		errs = append(errs, field.Invalid(at, values, "if '*/*' is present, must not specify other resources"))
	}
	plain := false // as the server has it: what the last one of them is counts
	for _, v := range values {
		if name := text(v); name != "" && !strings.Contains(name, "/") {
			plain = name != "*"
		}
	}
	if plain && slices.Contains(values, any("*")) {
		errs = append(errs, field.Invalid(at, values, "if '*' is present, must not specify other resources without subresources"))
	}
	return errs
}

// webhookClient: a service or a URL.
func webhookClient(obj map[string]any, at *field.Path) field.ErrorList {
	if len(present(obj, "url", "service")) != 1 {
		return field.ErrorList{field.Required(at, "exactly one of url or service is required")}
	}
	service := object(obj, "service")
	var errs field.ErrorList
	// The server looks at each in the place of the other.
	if service != nil && str(service, "namespace") == "" {
		errs = append(errs, field.Required(at.Child("service", "name"), ""))
	}
	if service != nil && str(service, "name") == "" {
		errs = append(errs, field.Required(at.Child("service", "namespace"), ""))
	}
	return errs
}

// paramRef: by name or by labels.
func paramRef(obj map[string]any, at *field.Path) field.ErrorList {
	name := str(obj, "name")
	switch {
	case name != "" && obj["selector"] != nil:
		const detail = "name and selector are mutually exclusive"
		return field.ErrorList{field.Forbidden(at.Child("name"), detail), field.Forbidden(at.Child("selector"), detail)}
	case name == "" && obj["selector"] == nil:
		return field.ErrorList{field.Required(at, "one of name or selector must be specified")}
	}
	return nil
}

// webhooks: each with a name of its own, and a version of reviews that the server speaks.
func webhooks(obj map[string]any) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for i, h := range list(obj, "webhooks") {
		at, name := field.NewPath("webhooks").Index(i), str(h, "name")
		if seen[name] {
			errs = append(errs, field.Duplicate(at.Child("name"), name))
		}
		seen[name] = true
		versions := list(h, "admissionReviewVersions")
		for j, v := range versions {
			if slices.Contains(versions[:j], v) {
				errs = append(errs, field.Invalid(at.Child("admissionReviewVersions").Index(j), v, "duplicate version"))
				continue
			}
			for _, fault := range validation.IsDNS1035Label(text(v)) {
				errs = append(errs, field.Invalid(at.Child("admissionReviewVersions").Index(j), v, fault))
			}
		}
		if len(versions) > 0 && !slices.ContainsFunc(versions, func(v any) bool { return v == "v1" || v == "v1beta1" }) {
			errs = append(errs, field.Invalid(at.Child("admissionReviewVersions"), versions, "must include at least one of v1, v1beta1"))
		}
	}
	return errs
}
