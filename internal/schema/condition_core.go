package schema

// coreConditions are those of the core group outside pods, and of networking.
var coreConditions = []Condition{
	{
		Name: "session affinity's timeout", Types: []string{core + "Service"},
		Fill: func(service map[string]any) {
			spec := made(service, "spec")
			set(spec, "sessionAffinity", "None")
			switch {
			case is(spec, "sessionAffinity", "None"):
				delete(spec, "sessionAffinityConfig")
			case is(spec, "sessionAffinity", "ClientIP"):
				client := object(object(spec, "sessionAffinityConfig"), "clientIP")
				if absent(client, "timeoutSeconds") {
					spec["sessionAffinityConfig"] = map[string]any{"clientIP": map[string]any{"timeoutSeconds": int64(10800)}}
				}
			}
		},
	},
	{
		Name: "targetPort from port", Types: []string{core + "Service"},
		Fill: func(service map[string]any) {
			for _, port := range items(object(service, "spec"), "ports") {
				// Zero and the empty text are what the type holds when nothing is given.
				if target := port["targetPort"]; target != nil && target != int64(0) && target != "" {
					continue
				}
				delete(port, "targetPort")
				if n, ok := port["port"]; ok {
					port["targetPort"] = n
				}
			}
		},
	},
	{
		Name: "externalTrafficPolicy of what is reached from outside", Types: []string{core + "Service"},
		Fill: func(service map[string]any) {
			spec := made(service, "spec")
			external, _ := spec["externalIPs"].([]any)
			if is(spec, "type", "LoadBalancer", "NodePort") || is(spec, "type", "ClusterIP", "") && len(external) > 0 {
				set(spec, "externalTrafficPolicy", "Cluster")
			}
		},
	},
	{
		Name: "internalTrafficPolicy of what has an address", Types: []string{core + "Service"},
		Decides: []string{core + "ServiceSpec.internalTrafficPolicy"},
		Fill: func(service map[string]any) {
			if spec := made(service, "spec"); is(spec, "type", "NodePort", "LoadBalancer", "ClusterIP", "") {
				set(spec, "internalTrafficPolicy", "Cluster")
			}
		},
	},
	{
		Name: "node ports of a LoadBalancer", Types: []string{core + "Service"},
		Fill: func(service map[string]any) {
			if spec := object(service, "spec"); is(spec, "type", "LoadBalancer") {
				set(spec, "allocateLoadBalancerNodePorts", true)
			}
		},
	},
	{
		Name: "ipMode of a LoadBalancer's addresses", Types: []string{core + "Service"},
		Fill: func(service map[string]any) {
			if !is(object(service, "spec"), "type", "LoadBalancer") {
				return
			}
			for _, in := range items(object(object(service, "status"), "loadBalancer"), "ingress") {
				if !absent(in, "ip") {
					set(in, "ipMode", "VIP")
				}
			}
		},
	},
	{
		// Where both have a key, the plain value wins.
		Name: "stringData into data", Types: []string{core + "Secret"},
		Fill: func(secret map[string]any) {
			plain := object(secret, "stringData")
			delete(secret, "stringData")
			for k, v := range plain {
				if s, ok := v.(string); ok {
					made(secret, "data")[k] = encode(s)
				}
			}
		},
	},
	{
		Name: "a Namespace's name among its labels", Types: []string{core + "Namespace"},
		Fill: func(namespace map[string]any) {
			meta := object(namespace, "metadata")
			if name, _ := meta["name"].(string); name != "" {
				made(meta, "labels")["kubernetes.io/metadata.name"] = name
			}
		},
	},
	{
		Name: "limits and requests from bounds", Types: []string{core + "LimitRangeItem"},
		Fill: func(item map[string]any) {
			if !is(item, "type", "Container") {
				return
			}
			limits, requests := made(item, "default"), made(item, "defaultRequest")
			for name, q := range object(item, "max") {
				set(limits, name, q)
			}
			for name, q := range limits {
				set(requests, name, q)
			}
			for name, q := range object(item, "min") {
				set(requests, name, q)
			}
			for _, field := range []string{"default", "defaultRequest"} {
				if len(object(item, field)) == 0 {
					delete(item, field)
				}
			}
		},
	},
	{
		Name: "podCIDR and podCIDRs", Types: []string{core + "NodeSpec"},
		Fill: func(spec map[string]any) {
			list, _ := spec["podCIDRs"].([]any)
			switch {
			case !absent(spec, "podCIDR"):
				if len(list) == 0 || list[0] != spec["podCIDR"] {
					spec["podCIDRs"] = []any{spec["podCIDR"]}
				}
			case len(list) > 0 && list[0] != "":
				spec["podCIDR"] = list[0]
			}
		},
	},
	{
		Name: "allocatable from capacity", Types: []string{core + "NodeStatus"},
		Fill: func(status map[string]any) {
			if capacity := object(status, "capacity"); capacity != nil {
				set(status, "allocatable", deepCopy(capacity))
			}
		},
	},
	{
		Name: "policyTypes by rules", Types: []string{"io.k8s.api.networking.v1.NetworkPolicySpec"},
		Decides: []string{"io.k8s.api.networking.v1.NetworkPolicySpec.policyTypes"},
		Fill: func(spec map[string]any) {
			types := []any{"Ingress"}
			if egress, _ := spec["egress"].([]any); len(egress) > 0 {
				types = append(types, "Egress")
			}
			set(spec, "policyTypes", types)
		},
	},
}
