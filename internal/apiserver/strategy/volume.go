package strategy

import (
	"maps"
	"reflect"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// volumeFields are the fields of a volume that do not say where its data is.
var volumeFields = map[string]bool{
	"accessModes": true, "capacity": true, "claimRef": true, "mountOptions": true, "nodeAffinity": true,
	"persistentVolumeReclaimPolicy": true, "storageClassName": true, "volumeAttributesClassName": true, "volumeMode": true,
}

// volumeSource keeps a volume where its data is. Facts show that of the sources that samples have. The secret for expansion may
// be named where none was.
func volumeSource(obj, old map[string]any) field.ErrorList {
	if old == nil {
		return nil
	}
	secret := Path{"spec", "csi", "controllerExpandSecretRef"}
	source := func(of map[string]any) map[string]any {
		spec, _ := of["spec"].(map[string]any)
		spec = maps.Clone(spec)
		maps.DeleteFunc(spec, func(k string, _ any) bool { return volumeFields[k] })
		if csi, ok := spec["csi"].(map[string]any); ok && Get(old, secret) == nil {
			spec["csi"] = without(csi, []Path{{"controllerExpandSecretRef"}})
		}
		return spec
	}
	if reflect.DeepEqual(source(obj), source(old)) {
		return nil
	}
	return field.ErrorList{field.Forbidden(field.NewPath("spec", "persistentvolumesource"),
		"spec.persistentvolumesource is immutable after creation")}
}

// volumeClass keeps a volume from losing its class of attributes (KEP-3751).
func volumeClass(obj, old map[string]any) field.ErrorList {
	path := Path{"spec", "volumeAttributesClassName"}
	if Get(old, path) != nil && Get(obj, path) == nil {
		return field.ErrorList{field.Forbidden(field.NewPath(path[0], path[1:]...), "update from non-nil value to nil is forbidden")}
	}
	return nil
}

// claimClass keeps a claim from losing its class of attributes once the volume has one.
func claimClass(obj, old map[string]any) field.ErrorList {
	path, applied := Path{"spec", "volumeAttributesClassName"}, Get(old, Path{"status", "currentVolumeAttributesClassName"})
	was, is := Get(old, path), Get(obj, path)
	if applied == nil || was == is || !isEmpty(is) {
		return nil
	}
	to := "nil"
	if is == "" {
		to = "empty string"
	}
	return field.ErrorList{field.Forbidden(field.NewPath(path[0], path[1:]...),
		"update to "+to+" is forbidden when status.currentVolumeAttributesClassName is not nil")}
}

// claimSources keeps the two ways of naming where a claim's data comes from in step (KEP-1495). A source in another namespace
// can be named in one of them alone. A claim that had no source drops one that is named the old way alone and is neither a
// claim nor a snapshot.
func claimSources(obj, old map[string]any, _ Env) field.ErrorList {
	spec, _ := obj["spec"].(map[string]any)
	source, _ := spec["dataSource"].(map[string]any)
	ref, _ := spec["dataSourceRef"].(map[string]any)
	had, _ := old["spec"].(map[string]any)
	if source != nil && ref == nil && had["dataSource"] == nil && had["dataSourceRef"] == nil && !copied(source) {
		delete(spec, "dataSource")
		return nil
	}
	switch {
	case source != nil && ref == nil:
		spec["dataSourceRef"] = maps.Clone(source)
	case source == nil && ref != nil && isEmpty(ref["namespace"]):
		spec["dataSource"] = without(ref, []Path{{"namespace"}})
	}
	return nil
}

// copied says whether volumes were made from such a source before there were others.
func copied(source map[string]any) bool {
	group, _ := source["apiGroup"].(string)
	return source["kind"] == "PersistentVolumeClaim" && group == "" ||
		source["kind"] == "VolumeSnapshot" && group == "snapshot.storage.k8s.io"
}

// claimSize lets a claim shrink only to more than its volume has, which takes back an expansion that failed (KEP-1790).
func claimSize(obj, old map[string]any) field.ErrorList {
	size := func(of map[string]any, path ...string) resource.Quantity {
		s, _ := Get(of, path).(string)
		q, err := resource.ParseQuantity(s)
		if err != nil {
			return resource.Quantity{}
		}
		return q
	}
	if old == nil {
		return nil
	}
	was, is := size(old, "spec", "resources", "requests", "storage"), size(obj, "spec", "resources", "requests", "storage")
	if is.Cmp(was) < 0 && is.Cmp(size(old, "status", "capacity", "storage")) <= 0 {
		return field.ErrorList{field.Forbidden(field.NewPath("spec", "resources", "requests", "storage"),
			"field can not be less than status.capacity")}
	}
	return nil
}
