package model

import (
	"maps"
	"reflect"
	"strings"

	core "k8s.io/api/core/v1"
)

var containerDefaults = []rule{
	derive("imagePullPolicy", func(c map[string]any) any { return pullPolicy(c["image"]) }),
	set("terminationMessagePath", "/dev/termination-log"),
	set("terminationMessagePolicy", "File"),
}

// podDefaults are those of pods and of pod templates.
var podDefaults = map[reflect.Type][]rule{
	of[core.PodSpec](): {
		adjust(serviceAccountAlias),
		set("dnsPolicy", "ClusterFirst"),
		set("restartPolicy", "Always"),
		set("securityContext", empty()),
		set("terminationGracePeriodSeconds", int64(30)),
		set("schedulerName", "default-scheduler"),
		adjust(hostPorts),
	},
	of[core.Container]():                containerDefaults,
	of[core.EphemeralContainerCommon](): containerDefaults,
	of[core.ContainerPort]():            {set("protocol", "TCP")},
	of[core.Probe](): {
		set("timeoutSeconds", int64(1)),
		set("periodSeconds", int64(10)),
		set("successThreshold", int64(1)),
		set("failureThreshold", int64(3)),
	},
	of[core.HTTPGetAction]():       {set("path", "/"), set("scheme", "HTTP")},
	of[core.GRPCAction]():          {adjust(func(a map[string]any) { setAbsent(a, "service", "") })},
	of[core.ObjectFieldSelector](): {set("apiVersion", "v1")},
	of[core.FileKeySelector]():     {set("optional", false)},
	of[core.Pod](): {adjust(func(pod map[string]any) {
		spec := object(pod, "spec")
		if spec == nil {
			return
		}
		setAbsent(spec, "enableServiceLinks", true)
		if n, ok := spec["terminationGracePeriodSeconds"].(int64); ok && n < 0 {
			spec["terminationGracePeriodSeconds"] = int64(1)
		}
		requestsFromLimits(spec)
	})},
	of[core.PodStatus](): {adjust(podIPs)},
}

func setAbsent(obj map[string]any, field string, value any) {
	if obj[field] == nil {
		obj[field] = value
	}
}

// pullPolicy is Always for the tag latest, written or implied, and IfNotPresent for any other and for digests.
func pullPolicy(image any) any {
	name, _ := image.(string)
	if strings.Contains(name, "@") {
		return string(core.PullIfNotPresent)
	}
	last := name[strings.LastIndex(name, "/")+1:]
	_, tag, tagged := strings.Cut(last, ":")
	if name != "" && (!tagged || tag == "latest") {
		return string(core.PullAlways)
	}
	return string(core.PullIfNotPresent)
}

// serviceAccountAlias keeps the deprecated name of serviceAccountName in step with it.
func serviceAccountAlias(spec map[string]any) {
	name, _ := spec["serviceAccountName"].(string)
	if name == "" {
		name, _ = spec["serviceAccount"].(string)
	}
	if name != "" {
		spec["serviceAccountName"], spec["serviceAccount"] = name, name
	}
}

func hostPorts(spec map[string]any) {
	if spec["hostNetwork"] != true {
		return
	}
	for _, field := range []string{"containers", "initContainers"} {
		for _, c := range list(spec, field) {
			c, _ := c.(map[string]any)
			for _, p := range list(c, "ports") {
				if p, ok := p.(map[string]any); ok && p["containerPort"] != nil {
					setAbsent(p, "hostPort", p["containerPort"])
				}
			}
		}
	}
}

// requestsFromLimits gives a container of a pod, not of a template, the limits as its requests where it states none.
func requestsFromLimits(spec map[string]any) {
	for _, field := range []string{"containers", "initContainers"} {
		for _, c := range list(spec, field) {
			c, _ := c.(map[string]any)
			resources := object(c, "resources")
			limits := object(resources, "limits")
			if len(limits) == 0 {
				continue
			}
			requests := maps.Clone(limits)
			maps.Copy(requests, object(resources, "requests"))
			resources["requests"] = requests
		}
	}
}

func podIPs(status map[string]any) {
	ip, _ := status["podIP"].(string)
	ips := list(status, "podIPs")
	var first string
	if len(ips) > 0 {
		entry, _ := ips[0].(map[string]any)
		first, _ = entry["ip"].(string)
	}
	switch {
	case ip != "" && first != ip:
		status["podIPs"] = []any{map[string]any{"ip": ip}}
	case ip == "" && first != "":
		status["podIP"] = first
	}
}
