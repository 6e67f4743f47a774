package schema

import "strings"

const (
	rbac      = "io.k8s.api.rbac.v1."
	resources = "io.k8s.api.resource."
	extension = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1."
)

// clusterConditions are those of the kinds that set a cluster up.
var clusterConditions = []Condition{
	{
		Name: "the group of users and groups", Types: []string{rbac + "Subject"},
		Fill: func(subject map[string]any) {
			if is(subject, "kind", "User", "Group") {
				set(subject, "apiGroup", "rbac.authorization.k8s.io")
			}
		},
	},
	{
		Name: "count of an exact request", Types: []string{
			resources + "v1.DeviceSubRequest", resources + "v1.ExactDeviceRequest",
			resources + "v1beta2.DeviceSubRequest", resources + "v1beta2.ExactDeviceRequest", resources + "v1beta1.DeviceSubRequest",
		},
		Decides: []string{
			resources + "v1.DeviceSubRequest.count", resources + "v1.ExactDeviceRequest.count",
			resources + "v1beta2.DeviceSubRequest.count", resources + "v1beta2.ExactDeviceRequest.count", resources + "v1beta1.DeviceSubRequest.count",
		},
		Fill: exactCount,
	},
	{
		// That version had both forms of a request in one type.
		Name: "count of a request that names a class", Types: []string{resources + "v1beta1.DeviceRequest"},
		Decides: []string{resources + "v1beta1.DeviceRequest.count", resources + "v1beta1.DeviceRequest.allocationMode"},
		Fill: func(request map[string]any) {
			if !absent(request, "deviceClassName") {
				exactCount(request)
			}
		},
	},
	{
		Name: "names of a definition from its kind", Types: []string{extension + "CustomResourceDefinition"},
		Fill: func(definition map[string]any) {
			names := object(object(definition, "spec"), "names")
			if kind, _ := names["kind"].(string); kind != "" {
				set(names, "singular", strings.ToLower(kind))
				set(names, "listKind", kind+"List")
			}
		},
	},
	{
		Name: "no empty webhook of a conversion", Types: []string{extension + "CustomResourceDefinition"},
		Fill: func(definition map[string]any) {
			conversion := object(object(definition, "spec"), "conversion")
			if conversion != nil && len(object(conversion, "webhook")) == 0 {
				delete(conversion, "webhook")
			}
		},
	},
	{
		Name: "storedVersions from the storage version", Types: []string{extension + "CustomResourceDefinition"},
		Fill: func(definition map[string]any) {
			if stored, _ := object(definition, "status")["storedVersions"].([]any); len(stored) > 0 {
				return
			}
			for _, v := range items(object(definition, "spec"), "versions") {
				if v["storage"] == true {
					name, _ := v["name"].(string)
					made(definition, "status")["storedVersions"] = []any{name}
					return
				}
			}
		},
	},
}

func exactCount(request map[string]any) {
	set(request, "allocationMode", "ExactCount")
	if is(request, "allocationMode", "ExactCount") {
		set(request, "count", int64(1))
	}
}
