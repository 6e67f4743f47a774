package strategy

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// templateAt is where most workloads have their template.
var templateAt = Path{"spec", "template"}

// controllerWarnings are those of a ReplicationController, which looks at what it was when it changes.
func controllerWarnings(obj, old map[string]any) []string {
	if old == nil {
		return workloadWarnings(templateAt, true)(obj, nil)
	}
	if Get(obj, Path{"metadata", "generation"}) == Get(old, Path{"metadata", "generation"}) {
		return nil
	}
	return podNotes(field.NewPath("spec", "template"), structure(old, templateAt))
}

// daemonWarnings are those of a DaemonSet, whose template has a count of its own.
func daemonWarnings(obj, old map[string]any) []string {
	if count := (Path{"metadata", "annotations", templateNote}); old != nil && Get(obj, count) == Get(old, count) {
		return nil
	}
	return podNotes(field.NewPath("spec", "template"), structure(obj, templateAt))
}

// statefulWarnings are those of a StatefulSet, with its claims.
func statefulWarnings(obj, old map[string]any) []string {
	out := notes(workloadWarnings(templateAt, false)(obj, old))
	for i, claim := range items(obj, Path{"spec", "volumeClaimTemplates"}) {
		at := field.NewPath("spec", "volumeClaimTemplates").Index(i)
		if old != nil {
			at = at.Child("Spec")
		}
		out.claimSpec(structure(claim, Path{"spec"}), at)
	}
	if n, ok := Get(obj, Path{"spec", "revisionHistoryLimit"}).(int64); ok && n < 0 {
		out.at(field.NewPath("spec", "revisionHistoryLimit"), "a negative value retains all historical revisions; a value >= 0 is recommended")
	}
	return out
}

// jobWarnings are those of a job at a path.
func jobWarnings(path Path) func(obj, old map[string]any) []string {
	return func(obj, old map[string]any) []string {
		var out notes
		if old == nil {
			out.named(obj, "this is used in Pod names and hostnames")
		}
		if old == nil || Get(obj, Path{"metadata", "generation"}) != Get(old, Path{"metadata", "generation"}) {
			spec, at := structure(obj, path), field.NewPath(path[0], path[1:]...)
			completions, _ := spec["completions"].(int64)
			parallelism, _ := spec["parallelism"].(int64)
			if spec["completionMode"] == "Indexed" && completions > 100_000 && parallelism > 10_000 {
				out.at(at, "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might "+
					"not be able to track completedIndexes when a big number of indexes fail")
			}
			out = append(out, podNotes(at.Child("template"), structure(spec, Path{"template"}))...)
		}
		if schedule, _ := Get(obj, Path{"spec", "schedule"}).(string); old != nil && strings.Contains(schedule, "TZ") {
			out = append(out, fmt.Sprintf("cannot use TZ or CRON_TZ in %s, use timeZone instead, see "+
				"https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details", field.NewPath("spec", "schedule")))
		}
		return out
	}
}

// claimWarnings are those of a PersistentVolumeClaim.
func claimWarnings(obj, _ map[string]any) []string {
	var out notes
	const old = "volume.beta.kubernetes.io/storage-class"
	if annotations := structure(obj, Path{"metadata", "annotations"}); annotations[old] != nil {
		out.at(field.NewPath("metadata", "annotations").Key(old), `deprecated since v1.8; use "storageClassName" attribute instead`)
	}
	out.claimSpec(structure(obj, Path{"spec"}), field.NewPath("spec"))
	return out
}

// ingressWarnings are those of a new Ingress.
func ingressWarnings(obj, old map[string]any) []string {
	const note = "kubernetes.io/ingress.class"
	annotations := structure(obj, Path{"metadata", "annotations"})
	if old != nil || annotations[note] == nil || Get(obj, Path{"spec", "ingressClassName"}) != nil {
		return nil
	}
	return []string{fmt.Sprintf("annotation %q is deprecated, please use 'spec.ingressClassName' instead", note)}
}

// accountWarnings are those of a ServiceAccount.
func accountWarnings(obj, old map[string]any) []string {
	const note = "kubernetes.io/enforce-mountable-secrets"
	if structure(old, Path{"metadata", "annotations"})[note] != nil || structure(obj, Path{"metadata", "annotations"})[note] == nil {
		return nil
	}
	return []string{"metadata.annotations[" + note + "]: deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets"}
}

// secretWarnings tell of a certificate that its key is not for. They say nothing of what is in either.
func secretWarnings(obj, _ map[string]any) []string {
	if obj["type"] != "kubernetes.io/tls" {
		return nil
	}
	part := func(name string) []byte {
		text, _ := Get(obj, Path{"data", name}).(string)
		raw, _ := base64.StdEncoding.DecodeString(text)
		return raw
	}
	if _, err := tls.X509KeyPair(part("tls.crt"), part("tls.key")); err != nil {
		return []string{err.Error()}
	}
	return nil
}

// quotaWarnings are those of a new ResourceQuota that lets more be asked for than be had.
func quotaWarnings(obj, old map[string]any) []string {
	if old != nil {
		return nil
	}
	var out []string
	hard := structure(obj, Path{"spec", "hard"})
	amountOf := func(name string) (resource.Quantity, bool) {
		text, _ := hard[name].(string)
		q, err := resource.ParseQuantity(text)
		return q, err == nil
	}
	for _, name := range []string{"cpu", "memory", "storage", "ephemeral-storage"} {
		asked := "requests." + name
		request, ok := amountOf(asked)
		if !ok && (name == "cpu" || name == "memory") {
			if request, ok = amountOf(name); ok {
				asked = name
			}
		}
		if limit, limited := amountOf("limits." + name); ok && limited && request.Cmp(limit) > 0 {
			out = append(out, fmt.Sprintf("ResourceQuota %s (%s) should be less than limits.%s (%s)", asked, request.String(), name, limit.String()))
		}
	}
	return out
}

// classWarnings are those of a StorageClass.
func classWarnings(obj, _ map[string]any) []string {
	var out notes
	for i, topology := range items(obj, Path{"allowedTopologies"}) {
		for j, key := range texts(items(topology, Path{"matchLabelExpressions"}), "key") {
			if note := oldLabels[key]; note != "" {
				out.at(field.NewPath("allowedTopologies").Index(i).Child("matchLabelExpressions").Index(j).Child("key"), "%s", note)
			}
		}
	}
	return out
}
