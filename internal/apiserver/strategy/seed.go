package strategy

import "k8s.io/apimachinery/pkg/runtime/schema"

// Home is the kind whose objects hold the namespaced objects of their name.
var Home = schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}

// Needed reports whether objects of other kinds need those of this kind to be there before them.
func Needed(kind schema.GroupKind) bool {
	return kind == Home.GroupKind() || kind == schema.GroupKind{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}
}

// Seeds are the objects that every cluster has from the start: its namespaces and the service of its own API.
func Seeds() []map[string]any {
	var out []map[string]any
	for _, name := range []string{"default", "kube-system", "kube-public", "kube-node-lease"} {
		out = append(out, map[string]any{
			"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": name},
		})
	}
	return append(out, map[string]any{
		"apiVersion": "v1", "kind": "Service",
		"metadata": map[string]any{
			"name": "kubernetes", "namespace": "default",
			"labels": map[string]any{"component": "apiserver", "provider": "kubernetes"},
		},
		"spec": map[string]any{
			"clusterIP": "10.96.0.1",
			"ports": []any{map[string]any{
				"name": "https", "port": int64(443), "protocol": "TCP", "targetPort": int64(6443),
			}},
		},
	})
}
