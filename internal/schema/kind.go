package schema

import (
	"maps"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/structured-merge-diff/v4/typed"
)

// origin is what is behind a kind in the server.
type origin int

const (
	// foreign: an API that nothing is known of but its structure.
	foreign origin = iota
	// native: a Go type of Kubernetes.
	native
	// customResource: a structural schema.
	customResource
)

// Kind is what is known of one version of a kind.
type Kind struct {
	GVK schema.GroupVersionKind
	// Type is the structure in the words of structured-merge-diff.
	Type typed.ParseableType
	// HasStatus says that the field status is written through its own subresource only.
	HasStatus bool
	// Converts says that the versions of the kind are known to differ in nothing but their name.
	Converts bool
	// versions are those of the definition of a custom resource; nil when there is none to tell.
	versions *versions

	origin origin
	// model names the native type.
	model string
	// definition is the OpenAPI schema, and definitions is where its references lead.
	definition  *spec.Schema
	definitions map[string]*spec.Schema
}

// Exact says whether [Kind.Canonical] and [Kind.Store] know what the server makes of an object.
func (k *Kind) Exact() bool { return k.origin != foreign && !inexact[k.GVK] }

// inexact are the native kinds with fields that are not a function of the object and their place in a type: a taint takes
// the time of the write, a volume in an attachment has a part of the defaults that it has elsewhere, and the first version of
// autoscalers keeps what it has no field for in annotations.
var inexact = map[schema.GroupVersionKind]bool{
	{Group: "autoscaling", Version: "v1", Kind: "HorizontalPodAutoscaler"}:   true,
	{Group: "resource.k8s.io", Version: "v1", Kind: "ResourceSlice"}:         true,
	{Group: "resource.k8s.io", Version: "v1", Kind: "DeviceTaintRule"}:       true,
	{Group: "resource.k8s.io", Version: "v1alpha3", Kind: "DeviceTaintRule"}: true,
	{Group: "resource.k8s.io", Version: "v1beta1", Kind: "ResourceSlice"}:    true,
	{Group: "resource.k8s.io", Version: "v1beta2", Kind: "DeviceTaintRule"}:  true,
	{Group: "resource.k8s.io", Version: "v1beta2", Kind: "ResourceSlice"}:    true,
	{Group: "storage.k8s.io", Version: "v1", Kind: "VolumeAttachment"}:       true,
}

// Native says whether the kind is one of Kubernetes' own.
func (k *Kind) Native() bool { return k.origin == native }

// Canonical returns obj in the form in which objects are compared: values in the spelling that the server gives them, and without
// what a Go type does not keep apart from nothing at all. obj is not changed; the result shares nothing that changes.
func (k *Kind) Canonical(obj map[string]any) map[string]any {
	if k.origin != native {
		return canonicalMetadata(obj)
	}
	return table().canonical(k.model, obj)
}

// Spelled returns what [Kind.Canonical] does, and shares with obj what is canonical already. Change neither.
func (k *Kind) Spelled(obj map[string]any) map[string]any {
	if k.origin == native {
		out, _ := table().spelled(k.model, obj)
		return out
	}
	m, ok := obj["metadata"].(map[string]any)
	if !ok {
		return obj
	}
	metadata, changed := table().spelled(objectMeta, m)
	if !changed {
		return obj
	}
	out := maps.Clone(obj)
	out["metadata"] = metadata
	return out
}

// Store returns what the server would store for obj, a merged object: canonical, with defaults. obj is not changed.
func (k *Kind) Store(obj map[string]any) map[string]any {
	switch k.origin {
	case native:
		out := table().canonical(k.model, obj)
		DefaultsOf(k.model).Fill(out)
		return out
	case customResource:
		out := canonicalMetadata(obj)
		k.structural(out)
		return out
	}
	return canonicalMetadata(obj)
}

// canonicalMetadata returns obj with metadata in canonical form. Metadata passes through a Go type whatever the kind.
func canonicalMetadata(obj map[string]any) map[string]any {
	out := make(map[string]any, len(obj))
	for k, v := range obj {
		out[k] = deepCopy(v)
	}
	if m, ok := obj["metadata"].(map[string]any); ok {
		out["metadata"] = table().canonical(objectMeta, m)
	}
	return out
}
