package main

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"

	definitions "k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	genericregistry "k8s.io/apiserver/pkg/registry/generic/registry"
	"k8s.io/apiserver/pkg/registry/rest"
	apiservices "k8s.io/kube-aggregator/pkg/registry/apiservice/etcd"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	core "k8s.io/kubernetes/pkg/apis/core"
	mutatingpolicies "k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingadmissionpolicy/storage"
	mutatingbindings "k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingadmissionpolicybinding/storage"
	mutatingwebhooks "k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingwebhookconfiguration/storage"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/resolver"
	validatingpolicies "k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicy/storage"
	validatingbindings "k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicybinding/storage"
	validatingwebhooks "k8s.io/kubernetes/pkg/registry/admissionregistration/validatingwebhookconfiguration/storage"
	controllerrevisions "k8s.io/kubernetes/pkg/registry/apps/controllerrevision/storage"
	daemonsets "k8s.io/kubernetes/pkg/registry/apps/daemonset/storage"
	deployments "k8s.io/kubernetes/pkg/registry/apps/deployment/storage"
	replicasets "k8s.io/kubernetes/pkg/registry/apps/replicaset/storage"
	statefulsets "k8s.io/kubernetes/pkg/registry/apps/statefulset/storage"
	autoscalers "k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler/storage"
	cronjobs "k8s.io/kubernetes/pkg/registry/batch/cronjob/storage"
	jobs "k8s.io/kubernetes/pkg/registry/batch/job/storage"
	leases "k8s.io/kubernetes/pkg/registry/coordination/lease/storage"
	configmaps "k8s.io/kubernetes/pkg/registry/core/configmap/storage"
	endpoints "k8s.io/kubernetes/pkg/registry/core/endpoint/storage"
	limitranges "k8s.io/kubernetes/pkg/registry/core/limitrange/storage"
	namespaces "k8s.io/kubernetes/pkg/registry/core/namespace/storage"
	volumes "k8s.io/kubernetes/pkg/registry/core/persistentvolume/storage"
	claims "k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim/storage"
	pods "k8s.io/kubernetes/pkg/registry/core/pod/storage"
	podtemplates "k8s.io/kubernetes/pkg/registry/core/podtemplate/storage"
	controllers "k8s.io/kubernetes/pkg/registry/core/replicationcontroller/storage"
	quotas "k8s.io/kubernetes/pkg/registry/core/resourcequota/storage"
	secrets "k8s.io/kubernetes/pkg/registry/core/secret/storage"
	"k8s.io/kubernetes/pkg/registry/core/service/ipallocator"
	"k8s.io/kubernetes/pkg/registry/core/service/portallocator"
	services "k8s.io/kubernetes/pkg/registry/core/service/storage"
	accounts "k8s.io/kubernetes/pkg/registry/core/serviceaccount/storage"
	endpointslices "k8s.io/kubernetes/pkg/registry/discovery/endpointslice/storage"
	ingresses "k8s.io/kubernetes/pkg/registry/networking/ingress/storage"
	ingressclasses "k8s.io/kubernetes/pkg/registry/networking/ingressclass/storage"
	networkpolicies "k8s.io/kubernetes/pkg/registry/networking/networkpolicy/storage"
	runtimeclasses "k8s.io/kubernetes/pkg/registry/node/runtimeclass/storage"
	budgets "k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget/storage"
	clusterroles "k8s.io/kubernetes/pkg/registry/rbac/clusterrole/storage"
	clusterrolebindings "k8s.io/kubernetes/pkg/registry/rbac/clusterrolebinding/storage"
	roles "k8s.io/kubernetes/pkg/registry/rbac/role/storage"
	rolebindings "k8s.io/kubernetes/pkg/registry/rbac/rolebinding/storage"
	priorityclasses "k8s.io/kubernetes/pkg/registry/scheduling/priorityclass/storage"
	drivers "k8s.io/kubernetes/pkg/registry/storage/csidriver/storage"
	storageclasses "k8s.io/kubernetes/pkg/registry/storage/storageclass/storage"
	attributesclasses "k8s.io/kubernetes/pkg/registry/storage/volumeattributesclass/storage"
)

