package model

import (
	"encoding/base64"
	"maps"
	"reflect"

	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	networking "k8s.io/api/networking/v1"
)

// coreDefaults are those of the core, networking and discovery groups outside pods and volumes.
var coreDefaults = map[reflect.Type][]rule{
	of[core.ServiceSpec](): {
		set("sessionAffinity", "None"),
		adjust(affinityConfig),
		set("type", "ClusterIP"),
		setIf(externallyAccessible, "externalTrafficPolicy", "Cluster"),
		setIf(is("type", "NodePort", "LoadBalancer", "ClusterIP"), "internalTrafficPolicy", "Cluster"),
		setIf(is("type", "LoadBalancer"), "allocateLoadBalancerNodePorts", true),
	},
	of[core.ServicePort](): {
		set("protocol", "TCP"),
		adjust(func(p map[string]any) {
			// Zero and the empty string are what the type holds when nothing is given.
			if t := p["targetPort"]; t == nil || t == int64(0) || t == "" {
				if port := p["port"]; port != nil {
					p["targetPort"] = port
				}
			}
		}),
	},
	of[core.Service](): {adjust(func(svc map[string]any) {
		if object(svc, "spec")["type"] != "LoadBalancer" {
			return
		}
		for _, ingress := range list(object(object(svc, "status"), "loadBalancer"), "ingress") {
			if ingress, ok := ingress.(map[string]any); ok && ingress["ip"] != nil {
				setAbsent(ingress, "ipMode", "VIP")
			}
		}
	})},
	of[core.Secret](): {
		set("type", "Opaque"),
		// The write-only form of the data is folded in when the object is read.
		adjust(func(secret map[string]any) {
			plain := object(secret, "stringData")
			delete(secret, "stringData")
			if len(plain) > 0 && object(secret, "data") == nil {
				secret["data"] = map[string]any{}
			}
			for key, value := range plain {
				s, _ := value.(string)
				object(secret, "data")[key] = base64.StdEncoding.EncodeToString([]byte(s))
			}
		}),
	},
	of[core.EndpointPort](): {set("protocol", "TCP")},
	of[core.Namespace](): {adjust(func(ns map[string]any) {
		meta := object(ns, "metadata")
		name, _ := meta["name"].(string)
		if name == "" {
			return
		}
		labels := object(meta, "labels")
		if labels == nil {
			labels = map[string]any{}
			meta["labels"] = labels
		}
		labels[core.LabelMetadataName] = name
	})},
	of[core.NamespaceStatus]():           {set("phase", "Active")},
	of[core.NodeStatus]():                {derive("allocatable", func(s map[string]any) any { return s["capacity"] })},
	of[core.LimitRangeItem]():            {adjust(limitRange)},
	of[core.ReplicationControllerSpec](): {set("replicas", int64(1))},
	of[core.ReplicationController](): {adjust(func(rc map[string]any) {
		spec := object(rc, "spec")
		labels := object(object(object(spec, "template"), "metadata"), "labels")
		if labels == nil {
			return
		}
		if len(object(spec, "selector")) == 0 {
			spec["selector"] = maps.Clone(labels)
		}
		labelsFrom(rc, labels)
	})},

	of[networking.NetworkPolicyPort](): {set("protocol", "TCP")},
	of[networking.NetworkPolicySpec](): {derive("policyTypes", func(spec map[string]any) any {
		if len(list(spec, "egress")) > 0 {
			return []any{"Ingress", "Egress"}
		}
		return []any{"Ingress"}
	})},
	of[networking.IngressClassParametersReference](): {set("scope", "Cluster")},

	of[discovery.EndpointPort](): {
		adjust(func(p map[string]any) { setAbsent(p, "name", "") }), set("protocol", "TCP"),
	},
}

func affinityConfig(spec map[string]any) {
	switch spec["sessionAffinity"] {
	case "None":
		delete(spec, "sessionAffinityConfig")
	case "ClientIP":
		if object(object(spec, "sessionAffinityConfig"), "clientIP")["timeoutSeconds"] == nil {
			spec["sessionAffinityConfig"] = map[string]any{"clientIP": map[string]any{"timeoutSeconds": int64(10800)}}
		}
	}
}

func externallyAccessible(spec map[string]any) bool {
	switch spec["type"] {
	case "NodePort", "LoadBalancer":
		return true
	}
	return spec["type"] == "ClusterIP" && len(list(spec, "externalIPs")) > 0
}

// limitRange derives a container's default limits and requests from the bounds.
func limitRange(item map[string]any) {
	if item["type"] != "Container" {
		return
	}
	limits, requests := map[string]any{}, map[string]any{}
	maps.Copy(limits, object(item, "max"))
	maps.Copy(limits, object(item, "default"))
	maps.Copy(requests, object(item, "min"))
	maps.Copy(requests, limits)
	maps.Copy(requests, object(item, "defaultRequest"))
	for field, m := range map[string]map[string]any{"default": limits, "defaultRequest": requests} {
		if len(m) > 0 {
			item[field] = m
		}
	}
}

// labelsFrom gives an object without labels those of its template.
func labelsFrom(obj, labels map[string]any) {
	meta := object(obj, "metadata")
	if meta != nil && len(object(meta, "labels")) == 0 {
		meta["labels"] = maps.Clone(labels)
	}
}
