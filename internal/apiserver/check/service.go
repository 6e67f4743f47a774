package check

import (
	"net"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

func headless(spec map[string]any) bool { return str(spec, "clusterIP") == "None" }

// service: ports, each with a name when there are several and each once; what belongs to a type only with that type.
func service(obj map[string]any) field.ErrorList {
	spec, at := object(obj, "spec"), field.NewPath("spec")
	kind := str(spec, "type")
	var errs field.ErrorList
	all := list(spec, "ports")
	if len(all) == 0 && !headless(spec) && kind != "ExternalName" {
		errs = append(errs, field.Required(at.Child("ports"), ""))
	}
	if headless(spec) && (kind == "LoadBalancer" || kind == "NodePort") {
		errs = append(errs, field.Invalid(at.Child("clusterIPs").Index(0), "None", "may not be set to 'None' for "+kind+" services"))
	}
	if name := str(spec, "externalName"); kind == "ExternalName" {
		if strings.TrimSuffix(name, ".") == "" {
			errs = append(errs, field.Required(at.Child("externalName"), ""))
		} else {
			for _, f := range formats["externalname"](name) {
				errs = append(errs, field.Invalid(at.Child("externalName"), name, f.Detail))
			}
		}
	}
	names, ports, nodePorts := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i, p := range all {
		where, name := at.Child("ports").Index(i), str(p, "name")
		if name == "" && len(all) > 1 {
			errs = append(errs, field.Required(where.Child("name"), ""))
		} else if name != "" && names[name] {
			errs = append(errs, field.Duplicate(where.Child("name"), name))
		}
		names[name] = true
		if n, ok := number(p, "targetPort"); ok && (n < 1 || n > 65535) {
			errs = append(errs, field.Invalid(where.Child("targetPort"), n, anyPort))
		}
		key := str(p, "protocol") + "/" + text(get(p, "port"))
		if ports[key] {
			errs = append(errs, field.Duplicate(where, p))
		}
		ports[key] = true
		if n, _ := number(p, "nodePort"); n != 0 {
			if kind == "ClusterIP" {
				errs = append(errs, field.Forbidden(where.Child("nodePort"), "may not be used when `type` is 'ClusterIP'"))
			}
			key := str(p, "protocol") + "/" + text(n)
			if nodePorts[key] {
				errs = append(errs, field.Duplicate(where.Child("nodePort"), n))
			}
			nodePorts[key] = true
		}
	}
	selector := object(spec, "selector")
	errs = append(errs, labelKeys(selector, at.Child("selector"))...)
	return append(errs, labelValues(selector, at.Child("selector"))...)
}

// serviceAddresses: the first of the addresses is the address, and each is of its family.
func serviceAddresses(obj map[string]any) field.ErrorList {
	spec, at := object(obj, "spec"), field.NewPath("spec")
	ips, families := list(spec, "clusterIPs"), list(spec, "ipFamilies")
	where := at.Child("clusterIPs")
	if str(spec, "type") == "ExternalName" {
		var errs field.ErrorList
		for _, name := range []string{"clusterIPs", "ipFamilies"} {
			if len(list(spec, name)) > 0 {
				errs = append(errs, field.Forbidden(at.Child(name), "may not be set for ExternalName services"))
			}
		}
		if spec["ipFamilyPolicy"] != nil {
			errs = append(errs, field.Forbidden(at.Child("ipFamilyPolicy"), "may not be set for ExternalName services"))
		}
		return errs
	}
	if str(spec, "clusterIP") != "" && len(ips) == 0 {
		return field.ErrorList{field.Required(where, "")}
	}
	var errs field.ErrorList
	switch ip := str(spec, "clusterIP"); {
	case len(ips) > 0 && ip == "":
		errs = append(errs, field.Invalid(where, ips, "must be empty when `clusterIP` is not specified"))
	case len(ips) > 0 && ip != text(ips[0]):
		errs = append(errs, field.Invalid(where, ips, "first value must match `clusterIP`"))
	}
	if len(ips) > 2 {
		errs = append(errs, field.Invalid(where, ips, "may only hold up to 2 values"))
	}
	for i, ip := range ips {
		s := text(ip)
		if s == "None" && i == 0 {
			if len(ips) > 1 {
				errs = append(errs, field.Invalid(where, ips, "'None' must be the first and only value"))
			}
			continue
		}
		faults := formats["strictip"](s)
		for _, f := range faults {
			errs = append(errs, field.Invalid(where.Index(i), s, f.Detail))
		}
		if len(faults) > 0 || i >= len(families) {
			continue
		}
		six := strings.Contains(s, ":") && net.ParseIP(s) != nil
		if six != (families[i] == "IPv6") {
			errs = append(errs, field.Invalid(where.Index(i), s, "expected an "+text(families[i])+" value as indicated by `ipFamilies["+text(int64(i))+"]`"))
		}
	}
	return errs
}

// serviceTraffic: what says how traffic comes in, only where it comes in.
func serviceTraffic(obj map[string]any) field.ErrorList {
	spec, at := object(obj, "spec"), field.NewPath("spec")
	kind := str(spec, "type")
	var errs field.ErrorList
	balanced := kind == "LoadBalancer"
	if spec["allocateLoadBalancerNodePorts"] != nil && !balanced {
		errs = append(errs, field.Forbidden(at.Child("allocateLoadBalancerNodePorts"), "may only be used when `type` is 'LoadBalancer'"))
	}
	if ranges := list(spec, "loadBalancerSourceRanges"); len(ranges) > 0 {
		where := at.Child("LoadBalancerSourceRanges")
		if !balanced {
			errs = append(errs, field.Forbidden(where, "may only be used when `type` is 'LoadBalancer'"))
		}
		for i, r := range ranges {
			for _, f := range formats["strictcidr"](strings.TrimSpace(text(r))) {
				errs = append(errs, field.Invalid(where.Index(i), r, f.Detail))
			}
		}
	}
	if class := spec["loadBalancerClass"]; class != nil && !balanced {
		errs = append(errs, field.Forbidden(at.Child("loadBalancerClass"), "may only be used when `type` is 'LoadBalancer'"))
	}
	exposed := balanced || kind == "NodePort" || kind == "ClusterIP" && len(list(spec, "externalIPs")) > 0
	if policy := str(spec, "externalTrafficPolicy"); policy != "" && !exposed {
		errs = append(errs, field.Invalid(at.Child("externalTrafficPolicy"), policy, "may only be set for externally-accessible services"))
	} else if exposed && policy == "" {
		errs = append(errs, field.Required(at.Child("externalTrafficPolicy"), ""))
	}
	health, _ := number(spec, "healthCheckNodePort")
	local := balanced && str(spec, "externalTrafficPolicy") == "Local"
	if health != 0 && !local {
		errs = append(errs, field.Invalid(at.Child("healthCheckNodePort"), health,
			"may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"))
	}
	affinity := object(spec, "sessionAffinityConfig")
	switch str(spec, "sessionAffinity") {
	case "None":
		if affinity != nil {
			errs = append(errs, field.Forbidden(at.Child("sessionAffinityConfig"), "must not be set when session affinity is None"))
		}
	}
	return errs
}

// endpointSlice: addresses of the type that the slice says.
func endpointSlice(obj map[string]any) field.ErrorList {
	var errs field.ErrorList
	kind := str(obj, "addressType")
	for i, e := range list(obj, "endpoints") {
		seen := map[string]bool{}
		for j, a := range list(e, "addresses") {
			at, s := field.NewPath("endpoints").Index(i).Child("addresses").Index(j), text(a)
			_ = seen
			switch kind {
			case "FQDN":
				for _, f := range formats["fqdn"](s) {
					errs = append(errs, &field.Error{Type: field.ErrorType(f.Type), Field: at.String(), BadValue: s, Detail: f.Detail})
				}
			case "IPv4", "IPv6":
				faults := formats["outside"](s)
				if kind == "IPv6" { // in its canonical form
					if strict := formats["ip"](s); len(strict) > 0 {
						faults = strict
					}
				}
				for _, f := range faults {
					errs = append(errs, field.Invalid(at, s, f.Detail))
				}
				if net.ParseIP(s) != nil && strings.Contains(s, ":") != (kind == "IPv6") {
					want := map[string]string{"IPv4": "must be an IPv4 address", "IPv6": "must be an IPv6 address"}[kind]
					errs = append(errs, field.Invalid(field.NewPath("endpoints").Index(i).Child("addresses"), s, want))
				}
			}
		}
	}
	names := map[string]bool{}
	for i, p := range list(obj, "ports") {
		name := str(p, "name")
		if names[name] {
			errs = append(errs, field.Duplicate(field.NewPath("ports").Index(i).Child("name"), name))
		}
		names[name] = true
	}
	return errs
}

// endpoints: a subset has some, ready or not.
func endpoints(obj map[string]any) field.ErrorList {
	var errs field.ErrorList
	for i, s := range list(obj, "subsets") {
		at := field.NewPath("subsets").Index(i)
		if len(list(s, "addresses")) == 0 && len(list(s, "notReadyAddresses")) == 0 {
			errs = append(errs, field.Required(at, "must specify `addresses` or `notReadyAddresses`"))
		}
		ports := list(s, "ports")
		for j, p := range ports {
			if str(p, "name") == "" && len(ports) > 1 {
				errs = append(errs, field.Required(at.Child("ports").Index(j).Child("name"), ""))
			}
		}
	}
	return errs
}

// dataKeys: a key is the name of a file, and in one of the parts.
func dataKeys(obj map[string]any) field.ErrorList {
	var errs field.ErrorList
	for _, part := range []string{"data", "binaryData"} {
		for key := range object(obj, part) {
			for _, f := range formats["configkey"](key) {
				errs = append(errs, field.Invalid(field.NewPath(part).Key(key), key, f.Detail))
			}
			if part == "data" && slices.Contains(keysOf(object(obj, "binaryData")), key) {
				errs = append(errs, field.Invalid(field.NewPath(part).Key(key), key, "duplicate of key present in binaryData"))
			}
		}
	}
	return errs
}

func keysOf(m map[string]any) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}
