package strategy

import (
	"reflect"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// driverWarnings are those of pkg/registry/storage/csidriver/strategy.go.
func driverWarnings(obj, old map[string]any) []string {
	asked, _ := Get(obj, Path{"spec", "tokenRequests"}).([]any)
	if len(asked) == 0 || Get(obj, Path{"spec", "serviceAccountTokenInSecrets"}) != nil {
		return nil
	}
	if old != nil && reflect.DeepEqual(Get(old, Path{"spec", "tokenRequests"}), any(asked)) {
		return nil
	}
	return []string{"spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible " +
		"logging of tokens in volume attributes"}
}

// volumeWarnings are those of pkg/api/persistentvolume/util.go about what volumes are made of.
func volumeWarnings(obj, _ map[string]any) []string {
	var out notes
	annotations := structure(obj, Path{"metadata", "annotations"})
	for _, old := range [][2]string{
		{"volume.beta.kubernetes.io/storage-class", `deprecated since v1.8; use "storageClassName" attribute instead`},
		{"volume.beta.kubernetes.io/mount-options", `deprecated since v1.31; use "mountOptions" attribute instead`},
	} {
		if annotations[old[0]] != nil {
			out.at(field.NewPath("metadata", "annotations").Key(old[0]), "%s", old[1])
		}
	}
	terms := Path{"spec", "nodeAffinity", "required", "nodeSelectorTerms"}
	for i, term := range items(obj, terms) {
		out.term(term, false, field.NewPath(terms[0], terms[1:]...).Index(i))
	}
	if Get(obj, Path{"spec", "persistentVolumeReclaimPolicy"}) == "Recycle" {
		out = append(out, "spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended "+
			"approach is to use dynamic provisioning.")
	}
	for _, gone := range [][2]string{
		{"cephfs", "deprecated in v1.28, non-functional in v1.31+"},
		{"photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"},
		{"scaleIO", "deprecated in v1.16, non-functional in v1.22+"},
		{"storageos", "deprecated in v1.22, non-functional in v1.25+"},
		{"glusterfs", "deprecated in v1.25, non-functional in v1.26+"},
		{"rbd", "deprecated in v1.28, non-functional in v1.31+"},
	} {
		if Get(obj, Path{"spec", gone[0]}) != nil {
			name := gone[0]
			if name == "storageos" {
				name = "storageOS"
			}
			out = append(out, "spec."+name+": "+gone[1])
		}
	}
	return out
}

// serviceWarnings are those of pkg/api/service/warnings.go about fields that are ignored or on their way out.
func serviceWarnings(obj, _ map[string]any) []string {
	var out notes
	const hints = "service.kubernetes.io/topology-aware-hints"
	if annotations := structure(obj, Path{"metadata", "annotations"}); annotations[hints] != nil {
		out = append(out, "annotation "+hints+" is deprecated, please use service.kubernetes.io/topology-mode instead")
	}
	for _, name := range []string{"clusterIPs", "externalIPs"} {
		for i, ip := range strs(obj, Path{"spec", name}) {
			out.ip(field.NewPath("spec", name).Index(i), ip)
		}
	}
	if ip, ok := Get(obj, Path{"spec", "loadBalancerIP"}).(string); ok {
		out.ip(field.NewPath("spec", "loadBalancerIP"), ip)
	}
	for i, cidr := range strs(obj, Path{"spec", "loadBalancerSourceRanges"}) {
		out.cidr(field.NewPath("spec", "loadBalancerSourceRanges").Index(i), cidr)
	}
	kind := serviceType(obj)
	external, _ := Get(obj, Path{"spec", "externalIPs"}).([]any)
	headless := kind == "ClusterIP" && Get(obj, Path{"spec", "clusterIP"}) == "None"
	if headless {
		if Get(obj, Path{"spec", "loadBalancerIP"}) != nil {
			out = append(out, "spec.loadBalancerIP is ignored for headless services")
		}
		if len(external) > 0 {
			out = append(out, "spec.externalIPs is ignored for headless services")
		}
		if Get(obj, Path{"spec", "sessionAffinity"}) != "None" {
			out = append(out, "spec.SessionAffinity is ignored for headless services")
		}
	}
	switch {
	case len(external) == 0 || headless:
	case kind == "ExternalName":
		out = append(out, `spec.externalIPs is ignored when spec.type is "ExternalName"`)
	default:
		out = append(out, "spec.externalIPs is deprecated and may no longer be implemented in some clusters")
	}
	if kind != "ExternalName" && Get(obj, Path{"spec", "externalName"}) != nil {
		out = append(out, `spec.externalName is ignored when spec.type is not "ExternalName"`)
	}
	if Get(obj, Path{"spec", "trafficDistribution"}) == "PreferClose" {
		out = append(out, `spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"`)
	}
	return out
}
