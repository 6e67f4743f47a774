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

// definition checks a definition of kinds. Rules in CEL are not evaluated; the server warns of them.
func definition(obj, old map[string]any) field.ErrorList {
	u, opts := &unstructured.Unstructured{Object: obj}, crd.Options{IgnoreCEL: true}
	if old == nil {
		return crd.Validate(u, opts)
	}
	return crd.ValidateUpdate(u, &unstructured.Unstructured{Object: old}, opts)
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

func definitionWarnings(obj, old map[string]any) []string {
	var before *unstructured.Unstructured
	if old != nil {
		before = &unstructured.Unstructured{Object: old}
	}
	return crd.Warnings(&unstructured.Unstructured{Object: obj}, before)
}
