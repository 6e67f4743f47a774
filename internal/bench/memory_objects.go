package main

import (
	"strings"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// protobuf returns a configuration for typed clients that speak protobuf.
func protobuf(config *rest.Config) *rest.Config {
	c := rest.CopyConfig(config)
	c.ContentType = runtime.ContentTypeProtobuf
	c.AcceptContentTypes = runtime.ContentTypeProtobuf
	return c
}

type object = map[string]any

// meta is what every object has.
func meta(apiVersion, kind, name string, parts object) *unstructured.Unstructured {
	parts["apiVersion"], parts["kind"] = apiVersion, kind
	parts["metadata"] = object{
		"name":   name,
		"labels": object{"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "bench"},
	}
	return &unstructured.Unstructured{Object: parts}
}

var kilobyte = strings.Repeat("0123456789abcdef", 64)

func configMap(name, value string) *unstructured.Unstructured {
	return meta("v1", "ConfigMap", name, object{"data": object{"file": kilobyte, "value": value}})
}

func secret(name, value string) *unstructured.Unstructured {
	return meta("v1", "Secret", name, object{"stringData": object{"token": kilobyte[:100], "value": value}})
}

func serviceAccount(name, _ string) *unstructured.Unstructured {
	return meta("v1", "ServiceAccount", name, object{})
}

func service(name, _ string) *unstructured.Unstructured {
	return meta("v1", "Service", name, object{"spec": object{
		"selector": object{"app": name},
		"ports":    []any{object{"name": "http", "port": int64(80), "targetPort": "http"}},
	}})
}

// template is a pod template of two containers, with what such templates have.
func template(name, value string) object {
	container := func(image string, port int64) object {
		return object{
			"name":  strings.ReplaceAll(image, "/", "-"),
			"image": "registry.example.com/" + image + ":v1.2.3",
			"args":  []any{"--listen=:8080", "--value=" + value},
			"env": []any{
				object{"name": "MODE", "value": "production"},
				object{"name": "POD", "valueFrom": object{"fieldRef": object{"fieldPath": "metadata.name"}}},
			},
			"ports": []any{object{"name": "http", "containerPort": port}},
			"resources": object{
				"requests": object{"cpu": "100m", "memory": "128Mi"},
				"limits":   object{"memory": "256Mi"},
			},
			"readinessProbe":  object{"httpGet": object{"path": "/ready", "port": "http"}, "periodSeconds": int64(5)},
			"volumeMounts":    []any{object{"name": "config", "mountPath": "/etc/app", "readOnly": true}},
			"securityContext": object{"runAsNonRoot": true, "allowPrivilegeEscalation": false},
		}
	}
	proxy := container("proxy", 8081)
	proxy["ports"] = []any{object{"name": "proxy", "containerPort": int64(8081)}}
	return object{
		"metadata": object{"labels": object{"app": name}},
		"spec": object{
			"serviceAccountName": "default",
			"containers":         []any{container("app", 8080), proxy},
			"volumes":            []any{object{"name": "config", "configMap": object{"name": name}}},
		},
	}
}

func deployment(name, value string) *unstructured.Unstructured {
	return meta("apps/v1", "Deployment", name, object{"spec": object{
		"replicas": int64(2),
		"selector": object{"matchLabels": object{"app": name}},
		"template": template(name, value),
	}})
}

func statefulSet(name, value string) *unstructured.Unstructured {
	return meta("apps/v1", "StatefulSet", name, object{"spec": object{
		"replicas":    int64(2),
		"serviceName": name,
		"selector":    object{"matchLabels": object{"app": name}},
		"template":    template(name, value),
	}})
}

func daemonSet(name, value string) *unstructured.Unstructured {
	return meta("apps/v1", "DaemonSet", name, object{"spec": object{
		"selector": object{"matchLabels": object{"app": name}},
		"template": template(name, value),
	}})
}

func role(name, _ string) *unstructured.Unstructured {
	return meta("rbac.authorization.k8s.io/v1", "Role", name, object{"rules": []any{
		object{"apiGroups": []any{""}, "resources": []any{"configmaps", "secrets"}, "verbs": []any{"get", "list", "watch"}},
	}})
}

func roleBinding(name, _ string) *unstructured.Unstructured {
	return meta("rbac.authorization.k8s.io/v1", "RoleBinding", name, object{
		"roleRef":  object{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
		"subjects": []any{object{"kind": "ServiceAccount", "name": name, "namespace": "default"}},
	})
}

func ingress(name, _ string) *unstructured.Unstructured {
	return meta("networking.k8s.io/v1", "Ingress", name, object{"spec": object{"rules": []any{object{
		"host": name + ".example.com",
		"http": object{"paths": []any{object{
			"path": "/", "pathType": "Prefix",
			"backend": object{"service": object{"name": name, "port": object{"name": "http"}}},
		}}},
	}}}})
}

// kind makes objects of one kind.
type kind struct {
	resource schema.GroupVersionResource
	object   func(name, value string) *unstructured.Unstructured
}

// tenKinds are what a namespace of an application is made of.
var tenKinds = []kind{
	{configMaps, configMap},
	{schema.GroupVersionResource{Version: "v1", Resource: "secrets"}, secret},
	{schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"}, serviceAccount},
	{schema.GroupVersionResource{Version: "v1", Resource: "services"}, service},
	{deployments, deployment},
	{schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"}, statefulSet},
	{schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "daemonsets"}, daemonSet},
	{schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "roles"}, role},
	{schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings"}, roleBinding},
	{schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"}, ingress},
}

func typedConfigMap(name, value string) (*core.ConfigMap, error) {
	out := &core.ConfigMap{}
	return out, runtime.DefaultUnstructuredConverter.FromUnstructured(configMap(name, value).Object, out)
}

func typedDeployment(name, value string) (*apps.Deployment, error) {
	out := &apps.Deployment{}
	return out, runtime.DefaultUnstructuredConverter.FromUnstructured(deployment(name, value).Object, out)
}
