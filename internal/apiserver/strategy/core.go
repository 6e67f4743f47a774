package strategy

import (
	"slices"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

// namespaceFinalizer keeps a new namespace until its content is gone, and leaves the list alone afterwards.
func namespaceFinalizer(obj, old map[string]any, _ Env) field.ErrorList {
	if old != nil {
		return nil
	}
	finalizers, _ := Get(obj, Path{"spec", "finalizers"}).([]any)
	if !slices.Contains(finalizers, any("kubernetes")) {
		Put(obj, Path{"spec", "finalizers"}, append(finalizers, "kubernetes"))
	}
	name, _ := Get(obj, Path{"metadata", "name"}).(string)
	Put(obj, Path{"metadata", "labels", "kubernetes.io/metadata.name"}, name)
	return nil
}

// nameless gives a new object without a name its identity for one.
func nameless(obj, old map[string]any, _ Env) field.ErrorList {
	if at := (Path{"metadata", "name"}); old == nil && Get(obj, at) == nil {
		Put(obj, at, Get(obj, Path{"metadata", "uid"}))
	}
	return nil
}

// secretNames cuts the secrets that a service account lists to their names.
func secretNames(obj, _ map[string]any, _ Env) field.ErrorList {
	list, _ := obj["secrets"].([]any)
	for i, s := range list {
		s, _ := s.(map[string]any)
		name, ok := s["name"]
		list[i] = map[string]any{}
		if ok {
			list[i] = map[string]any{"name": name}
		}
	}
	return nil
}

// phaseTime notes when a new volume came into its phase.
func phaseTime(obj, old map[string]any, env Env) field.ErrorList {
	if old == nil {
		Put(obj, Path{"status", "lastPhaseTransitionTime"}, env.Now())
	}
	return nil
}
