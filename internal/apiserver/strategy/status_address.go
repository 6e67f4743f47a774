package strategy

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// items returns the maps in a list; elements that are none are empty, so that places stay as they are.
func items(obj map[string]any, path Path) []map[string]any {
	list, _ := Get(obj, path).([]any)
	out := make([]map[string]any, len(list))
	for i := range list {
		out[i], _ = list[i].(map[string]any)
	}
	return out
}

func texts(of []map[string]any, name string) []string {
	out := make([]string, len(of))
	for i := range of {
		out[i], _ = of[i][name].(string)
	}
	return out
}

// address says what is wrong with an IP address that was not there before.
func address(at *field.Path, ip string, before []string) field.ErrorList {
	return validation.IsValidIPForLegacyField(at, ip, true, before)
}

// reachedAt: an ingress is reached at addresses and host names, which are no addresses.
func reachedAt(obj, old map[string]any) field.ErrorList {
	path := Path{"status", "loadBalancer", "ingress"}
	before := slices.DeleteFunc(texts(items(old, path), "ip"), func(ip string) bool { return ip == "" })
	var errs field.ErrorList
	for i, item := range items(obj, path) {
		at := field.NewPath(path[0], path[1:]...).Index(i)
		if ip, _ := item["ip"].(string); ip != "" {
			errs = append(errs, address(at.Child("ip"), ip, before)...)
		}
		host, _ := item["hostname"].(string)
		if host == "" {
			continue
		}
		for _, message := range validation.IsDNS1123Subdomain(host) {
			errs = append(errs, field.Invalid(at.Child("hostname"), host, message))
		}
		if isIP := len(validation.IsValidIPForLegacyField(nil, host, false, nil)) == 0; isIP {
			errs = append(errs, field.Invalid(at.Child("hostname"), host, "must be a DNS name, not an IP address"))
		}
	}
	return errs
}
