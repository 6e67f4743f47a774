package sync

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// settleWaves moves namespaces and definitions to the wave of the earliest object that needs them, whatever wave they name.
func settleWaves(objects []*object) {
	namespaces := map[string]*object{}
	for _, o := range objects {
		if o.ref.GroupKind() == (schema.GroupKind{Kind: "Namespace"}) {
			namespaces[o.ref.Name] = o
		}
	}
	for _, o := range objects {
		if ns := namespaces[o.ref.Namespace]; ns != nil && o.ref.Namespace != "" {
			ns.wave = min(ns.wave, o.wave)
		}
		if o.crd != nil {
			o.crd.wave = min(o.crd.wave, o.wave)
		}
	}
}
