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

// volumeSource keeps a volume where its data is. Facts show that of the sources that samples have.
func volumeSource(obj, old map[string]any) field.ErrorList {
	if old == nil {
		return nil
	}
	source := func(of map[string]any) map[string]any {
		spec, _ := of["spec"].(map[string]any)
		spec = maps.Clone(spec)
		maps.DeleteFunc(spec, func(k string, _ any) bool { return volumeFields[k] })
		return spec
	}
	if reflect.DeepEqual(source(obj), source(old)) {
		return nil
	}
	return field.ErrorList{field.Forbidden(field.NewPath("spec", "persistentvolumesource"),
		"spec.persistentvolumesource is immutable after creation")}
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
