package check

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// volumeSources are the kinds of volumes of pods, persistentSources those of volumes of their own.
var (
	volumeSources = []string{
		"emptyDir", "hostPath", "gitRepo", "gcePersistentDisk", "awsElasticBlockStore", "secret", "nfs", "iscsi", "glusterfs", "flocker",
		"persistentVolumeClaim", "rbd", "cinder", "cephfs", "quobyte", "downwardAPI", "fc", "flexVolume", "configMap", "azureFile",
		"vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk", "storageos", "projected", "scaleIO", "csi", "ephemeral", "image",
	}
	persistentSources = []string{
		"hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs", "rbd", "quobyte", "cephfs", "iscsi",
		"cinder", "fc", "flexVolume", "azureFile", "vsphereVolume", "photonPersistentDisk", "portworxVolume", "azureDisk", "scaleIO", "local",
		"storageos", "csi",
	}
)

// volume: one source.
func volume(obj map[string]any, at *field.Path) field.ErrorList {
	errs := oneOf(obj, at, "must specify a volume type", "may not specify more than 1 volume type", volumeSources...)
	if name := str(obj, "name"); name != "" {
		for _, f := range formats["label"](name) {
			errs = append(errs, field.Invalid(at.Child("name"), name, f.Detail))
		}
	}
	if c := object(obj, "ephemeral"); c != nil && object(c, "volumeClaimTemplate") == nil {
		errs = append(errs, field.Required(at.Child("ephemeral", "volumeClaimTemplate"), ""))
	}
	errs = append(errs, downward(list(obj, "downwardAPI", "items"), at.Child("downwardAPI"))...)
	for _, s := range list(obj, "projected", "sources") {
		if token := object(s, "serviceAccountToken"); token != nil && str(token, "path") == "" {
			errs = append(errs, field.Required(at.Child("projected", "path"), ""))
		}
	}
	return append(errs, disks(obj, at, "must be valid format starting with iqn, eui, or naa")...)
}

// disks: those that a volume of a pod and one of its own have in common. A Google disk is reported by the name that it has within the server.
func disks(obj map[string]any, at *field.Path, unnamed string) field.ErrorList {
	var errs field.ErrorList
	if disk := object(obj, "gcePersistentDisk"); disk != nil && str(disk, "pdName") == "" {
		errs = append(errs, field.Required(at.Child("persistentDisk", "pdName"), ""))
	}
	if name := str(obj, "iscsi", "iqn"); name != "" && !iscsiName.MatchString(name) {
		errs = append(errs, field.Invalid(at.Child("iscsi", "iqn"), name, unnamed))
	}
	return errs
}

// iscsiName is a qualified name, or a number of the IEEE's or of T11's.
var iscsiName = regexp.MustCompile(`^(iqn\.\d{4}-\d{2}\.[[:word:]-.]+(:[^,;*&$|\s]+)|eui\.[[:alnum:]]{16}|naa\.[[:alnum:]]{32})$`)

// projection: one source.
func projection(obj map[string]any, at *field.Path) field.ErrorList {
	names := present(obj, "secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate")
	if len(names) > 1 {
		return field.ErrorList{field.Forbidden(at.Child(names[1]), "may not specify more than 1 volume type per source")}
	}
	errs := downward(list(obj, "downwardAPI", "items"), at.Child("downwardAPI"))
	if bundle := object(obj, "clusterTrustBundle"); bundle != nil {
		where := at.Child("clusterTrustBundle")
		switch name, signer := str(bundle, "name"), str(bundle, "signerName"); {
		case name != "" && signer != "":
			errs = append(errs, field.Invalid(where, bundle, "only one of name and signerName may be used"))
		case name == "" && signer == "":
			errs = append(errs, field.Required(where, "either name or signerName must be specified"))
		}
	}
	return errs
}

