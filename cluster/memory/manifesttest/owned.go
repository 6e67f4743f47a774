package manifesttest

import (
	"context"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"

	"github.com/setpoint-dev/setpoint/cluster"
)

// owned returns the objects in obj's namespace by the UIDs of their owners.
func (c *Cluster) owned(ctx context.Context, obj *unstructured.Unstructured) (map[types.UID][]*unstructured.Unstructured, error) {
	client, err := discovery.NewDiscoveryClientForConfig(c.server.Config())
	if err != nil {
		return nil, err
	}
	lists, err := client.ServerPreferredResources()
	if err != nil && !discovery.IsGroupDiscoveryFailedError(err) { // A group that nothing serves owns nothing.
		return nil, err
	}
	out := map[types.UID][]*unstructured.Unstructured{}
	seen := map[types.UID]bool{}
	for _, list := range lists {
		gv, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, r := range list.APIResources {
			if !slices.Contains(r.Verbs, "list") || !r.Namespaced && obj.GetNamespace() != "" {
				continue
			}
			found := c.client.List(ctx, cluster.Selector{Group: gv.Group, Version: gv.Version, Kind: r.Kind, Namespace: namespaceOf(obj, r)})
			for child, err := range found {
				if err != nil {
					return nil, err
				}
				if seen[child.GetUID()] {
					continue
				}
				seen[child.GetUID()] = true
				for _, owner := range child.GetOwnerReferences() {
					out[owner.UID] = append(out[owner.UID], child)
				}
			}
		}
	}
	return out, nil
}

// namespaceOf limits the search for what obj owns: an owner and what it owns share their namespace, unless the owner has
// none.
func namespaceOf(obj *unstructured.Unstructured, r metav1.APIResource) string {
	if !r.Namespaced {
		return ""
	}
	return obj.GetNamespace()
}
