package strategy

import (
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// ip warns of an address in a form that others may read as another one.
func (n *notes) ip(at *field.Path, value string) {
	if len(validation.IsValidIPForLegacyField(at, value, false, nil)) == 0 {
		*n = append(*n, validation.GetWarningsForIP(at, value)...)
	}
}

func (n *notes) cidr(at *field.Path, value string) {
	if value = strings.TrimSpace(value); len(validation.IsValidCIDRForLegacyField(at, value, false, nil)) == 0 {
		*n = append(*n, validation.GetWarningsForCIDR(at, value)...)
	}
}

// policyWarnings are about the ranges of a NetworkPolicy.
func policyWarnings(obj, _ map[string]any) []string {
	var out notes
	for _, way := range [][2]string{{"ingress", "from"}, {"egress", "to"}} {
		for i, rule := range items(obj, Path{"spec", way[0]}) {
			for j, peer := range items(rule, Path{way[1]}) {
				at := field.NewPath("spec", way[0]).Index(i).Child(way[1]).Index(j).Child("ipBlock")
				if cidr, ok := Get(peer, Path{"ipBlock", "cidr"}).(string); ok {
					out.cidr(at.Child("cidr"), cidr)
				}
				for k, except := range strs(peer, Path{"ipBlock", "except"}) {
					out.cidr(at.Child("except").Index(k), except)
				}
			}
		}
	}
	return out
}

const managedBy = "endpointslice.kubernetes.io/managed-by"

// endpointsWarnings are about the addresses of Endpoints that no controller has written.
func endpointsWarnings(obj, _ map[string]any) []string {
	var out notes
	if label, _ := Get(obj, Path{"metadata", "labels"}).(map[string]any); label["endpoints.kubernetes.io/managed-by"] == "endpoint-controller" {
		return nil
	}
	for i, subset := range items(obj, Path{"subsets"}) {
		for _, part := range []string{"addresses", "notReadyAddresses"} {
			for j, ip := range texts(items(subset, Path{part}), "ip") {
				out.ip(field.NewPath("subsets").Index(i).Child(part).Index(j).Child("ip"), ip)
			}
		}
	}
	return out
}

// sliceWarnings are about the addresses of EndpointSlices, and those that are names.
func sliceWarnings(obj, old map[string]any) []string {
	var out notes
	if old == nil && obj["addressType"] == "FQDN" {
		out.at(field.NewPath("spec", "addressType"), "FQDN endpoints are deprecated")
	}
	labels, _ := Get(obj, Path{"metadata", "labels"}).(map[string]any)
	if by := labels[managedBy]; by == "endpointslice-controller.k8s.io" || by == "endpointslicemirroring-controller.k8s.io" {
		return out
	}
	for i, e := range items(obj, Path{"endpoints"}) {
		for j, address := range strs(e, Path{"addresses"}) {
			out.ip(field.NewPath("endpoints").Index(i).Child("addresses").Index(j), address)
		}
	}
	return out
}
