package sync

import (
	"github.com/setpoint-dev/setpoint/cluster"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// settleWaves moves namespaces and definitions to the wave of the earliest object that needs them, whatever wave they name.
func settleWaves(objects []*object) {
	namespaces := map[string]*object{}
	for _, o := range objects {
		if o.ref.GroupKind() == (schema.GroupKind{Kind: "Namespace"}) {
			namespaces[o.ref.Name] = o
		}
	}
	for _, o := range objects {
		if ns := namespaces[o.ref.Namespace]; ns != nil && o.ref.Namespace != "" {
			ns.wave = min(ns.wave, o.wave)
		}
		if o.crd != nil {
			o.crd.wave = min(o.crd.wave, o.wave)
		}
	}
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
