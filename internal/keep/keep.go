// Package keep reads the annotations by which the tools of the field are told to leave an object in the cluster when it has
// left the desired state.
package keep

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Asked tells which annotation of an object says that it must not be pruned, as "annotation says value"; empty when none
// does. It knows those of Argo CD, Helm and Flux.
func Asked(obj *unstructured.Unstructured) string {
	notes := obj.GetAnnotations()
	for _, option := range strings.Split(notes["argocd.argoproj.io/sync-options"], ",") {
		switch o := strings.TrimSpace(option); o {
		case "Prune=false", "Prune=confirm", "Delete=false", "Delete=confirm":
			return "argocd.argoproj.io/sync-options says " + o
		}
	}
	if notes["helm.sh/resource-policy"] == "keep" {
		return "helm.sh/resource-policy says keep"
	}
	if notes["kustomize.toolkit.fluxcd.io/prune"] == "disabled" {
		return "kustomize.toolkit.fluxcd.io/prune says disabled"
	}
	return ""
}
