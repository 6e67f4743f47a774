package sync

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// unsupported tells why an object that is written for another tool cannot be applied like others. Hooks run at their own
// time and more than once; to apply one as an ordinary object would run it at the wrong time.
func unsupported(obj *unstructured.Unstructured) string {
	notes := obj.GetAnnotations()
	for _, key := range []string{"argocd.argoproj.io/hook", "helm.sh/hook"} {
		v, ok := notes[key]
		// The chart hook that installs definitions is an ordinary object in every tool but Helm.
		if ok && strings.TrimSpace(v) != "crd-install" {
			return "annotation " + key + " is " + quoted(v) + ": hooks are not run"
		}
	}
	return ""
}

// kept tells which annotation of a live object says that it must not be pruned.
func kept(obj *unstructured.Unstructured) string {
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

func quoted(s string) string { return `"` + s + `"` }
