package model

import (
	"reflect"
	"strings"

	admission "k8s.io/api/admissionregistration/v1"
	certificates "k8s.io/api/certificates/v1"
	flowcontrol "k8s.io/api/flowcontrol/v1"
	rbac "k8s.io/api/rbac/v1"
	resource "k8s.io/api/resource/v1"
	scheduling "k8s.io/api/scheduling/v1"
	storage "k8s.io/api/storage/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
)

var (
	webhook = []rule{
		set("failurePolicy", "Fail"),
		set("matchPolicy", "Equivalent"),
		set("namespaceSelector", empty()),
		set("objectSelector", empty()),
		set("timeoutSeconds", int64(10)),
	}
	matching = []rule{
		set("matchPolicy", "Equivalent"), set("namespaceSelector", empty()), set("objectSelector", empty()),
	}
	httpsPort = []rule{set("port", int64(443))}
	refGroup  = []rule{adjust(func(b map[string]any) {
		if ref := object(b, "roleRef"); ref != nil && (ref["apiGroup"] == nil || ref["apiGroup"] == "") {
			ref["apiGroup"] = rbac.GroupName
		}
	})}
)

// clusterDefaults are those of the kinds that set a cluster up.
var clusterDefaults = map[reflect.Type][]rule{
	of[rbac.ClusterRoleBinding](): refGroup,
	of[rbac.RoleBinding]():        refGroup,
	of[rbac.Subject]():            {setIf(is("kind", "User", "Group"), "apiGroup", rbac.GroupName)},

	of[storage.StorageClass](): {set("reclaimPolicy", "Delete"), set("volumeBindingMode", "Immediate")},
	of[storage.CSIDriverSpec](): {
		set("attachRequired", true),
		set("podInfoOnMount", false),
		set("storageCapacity", false),
		set("fsGroupPolicy", "ReadWriteOnceWithFSType"),
		set("volumeLifecycleModes", []any{"Persistent"}),
		set("requiresRepublish", false),
		set("seLinuxMount", false),
	},

	of[scheduling.PriorityClass](): {set("preemptionPolicy", "PreemptLowerPriority")},

	of[admission.ValidatingWebhook]():             webhook,
	of[admission.MutatingWebhook]():               append(webhook[:len(webhook):len(webhook)], set("reinvocationPolicy", "Never")),
	of[admission.Rule]():                          {set("scope", "*")},
	of[admission.ServiceReference]():              httpsPort,
	of[admission.ValidatingAdmissionPolicySpec](): {set("failurePolicy", "Fail")},
	of[admission.MutatingAdmissionPolicySpec]():   {set("failurePolicy", "Fail")},
	of[admission.MatchResources]():                matching,

	of[APIServiceReference](): httpsPort,

	of[apiextensions.ServiceReference](): httpsPort,
	of[apiextensions.CustomResourceDefinitionSpec](): {
		set("conversion", map[string]any{"strategy": "None"}),
	},
	of[apiextensions.CustomResourceDefinition](): {adjust(func(crd map[string]any) {
		spec := object(crd, "spec")
		names := object(spec, "names")
		if kind, _ := names["kind"].(string); kind != "" {
			setAbsent(names, "singular", strings.ToLower(kind))
			setAbsent(names, "listKind", kind+"List")
		}
	})},

	of[flowcontrol.FlowSchemaSpec](): {set("matchingPrecedence", int64(1000))},
	of[flowcontrol.ExemptPriorityLevelConfiguration](): {
		set("nominalConcurrencyShares", int64(0)), set("lendablePercent", int64(0)),
	},
	of[flowcontrol.LimitedPriorityLevelConfiguration](): {
		set("nominalConcurrencyShares", int64(30)), set("lendablePercent", int64(0)),
	},
	of[flowcontrol.QueuingConfiguration](): {
		set("handSize", int64(8)), set("queues", int64(64)), set("queueLengthLimit", int64(50)),
	},

	of[resource.DeviceToleration]():              {set("operator", "Equal")},
	of[certificates.PodCertificateRequestSpec](): {set("maxExpirationSeconds", int64(86400))},
}
