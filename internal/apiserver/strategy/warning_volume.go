package strategy

import (
	"fmt"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// oldAnnotations are those of pods that do nothing any more.
var oldAnnotations = [][2]string{
	{"scheduler.alpha.kubernetes.io/critical-pod", `non-functional in v1.16+; use the "priorityClassName" field instead`},
	{"security.alpha.kubernetes.io/sysctls", `non-functional in v1.11+; use the "sysctls" field instead`},
	{"security.alpha.kubernetes.io/unsafe-sysctls", `non-functional in v1.11+; use the "sysctls" field instead`},
}

// Annotations that fields have taken the place of.
const (
	seccompOfPod       = "seccomp.security.alpha.kubernetes.io/pod"
	seccompOfContainer = "container.seccomp.security.alpha.kubernetes.io/"
	appArmor           = "container.apparmor.security.beta.kubernetes.io/"
)

// annotations warns of annotations that do nothing, or that a field should take the place of.
func (n *notes) annotations(pod map[string]any, at *field.Path) {
	set := structure(pod, Path{"metadata", "annotations"})
	where := at.Child("metadata", "annotations")
	for _, old := range oldAnnotations {
		if set[old[0]] != nil {
			n.at(where.Key(old[0]), "%s", old[1])
		}
	}
	const useSeccomp = `non-functional in v1.27+; use the "seccompProfile" field instead`
	if set[seccompOfPod] != nil && Get(pod, Path{"spec", "securityContext", "seccompProfile"}) == nil {
		n.at(where.Key(seccompOfPod), useSeccomp)
	}
	for _, c := range containersWithPath(structure(pod, Path{"spec"}), nil) {
		name, _ := c.obj["name"].(string)
		if set[seccompOfContainer+name] != nil && Get(c.obj, Path{"securityContext", "seccompProfile"}) == nil {
			n.at(where.Key(seccompOfContainer+name), useSeccomp)
		}
		profile, ok := set[appArmor+name].(string)
		if at == nil || !ok || Get(c.obj, Path{"securityContext", "appArmorProfile"}) != nil {
			continue
		}
		if common := structure(pod, Path{"spec", "securityContext", "appArmorProfile"}); common == nil || !reflect.DeepEqual(common, armor(profile)) {
			n.at(where.Key(appArmor+name), `deprecated since v1.30; use the "appArmorProfile" field instead`)
		}
	}
}

// armor is the field that an annotation stands for, nil for none.
func armor(note string) map[string]any {
	switch file, local := strings.CutPrefix(note, "localhost/"); {
	case note == "unconfined":
		return map[string]any{"type": "Unconfined"}
	case note == "runtime/default":
		return map[string]any{"type": "RuntimeDefault"}
	case local && file != "":
		return map[string]any{"type": "Localhost", "localhostProfile": file}
	}
	return nil
}

// oldVolumes are sources of volumes that are on their way out, with what the server calls them.
var oldVolumes = [][3]string{
	{"photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"},
	{"gitRepo", "gitRepo", "deprecated in v1.11, and disabled by default in v1.33+"},
	{"scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"},
	{"flocker", "flocker", "deprecated in v1.22, non-functional in v1.25+"},
	{"storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"},
	{"quobyte", "quobyte", "deprecated in v1.22, non-functional in v1.25+"},
	{"glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"},
	{"cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"},
	{"rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"},
}

func (n *notes) volumes(list []map[string]any, at *field.Path) {
	for i, v := range list {
		for _, old := range oldVolumes {
			if v[old[0]] != nil {
				n.at(at.Index(i).Child(old[1]), "%s", old[2])
			}
		}
		n.claimSpec(structure(v, Path{"ephemeral", "volumeClaimTemplate", "spec"}), at.Index(i).Child("ephemeral", "volumeClaimTemplate", "spec"))
	}
}

// claimSpec: a claim is of whole bytes.
func (n *notes) claimSpec(spec map[string]any, at *field.Path) {
	for _, part := range []string{"requests", "limits"} {
		n.fraction(Get(spec, Path{"resources", part, "storage"}), at.Child("resources", part).Key("storage"))
	}
}

// file is where a volume shows something.
type file struct{ path, source string }

func (f file) String() string {
	if f.source == "" {
		return fmt.Sprintf("%q", f.path)
	}
	return fmt.Sprintf("%q (%s)", f.path, f.source)
}

// paths warns of files of one volume that are in the place of each other.
func (n *notes) paths(volumes []map[string]any) {
	for _, v := range volumes {
		tell := func(kind string, files []file) {
			var before []file
			for _, f := range files {
				f.path = strings.TrimRight(f.path, "/")
				for _, other := range before {
					if inPlaceOf(f, other) {
						*n = append(*n, fmt.Sprintf("volume %q (%s): overlapping paths: %s with %s", v["name"], kind, f, other))
					}
				}
				before = append(before, f)
			}
		}
		of := func(list []map[string]any, source string) []file {
			var out []file
			for _, path := range texts(list, "path") {
				out = append(out, file{path, source})
			}
			return out
		}
		name := func(path ...string) string { s, _ := Get(v, path).(string); return s }
		tell(fmt.Sprintf("ConfigMap %q", name("configMap", "name")), of(items(v, Path{"configMap", "items"}), ""))
		tell(fmt.Sprintf("Secret %q", name("secret", "secretName")), of(items(v, Path{"secret", "items"}), ""))
		tell("DownwardAPI", of(items(v, Path{"downwardAPI", "items"}), ""))
		var all []file
		for _, s := range items(v, Path{"projected", "sources"}) {
			if len(s) == 0 {
				*n = append(*n, fmt.Sprintf("volume %q (Projected) has no sources provided", v["name"]))
			}
			all = append(all, projected(s, of)...)
		}
		tell("Projected", all)
	}
}

// projected lists the files of one source.
func projected(s map[string]any, of func(list []map[string]any, source string) []file) []file {
	text := func(path ...string) string { t, _ := Get(s, path).(string); return t }
	switch {
	case Get(s, Path{"configMap", "items"}) != nil:
		return of(items(s, Path{"configMap", "items"}), fmt.Sprintf("ConfigMap %q", text("configMap", "name")))
	case Get(s, Path{"secret", "items"}) != nil:
		return of(items(s, Path{"secret", "items"}), fmt.Sprintf("Secret %q", text("secret", "name")))
	case Get(s, Path{"downwardAPI", "items"}) != nil:
		return of(items(s, Path{"downwardAPI", "items"}), "DownwardAPI")
	case s["serviceAccountToken"] != nil:
		return []file{{text("serviceAccountToken", "path"), "ServiceAccountToken"}}
	case s["clusterTrustBundle"] != nil:
		name := text("clusterTrustBundle", "name")
		if name == "" {
			name = text("clusterTrustBundle", "signerName")
		}
		return []file{{text("clusterTrustBundle", "path"), fmt.Sprintf("ClusterTrustBundle %q", name)}}
	}
	var out []file
	for _, part := range [][2]string{{"certificateChainPath", "chain"}, {"keyPath", "key"}, {"credentialBundlePath", "credential bundle"}} {
		if path := text("podCertificate", part[0]); path != "" {
			out = append(out, file{path, "PodCertificate " + part[1]})
		}
	}
	return out
}

// inPlaceOf says that two files are one, or one of them in the place of a directory of the other.
func inPlaceOf(a, b file) bool {
	return a.path != "" && b.path != "" && (strings.HasPrefix(a.path+"/", b.path+"/") || strings.HasPrefix(b.path+"/", a.path+"/"))
}
