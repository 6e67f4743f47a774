package strategy

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/apiserver/crd"
)

func kind(group, name string) schema.GroupKind { return schema.GroupKind{Group: group, Kind: name} }

var (
	spec     = []Path{{"spec"}}
	metadata = []Path{{"metadata"}}

	scheduled = Row{Generation: spec}
	policy    = Row{Generation: spec, Conditional: true, AnyFinalizer: true}
	hooks     = Row{Generation: []Path{{"webhooks"}}, Conditional: true, AnyFinalizer: true}
)

// rows is the table. Sources: the strategies of the kinds in the registry of Kubernetes v1.37.1, pkg/registry.
var rows = map[schema.GroupKind]Row{
	kind("", "Namespace"): {
		Names:         DNSLabel,
		Initial:       map[string]any{"phase": "Active"},
		ReturnDeleted: true,
		Prepare:       []Step{namespaceFinalizer},
		StatusCheck:   []check{namespacePhase},
		Subresources:  map[string]Subresource{"finalize": {Keeps: []Path{{"status"}}}},
		Fields:        []Path{{"status", "phase"}},
		Emptied:       Path{"spec", "finalizers"},
		Delayed:       true,
		Deleting: func(obj *unstructured.Unstructured, _ time.Time) {
			Put(obj.Object, Path{"status", "phase"}, "Terminating")
		},
		Protected: func(name string) bool {
			return slices.Contains([]string{"default", "kube-system", "kube-public"}, name)
		},
	},
	kind("", "Pod"): {
		Generation:    spec,
		StatusKeeps:   []Path{{"metadata", "deletionTimestamp"}, {"metadata", "ownerReferences"}},
		Initial:       map[string]any{"phase": "Pending"},
		ReturnDeleted: true,
		Grace:         podGrace,
		Prepare:       []Step{podAdmission},
		StatusPrepare: []Step{keepQOS},
		Frozen:        []Frozen{podSpec},
		Check:         []func(obj, old map[string]any) field.ErrorList{podTemplateAt("spec")},
		Subresources: map[string]Subresource{
			"binding":             {Post: bindPod},
			"eviction":            {Deletes: true},
			"ephemeralcontainers": {Keeps: []Path{{"status"}}},
			"resize":              {Keeps: []Path{{"status"}}},
		},
		Fields: []Path{
			{"spec", "nodeName"}, {"spec", "restartPolicy"}, {"spec", "schedulerName"}, {"spec", "serviceAccountName"},
			{"spec", "hostNetwork"}, {"status", "phase"}, {"status", "podIP"}, {"status", "nominatedNodeName"},
		},
	},
	kind("", "Service"): {
		Names:          DNSLabel,
		CreateOnUpdate: true,
		ReturnDeleted:  true,
		Warn:           serviceWarnings,
		StatusCheck:    []check{balancerStatus},
		Prepare:        []Step{serviceTypeFields, serviceAddresses, serviceNodePorts},
		Frozen: []Frozen{{
			Path: Path{"spec", "clusterIP"}, Once: true, Message: "may not change once set",
			Report: field.NewPath("spec", "clusterIPs").Index(0),
			When:   func(old map[string]any) bool { return Get(old, Path{"spec", "type"}) != "ExternalName" },
		}},
		Check:  []func(obj, old map[string]any) field.ErrorList{servicePorts},
		Fields: []Path{{"spec", "clusterIP"}, {"spec", "type"}},
	},
	kind("", "Secret"): {
		Frozen: append([]Frozen{{Path: Path{"type"}}},
			sealed("data", "immutable")...),
		Check:  []func(obj, old map[string]any) field.ErrorList{dataKeys},
		Fields: []Path{{"type"}},
	},
	kind("", "ConfigMap"): {
		Frozen: sealed("data", "binaryData", "immutable"),
		Check:  []func(obj, old map[string]any) field.ErrorList{dataKeys},
	},
	kind("", "PersistentVolumeClaim"): {
		Initial:       map[string]any{"phase": "Pending"},
		ReturnDeleted: true,
		Protection:    "kubernetes.io/pvc-protection",
		Frozen: []Frozen{{
			Path: Path{"spec"}, Except: []Path{{"resources", "requests"}, {"volumeAttributesClassName"}, {"volumeName"}},
			Forbidden: "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
		}, {Path: Path{"spec", "volumeName"}, Once: true}},
		Fields: []Path{},
	},
	kind("", "PersistentVolume"): {
		Warn:    volumeWarnings,
		Initial: map[string]any{"phase": "Pending"}, ReturnDeleted: true, Protection: "kubernetes.io/pv-protection",
		Prepare: []Step{phaseTime}, StatusPrepare: []Step{phaseMoved},
	},
	kind("", "ReplicationController"): {
		Generation: spec, Orphan: true, Check: []check{replicaCount}, Fields: []Path{{"status", "replicas"}},
	},
	kind("", "PodTemplate"): {Generation: []Path{{"template"}}, ReturnDeleted: true},
	kind("", "LimitRange"):  {CreateOnUpdate: true},
	kind("", "Endpoints"): {
		CreateOnUpdate: true, Deprecated: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
	},
	kind("", "ServiceAccount"): {ReturnDeleted: true, Prepare: []Step{secretNames}},
	kind("", "ResourceQuota"):  {ReturnDeleted: true},
	kind("", "Event"): {
		CreateOnUpdate: true, NoDependents: true,
		Fields:  append(below("involvedObject", referenceFields), Path{"reason"}, Path{"type"}, Path{"reportingComponent"}),
		Derived: map[string]func(obj map[string]any) string{"source": eventSource},
	},
	kind("events.k8s.io", "Event"): {
		CreateOnUpdate: true, NoDependents: true,
		Fields: append(below("regarding", referenceFields), Path{"reason"}, Path{"type"}, Path{"reportingController"}),
	},
	kind("", "Node"): {Fields: []Path{{"spec", "unschedulable"}}},

	kind("apps", "Deployment"): {
		Generation:  []Path{{"spec"}, {"metadata", "annotations"}},
		StatusKeeps: []Path{{"metadata", "labels"}},
		Frozen:      []Frozen{{Path: Path{"spec", "selector"}}},
		Check:       workload("deployment"),
	},
	kind("apps", "ReplicaSet"): {
		Generation: spec, Frozen: []Frozen{{Path: Path{"spec", "selector"}}}, Check: workload("deployment"),
		Fields: []Path{{"status", "replicas"}},
	},
	kind("apps", "DaemonSet"): {
		Generation: spec, Frozen: []Frozen{{Path: Path{"spec", "selector"}}}, Check: workload("daemonset"),
		Prepare: []Step{templateGeneration},
	},
	kind("apps", "StatefulSet"): {
		Generation: spec, Check: workload("statefulset"),
		Frozen: []Frozen{
			{Path: Path{"spec", "selector"}}, {Path: Path{"spec", "volumeClaimTemplates"}},
			{Path: Path{"spec", "serviceName"}}, {Path: Path{"spec", "podManagementPolicy"}},
		},
	},
	kind("apps", "ControllerRevision"): {Frozen: []Frozen{{Path: Path{"data"}}}},

	kind("batch", "Job"): {
		Generation: spec, Orphan: true,
		Prepare: []Step{jobSelector}, Redefaulted: true,
		DeleteWarning: "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or " +
			"set propagationPolicy=Orphan to suppress this warning",
		Frozen: []Frozen{
			{Path: Path{"spec", "completions"}, When: func(old map[string]any) bool {
				return Get(old, Path{"spec", "completionMode"}) != "Indexed"
			}},
			{Path: Path{"spec", "selector"}},
			{Path: Path{"spec", "template"}, When: func(old map[string]any) bool {
				return Get(old, Path{"spec", "suspend"}) != true || Get(old, Path{"status", "startTime"}) != nil
			}},
			{Path: Path{"spec", "template"}, Except: suspendedJob, When: func(old map[string]any) bool {
				return Get(old, Path{"spec", "suspend"}) == true
			}},
			{Path: Path{"spec", "completionMode"}},
			{Path: Path{"spec", "podFailurePolicy"}},
			{Path: Path{"spec", "backoffLimitPerIndex"}},
			{Path: Path{"spec", "managedBy"}},
			{Path: Path{"spec", "successPolicy"}},
		},
		Check:  []func(obj, old map[string]any) field.ErrorList{selectorMatches, jobTemplate},
		Fields: []Path{{"status", "successful"}},
	},
	kind("batch", "CronJob"): {Generation: spec},

	kind("networking.k8s.io", "Ingress"):       {Generation: spec, Check: []check{ingressPaths}},
	kind("networking.k8s.io", "NetworkPolicy"): scheduled,
	kind("networking.k8s.io", "IngressClass"): {
		Generation: spec, Frozen: []Frozen{{Path: Path{"spec", "controller"}}},
	},
	kind("networking.k8s.io", "ServiceCIDR"): {StatusKeeps: metadata},

	kind("policy", "PodDisruptionBudget"):          {Generation: spec, Conditional: true},
	kind("autoscaling", "HorizontalPodAutoscaler"): {Generation: spec},
	kind("discovery.k8s.io", "EndpointSlice"): {
		GenerationRest: true, Generation: []Path{{"metadata", "labels"}}, Frozen: []Frozen{{Path: Path{"addressType"}}},
	},
	kind("coordination.k8s.io", "Lease"): {Conditional: true, CreateOnUpdate: true, AnyFinalizer: true},
	kind("node.k8s.io", "RuntimeClass"): {
		Conditional: true, CreateOnUpdate: true, Frozen: []Frozen{{Path: Path{"handler"}}},
	},
	kind("scheduling.k8s.io", "PriorityClass"): {
		Generation: []Path{{"never"}},
		Frozen: []Frozen{
			{Path: Path{"value"}, Report: field.NewPath("value"), Forbidden: "may not be changed in an update."},
			{Path: Path{"preemptionPolicy"}},
		},
	},

	kind("rbac.authorization.k8s.io", "Role"):        {Names: PathSegment, CreateOnUpdate: true},
	kind("rbac.authorization.k8s.io", "ClusterRole"): {Names: PathSegment, CreateOnUpdate: true},
	kind("rbac.authorization.k8s.io", "RoleBinding"): {
		Names: PathSegment, CreateOnUpdate: true, Frozen: []Frozen{{Path: Path{"roleRef"}}},
	},
	kind("rbac.authorization.k8s.io", "ClusterRoleBinding"): {
		Names: PathSegment, CreateOnUpdate: true, Frozen: []Frozen{{Path: Path{"roleRef"}}},
	},

	kind("storage.k8s.io", "StorageClass"): {
		ReturnDeleted: true,
		Frozen: []Frozen{
			{Path: Path{"parameters"}, Forbidden: "updates to parameters are forbidden."},
			{Path: Path{"provisioner"}, Forbidden: "updates to provisioner are forbidden."},
			{Path: Path{"reclaimPolicy"}, Forbidden: "updates to reclaimPolicy are forbidden."},
			{Path: Path{"volumeBindingMode"}},
		},
	},
	kind("storage.k8s.io", "CSIDriver"): {
		Warn:        driverWarnings,
		Conditional: true, ReturnDeleted: true, Generation: spec, GenerationLate: true,
		Frozen: []Frozen{{Path: Path{"spec", "attachRequired"}, Report: field.NewPath("spec", "attachedRequired")}, {Path: Path{"spec", "volumeLifecycleModes"}}},
	},
	kind("storage.k8s.io", "CSIStorageCapacity"):    {Conditional: true},
	kind("storage.k8s.io", "CSINode"):               {Conditional: true, ReturnDeleted: true, StatusKeeps: metadata},
	kind("storage.k8s.io", "VolumeAttachment"):      {Conditional: true, ReturnDeleted: true, StatusKeeps: metadata},
	kind("storage.k8s.io", "VolumeAttributesClass"): {ReturnDeleted: true, Protection: "kubernetes.io/vac-protection", Frozen: []Frozen{{Path: Path{"driverName"}}, {Path: Path{"parameters"}}}},

	kind("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"):   hooks,
	kind("admissionregistration.k8s.io", "MutatingWebhookConfiguration"):     hooks,
	kind("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): policy,
	kind("admissionregistration.k8s.io", "MutatingAdmissionPolicy"):          policy,
	kind("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"):   policy,
	kind("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"): {
		Generation: spec, Conditional: true, StatusKeeps: metadata, AnyFinalizer: true,
	},

	kind("apiextensions.k8s.io", "CustomResourceDefinition"): {
		Generation: spec, StatusKeeps: metadata, Conditional: true,
		Prepare:  []Step{definitionStatus},
		Deleting: crd.PrepareDelete,
		Delayed:  true,
		Defines:  true,

		AnyFinalizer: true,
	},
	kind("apiregistration.k8s.io", "APIService"): {
		Names: PathSegment, StatusKeeps: metadata, Conditional: true, Backend: apiServiceBackend,
	},

	kind("flowcontrol.apiserver.k8s.io", "FlowSchema"):                 {Generation: spec, StatusKeeps: metadata},
	kind("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): {Generation: spec, StatusKeeps: metadata},

	kind("resource.k8s.io", "DeviceClass"):           {Generation: spec, ReturnDeleted: true},
	kind("resource.k8s.io", "ResourceSlice"):         {Generation: spec, ReturnDeleted: true},
	kind("resource.k8s.io", "DeviceTaintRule"):       {Generation: spec, StatusKeeps: metadata},
	kind("resource.k8s.io", "ResourceClaim"):         {StatusKeeps: metadata, ReturnDeleted: true},
	kind("resource.k8s.io", "ResourceClaimTemplate"): {ReturnDeleted: true},

	kind("certificates.k8s.io", "CertificateSigningRequest"): {
		Subresources: map[string]Subresource{
			"approval": {Keeps: []Path{{"spec"}, {"status", "certificate"}}},
			"status":   {Keeps: []Path{{"spec"}, {"status", "conditions"}}},
		},
	},
}

// sealed lists what an object marked immutable may not change.
func sealed(fields ...string) []Frozen {
	out := make([]Frozen, len(fields))
	for i, name := range fields {
		out[i] = Frozen{
			Path: Path{name}, When: func(old map[string]any) bool { return old["immutable"] == true },
			Forbidden: "field is immutable when `immutable` is set",
		}
	}
	return out
}
