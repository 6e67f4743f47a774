package check

import (
	kind "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// whole are the rules about objects of one kind, in which several fields have a part.
var whole = map[kind.GroupKind][]func(obj map[string]any) field.ErrorList{
	{Kind: "ConfigMap"}:             {dataKeys},
	{Kind: "Secret"}:                {dataKeys, secretData},
	{Kind: "Service"}:               {service, serviceAddresses, serviceTraffic},
	{Kind: "LimitRange"}:            {limits},
	{Kind: "ResourceQuota"}:         {quota},
	{Kind: "Namespace"}:             {finalizers},
	{Kind: "PersistentVolume"}:      {persistentVolume},
	{Kind: "PersistentVolumeClaim"}: {claim},
	{Kind: "Pod"}:                   {pod},
	{Kind: "ReplicationController"}: {controllerSelector, alwaysRestarts},

	{Group: "apps", Kind: "Deployment"}:  {selects("deployment"), alwaysRestarts, deploymentStrategy},
	{Group: "apps", Kind: "ReplicaSet"}:  {selects("replicaset"), alwaysRestarts},
	{Group: "apps", Kind: "DaemonSet"}:   {selects("daemonset"), alwaysRestarts, daemonStrategy},
	{Group: "apps", Kind: "StatefulSet"}: {selects("statefulset"), alwaysRestarts, statefulStrategy},
	{Group: "batch", Kind: "Job"}:        {job},
	{Group: "batch", Kind: "CronJob"}:    {cronJob},

	{Group: "networking.k8s.io", Kind: "NetworkPolicy"}:      {policyTypes},
	{Group: "networking.k8s.io", Kind: "Ingress"}:            {ingress},
	{Group: "networking.k8s.io", Kind: "IngressClass"}:       {ingressClass},
	{Group: "discovery.k8s.io", Kind: "EndpointSlice"}:       {endpointSlice},
	{Group: "policy", Kind: "PodDisruptionBudget"}:           {disruptionBudget},
	{Group: "storage.k8s.io", Kind: "StorageClass"}:          {storageClass},
	{Group: "storage.k8s.io", Kind: "VolumeAttributesClass"}: {driverName},
	{Kind: "Endpoints"}:                                                             {endpoints},
	{Group: "storage.k8s.io", Kind: "CSIDriver"}:                                    {tokenAudiences},
	{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"}:                         {autoscaler},
	{Group: "rbac.authorization.k8s.io", Kind: "Role"}:                              {roleRules},
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole"}:                       {clusterRoleRules, aggregation},
	{Group: "rbac.authorization.k8s.io", Kind: "RoleBinding"}:                       {subjects(false)},
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"}:                {subjects(true)},
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingWebhookConfiguration"}: {webhooks},
	{Group: "admissionregistration.k8s.io", Kind: "MutatingWebhookConfiguration"}:   {webhooks},
	{Group: "admissionregistration.k8s.io", Kind: "MutatingAdmissionPolicy"}:        {mutableOperations("matchConstraints")},
	{Group: "admissionregistration.k8s.io", Kind: "MutatingAdmissionPolicyBinding"}: {mutableOperations("matchResources")},
	{Group: "admissionregistration.k8s.io", Kind: "ValidatingAdmissionPolicy"}:      {validations},
}

// fresh are rules that hold of new objects alone.
var fresh = map[kind.GroupKind]func(obj map[string]any) field.ErrorList{
	{Kind: "Pod"}:                     newPod,
	{Group: "batch", Kind: "Job"}:     newJob,
	{Group: "batch", Kind: "CronJob"}: newCronJob,
}

// lasting are the fields that may stay as they are, whatever is wrong with them.
var lasting = map[kind.GroupKind]string{
	{Group: "discovery.k8s.io", Kind: "EndpointSlice"}: "endpoints",
}

// filled are the kinds whose templates are filled in before they are looked at.
var filled = map[kind.GroupKind]func(obj map[string]any) map[string]any{
	{Group: "apps", Kind: "StatefulSet"}: withClaims,
}

// across returns the faults that depend on several fields of an object. old is what it was, nil if it is new.
func across(gk kind.GroupKind, obj, old map[string]any) field.ErrorList {
	var errs field.ErrorList
	for _, f := range whole[gk] {
		errs = append(errs, f(obj)...)
	}
	if f := fresh[gk]; f != nil && old == nil {
		errs = append(errs, f(obj)...)
	}
	return errs
}

// structures are the rules about one structure wherever it occurs, by the name of its model.
var structures = map[string]func(obj map[string]any, at *field.Path) field.ErrorList{
	"io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement": selectorRequirement,
	"io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector":            selectorLabels,

	"io.k8s.api.core.v1.NodeSelectorRequirement":       nodeRequirement,
	"io.k8s.api.core.v1.PodAffinityTerm":               affinityTerm,
	"io.k8s.api.core.v1.TopologySpreadConstraint":      spreadConstraint,
	"io.k8s.api.core.v1.Toleration":                    toleration,
	"io.k8s.api.core.v1.Volume":                        volume,
	"io.k8s.api.core.v1.VolumeProjection":              projection,
	"io.k8s.api.core.v1.FCVolumeSource":                fibreChannel,
	"io.k8s.api.core.v1.PersistentVolumeClaimSpec":     claimSpec,
	"io.k8s.api.core.v1.PodTemplateSpec":               template,
	"io.k8s.api.core.v1.Probe":                         probe,
	"io.k8s.api.core.v1.LifecycleHandler":              lifecycleHandler,
	"io.k8s.api.core.v1.EnvVar":                        variable,
	"io.k8s.api.core.v1.EnvFromSource":                 variables,
	"io.k8s.api.core.v1.ObjectFieldSelector":           fieldReference,
	"io.k8s.api.core.v1.FileKeySelector":               fileKey,
	"io.k8s.api.core.v1.ResourceRequirements":          resources,
	"io.k8s.api.core.v1.HTTPGetAction":                 httpHeaders,
	"io.k8s.api.core.v1.ResourceFieldSelector":         resourceReference,
	"io.k8s.api.core.v1.SeccompProfile":                seccomp,
	"io.k8s.api.core.v1.AppArmorProfile":               armor,
	"io.k8s.api.core.v1.PersistentVolumeClaimTemplate": claimTemplate,
	"io.k8s.api.core.v1.WindowsSecurityContextOptions": windowsOptions,

	"io.k8s.api.networking.v1.NetworkPolicyPeer": peer,
	"io.k8s.api.networking.v1.NetworkPolicyPort": policyPort,
	"io.k8s.api.networking.v1.IPBlock":           ipBlock,

	"io.k8s.api.autoscaling.v2.MetricSpec":      metric,
	"io.k8s.api.autoscaling.v2.HPAScalingRules": scalingRules,
	"io.k8s.api.autoscaling.v2.MetricTarget":    metricTarget,

	"io.k8s.api.admissionregistration.v1.WebhookClientConfig":     webhookClient,
	"io.k8s.api.admissionregistration.v1.Mutation":                mutation,
	"io.k8s.api.admissionregistration.v1.ParamRef":                paramRef,
	"io.k8s.api.admissionregistration.v1.RuleWithOperations":      operations,
	"io.k8s.api.admissionregistration.v1.NamedRuleWithOperations": operations,
}

// unchecked are the structures below which no such rule holds: the selectors of metrics mean something to their source only.
var unchecked = map[string]bool{"io.k8s.api.autoscaling.v2.MetricIdentifier": true}
