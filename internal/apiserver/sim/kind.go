package sim

import "k8s.io/apimachinery/pkg/runtime/schema"

// The kinds that are simulated or looked at, at the versions in which they are read and written.
var (
	namespaces        = core("Namespace")
	serviceAccounts   = core("ServiceAccount")
	configMaps        = core("ConfigMap")
	secrets           = core("Secret")
	nodes             = core("Node")
	pods              = core("Pod")
	services          = core("Service")
	endpoints         = core("Endpoints")
	claims            = core("PersistentVolumeClaim")
	volumes           = core("PersistentVolume")
	replications      = core("ReplicationController")
	ingresses         = schema.GroupVersionKind{Group: "networking.k8s.io", Version: "v1", Kind: "Ingress"}
	deployments       = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}
	replicaSets       = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "ReplicaSet"}
	statefulSets      = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "StatefulSet"}
	daemonSets        = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "DaemonSet"}
	revisions         = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "ControllerRevision"}
	cronJobs          = schema.GroupVersionKind{Group: "batch", Version: "v1", Kind: "CronJob"}
	jobs              = schema.GroupVersionKind{Group: "batch", Version: "v1", Kind: "Job"}
	storageClasses    = schema.GroupVersionKind{Group: "storage.k8s.io", Version: "v1", Kind: "StorageClass"}
	attributesClasses = schema.GroupVersionKind{Group: "storage.k8s.io", Version: "v1", Kind: "VolumeAttributesClass"}
	endpointSlices    = schema.GroupVersionKind{Group: "discovery.k8s.io", Version: "v1", Kind: "EndpointSlice"}
	autoscalers       = schema.GroupVersionKind{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"}
	budgets           = schema.GroupVersionKind{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"}
	apiServices       = schema.GroupVersionKind{Group: "apiregistration.k8s.io", Version: "v1", Kind: "APIService"}
)

func core(kind string) schema.GroupVersionKind {
	return schema.GroupVersionKind{Version: "v1", Kind: kind}
}

// The field managers of the parts that are played.
const (
	controllerManager = "kube-controller-manager"
	scheduler         = "kube-scheduler"
	kubelet           = "kubelet"
	provisioner       = "volume-provisioner"
	cloud             = "cloud-controller-manager"
	aggregator        = "kube-apiserver"
)
