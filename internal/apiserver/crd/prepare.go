package crd

import (
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Default fills in what a CustomResourceDefinition leaves out: the singular name, the kind of lists, the conversion
// strategy and a webhook's port. It changes obj.
func Default(obj *unstructured.Unstructured) {
	spec, ok := obj.Object["spec"].(map[string]any)
	if !ok {
		return
	}
	if names, ok := spec["names"].(map[string]any); ok {
		kind, _ := names["kind"].(string)
		if singular, _ := names["singular"].(string); singular == "" {
			names["singular"] = strings.ToLower(kind)
		}
		if list, _ := names["listKind"].(string); list == "" && kind != "" {
			names["listKind"] = kind + "List"
		}
	}
	if conversion, ok := spec["conversion"].(map[string]any); !ok || conversion == nil {
		spec["conversion"] = map[string]any{"strategy": "None"}
	}
	if service, ok, _ := unstructured.NestedMap(obj.Object, "spec", "conversion", "webhook", "clientConfig", "service"); ok && service["port"] == nil {
		_ = unstructured.SetNestedField(obj.Object, int64(443), "spec", "conversion", "webhook", "clientConfig", "service", "port")
	}
}

// PrepareCreate replaces the status that a client sent by that of a new definition: no conditions, and the storage
// version as the only stored one. It changes obj.
func PrepareCreate(obj *unstructured.Unstructured) {
	obj.Object["status"] = emptyStatus()
	store(obj)
}

// PrepareUpdate keeps the status of old, to which a new storage version is added. It changes obj. The generation is the
// caller's to move: it does when spec has changed.
func PrepareUpdate(obj, old *unstructured.Unstructured) {
	status, ok, _ := unstructured.NestedMap(old.Object, "status") // a copy
	if !ok {
		status = emptyStatus()
	}
	obj.Object["status"] = status
	store(obj)
}

// emptyStatus has the fields that the server's type always writes.
func emptyStatus() map[string]any {
	return map[string]any{
		"acceptedNames":  map[string]any{"kind": "", "plural": ""},
		"conditions":     nil,
		"storedVersions": nil,
	}
}

// store adds the storage version to the stored ones.
func store(obj *unstructured.Unstructured) {
	name := storageVersion(obj)
	if name == "" {
		return
	}
	stored, _, _ := unstructured.NestedStringSlice(obj.Object, "status", "storedVersions")
	for _, s := range stored {
		if s == name {
			return
		}
	}
	_ = unstructured.SetNestedStringSlice(obj.Object, append(stored, name), "status", "storedVersions")
}

func storageVersion(obj *unstructured.Unstructured) string {
	spec, _ := obj.Object["spec"].(map[string]any)
	versions, _ := spec["versions"].([]any)
	for _, v := range versions {
		v, _ := v.(map[string]any)
		if storage, _ := v["storage"].(bool); storage {
			name, _ := v["name"].(string)
			return name
		}
	}
	return ""
}

func trimPeriod(path string) string { return strings.TrimPrefix(path, ".") }
