package schema

import "strconv"

// Note is something that a server may do to an object and that cannot be told from the object.
type Note struct{ Path, Message string }

// Update does to a defaulted object what the server does when it takes the place of another: what is not the client's to
// change goes back to what it was, and what the change makes void is released. Both are as [Kind.Store] returns them; stored is
// changed in place. The rules are those of the strategies in k8s.io/kubernetes/pkg/registry.
func (k *Kind) Update(before, stored map[string]any) []Note {
	f := strategies[k.model]
	if f == nil {
		return nil
	}
	return f(before, stored)
}

// strategies are by native type.
var strategies = map[string]func(before, stored map[string]any) []Note{
	"io.k8s.api.apps.v1.DaemonSet": daemonSetStrategy,
	"io.k8s.api.core.v1.Namespace": namespaceStrategy,
	"io.k8s.api.core.v1.Service":   serviceStrategy,
}

// namespaceStrategy keeps the finalizers of the specification, which have an endpoint of their own.
func namespaceStrategy(before, stored map[string]any) []Note {
	restore(object(before, "spec"), made(stored, "spec"), "finalizers")
	if len(object(stored, "spec")) == 0 {
		delete(stored, "spec")
	}
	return nil
}

// daemonSetStrategy counts the changes of the template, in an annotation that is the server's.
func daemonSetStrategy(before, stored map[string]any) []Note {
	count, _ := object(object(before, "metadata"), "annotations")[templateGeneration].(string)
	if n, err := strconv.ParseInt(count, 10, 64); err == nil && !equal(object(before, "spec")["template"], object(stored, "spec")["template"]) {
		count = strconv.FormatInt(n+1, 10)
	}
	if count != "" {
		made(made(stored, "metadata"), "annotations")[templateGeneration] = count
	}
	return nil
}

// restore makes a field what it was.
func restore(from, to map[string]any, field string) {
	if v, ok := from[field]; ok {
		to[field] = v
	} else {
		delete(to, field)
	}
}

// serviceStrategy follows a change of a Service's type: addresses and ports that the new type does not have are released
// when nobody changed them, and those that it needs are allocated, which only the server can do.
func serviceStrategy(before, stored map[string]any) []Note {
	was, is := object(before, "spec"), object(stored, "spec")
	if was == nil || is == nil {
		return nil
	}
	release := func(fields ...string) {
		for _, f := range fields {
			if equal(was[f], is[f]) {
				delete(is, f)
			}
		}
	}
	var notes []Note
	if clustered(was) && !clustered(is) {
		if equal(was["clusterIP"], is["clusterIP"]) && equal(was["clusterIPs"], is["clusterIPs"]) {
			release("clusterIP", "clusterIPs")
		}
		release("ipFamilies", "ipFamilyPolicy")
	}
	if !clustered(was) && clustered(is) {
		notes = append(notes, Note{".spec.clusterIP", "the server allocates the address"})
	}
	if ported(was) && !ported(is) && includes(nodePorts(was), nodePorts(is)) {
		for _, port := range items(is, "ports") {
			delete(port, "nodePort")
		}
	}
	if clustered(was) && clustered(is) {
		for _, f := range []string{"clusterIP", "clusterIPs"} {
			if _, ok := is[f]; !ok {
				restore(was, is, f)
			}
		}
	}
	if noded(is) {
		free := freePorts(was, is)
		for _, port := range items(is, "ports") {
			if _, ok := port["nodePort"]; ok {
				continue
			}
			if n, ok := free[port["name"]]; ok && noded(was) {
				port["nodePort"] = n
				continue
			}
			notes = append(notes, Note{".spec.ports", "the server allocates node ports"})
		}
	}
	if was["type"] == "LoadBalancer" && is["type"] != "LoadBalancer" {
		release("allocateLoadBalancerNodePorts", "loadBalancerClass")
	}
	if healthChecked(was) && !healthChecked(is) {
		release("healthCheckNodePort")
	}
	if _, ok := is["healthCheckNodePort"]; !ok && healthChecked(was) && healthChecked(is) {
		restore(was, is, "healthCheckNodePort")
	}
	if !healthChecked(was) && healthChecked(is) {
		notes = append(notes, Note{".spec.healthCheckNodePort", "the server allocates the port"})
	}
	if external(was) && !external(is) {
		release("externalTrafficPolicy")
	}
	return notes
}

func nodePorts(spec map[string]any) map[any]bool {
	out := map[any]bool{}
	for _, p := range items(spec, "ports") {
		if n, ok := p["nodePort"]; ok {
			out[n] = true
		}
	}
	return out
}

func includes(all, some map[any]bool) bool {
	for v := range some {
		if !all[v] {
			return false
		}
	}
	return true
}

// freePorts returns, by the name of a port, the node ports that a Service had and that no port of its successor states.
func freePorts(was, is map[string]any) map[any]any {
	out := map[any]any{}
	kept := nodePorts(is)
	for _, p := range items(was, "ports") {
		if n, ok := p["nodePort"]; ok && !kept[n] {
			out[p["name"]] = n
		}
	}
	return out
}

func clustered(spec map[string]any) bool {
	return spec["type"] != "ExternalName"
}

// ported says whether a type has node ports; noded whether the server allocates them.
func ported(spec map[string]any) bool {
	return spec["type"] == "NodePort" || spec["type"] == "LoadBalancer"
}

func noded(spec map[string]any) bool {
	return spec["type"] == "NodePort" || spec["type"] == "LoadBalancer" && spec["allocateLoadBalancerNodePorts"] != false
}

func healthChecked(spec map[string]any) bool {
	return spec["type"] == "LoadBalancer" && spec["externalTrafficPolicy"] == "Local"
}

func external(spec map[string]any) bool {
	ips, _ := spec["externalIPs"].([]any)
	return spec["type"] == "NodePort" || spec["type"] == "LoadBalancer" || spec["type"] == "ClusterIP" && len(ips) > 0
}
