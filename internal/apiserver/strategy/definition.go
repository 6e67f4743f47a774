package strategy

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/apiserver/crd"
)

// definitionStatus gives a definition of kinds the status that its writer cannot set.
func definitionStatus(obj, old map[string]any, _ Env) field.ErrorList {
	u := &unstructured.Unstructured{Object: obj}
	if old == nil {
		crd.PrepareCreate(u)
		return nil
	}
	crd.PrepareUpdate(u, &unstructured.Unstructured{Object: old})
	return nil
}

// apiServiceBackend returns the group version of an APIService that a service in the cluster is to answer for.
func apiServiceBackend(obj map[string]any) (schema.GroupVersion, bool) {
	if Get(obj, Path{"spec", "service"}) == nil {
		return schema.GroupVersion{}, false
	}
	group, _ := Get(obj, Path{"spec", "group"}).(string)
	version, _ := Get(obj, Path{"spec", "version"}).(string)
	return schema.GroupVersion{Group: group, Version: version}, true
}