// resource is what the server serves a kind with.
type resource struct {
	schema.GroupVersionKind
	main rest.Storage
	// status is nil for a kind without the subresource.
	status rest.Updater
	// renew returns the resource with nothing allocated; nil for a kind that allocates nothing.
	renew func() (resource, error)
}

// store returns the registry behind the resource. Some keep it to themselves.
func (r resource) store() *genericregistry.Store {
	v := reflect.ValueOf(r.main).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Type() == reflect.TypeFor[*genericregistry.Store]() {
			return *(**genericregistry.Store)(f.Addr().UnsafePointer())
		}
	}
	panic("no store: " + r.Kind)
}

// kind names a kind at the version that is preferred.
func kind(group, name string) schema.GroupVersionKind {
	version := "v1"
	if group == "autoscaling" {
		version = "v2"
	}
	return schema.GroupVersionKind{Group: group, Version: version, Kind: name}
}

const (
	admission  = "admissionregistration.k8s.io"
	networking = "networking.k8s.io"
	rbac       = "rbac.authorization.k8s.io"
	storages   = "storage.k8s.io"
)

// registry builds the resources, as the server's own set-up does but with storage of ours.
type registry struct {
	out  []resource
	errs []error
}

func (r *registry) add(k schema.GroupVersionKind, main rest.Storage, status rest.Updater, err error) {
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s: %w", k, err))
		return
	}
	r.out = append(r.out, resource{GroupVersionKind: k, main: main, status: status})
}

// plain takes the answer of a constructor of a kind without a status.
func (r *registry) plain(group, name string) func(main rest.Storage, err error) {
	return func(main rest.Storage, err error) { r.add(kind(group, name), main, nil, err) }
}

// with takes that of a kind with a status.
func (r *registry) with(group, name string) func(main rest.Storage, status rest.Updater, err error) {
	return func(main rest.Storage, status rest.Updater, err error) { r.add(kind(group, name), main, status, err) }
}

// more takes that of a kind with a status and a subresource that is not probed.
func (r *registry) more(group, name string) func(main rest.Storage, status rest.Updater, _ rest.Storage, err error) {
	return func(main rest.Storage, status rest.Updater, _ rest.Storage, err error) {
		r.add(kind(group, name), main, status, err)
	}
}

