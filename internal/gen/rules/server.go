package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	apiextensionsinstall "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	definition "k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/coordination/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/discovery/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
	"k8s.io/kubernetes/pkg/capabilities"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingadmissionpolicy"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingadmissionpolicybinding"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingwebhookconfiguration"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/resolver"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicy"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicybinding"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingwebhookconfiguration"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/replicaset"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/coordination/lease"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/endpoint"
	"k8s.io/kubernetes/pkg/registry/core/limitrange"
	"k8s.io/kubernetes/pkg/registry/core/namespace"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolume"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/replicationcontroller"
	"k8s.io/kubernetes/pkg/registry/core/resourcequota"
	"k8s.io/kubernetes/pkg/registry/core/secret"
	"k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/core/serviceaccount"
	"k8s.io/kubernetes/pkg/registry/discovery/endpointslice"
	"k8s.io/kubernetes/pkg/registry/networking/ingress"
	"k8s.io/kubernetes/pkg/registry/networking/ingressclass"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrole"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrolebinding"
	"k8s.io/kubernetes/pkg/registry/rbac/role"
	"k8s.io/kubernetes/pkg/registry/rbac/rolebinding"
	"k8s.io/kubernetes/pkg/registry/scheduling/priorityclass"
	"k8s.io/kubernetes/pkg/registry/storage/csidriver"
	"k8s.io/kubernetes/pkg/registry/storage/storageclass"
	"k8s.io/kubernetes/pkg/registry/storage/volumeattributesclass"
	kjson "sigs.k8s.io/json"
)

// registered is what the server has registered for a kind.
type registered struct {
	resource string
	strategy rest.RESTCreateStrategy
}

func gvk(group, version, kind string) schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: group, Version: version, Kind: kind}
}

// unresolved says which resource a kind is. The strategies ask it for the sake of authorization, which nobody does here.
var unresolved resolver.ResourceResolverFunc = func(schema.GroupVersionKind) (schema.GroupVersionResource, error) {
	return schema.GroupVersionResource{}, nil
}

// registry holds the server's strategy of each kind that rules are learned for.
var registry = map[schema.GroupVersionKind]registered{
	gvk("", "v1", "ConfigMap"):             {"configmaps", configmap.Strategy},
	gvk("", "v1", "Secret"):                {"secrets", secret.Strategy},
	gvk("", "v1", "Service"):               {"services", service.Strategy},
	gvk("", "v1", "ServiceAccount"):        {"serviceaccounts", serviceaccount.Strategy},
	gvk("", "v1", "Namespace"):             {"namespaces", namespace.Strategy},
	gvk("", "v1", "Pod"):                   {"pods", pod.Strategy},
	gvk("", "v1", "PersistentVolume"):      {"persistentvolumes", persistentvolume.Strategy},
	gvk("", "v1", "PersistentVolumeClaim"): {"persistentvolumeclaims", persistentvolumeclaim.Strategy},
	gvk("", "v1", "LimitRange"):            {"limitranges", limitrange.Strategy},
	gvk("", "v1", "ResourceQuota"):         {"resourcequotas", resourcequota.Strategy},
	gvk("", "v1", "Endpoints"):             {"endpoints", endpoint.Strategy},
	gvk("", "v1", "ReplicationController"): {"replicationcontrollers", replicationcontroller.Strategy},
	gvk("apps", "v1", "Deployment"):        {"deployments", deployment.Strategy},
	gvk("apps", "v1", "StatefulSet"):       {"statefulsets", statefulset.Strategy},
	gvk("apps", "v1", "DaemonSet"):         {"daemonsets", daemonset.Strategy},
	gvk("apps", "v1", "ReplicaSet"):        {"replicasets", replicaset.Strategy},
	gvk("batch", "v1", "Job"):              {"jobs", job.Strategy},
	gvk("batch", "v1", "CronJob"):          {"cronjobs", cronjob.Strategy},

	gvk("rbac.authorization.k8s.io", "v1", "Role"):               {"roles", role.Strategy},
	gvk("rbac.authorization.k8s.io", "v1", "ClusterRole"):        {"clusterroles", clusterrole.Strategy},
	gvk("rbac.authorization.k8s.io", "v1", "RoleBinding"):        {"rolebindings", rolebinding.Strategy},
	gvk("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding"): {"clusterrolebindings", clusterrolebinding.Strategy},

	gvk("networking.k8s.io", "v1", "Ingress"):       {"ingresses", ingress.Strategy},
	gvk("networking.k8s.io", "v1", "IngressClass"):  {"ingressclasses", ingressclass.Strategy},
	gvk("networking.k8s.io", "v1", "NetworkPolicy"): {"networkpolicies", networkpolicy.Strategy},

	gvk("policy", "v1", "PodDisruptionBudget"):          {"poddisruptionbudgets", poddisruptionbudget.Strategy},
	gvk("autoscaling", "v2", "HorizontalPodAutoscaler"): {"horizontalpodautoscalers", horizontalpodautoscaler.Strategy},
	gvk("autoscaling", "v1", "HorizontalPodAutoscaler"): {"horizontalpodautoscalers", horizontalpodautoscaler.Strategy},

	gvk("storage.k8s.io", "v1", "StorageClass"):          {"storageclasses", storageclass.Strategy},
	gvk("storage.k8s.io", "v1", "CSIDriver"):             {"csidrivers", csidriver.Strategy},
	gvk("storage.k8s.io", "v1", "VolumeAttributesClass"): {"volumeattributesclasses", volumeattributesclass.Strategy},

	gvk("scheduling.k8s.io", "v1", "PriorityClass"): {"priorityclasses", priorityclass.Strategy},
	gvk("discovery.k8s.io", "v1", "EndpointSlice"):  {"endpointslices", endpointslice.Strategy},
	gvk("coordination.k8s.io", "v1", "Lease"):       {"leases", lease.Strategy},

	gvk("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration"): {
		"validatingwebhookconfigurations", validatingwebhookconfiguration.Strategy},
	gvk("admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration"): {
		"mutatingwebhookconfigurations", mutatingwebhookconfiguration.Strategy},
	gvk("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicy"): {
		"validatingadmissionpolicies", validatingadmissionpolicy.NewStrategy(nil, nil)},
	gvk("admissionregistration.k8s.io", "v1", "ValidatingAdmissionPolicyBinding"): {
		"validatingadmissionpolicybindings", validatingadmissionpolicybinding.NewStrategy(nil, nil, unresolved)},
	gvk("admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicy"): {
		"mutatingadmissionpolicies", mutatingadmissionpolicy.NewStrategy(nil, nil)},
	gvk("admissionregistration.k8s.io", "v1", "MutatingAdmissionPolicyBinding"): {
		"mutatingadmissionpolicybindings", mutatingadmissionpolicybinding.NewStrategy(nil, nil, unresolved)},

	gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition"): {
		"customresourcedefinitions", definition.NewStrategy(legacyscheme.Scheme)},
}

