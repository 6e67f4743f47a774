package schema

import (
	"math"
	"strings"
)

// conditional holds, by native type, the defaults that depend on other fields. Each function is given an object of the type in
// canonical form, before the defaults of its parts. The rules are those of the functions SetDefaults_… in
// k8s.io/kubernetes/pkg/apis, and a test in internal/gen compares the two.
var conditional = map[string]func(obj map[string]any){
	"io.k8s.api.apps.v1.DaemonSetUpdateStrategy":                                        daemonSetUpdate,
	"io.k8s.api.apps.v1.DeploymentStrategy":                                             deploymentUpdate,
	"io.k8s.api.apps.v1.StatefulSet":                                                    statefulSet,
	"io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler":                                 autoscalerV1,
	"io.k8s.api.apps.v1.StatefulSetUpdateStrategy":                                      statefulSetUpdate,
	"io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerBehavior":                         scaling,
	"io.k8s.api.batch.v1.Job":                                                           job,
	"io.k8s.api.core.v1.Container":                                                      container,
	"io.k8s.api.core.v1.EphemeralContainer":                                             container,
	"io.k8s.api.core.v1.ImageVolumeSource":                                              imageVolume,
	"io.k8s.api.core.v1.LimitRangeItem":                                                 limitRange,
	"io.k8s.api.core.v1.Namespace":                                                      namespace,
	"io.k8s.api.core.v1.NodeSpec":                                                       nodeSpec,
	"io.k8s.api.core.v1.NodeStatus":                                                     nodeStatus,
	"io.k8s.api.core.v1.Pod":                                                            pod,
	"io.k8s.api.core.v1.PodSpec":                                                        podSpec,
	"io.k8s.api.core.v1.PodStatus":                                                      podStatus,
	"io.k8s.api.core.v1.ReplicationController":                                          replicationController,
	"io.k8s.api.core.v1.Secret":                                                         secret,
	"io.k8s.api.core.v1.Service":                                                        service,
	"io.k8s.api.core.v1.Volume":                                                         volume,
	"io.k8s.api.networking.v1.NetworkPolicySpec":                                        networkPolicy,
	"io.k8s.api.rbac.v1.Subject":                                                        subject,
	"io.k8s.api.resource.v1.DeviceSubRequest":                                           deviceRequest,
	"io.k8s.api.resource.v1.ExactDeviceRequest":                                         deviceRequest,
	"io.k8s.api.resource.v1beta1.DeviceRequest":                                         deviceRequestV1beta1,
	"io.k8s.api.resource.v1beta1.DeviceSubRequest":                                      deviceRequest,
	"io.k8s.api.resource.v1beta2.DeviceSubRequest":                                      deviceRequest,
	"io.k8s.api.resource.v1beta2.ExactDeviceRequest":                                    deviceRequest,
	"io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition": definition,
}

// set puts v where nothing is.
func set(obj map[string]any, field string, v any) {
	if _, ok := obj[field]; !ok {
		obj[field] = v
	}
}

func object(obj map[string]any, field string) map[string]any {
	m, _ := obj[field].(map[string]any)
	return m
}

// made returns the object in a field, which it makes when there is none.
func made(obj map[string]any, field string) map[string]any {
	if m, ok := obj[field].(map[string]any); ok {
		return m
	}
	m := map[string]any{}
	obj[field] = m
	return m
}

