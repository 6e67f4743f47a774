package check

import (
	"net/netip"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ingress: something to do with a request, and hosts that are names.
func ingress(obj map[string]any) field.ErrorList {
	spec, at := object(obj, "spec"), field.NewPath("spec")
	var errs field.ErrorList
	if len(list(spec, "rules")) == 0 && spec["defaultBackend"] == nil {
		errs = append(errs, field.Invalid(at, []any{}, "either `defaultBackend` or `rules` must be specified"))
	}
	if backend := object(spec, "defaultBackend"); backend != nil {
		errs = append(errs, ingressBackend(backend, at.Child("defaultBackend"))...)
	}
	for i, r := range list(spec, "rules") {
		for j, p := range list(r, "http", "paths") {
			where := at.Child("rules").Index(i).Child("http", "paths").Index(j)
			path := str(p, "path")
			if get(p, "pathType") != nil {
				errs = append(errs, ingressBackend(object(p, "backend"), where.Child("backend"))...)
			}
			switch str(p, "pathType") {
			case "Exact", "Prefix":
				for _, f := range formats["httppath"](path) {
					errs = append(errs, field.Invalid(where.Child("path"), path, f.Detail))
				}
			case "ImplementationSpecific":
				if path != "" && !strings.HasPrefix(path, "/") {
					errs = append(errs, field.Invalid(where.Child("path"), path, "must be an absolute path"))
				}
			}
		}
	}
	return errs
}

// ingressBackend: a service with one port, or a resource.
func ingressBackend(obj map[string]any, at *field.Path) field.ErrorList {
	service := object(obj, "service")
	switch {
	case service != nil && obj["resource"] != nil:
		return field.ErrorList{field.Invalid(at, "", "cannot set both resource and service backends")}
	case service == nil && obj["resource"] == nil:
		return field.ErrorList{field.Invalid(at, "", "resource or service backend is required")}
	case service == nil:
		return nil
	}
	n, _ := number(service, "port", "number")
	name := str(service, "port", "name")
	switch {
	case name != "" && n != 0:
		return field.ErrorList{field.Invalid(at, "", "cannot set both port name & port number")}
	case name == "" && n == 0:
		return field.ErrorList{field.Required(at, "port name or number is required")}
	}
	return nil
}

// ingressClass: parameters in a namespace say in which, others in none.
func ingressClass(obj map[string]any) field.ErrorList {
	parameters, at := object(obj, "spec", "parameters"), field.NewPath("spec", "parameters")
	if parameters == nil {
		return nil
	}
	switch scope := str(parameters, "scope"); {
	case scope == "Namespace" && parameters["namespace"] == nil:
		return field.ErrorList{field.Required(at.Child("namespace"), "`parameters.scope` is set to 'Namespace'")}
	case scope == "Cluster" && parameters["namespace"] != nil:
		return field.ErrorList{field.Forbidden(at.Child("namespace"), "`parameters.scope` is set to 'Cluster'")}
	}
	return nil
}

// policyTypes: each once.
func policyTypes(obj map[string]any) field.ErrorList {
	if types := list(obj, "spec", "policyTypes"); len(types) > 2 {
		return field.ErrorList{field.Invalid(field.NewPath("spec", "policyTypes"), types, "may not specify more than two policyTypes")}
	}
	return nil
}

// peer: pods, namespaces or both; or a range of addresses alone.
func peer(obj map[string]any, at *field.Path) field.ErrorList {
	selected := len(present(obj, "podSelector", "namespaceSelector"))
	switch {
	case obj["ipBlock"] != nil && selected > 0:
		return field.ErrorList{field.Forbidden(at, "may not specify both ipBlock and another peer")}
	case obj["ipBlock"] == nil && selected == 0:
		return field.ErrorList{field.Required(at, "must specify a peer")}
	}
	return nil
}

// policyPort: a range of ports starts with a number, and ends after it.
func policyPort(obj map[string]any, at *field.Path) field.ErrorList {
	if obj["endPort"] == nil {
		return nil
	}
	end, _ := number(obj, "endPort")
	switch first := obj["port"].(type) {
	case nil:
		return field.ErrorList{field.Invalid(at.Child("endPort"), end, "may not be specified when `port` is not specified")}
	case string:
		return field.ErrorList{field.Invalid(at.Child("endPort"), end, "may not be specified when `port` is non-numeric")}
	case int64:
		if end < first {
			return field.ErrorList{field.Invalid(at.Child("endPort"), end, "must be greater than or equal to `port`")}
		}
	}
	return nil
}

// ipBlock: what is left out was in.
func ipBlock(obj map[string]any, at *field.Path) field.ErrorList {
	whole, err := netip.ParsePrefix(str(obj, "cidr"))
	if err != nil {
		return nil
	}
	var errs field.ErrorList
	for i, e := range list(obj, "except") {
		where := at.Child("except").Index(i)
		for _, f := range formats["strictcidr"](e) {
			errs = append(errs, field.Invalid(where, e, f.Detail))
		}
		part, err := netip.ParsePrefix(text(e))
		if err == nil && (!whole.Masked().Contains(part.Masked().Addr()) || part.Bits() <= whole.Bits()) {
			errs = append(errs, field.Invalid(where, e, "must be a strict subset of `cidr`"))
		}
	}
	return errs
}