// resources returns what the server serves the kinds with.
func resources() ([]resource, error) {
	r, get := &registry{}, options{}
	r.plain("", "ConfigMap")(configmaps.NewREST(get))
	r.plain("", "Secret")(secrets.NewREST(get))
	r.plain("", "Endpoints")(endpoints.NewREST(get))
	r.plain("", "LimitRange")(limitranges.NewREST(get))
	r.plain("", "PodTemplate")(podtemplates.NewREST(get))
	r.plain("", "ServiceAccount")(accounts.NewREST(get, nil, nil, nil, 0, nil, nil, nil, nil, nil, false, 0))
	r.more("", "Namespace")(namespaces.NewREST(get))
	r.with("", "PersistentVolume")(volumes.NewREST(get))
	r.with("", "PersistentVolumeClaim")(claims.NewREST(get))
	r.with("", "ResourceQuota")(quotas.NewREST(get))
	pod, err := pods.NewStorage(get, nil, nil, nil, nil)
	r.add(kind("", "Pod"), pod.Pod, pod.Status, err)
	r.with("", "ReplicationController")(controllers.NewREST(get))
	service, err := newService()
	if err != nil {
		r.errs = append(r.errs, err)
	}
	r.out = append(r.out, service)

	r.more("apps", "Deployment")(deployments.NewREST(get))
	r.with("apps", "StatefulSet")(statefulsets.NewREST(get))
	r.with("apps", "DaemonSet")(daemonsets.NewREST(get))
	r.with("apps", "ReplicaSet")(replicasets.NewREST(get))
	r.plain("apps", "ControllerRevision")(controllerrevisions.NewREST(get))
	r.with("batch", "Job")(jobs.NewREST(get))
	r.with("batch", "CronJob")(cronjobs.NewREST(get))
	r.with("policy", "PodDisruptionBudget")(budgets.NewREST(get))
	r.with("autoscaling", "HorizontalPodAutoscaler")(autoscalers.NewREST(get))

	r.with(networking, "Ingress")(ingresses.NewREST(get))
	r.plain(networking, "IngressClass")(ingressclasses.NewREST(get))
	r.plain(networking, "NetworkPolicy")(networkpolicies.NewREST(get))
	r.plain("discovery.k8s.io", "EndpointSlice")(endpointslices.NewREST(get))
	r.plain("coordination.k8s.io", "Lease")(leases.NewREST(get))

	r.plain(rbac, "Role")(roles.NewREST(get))
	r.plain(rbac, "ClusterRole")(clusterroles.NewREST(get))
	r.plain(rbac, "RoleBinding")(rolebindings.NewREST(get))
	r.plain(rbac, "ClusterRoleBinding")(clusterrolebindings.NewREST(get))
	r.plain(storages, "StorageClass")(storageclasses.NewREST(get))
	driver, err := drivers.NewStorage(get)
	r.add(kind(storages, "CSIDriver"), driver.CSIDriver, nil, err)
	r.plain(storages, "VolumeAttributesClass")(attributesclasses.NewREST(get))
	r.plain("scheduling.k8s.io", "PriorityClass")(priorityclasses.NewREST(get))
	r.plain("node.k8s.io", "RuntimeClass")(runtimeclasses.NewREST(get))

	r.plain(admission, "ValidatingWebhookConfiguration")(validatingwebhooks.NewREST(get))
	r.plain(admission, "MutatingWebhookConfiguration")(mutatingwebhooks.NewREST(get))
	r.with(admission, "ValidatingAdmissionPolicy")(validatingpolicies.NewREST(get, nil, resolve))
	r.plain(admission, "ValidatingAdmissionPolicyBinding")(validatingbindings.NewREST(get, nil, nil, resolve))
	r.plain(admission, "MutatingAdmissionPolicy")(mutatingpolicies.NewREST(get, nil, resolve))
	r.plain(admission, "MutatingAdmissionPolicyBinding")(mutatingbindings.NewREST(get, nil, nil, resolve))
	definition, err := definitions.NewREST(legacyscheme.Scheme, get)
	r.add(kind("apiextensions.k8s.io", "CustomResourceDefinition"), definition, definitions.NewStatusREST(legacyscheme.Scheme, definition), err)
	aggregated := apiservices.NewREST(legacyscheme.Scheme, get)
	r.add(kind("apiregistration.k8s.io", "APIService"), aggregated, apiservices.NewStatusREST(legacyscheme.Scheme, aggregated), nil)
	return r.out, errors.Join(r.errs...)
}

// resolve stands in for discovery, which the admission policies ask for the resource of a parameter's kind.
var resolve = resolver.ResourceResolverFunc(func(gvk schema.GroupVersionKind) (schema.GroupVersionResource, error) {
	return gvk.GroupVersion().WithResource(strings.ToLower(gvk.Kind) + "s"), nil
})

// newService allocates addresses and ports in memory.
func newService() (resource, error) {
	_, network, err := net.ParseCIDR("10.96.0.0/16")
	if err != nil {
		return resource{}, err
	}
	addresses, err := ipallocator.NewInMemory(network)
	if err != nil {
		return resource{}, err
	}
	ports, err := portallocator.NewInMemory(utilnet.PortRange{Base: 30000, Size: 2768})
	if err != nil {
		return resource{}, err
	}
	main, status, _, err := services.NewREST(options{}, core.IPv4Protocol,
		map[core.IPFamily]ipallocator.Interface{core.IPv4Protocol: addresses}, ports, nil, nil, nil)
	return resource{kind("", "Service"), main, status, newService}, err
}
