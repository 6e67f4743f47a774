package sync

import (
	"github.com/setpoint-dev/setpoint/cluster"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// needs are the objects without which an object of one of Kubernetes' own kinds does not work, or does harm: a webhook without its
// service refuses every write that it is asked about.
func needs(obj *unstructured.Unstructured) []cluster.Ref {
	ns := obj.GetNamespace()
	text := func(path ...string) string {
		s, _, _ := unstructured.NestedString(obj.Object, path...)
		return s
	}
	one := func(r cluster.Ref) []cluster.Ref {
		if r.Name == "" {
			return nil
		}
		return []cluster.Ref{r}
	}
	switch obj.GroupVersionKind().GroupKind() {
	case schema.GroupKind{Group: "rbac.authorization.k8s.io", Kind: "RoleBinding"}, schema.GroupKind{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"}:
		role := cluster.Ref{Group: "rbac.authorization.k8s.io", Kind: text("roleRef", "kind"), Name: text("roleRef", "name")}
		if role.Kind == "Role" {
			role.Namespace = ns
		}
		return one(role)
	case schema.GroupKind{Group: "networking.k8s.io", Kind: "Ingress"}:
		return one(cluster.Ref{Group: "networking.k8s.io", Kind: "IngressClass", Name: text("spec", "ingressClassName")})
	case schema.GroupKind{Kind: "PersistentVolumeClaim"}:
		return one(cluster.Ref{Group: "storage.k8s.io", Kind: "StorageClass", Name: text("spec", "storageClassName")})
	case schema.GroupKind{Group: "apiregistration.k8s.io", Kind: "APIService"}:
		return one(cluster.Ref{Kind: "Service", Namespace: text("spec", "service", "namespace"), Name: text("spec", "service", "name")})
	case schema.GroupKind{Group: "admissionregistration.k8s.io", Kind: "ValidatingWebhookConfiguration"},
		schema.GroupKind{Group: "admissionregistration.k8s.io", Kind: "MutatingWebhookConfiguration"}:
		return webhookServices(obj)
	case schema.GroupKind{Group: "admissionregistration.k8s.io", Kind: "ValidatingAdmissionPolicyBinding"}:
		return one(cluster.Ref{Group: "admissionregistration.k8s.io", Kind: "ValidatingAdmissionPolicy", Name: text("spec", "policyName")})
	case schema.GroupKind{Group: "admissionregistration.k8s.io", Kind: "MutatingAdmissionPolicyBinding"}:
		return one(cluster.Ref{Group: "admissionregistration.k8s.io", Kind: "MutatingAdmissionPolicy", Name: text("spec", "policyName")})
	case schema.GroupKind{Group: "autoscaling", Kind: "HorizontalPodAutoscaler"}:
		gv, err := schema.ParseGroupVersion(text("spec", "scaleTargetRef", "apiVersion"))
		if err != nil {
			return nil
		}
		return one(cluster.Ref{Group: gv.Group, Kind: text("spec", "scaleTargetRef", "kind"), Namespace: ns, Name: text("spec", "scaleTargetRef", "name")})
	case schema.GroupKind{Group: "apps", Kind: "StatefulSet"}:
		return append(podNeeds(obj), one(cluster.Ref{Kind: "Service", Namespace: ns, Name: text("spec", "serviceName")})...)
	}
	return podNeeds(obj)
}

func webhookServices(obj *unstructured.Unstructured) []cluster.Ref {
	var out []cluster.Ref
	for _, hook := range items(obj.Object, "webhooks") {
		name, _, _ := unstructured.NestedString(hook, "clientConfig", "service", "name")
		ns, _, _ := unstructured.NestedString(hook, "clientConfig", "service", "namespace")
		if name != "" {
			out = append(out, cluster.Ref{Kind: "Service", Namespace: ns, Name: name})
		}
	}
	return out
}

// podNeeds are the objects without which the pods of a workload do not start.
func podNeeds(obj *unstructured.Unstructured) []cluster.Ref {
	spec := podSpec(obj)
	if spec == nil {
		return nil
	}
	ns := obj.GetNamespace()
	var out []cluster.Ref
	add := func(kind string, m map[string]any, path ...string) {
		if name, _, _ := unstructured.NestedString(m, path...); name != "" {
			out = append(out, cluster.Ref{Kind: kind, Namespace: ns, Name: name})
		}
	}
	global := func(group, kind, field string) {
		if name, _ := spec[field].(string); name != "" {
			out = append(out, cluster.Ref{Group: group, Kind: kind, Name: name})
		}
	}
	global("scheduling.k8s.io", "PriorityClass", "priorityClassName")
	global("node.k8s.io", "RuntimeClass", "runtimeClassName")
	add("ServiceAccount", spec, "serviceAccountName")
	for _, s := range items(spec, "imagePullSecrets") {
		add("Secret", s, "name")
	}
	for _, v := range items(spec, "volumes") {
		add("ConfigMap", v, "configMap", "name")
		add("Secret", v, "secret", "secretName")
		add("PersistentVolumeClaim", v, "persistentVolumeClaim", "claimName")
		projected, _, _ := unstructured.NestedMap(v, "projected")
		for _, p := range items(projected, "sources") {
			add("ConfigMap", p, "configMap", "name")
			add("Secret", p, "secret", "name")
		}
	}
	for _, list := range []string{"initContainers", "containers"} {
		for _, c := range items(spec, list) {
			for _, from := range items(c, "envFrom") {
				add("ConfigMap", from, "configMapRef", "name")
				add("Secret", from, "secretRef", "name")
			}
			for _, env := range items(c, "env") {
				add("ConfigMap", env, "valueFrom", "configMapKeyRef", "name")
				add("Secret", env, "valueFrom", "secretKeyRef", "name")
			}
		}
	}
	return out
}

// podSpec finds the pod specification of Kubernetes' own workloads.
func podSpec(obj *unstructured.Unstructured) map[string]any {
	var path []string
	switch obj.GroupVersionKind().GroupKind() {
	case schema.GroupKind{Kind: "Pod"}:
		path = []string{"spec"}
	case schema.GroupKind{Group: "batch", Kind: "CronJob"}:
		path = []string{"spec", "jobTemplate", "spec", "template", "spec"}
	case schema.GroupKind{Group: "apps", Kind: "Deployment"}, schema.GroupKind{Group: "apps", Kind: "StatefulSet"},
		schema.GroupKind{Group: "apps", Kind: "DaemonSet"}, schema.GroupKind{Group: "apps", Kind: "ReplicaSet"},
		schema.GroupKind{Group: "batch", Kind: "Job"}, schema.GroupKind{Kind: "ReplicationController"}:
		path = []string{"spec", "template", "spec"}
	default:
		return nil
	}
	v, _, _ := unstructured.NestedFieldNoCopy(obj.Object, path...)
	m, _ := v.(map[string]any)
	return m
}

// items returns the items of a list that are maps.
func items(m map[string]any, key string) []map[string]any {
	list, _ := m[key].([]any)
	var out []map[string]any
	for _, v := range list {
		if item, ok := v.(map[string]any); ok {
			out = append(out, item)
		}
	}
	return out
}
