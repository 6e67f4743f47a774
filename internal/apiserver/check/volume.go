package check

import (
	"fmt"
	"maps"
	"net"
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

// mountable are the sources of volumes that are mounted with options that an annotation gives.
var mountable = []string{
	"gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "nfs", "rbd", "quobyte", "iscsi", "cinder", "cephfs", "azureFile",
	"vsphereVolume", "azureDisk", "photonPersistentDisk",
}

// volume: one source.
func volume(obj map[string]any, at *field.Path) field.ErrorList {
	errs := oneOf(obj, at, "must specify a volume type", "may not specify more than 1 volume type", volumeSources...)
	if name := str(obj, "name"); name != "" {
		for _, f := range formats["label"](name) {
			errs = append(errs, field.Invalid(at.Child("name"), name, f.Detail))
		}
	}
	if portal := str(obj, "iscsi", "targetPortal"); get(obj, "iscsi", "initiatorName") != nil && len(str(obj, "name")+":"+portal) > 64 {
		errs = append(errs, field.Invalid(at.Child("name"), str(obj, "name"),
			"Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified."))
	}
	if secret := str(obj, "csi", "nodePublishSecretRef", "name"); secret != "" {
		for _, f := range formats["subdomain"](secret) {
			errs = append(errs, field.Invalid(at.Child("csi", "name"), secret, f.Detail))
		}
	}
	if c := object(obj, "ephemeral"); c != nil && object(c, "volumeClaimTemplate") == nil {
		errs = append(errs, field.Required(at.Child("ephemeral", "volumeClaimTemplate"), ""))
	}
	errs = append(errs, downward(list(obj, "downwardAPI", "items"), at.Child("downwardAPI"))...)
	errs = append(errs, projectedPaths(list(obj, "projected", "sources"), at.Child("projected"))...)
	for _, s := range list(obj, "projected", "sources") {
		if token := object(s, "serviceAccountToken"); token != nil && str(token, "path") == "" {
			errs = append(errs, field.Required(at.Child("projected", "path"), ""))
		} else if token != nil {
			for _, f := range formats["keypath"](str(token, "path")) {
				errs = append(errs, field.Invalid(at.Child("projected", "path"), str(token, "path"), f.Detail))
			}
		}
	}
	return append(errs, disks(obj, at, "must be valid format starting with iqn, eui, or naa")...)
}

// disks: those that a volume of a pod and one of its own have in common. A Google disk is reported by the name that it has within the server.
func disks(obj map[string]any, at *field.Path, unnamed string) field.ErrorList {
	var errs field.ErrorList
	if disk := object(obj, "gcePersistentDisk"); disk != nil {
		if str(disk, "pdName") == "" {
			errs = append(errs, field.Required(at.Child("persistentDisk", "pdName"), ""))
		}
		if n, _ := number(disk, "partition"); n < 0 || n > 255 {
			errs = append(errs, field.Invalid(at.Child("persistentDisk", "partition"), n, "must be between 0 and 255 inclusive"))
		}
	}
	for _, name := range []string{"iqn", "initiatorName"} {
		value, ok := get(obj, "iscsi", name).(string)
		if !ok || value == "" && name == "iqn" {
			continue
		}
		where := strings.ToLower(name)
		form := iscsiNames[value[:min(3, len(value))]]
		switch {
		case form == nil:
			errs = append(errs, field.Invalid(at.Child("iscsi", where), value, unnamed))
		case !form.MatchString(value):
			errs = append(errs, field.Invalid(at.Child("iscsi", where), value, "must be valid format"))
		}
	}
	if source := object(obj, "iscsi"); source["secretRef"] == nil && (source["chapAuthDiscovery"] == true || source["chapAuthSession"] == true) {
		errs = append(errs, field.Required(at.Child("iscsi", "secretRef"), ""))
	}
	errs = append(errs, azureDisk(object(obj, "azureDisk"), at.Child("azureDisk"))...)
	return append(errs, quobyte(object(obj, "quobyte"), at.Child("quobyte"))...)
}

// azureDisk: a disk that is managed is named by its path, another by its address.
func azureDisk(disk map[string]any, at *field.Path) field.ErrorList {
	want, example := "https://", "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd"
	if str(disk, "kind") == "Managed" {
		want, example = "/subscriptions/", "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"
	}
	if disk == nil {
		return nil
	}
	var errs field.ErrorList
	for _, name := range []string{"diskName", "diskURI"} {
		if str(disk, name) == "" {
			errs = append(errs, field.Required(at.Child(name), ""))
		}
	}
	if uri := str(disk, "diskURI"); disk["kind"] != nil && !strings.HasPrefix(uri, want) {
		errs = append(errs, field.NotSupported(at.Child("diskURI"), uri, []string{example}))
	}
	return errs
}

// quobyte: the addresses of its registry have ports.
func quobyte(source map[string]any, at *field.Path) field.ErrorList {
	registry := str(source, "registry")
	switch {
	case registry == "":
		return nil
	case len(str(source, "tenant")) >= 65:
		return field.ErrorList{field.Required(at.Child("tenant"), "must be a UUID and may not exceed a length of 64 characters")}
	}
	for pair := range strings.SplitSeq(registry, ",") {
		if _, _, err := net.SplitHostPort(pair); err != nil {
			return field.ErrorList{field.Invalid(at.Child("registry"), registry, "must be a host:port pair or multiple pairs separated by commas")}
		}
	}
	return nil
}

// iscsiNames are the forms of names by how they begin: qualified ones, and numbers of the IEEE's and of T11's.
var iscsiNames = map[string]*regexp.Regexp{
	"iqn": regexp.MustCompile(`iqn\.\d{4}-\d{2}\.[[:alnum:]-.]+:[^,;*&$|\s]+$`),
	"eui": regexp.MustCompile(`^eui.[[:alnum:]]{16}$`),
	"naa": regexp.MustCompile(`^naa.[[:alnum:]]{32}$`),
}

// projection: one source.
func projection(obj map[string]any, at *field.Path) field.ErrorList {
	names := present(obj, "secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle", "podCertificate")
	errs := downward(list(obj, "downwardAPI", "items"), at.Child("downwardAPI"))
	if len(names) > 1 {
		errs = append(errs, field.Forbidden(at, "may not specify more than 1 volume type per source"))
	}
	if bundle := object(obj, "clusterTrustBundle"); bundle != nil {
		where := at.Child("clusterTrustBundle")
		switch name, signer := str(bundle, "name"), str(bundle, "signerName"); {
		case name != "" && signer != "":
			errs = append(errs, field.Invalid(where, bundle, "only one of name and signerName may be used"))
		case bundle["name"] == nil && bundle["signerName"] == nil:
			errs = append(errs, field.Required(where, "either name or signerName must be specified"))
		case name != "" && bundle["labelSelector"] != nil:
			errs = append(errs, field.Invalid(where.Child("labelSelector"), bundle["labelSelector"], "labelSelector must be unset if name is specified"))
		case name != "":
			for _, f := range formats["bundle"](name) {
				errs = append(errs, field.Invalid(where.Child("name"), name, f.Detail))
			}
		case signer != "":
			errs = append(errs, signerName(signer, where.Child("signerName"))...)
		}
	}
	if certificate := object(obj, "podCertificate"); certificate != nil {
		where := at.Child("podCertificate")
		if signer := str(certificate, "signerName"); signer != "" {
			errs = append(errs, signerName(signer, where.Child("signerName"))...)
		}
		if len(present(certificate, "credentialBundlePath", "keyPath", "certificateChainPath")) == 0 {
			errs = append(errs, field.Required(where, "specify at least one of credentialBundlePath, keyPath, and certificateChainPath"))
		}
	}
	return errs
}

// signerName is a domain with a dot, and a path in it.
func signerName(name string, at *field.Path) field.ErrorList {
	domain, path, ok := strings.Cut(name, "/")
	if !ok || strings.Contains(path, "/") {
		return field.ErrorList{field.Invalid(at, name, "must be a fully qualified domain and path of the form 'example.com/signer-name'")}
	}
	var errs field.ErrorList
	label := func(part, label, form string) bool {
		faults := formats[form](label)
		for _, f := range faults {
			errs = append(errs, field.Invalid(at, part, fmt.Sprintf("validating label %q: %s", label, f.Detail)))
		}
		return len(faults) == 0
	}
	if len(domain) > 253 {
		errs = append(errs, field.TooLong(at, "", 253))
	}
	for part := range strings.SplitSeq(domain, ".") {
		if !label(domain, part, "label") {
			break
		}
	}
	if !strings.Contains(domain, ".") {
		errs = append(errs, field.Invalid(at, domain, "should be a domain with at least two segments separated by dots"))
	}
	for part := range strings.SplitSeq(path, ".") {
		if !label(path, part, "subdomain") {
			break
		}
	}
	if longest := 253 + 253 + 63 + 2; len(name) > longest {
		errs = append(errs, field.TooLong(at, "", longest))
	}
	return errs
}

// projectedPaths: no two files of a volume are at one path.
func projectedPaths(sources []any, at *field.Path) field.ErrorList {
	var errs field.ErrorList
	taken := map[string]bool{}
	take := func(path, shown string) {
		if taken[path] {
			errs = append(errs, field.Invalid(at, shown, "conflicting duplicate paths"))
		}
		taken[path] = true
	}
	for _, s := range sources {
		for _, part := range []string{"secret", "configMap"} {
			for _, item := range list(s, part, "items") {
				if path := str(item, "path"); path != "" {
					take(path, str(s, part, "name"))
				}
			}
		}
		for _, item := range list(s, "downwardAPI", "items") {
			if path := str(item, "path"); path != "" {
				take(path, path)
			}
		}
		if object(s, "clusterTrustBundle") != nil {
			take(str(s, "clusterTrustBundle", "path"), str(s, "clusterTrustBundle", "path"))
		}
		for _, name := range []string{"credentialBundlePath", "keyPath", "certificateChainPath"} {
			if path := str(s, "podCertificate", name); path != "" {
				take(path, path)
			}
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
	}
	var errs field.ErrorList
	if names > 0 && ids > 0 {
		errs = append(errs, field.Invalid(at.Child("targetWWNs"), obj["targetWWNs"], "targetWWNs and wwids can not be specified simultaneously"))
	}
	if names > 0 && obj["lun"] == nil {
		errs = append(errs, field.Required(at.Child("lun"), "lun is required if targetWWNs is specified"))
	}
	return errs
}

// claimTemplate: labels and annotations are such.
func claimTemplate(obj map[string]any, at *field.Path) field.ErrorList {
	meta := object(obj, "metadata")
	errs := labelled(meta, at.Child("metadata"))
	for _, name := range slices.Sorted(maps.Keys(meta)) {
		if name != "labels" && name != "annotations" && !isZero(meta[name]) {
			errs = append(errs, field.Forbidden(at.Child("metadata", name), "cannot be set"))
		}
	}
	return errs
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
	return append(errs, onePodAlone(obj, at)...)
}

// onePodAlone: one pod alone is not together with another way to use a volume.
func onePodAlone(spec map[string]any, at *field.Path) field.ErrorList {
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
	for _, name := range []string{"dataSource", "dataSourceRef"} {
		s := object(obj, "spec", name)
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
	const mountOptions = "volume.beta.kubernetes.io/mount-options"
	if object(obj, "metadata", "annotations")[mountOptions] != nil && len(present(spec, mountable...)) == 0 {
		errs = append(errs, field.Forbidden(field.NewPath("metadata", "annotations", mountOptions), "may not specify mount options for this volume type"))
	}
	if spec["csi"] == nil && str(spec, "volumeAttributesClassName") != "" {
		errs = append(errs, field.Required(at.Child("csi"), "has to be specified when using volumeAttributesClassName"))
	}
	if portal := str(spec, "iscsi", "targetPortal"); get(spec, "iscsi", "initiatorName") != nil && len(str(obj, "metadata", "name")+":"+portal) > 64 {
		errs = append(errs, field.Invalid(at.Child("iscsi", "targetportal"), portal,
			"Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified."))
	}
	errs = append(errs, disks(spec, at, "must be valid format")...)
	return append(errs, onePodAlone(spec, at)...)
}

// storageClass: somebody provides it, and a topology is not there twice.
func storageClass(obj map[string]any) field.ErrorList {
	errs := driver(obj, "provisioner")
	errs = append(errs, topologiesTwice(list(obj, "allowedTopologies"))...)
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

// topologiesTwice: no two terms choose alike, whatever the order of their values, and none chooses nothing: the server compares
// each with as many empty ones as there are terms (validateAllowedTopologies in pkg/apis/storage/validation).
func topologiesTwice(terms []any) field.ErrorList {
	var errs field.ErrorList
	seen := []map[string]map[string]bool{}
	for i, term := range terms {
		chosen := map[string]map[string]bool{}
		for _, e := range list(term, "matchLabelExpressions") {
			values := map[string]bool{}
			for _, v := range list(e, "values") {
				values[text(v)] = true
			}
			chosen[str(e, "key")] = values
		}
		at := field.NewPath("allowedTopologies").Index(i).Child("matchLabelExpressions")
		if len(chosen) == 0 || slices.ContainsFunc(seen, func(other map[string]map[string]bool) bool { return reflect.DeepEqual(other, chosen) }) {
			errs = append(errs, field.Duplicate(at, ""))
		}
		seen = append(seen, chosen)
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
