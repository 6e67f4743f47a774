package strategy

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver/crd"
)

func kind(group, name string) schema.GroupKind { return schema.GroupKind{Group: group, Kind: name} }

var (
	spec     = []Path{{"spec"}}
	metadata = []Path{{"metadata"}}

	// admission is the row of what configures admission.
	admission = Row{AnyFinalizer: true}
)

// rows is the table, of what facts do not say. Sources: the strategies of the kinds in the registry of Kubernetes v1.37.1,
// pkg/registry.
var rows = map[schema.GroupKind]Row{
	kind("", "Namespace"): {
		Names:        DNSLabel,
		Prepare:      []Step{namespaceFinalizer},
		StatusCheck:  []check{namespacePhase},
		Subresources: map[string]Subresource{"finalize": {Keeps: []Path{{"status"}}}},
		Emptied:      Path{"spec", "finalizers"},
		Delayed:      true,
		Deleting: func(obj *unstructured.Unstructured, _ time.Time) {
			Put(obj.Object, Path{"status", "phase"}, "Terminating")
		},
		Protected: func(name string) bool {
			return slices.Contains([]string{"default", "kube-system", "kube-public"}, name)
		},
	},
	kind("", "Pod"): {
		Initial:       map[string]any{"phase": "Pending"},
		Grace:         podGrace,
		InState:       podState,
		Prepare:       []Step{podAdmission},
		Warn:          podWarnings,
		StatusPrepare: []Step{keepQOS, dropVolumeStates},
		StatusCheck:   podStatus,
		Check:         podUpdate,
		Subresources: map[string]Subresource{
			"binding":             {Post: bindPod},
			"eviction":            {Deletes: true},
			"ephemeralcontainers": {Keeps: []Path{{"status"}}},
			"resize":              {Keeps: []Path{{"status"}}},
		},
	},
	kind("", "Service"): {
		Names:       DNSLabel,
		Warn:        serviceWarnings,
		StatusCheck: []check{balancerStatus},
		Prepare:     []Step{serviceTypeFields, serviceAddresses, serviceNodePorts},
		InState:     serviceState,
	},
	kind("", "Secret"): {
		Warn:    secretWarnings,
		Check:   []check{dataSize("data", "", "data")},
		InState: seal,
	},
	kind("", "ConfigMap"): {
		Check:   []check{dataSize("", "data", "binaryData")},
		InState: seal,
	},
	kind("", "PersistentVolumeClaim"): {
		Warn:        claimWarnings,
		Protection:  "kubernetes.io/pvc-protection",
		InState:     claimState,
		Check:       []check{claimSize, claimClass},
		StatusCheck: []check{claimStatus}, StatusPrepare: []Step{dropClaimHealth},
		Prepare: []Step{claimSources},
	},
	kind("", "PersistentVolume"): {
		Warn:       volumeWarnings,
		Check:      []check{volumeSource, volumeClass},
		Protection: "kubernetes.io/pv-protection",
		Prepare:    []Step{phaseTime}, StatusPrepare: []Step{phaseMoved},
	},
	kind("", "Endpoints"): {
		Warn:       endpointsWarnings,
		Deprecated: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
	},
	kind("", "ServiceAccount"): {Prepare: []Step{secretNames}, Warn: accountWarnings},
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

	kind("", "ReplicationController"): {Warn: controllerWarnings, StatusCheck: []check{replicaCounts.check}},
	kind("", "ResourceQuota"):         {Warn: quotaWarnings, StatusCheck: []check{quotaStatus}},
	kind("", "PodTemplate"):           {Warn: workloadWarnings(Path{"template"}, false)},

	kind("apps", "Deployment"):  {Warn: workloadWarnings(templateAt, true), StatusCheck: []check{deploymentCounts.check}},
	kind("apps", "ReplicaSet"):  {Warn: workloadWarnings(templateAt, true), StatusCheck: []check{replicaCounts.check}},
	kind("apps", "DaemonSet"):   {Prepare: []Step{templateGeneration}, Outer: []string{templateNote}, Warn: daemonWarnings, StatusCheck: []check{daemonCounts.check}},
	kind("apps", "StatefulSet"): {Names: DNSLabel, Warn: statefulWarnings, StatusCheck: []check{statefulCounts.check}},

	kind("autoscaling", "HorizontalPodAutoscaler"): {Settle: settleAutoscaler, Outer: autoscalerNotes, StatusCheck: []check{observed, scalerCounts.check}},
	kind("networking.k8s.io", "Ingress"):           {Warn: ingressWarnings, StatusCheck: []check{reachedAt}},
	kind("networking.k8s.io", "NetworkPolicy"):     {Warn: policyWarnings},
	kind("discovery.k8s.io", "EndpointSlice"):      {Warn: sliceWarnings},

	kind("batch", "CronJob"): {Warn: jobWarnings(Path{"spec", "jobTemplate", "spec"})},
	kind("batch", "Job"): {
		Warn:    jobWarnings(Path{"spec"}),
		InState: jobState, StatusCheck: []check{jobStatus},
		Prepare: []Step{jobSelector}, Redefaulted: true, NotField: "field label %q not supported for Job",
		DeleteWarning: "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or " +
			"set propagationPolicy=Orphan to suppress this warning",
	},

	kind("networking.k8s.io", "ServiceCIDR"): {StatusKeeps: metadata},

	kind("", "LimitRange"): {Prepare: []Step{nameless}},
	kind("policy", "PodDisruptionBudget"): {
		AnyFinalizer: true, Names: PathSegment, StatusCheck: []check{uniformConditions, disruptionCounts.check},
	},
	kind("coordination.k8s.io", "Lease"): {AnyFinalizer: true},

	kind("rbac.authorization.k8s.io", "Role"):               {Names: PathSegment},
	kind("rbac.authorization.k8s.io", "ClusterRole"):        {Names: PathSegment},
	kind("rbac.authorization.k8s.io", "RoleBinding"):        {Names: PathSegment},
	kind("rbac.authorization.k8s.io", "ClusterRoleBinding"): {Names: PathSegment},

	kind("storage.k8s.io", "CSIDriver"):             {Warn: driverWarnings},
	kind("storage.k8s.io", "StorageClass"):          {Warn: classWarnings},
	kind("storage.k8s.io", "CSIStorageCapacity"):    {Conditional: true},
	kind("storage.k8s.io", "CSINode"):               {Conditional: true, ReturnDeleted: true, StatusKeeps: metadata},
	kind("storage.k8s.io", "VolumeAttachment"):      {Conditional: true, ReturnDeleted: true, StatusKeeps: metadata},
	kind("storage.k8s.io", "VolumeAttributesClass"): {Protection: "kubernetes.io/vac-protection"},

	kind("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"):   admission,
	kind("admissionregistration.k8s.io", "MutatingWebhookConfiguration"):     admission,
	kind("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"): admission,
	kind("admissionregistration.k8s.io", "MutatingAdmissionPolicy"):          admission,
	kind("admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding"):   admission,
	kind("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"):        admission,

	kind("apiextensions.k8s.io", "CustomResourceDefinition"): {
		InState:  elsewhere, // Package crd says what may not change.
		Prepare:  []Step{definitionStatus},
		Deleting: crd.PrepareDelete,
		Delayed:  true,
		Defines:  true,

		AnyFinalizer: true,
	},
	kind("apiregistration.k8s.io", "APIService"): {
		Names: PathSegment, Backend: apiServiceBackend,
	},

	kind("flowcontrol.apiserver.k8s.io", "FlowSchema"):                 {NewGeneration: 1, Generation: spec, StatusKeeps: metadata},
	kind("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): {NewGeneration: 1, Generation: spec, StatusKeeps: metadata},

	kind("resource.k8s.io", "DeviceClass"):           {NewGeneration: 1, Generation: spec, ReturnDeleted: true},
	kind("resource.k8s.io", "ResourceSlice"):         {NewGeneration: 1, Generation: spec, ReturnDeleted: true},
	kind("resource.k8s.io", "DeviceTaintRule"):       {NewGeneration: 1, Generation: spec, StatusKeeps: metadata},
	kind("resource.k8s.io", "ResourceClaim"):         {StatusKeeps: metadata, ReturnDeleted: true},
	kind("resource.k8s.io", "ResourceClaimTemplate"): {ReturnDeleted: true},

	kind("certificates.k8s.io", "CertificateSigningRequest"): {
		Subresources: map[string]Subresource{
			"approval": {Keeps: []Path{{"spec"}, {"status", "certificate"}}},
			"status":   {Keeps: []Path{{"spec"}, {"status", "conditions"}}},
		},
	},
}
