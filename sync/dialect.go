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

func quoted(s string) string { return `"` + s + `"` }