func init() {
	apiextensionsinstall.Install(legacyscheme.Scheme)
	capabilities.Setup(true, 0)
}

// verdict is what the server says about an object: the object as it would be stored, and the faults of it.
type verdict struct {
	stored map[string]any
	faults field.ErrorList
}

// judge sends an object through what the server does with one to be created, as far as validation. A failed decoding is an
// error: it says nothing about values.
func judge(kind schema.GroupVersionKind, obj map[string]any) (v verdict, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	entry := registry[kind]
	typed, err := legacyscheme.Scheme.New(kind)
	if err != nil {
		return verdict{}, err
	}
	data, err := json.Marshal(obj)
	if err != nil {
		return verdict{}, err
	}
	if strict, err := kjson.UnmarshalStrict(data, typed); err != nil || len(strict) > 0 {
		return verdict{}, errors.Join(append(strict, err)...)
	}
	legacyscheme.Scheme.Default(typed)
	inner, err := legacyscheme.Scheme.UnsafeConvertToVersion(typed, schema.GroupVersion{Group: kind.Group, Version: runtime.APIVersionInternal})
	if err != nil {
		return verdict{}, err
	}
	accessor, err := meta.Accessor(inner)
	if err != nil {
		return verdict{}, err
	}
	accessor.SetUID(types.UID("11111111-2222-3333-4444-555555555555"))
	accessor.SetCreationTimestamp(metav1.Unix(1700000000, 0))
	accessor.SetGenerateName("")
	ctx := request.WithNamespace(context.Background(), accessor.GetNamespace())
	ctx = request.WithRequestInfo(ctx, &request.RequestInfo{
		IsResourceRequest: true, Verb: "create", APIGroup: kind.Group, APIVersion: kind.Version, Resource: entry.resource,
		Namespace: accessor.GetNamespace(), Name: accessor.GetName(),
	})
	entry.strategy.PrepareForCreate(ctx, inner)
	faults := rest.ValidateCreate(ctx, inner, entry.strategy)
	outer, err := legacyscheme.Scheme.ConvertToVersion(inner, kind.GroupVersion())
	if err != nil {
		return verdict{}, err
	}
	stored, err := runtime.DefaultUnstructuredConverter.ToUnstructured(outer)
	if err != nil {
		return verdict{}, err
	}
	return verdict{stored: stored, faults: faults}, nil
}
