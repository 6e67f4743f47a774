package crd

import structuralpruning "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"

// Prune drops from an object what the version's schema does not know. It sets no defaults.
func (v *Version) Prune(obj map[string]any) {
	structuralpruning.Prune(obj, v.structural, true)
}
