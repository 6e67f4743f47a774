package schema

import "strconv"

// Note is something that a server may do to an object and that cannot be told from the object.
type Note struct {
	Path, Message string
	// Hidden says that the server has kept something that it does not show, on which the answer depends.
	Hidden bool
}

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

// Create does to a defaulted object, in place, what the server does on top when there was none before.
func (k *Kind) Create(stored map[string]any) {
	switch k.model {
	case serviceAccount, endpointSlice, claim:
		strategies[k.model](map[string]any{}, stored)
	}
}

const (
	serviceAccount = core + "ServiceAccount"
	endpointSlice  = "io.k8s.api.discovery.v1.EndpointSlice"
	claim          = core + "PersistentVolumeClaim"
)

// strategies are by native type.
var strategies = map[string]func(before, stored map[string]any) []Note{
	"io.k8s.api.apps.v1.DaemonSet": daemonSetStrategy,
	"io.k8s.api.core.v1.Namespace": namespaceStrategy,
	"io.k8s.api.core.v1.Service":   serviceStrategy,
	serviceAccount:                 serviceAccountStrategy,
	endpointSlice:                  endpointSliceStrategy,
	claim:                          claimStrategy,
	core + "Pod":                   podStrategy,
}

// serviceAccountStrategy keeps no more of a secret than its name.
func serviceAccountStrategy(_, stored map[string]any) []Note {
	for _, secret := range items(stored, "secrets") {
		for field := range secret {
			if field != "name" {
				delete(secret, field)
			}
		}
	}
	return nil
}

// claimStrategy drops the source of a claim that had none when it is neither a claim nor a snapshot and is in the older of the two
// fields alone; a source that one of them has, both have.
func claimStrategy(before, stored map[string]any) []Note {
	was, is := object(before, "spec"), object(stored, "spec")
	if is == nil {
		return nil
	}
	source, ref := object(is, "dataSource"), object(is, "dataSourceRef")
	if absent(was, "dataSource") && absent(was, "dataSourceRef") && ref == nil && source != nil {
		group, _ := source["apiGroup"].(string)
		if !(source["kind"] == "PersistentVolumeClaim" && group == "" || source["kind"] == "VolumeSnapshot" && group == "snapshot.storage.k8s.io") {
			delete(is, "dataSource")
			return nil
		}
	}
	switch {
	case source != nil && ref == nil:
		is["dataSourceRef"] = deepCopy(source)
	case ref != nil && source == nil && (absent(ref, "namespace") || ref["namespace"] == ""):
		source, _ := deepCopy(ref).(map[string]any)
		delete(source, "namespace")
		is["dataSource"] = source
	}
	return nil
}

// podStrategy keeps a pod's own resources when an update has none, and the tolerations that the server has added: it adds them again
// when they are not in an update. Those that it adds are known by what they are for, and whether it does by their being there.
// (Admission plugin DefaultTolerationSeconds.)
func podStrategy(before, stored map[string]any) []Note {
	spec := object(stored, "spec")
	if spec == nil {
		return nil
	}
	if absent(spec, "resources") {
		restore(object(before, "spec"), spec, "resources")
	}
	for _, key := range []string{"node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"} {
		tolerated := false
		for _, t := range items(spec, "tolerations") {
			tolerated = tolerated || is(t, "key", key, "") && is(t, "effect", "NoExecute", "")
		}
		for _, t := range items(object(before, "spec"), "tolerations") {
			if !tolerated && t["key"] == key && t["operator"] == "Exists" && t["effect"] == "NoExecute" && !absent(t, "tolerationSeconds") {
				list, _ := spec["tolerations"].([]any)
				spec["tolerations"] = append(list[:len(list):len(list)], deepCopy(t))
				break
			}
		}
	}
	return nil
}

// endpointSliceStrategy drops a topology that is no longer written, when endpoints change. A node's name that was in one before
// goes where it is now.
func endpointSliceStrategy(before, stored map[string]any) []Note {
	if equal(before["endpoints"], stored["endpoints"]) {
		return nil
	}
	const hostname = "kubernetes.io/hostname"
	known := map[any]bool{}
	for _, e := range items(before, "endpoints") {
		if name, _ := object(e, "deprecatedTopology")[hostname].(string); name != "" {
			known[name] = true
		}
	}
	for _, e := range items(stored, "endpoints") {
		if name := object(e, "deprecatedTopology")[hostname]; absent(e, "nodeName") && known[name] {
			e["nodeName"] = name
		}
		delete(e, "deprecatedTopology")
	}
	return nil
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
	if _, ok := is["internalTrafficPolicy"]; ok && !clustered(was) {
		notes = append(notes, Note{
			Path: ".spec.internalTrafficPolicy", Message: "the server does not show what it has kept of a Service of type ExternalName", Hidden: true,
		})
	}
	if !clustered(is) {
		delete(is, "internalTrafficPolicy") // It is kept, and not shown.
	}
	if !clustered(was) && clustered(is) {
		notes = append(notes, Note{Path: ".spec.clusterIP", Message: "the server allocates the address"})
	}
	if ported(was) && !ported(is) && includes(nodePorts(was), nodePorts(is)) {
		for _, port := range items(is, "ports") {
			delete(port, "nodePort")
		}
	}
	if clustered(was) && clustered(is) {
		for _, f := range []string{"clusterIP", "clusterIPs", "ipFamilyPolicy"} {
			if _, ok := is[f]; !ok {
				restore(was, is, f)
			}
		}
		if _, ok := is["ipFamilies"]; !ok && was["ipFamilies"] != nil {
			restore(was, is, "ipFamilies")
			if is["clusterIP"] == "None" {
				notes = append(notes, Note{Path: ".spec.ipFamilies", Message: "the server chooses the families of a Service without an address"})
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
			notes = append(notes, Note{Path: ".spec.ports", Message: "the server allocates node ports"})
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
		notes = append(notes, Note{Path: ".spec.healthCheckNodePort", Message: "the server allocates the port"})
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