func items(obj map[string]any, field string) []map[string]any {
	list, _ := obj[field].([]any)
	out := make([]map[string]any, 0, len(list))
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func deploymentUpdate(strategy map[string]any) {
	set(strategy, "type", "RollingUpdate")
	if strategy["type"] == "RollingUpdate" {
		rolling := made(strategy, "rollingUpdate")
		set(rolling, "maxUnavailable", "25%")
		set(rolling, "maxSurge", "25%")
	}
	bothLimits(strategy)
}

// bothLimits completes the limits of a rolling update: the server's own type has no way to leave one out.
func bothLimits(strategy map[string]any) {
	if rolling := object(strategy, "rollingUpdate"); rolling != nil {
		set(rolling, "maxUnavailable", int64(0))
		set(rolling, "maxSurge", int64(0))
	}
}

func daemonSetUpdate(strategy map[string]any) {
	set(strategy, "type", "RollingUpdate")
	if strategy["type"] == "RollingUpdate" {
		rolling := made(strategy, "rollingUpdate")
		set(rolling, "maxUnavailable", int64(1))
		set(rolling, "maxSurge", int64(0))
	}
	bothLimits(strategy)
}

func statefulSetUpdate(strategy map[string]any) {
	if _, ok := strategy["type"]; !ok {
		strategy["type"] = "RollingUpdate"
		made(strategy, "rollingUpdate")
	}
	if rolling := object(strategy, "rollingUpdate"); rolling != nil {
		set(rolling, "partition", int64(0))
		if strategy["type"] == "RollingUpdate" {
			set(rolling, "maxUnavailable", int64(1))
		}
	}
}

// statefulSet names the kind of the claims, which the server's type has and an object may leave out.
func statefulSet(obj map[string]any) {
	for _, claim := range items(object(obj, "spec"), "volumeClaimTemplates") {
		set(claim, "apiVersion", "v1")
		set(claim, "kind", "PersistentVolumeClaim")
	}
}

// autoscalerV1 gives a target to a version that knows of no other metric; others are in an annotation.
func autoscalerV1(obj map[string]any) {
	if _, ok := object(object(obj, "metadata"), "annotations")["autoscaling.alpha.kubernetes.io/metrics"]; !ok {
		set(made(obj, "spec"), "targetCPUUtilizationPercentage", int64(80))
	}
}

func scaling(behavior map[string]any) {
	up := made(behavior, "scaleUp")
	set(up, "stabilizationWindowSeconds", int64(0))
	percent := map[string]any{"type": "Percent", "value": int64(100), "periodSeconds": int64(15)}
	set(up, "policies", []any{map[string]any{"type": "Pods", "value": int64(4), "periodSeconds": int64(15)}, percent})
	down := made(behavior, "scaleDown")
	set(down, "policies", []any{deepCopy(percent)})
}

// job defaults a Job; the template of a CronJob is left as it is.
func job(obj map[string]any) {
	spec := made(obj, "spec")
	_, parallelism := spec["parallelism"]
	if !parallelism {
		set(spec, "completions", int64(1))
	}
	set(spec, "parallelism", int64(1))
	if _, perIndex := spec["backoffLimitPerIndex"]; perIndex {
		set(spec, "backoffLimit", int64(math.MaxInt32))
	}
	set(spec, "backoffLimit", int64(6))
	set(spec, "completionMode", "NonIndexed")
	set(spec, "suspend", false)
	set(spec, "manualSelector", false)
	if _, policy := spec["podFailurePolicy"]; policy {
		set(spec, "podReplacementPolicy", "Failed")
	}
	set(spec, "podReplacementPolicy", "TerminatingOrFailed")
	templateLabels(obj, spec)
}

// templateLabels gives an object without labels those of its pods.
func templateLabels(obj, spec map[string]any) {
	labels := object(object(object(spec, "template"), "metadata"), "labels")
	if labels != nil {
		set(made(obj, "metadata"), "labels", deepCopy(labels))
	}
}

func replicationController(obj map[string]any) {
	spec := made(obj, "spec")
	templateLabels(obj, spec)
	if labels := object(object(object(spec, "template"), "metadata"), "labels"); labels != nil {
		set(spec, "selector", deepCopy(labels))
	}
}

func container(obj map[string]any) {
	image, _ := obj["image"].(string)
	set(obj, "imagePullPolicy", pullPolicy(image))
}

func imageVolume(obj map[string]any) {
	image, _ := obj["reference"].(string)
	set(obj, "pullPolicy", pullPolicy(image))
}

func podSpec(obj map[string]any) {
	if name, ok := obj["serviceAccountName"]; ok {
		obj["serviceAccount"] = name
	} else if name, ok := obj["serviceAccount"]; ok {
		obj["serviceAccountName"] = name
	}
}

func pod(obj map[string]any) {
	spec := made(obj, "spec")
	set(spec, "enableServiceLinks", true)
	if s, ok := spec["terminationGracePeriodSeconds"].(int64); ok && s < 0 {
		spec["terminationGracePeriodSeconds"] = int64(1)
	}
	host, _ := spec["hostNetwork"].(bool)
	for _, field := range []string{"containers", "initContainers"} {
		for _, c := range items(spec, field) {
			if limits := object(object(c, "resources"), "limits"); limits != nil {
				requests := made(object(c, "resources"), "requests")
				for name, limit := range limits {
					set(requests, name, limit)
				}
			}
			if !host {
				continue
			}
			for _, port := range items(c, "ports") {
				if n, ok := port["containerPort"]; ok {
					set(port, "hostPort", n)
				}
			}
		}
	}
}

func nodeSpec(obj map[string]any) {
	list, _ := obj["podCIDRs"].([]any)
	one, has := obj["podCIDR"]
	switch {
	case has && (len(list) == 0 || list[0] != one):
		obj["podCIDRs"] = []any{one}
	case !has && len(list) > 0 && list[0] != "":
		obj["podCIDR"] = list[0]
	}
}

func podStatus(obj map[string]any) {
	ips := items(obj, "podIPs")
	ip, has := obj["podIP"]
	switch {
	case has && (len(ips) == 0 || ips[0]["ip"] != ip):
		obj["podIPs"] = []any{map[string]any{"ip": ip}}
	case !has && len(ips) > 0:
		if first, ok := ips[0]["ip"]; ok {
			obj["podIP"] = first
		}
	}
}

func nodeStatus(obj map[string]any) {
	if capacity := object(obj, "capacity"); capacity != nil {
		set(obj, "allocatable", deepCopy(capacity))
	}
}

func limitRange(obj map[string]any) {
	if obj["type"] != "Container" {
		return
	}
	limits, requests := made(obj, "default"), made(obj, "defaultRequest")
	for name, q := range object(obj, "max") {
		set(limits, name, q)
	}
	for name, q := range limits {
		set(requests, name, q)
	}
	for name, q := range object(obj, "min") {
		set(requests, name, q)
	}
	for _, field := range []string{"default", "defaultRequest"} {
		if len(object(obj, field)) == 0 {
			delete(obj, field)
		}
	}
}

func namespace(obj map[string]any) {
	name, _ := object(obj, "metadata")["name"].(string)
	if name != "" {
		made(object(obj, "metadata"), "labels")["kubernetes.io/metadata.name"] = name
	}
}

// secret moves stringData to data, where it wins.
func secret(obj map[string]any) {
	plain := object(obj, "stringData")
	delete(obj, "stringData")
	for k, v := range plain {
		if s, ok := v.(string); ok {
			made(obj, "data")[k] = encode(s)
		}
	}
}

func service(obj map[string]any) {
	spec := made(obj, "spec")
	set(spec, "sessionAffinity", "None")
	switch spec["sessionAffinity"] {
	case "None":
		delete(spec, "sessionAffinityConfig")
	case "ClientIP":
		client := object(object(spec, "sessionAffinityConfig"), "clientIP")
		if _, ok := client["timeoutSeconds"]; !ok {
			spec["sessionAffinityConfig"] = map[string]any{"clientIP": map[string]any{"timeoutSeconds": int64(10800)}}
		}
	}
	set(spec, "type", "ClusterIP")
	kind := spec["type"]
	for _, port := range items(spec, "ports") {
		if target, ok := port["targetPort"]; !ok || target == "" {
			delete(port, "targetPort")
			if n, ok := port["port"]; ok {
				port["targetPort"] = n
			}
		}
	}
	external, _ := spec["externalIPs"].([]any)
	if kind == "LoadBalancer" || kind == "NodePort" || kind == "ClusterIP" && len(external) > 0 {
		set(spec, "externalTrafficPolicy", "Cluster")
	}
	if kind == "NodePort" || kind == "LoadBalancer" || kind == "ClusterIP" {
		set(spec, "internalTrafficPolicy", "Cluster")
	}
	if kind == "LoadBalancer" {
		set(spec, "allocateLoadBalancerNodePorts", true)
		for _, in := range items(object(object(obj, "status"), "loadBalancer"), "ingress") {
			if _, ok := in["ip"]; ok {
				set(in, "ipMode", "VIP")
			}
		}
	}
}

// volume makes a volume of no source an empty directory.
func volume(obj map[string]any) {
	for field := range obj {
		if field != "name" {
			return
		}
	}
	obj["emptyDir"] = map[string]any{}
}

func networkPolicy(spec map[string]any) {
	if _, ok := spec["policyTypes"]; ok {
		return
	}
	types := []any{"Ingress"}
	if egress, _ := spec["egress"].([]any); len(egress) > 0 {
		types = append(types, "Egress")
	}
	spec["policyTypes"] = types
}

func subject(obj map[string]any) {
	if kind := obj["kind"]; kind == "User" || kind == "Group" {
		set(obj, "apiGroup", "rbac.authorization.k8s.io")
	}
}

func deviceRequest(obj map[string]any) {
	set(obj, "allocationMode", "ExactCount")
	if obj["allocationMode"] == "ExactCount" {
		set(obj, "count", int64(1))
	}
}

// deviceRequestV1beta1 defaults the requests of the version that had both forms in one type: those that name a class.
func deviceRequestV1beta1(obj map[string]any) {
	if _, ok := obj["deviceClassName"]; ok {
		deviceRequest(obj)
	}
}

func definition(obj map[string]any) {
	spec := made(obj, "spec")
	if conversion := object(spec, "conversion"); conversion != nil && len(object(conversion, "webhook")) == 0 {
		delete(conversion, "webhook")
	}
	names := made(spec, "names")
	if kind, _ := names["kind"].(string); kind != "" {
		set(names, "singular", strings.ToLower(kind))
		set(names, "listKind", kind+"List")
	}
	if len(names) == 0 {
		delete(spec, "names")
	}
	if stored, _ := object(obj, "status")["storedVersions"].([]any); len(stored) > 0 {
		return
	}
	for _, v := range items(spec, "versions") {
		if v["storage"] == true {
			name, _ := v["name"].(string)
			made(obj, "status")["storedVersions"] = []any{name}
			return
		}
	}
}