// downward: each file shows a field or a resource.
func downward(items []any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, item := range items {
		f, r := object(item, "fieldRef"), object(item, "resourceFieldRef")
		switch {
		case f == nil && r == nil:
			errs = append(errs, field.Required(at, "one of fieldRef and resourceFieldRef is required"))
		case f != nil && r != nil:
			errs = append(errs, field.Invalid(at, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"))
		}
	}
	return errs
}

// fibreChannel: world wide names with a unit, or identifiers.
func fibreChannel(obj map[string]any, at *field.Path) field.ErrorList {
	names, ids := len(list(obj, "targetWWNs")), len(list(obj, "wwids"))
	switch {
	case names == 0 && ids == 0:
		return field.ErrorList{field.Required(at.Child("targetWWNs"), "must specify either targetWWNs or wwids, but not both")}
	case names > 0 && ids > 0:
		return field.ErrorList{field.Invalid(at.Child("targetWWNs"), obj["targetWWNs"], "targetWWNs and wwids can not be specified simultaneously")}
	case names > 0 && obj["lun"] == nil:
		return field.ErrorList{field.Required(at.Child("lun"), "lun is required if targetWWNs is specified")}
	}
	return nil
}

// claimSpec: a claim asks for an amount of storage, and ReadWriteOncePod stands alone.
func claimSpec(obj map[string]any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	size, ok := parse(get(obj, "resources", "requests", "storage"))
	switch {
	case !ok:
		errs = append(errs, field.Required(at.Child("resources").Key("storage"), ""))
	case size.Sign() <= 0:
		errs = append(errs, field.Invalid(at.Child("resources").Key("storage"), get(obj, "resources", "requests", "storage"), "must be greater than zero"))
	}
	return append(errs, alone(obj, at)...)
}

// alone: one pod alone is not together with another way to use a volume.
func alone(spec map[string]any, at *field.Path) field.ErrorList {
	modes := list(spec, "accessModes")
	if slices.Contains(modes, any("ReadWriteOncePod")) && slices.ContainsFunc(modes, func(m any) bool { return m != "ReadWriteOncePod" }) {
		return field.ErrorList{field.Forbidden(at.Child("accessModes"), "may not use ReadWriteOncePod with other access modes")}
	}
	return nil
}

func claim(obj map[string]any) field.ErrorList {
	var errs field.ErrorList
	at := field.NewPath("spec")
	source, ref := object(obj, "spec", "dataSource"), object(obj, "spec", "dataSourceRef")
	if ref == nil {
		// A source alone that nothing can be made from is dropped, not refused.
		return nil
	}
	for name, s := range map[string]map[string]any{"dataSource": source, "dataSourceRef": ref} {
		if s != nil && str(s, "apiGroup") == "" && str(s, "kind") != "PersistentVolumeClaim" && str(s, "kind") != "" {
			errs = append(errs, field.Invalid(at.Child(name), str(s, "kind"), "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
		}
	}
	if source != nil && !reflect.DeepEqual(source, withoutKey(ref, "namespace")) {
		errs = append(errs, field.Invalid(at, "", "must match dataSourceRef"))
	}
	return errs
}

func withoutKey(m map[string]any, key string) map[string]any {
	out := maps.Clone(m)
	delete(out, key)
	return out
}

// persistentVolume: one source, storage as its capacity, a node for what is local.
func persistentVolume(obj map[string]any) field.ErrorList {
	spec, at := object(obj, "spec"), field.NewPath("spec")
	errs := oneOf(spec, at, "must specify a volume type", "may not specify more than 1 volume type", persistentSources...)
	capacity := object(spec, "capacity")
	if names := slices.Sorted(maps.Keys(capacity)); len(names) > 0 && (len(names) > 1 || names[0] != "storage") {
		errs = append(errs, field.NotSupported(at.Child("capacity"), capacity, []string{"storage"}))
	}
	if spec["local"] != nil && spec["nodeAffinity"] == nil {
		errs = append(errs, field.Required(field.NewPath("spec", "nodeAffinity"), "Local volume requires node affinity"))
	}
	if spec["hostPath"] != nil && str(spec, "hostPath", "path") == "/" && str(spec, "persistentVolumeReclaimPolicy") == "Recycle" {
		errs = append(errs, field.Forbidden(at.Child("persistentVolumeReclaimPolicy"), "may not be 'recycle' for a hostPath mount of '/'"))
	}
	if spec["csi"] == nil && str(spec, "volumeAttributesClassName") != "" {
		errs = append(errs, field.Required(at.Child("csi"), "has to be specified when using volumeAttributesClassName"))
	}
	errs = append(errs, disks(spec, at, "must be valid format")...)
	return append(errs, alone(spec, at)...)
}

// storageClass: somebody provides it, and a topology is not there twice.
func storageClass(obj map[string]any) field.ErrorList {
	errs := driver(obj, "provisioner")
	for i, term := range list(obj, "allowedTopologies") {
		seen := map[string]bool{}
		for j, e := range list(term, "matchLabelExpressions") {
			key := str(e, "key")
			if seen[key] {
				errs = append(errs, field.Duplicate(field.NewPath("allowedTopologies").Index(i).Child("matchLabelExpressions").Index(j).Child("key"), key))
			}
			seen[key] = true
		}
	}
	return errs
}

func driverName(obj map[string]any) field.ErrorList { return driver(obj, "driverName") }

// driver: the name of one, in any case.
func driver(obj map[string]any, name string) field.ErrorList {
	var errs field.ErrorList
	value := str(obj, name)
	if value == "" {
		return nil
	}
	for _, f := range formats["qualified"](strings.ToLower(value)) {
		errs = append(errs, field.Invalid(field.NewPath(name), value, f.Detail))
	}
	return errs
}

// tokenAudiences: a driver asks for one token of each audience.
func tokenAudiences(obj map[string]any) field.ErrorList {
	var errs field.ErrorList
	seen := map[string]bool{}
	for i, r := range list(obj, "spec", "tokenRequests") {
		if audience := str(r, "audience"); seen[audience] {
			errs = append(errs, field.Duplicate(field.NewPath("spec", "tokenRequests").Index(i).Child("audience"), audience))
		}
		seen[str(r, "audience")] = true
	}
	return errs
}
