package strategy

import (
	"fmt"
	"strconv"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// The pools of allocated values.
const (
	ClusterIPs = "clusterIP"
	NodePorts  = "nodePort"
)

func serviceType(svc map[string]any) string {
	t, _ := Get(svc, Path{"spec", "type"}).(string)
	return t
}

// serviceTypeFields drops what a changed type has no use for, if the write did not change it as well.
func serviceTypeFields(obj, old map[string]any, _ Env) field.ErrorList {
	if old == nil {
		return nil
	}
	was, is := serviceType(old), serviceType(obj)
	same := func(path Path) bool { return fmt.Sprint(Get(obj, path)) == fmt.Sprint(Get(old, path)) }
	drop := func(paths ...Path) {
		for _, p := range paths {
			if same(p) {
				Put(obj, p, nil)
			}
		}
	}
	if was != "ExternalName" && is == "ExternalName" {
		drop(Path{"spec", "clusterIP"}, Path{"spec", "clusterIPs"}, Path{"spec", "ipFamilies"}, Path{"spec", "ipFamilyPolicy"})
	}
	if was == "LoadBalancer" && is != was {
		drop(Path{"spec", "allocateLoadBalancerNodePorts"}, Path{"spec", "loadBalancerClass"})
		Put(obj, Path{"status", "loadBalancer"}, map[string]any{})
	}
	if reached(old) && !reached(obj) {
		drop(Path{"spec", "externalTrafficPolicy"})
	}
	if exposed(was) && !exposed(is) {
		drop(Path{"spec", "healthCheckNodePort"})
		for _, p := range ports(obj) {
			delete(p, "nodePort")
		}
	}
	return nil
}

// reached reports whether a service has an address outside the cluster.
func reached(svc map[string]any) bool {
	external, _ := Get(svc, Path{"spec", "externalIPs"}).([]any)
	return exposed(serviceType(svc)) || serviceType(svc) == "ClusterIP" && len(external) > 0
}

func exposed(t string) bool { return t == "NodePort" || t == "LoadBalancer" }

func ports(svc map[string]any) []map[string]any {
	list, _ := Get(svc, Path{"spec", "ports"}).([]any)
	var out []map[string]any
	for _, p := range list {
		if p, ok := p.(map[string]any); ok {
			out = append(out, p)
		}
	}
	return out
}

// serviceAddresses gives a service an address of the cluster, keeps the one that it has, and fills in the fields that say the
// same in the plural.
func serviceAddresses(obj, old map[string]any, env Env) field.ErrorList {
	if serviceType(obj) == "ExternalName" {
		return nil
	}
	ip, _ := Get(obj, Path{"spec", "clusterIP"}).(string)
	all, _ := Get(obj, Path{"spec", "clusterIPs"}).([]any)
	if old == nil && len(all) > 0 && (len(all) > 1 || all[0] != ip) {
		return nil // They contradict each other, or say what one family cannot; the check says so.
	}
	if ip == "" && len(all) > 0 {
		ip, _ = all[0].(string)
	}
	was, _ := Get(old, Path{"spec", "clusterIP"}).(string)
	if ip == "" {
		ip = was
	}
	switch {
	case ip == "None" || ip != "" && ip == was:
	default:
		taken, free := env.Take(ClusterIPs, ip)
		if !free {
			return field.ErrorList{field.Invalid(field.NewPath("spec", "clusterIPs"), []any{ip},
				fmt.Sprintf("failed to allocate IP %s: provided IP is already allocated", ip))}
		}
		ip = taken
	}
	Put(obj, Path{"spec", "clusterIP"}, ip)
	Put(obj, Path{"spec", "clusterIPs"}, []any{ip})
	if Get(obj, Path{"spec", "ipFamilyPolicy"}) == nil {
		Put(obj, Path{"spec", "ipFamilyPolicy"}, "SingleStack")
	}
	if Get(obj, Path{"spec", "ipFamilies"}) == nil {
		Put(obj, Path{"spec", "ipFamilies"}, []any{"IPv4"})
	}
	return nil
}

// serviceNodePorts gives every port of an exposed service a port on the nodes, and keeps those that it has.
func serviceNodePorts(obj, old map[string]any, env Env) field.ErrorList {
	if !exposed(serviceType(obj)) || Get(obj, Path{"spec", "allocateLoadBalancerNodePorts"}) == false {
		return nil
	}
	had := map[any]any{} // by the name of the port
	held := map[any]bool{}
	for _, p := range ports(old) {
		had[p["name"]] = p["nodePort"]
		held[p["nodePort"]] = true
	}
	kept := map[any]bool{}
	for _, p := range ports(obj) {
		if n := p["nodePort"]; n != nil && n != int64(0) {
			kept[n] = held[n]
		}
	}
	var errs field.ErrorList
	shared := map[any]any{} // what is one port of the service is one on the nodes, whatever its protocol
	for i, p := range ports(obj) {
		want := p["nodePort"]
		none := want == nil || want == int64(0)
		if given, ok := shared[p["port"]]; ok && (want == given || none && old == nil) {
			p["nodePort"] = given
			continue
		}
		if was := had[p["name"]]; none && !kept[was] {
			want = was
		}
		if want != nil && held[want] {
			p["nodePort"] = want
			continue
		}
		text := ""
		if n, ok := want.(int64); ok && n != 0 {
			text = strconv.FormatInt(n, 10)
		}
		taken, free := env.Take(NodePorts, text)
		if !free {
			errs = append(errs, field.Invalid(field.NewPath("spec", "ports").Index(i).Child("nodePort"), want,
				"provided port is already allocated"))
			continue
		}
		if n, err := strconv.ParseInt(taken, 10, 64); err == nil {
			p["nodePort"] = n
			shared[p["port"]] = n
		}
	}
	return errs
}
