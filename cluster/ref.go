package cluster

import (
	"cmp"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Ref is the identity of an object in a cluster. It is comparable and has no version, since one object is served at all
// versions of its group. Namespace is empty for cluster-scoped kinds.
type Ref struct {
	Group     string `json:"group,omitempty"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
}

// RefOf returns the identity that obj's own fields state. The namespace is what the object says: a namespaced object that
// leaves it out has an empty one here.
func RefOf(obj *unstructured.Unstructured) Ref {
	gvk := obj.GroupVersionKind()
	return Ref{Group: gvk.Group, Kind: gvk.Kind, Namespace: obj.GetNamespace(), Name: obj.GetName()}
}

// GroupKind returns the group and kind in the form that apimachinery uses.
func (r Ref) GroupKind() schema.GroupKind { return schema.GroupKind{Group: r.Group, Kind: r.Kind} }

// Compare orders references by group, kind, namespace and name. It returns a negative number, zero or a positive number,
// as [cmp.Compare] does.
func (r Ref) Compare(other Ref) int {
	return cmp.Or(
		cmp.Compare(r.Group, other.Group),
		cmp.Compare(r.Kind, other.Kind),
		cmp.Compare(r.Namespace, other.Namespace),
		cmp.Compare(r.Name, other.Name),
	)
}

// String returns "Deployment apps/web", or "ClusterRole admin" without a namespace. The group is part of it when it is not
// one of Kubernetes' own: "Certificate.cert-manager.io apps/web". Of a reference to a kind alone it is the kind.
func (r Ref) String() string {
	var b strings.Builder
	b.WriteString(r.Kind)
	if strings.Contains(r.Group, ".") && !strings.HasSuffix(r.Group, ".k8s.io") {
		b.WriteByte('.')
		b.WriteString(r.Group)
	}
	if r.Namespace != "" || r.Name != "" {
		b.WriteByte(' ')
	}
	if r.Namespace != "" {
		b.WriteString(r.Namespace)
		b.WriteByte('/')
	}
	b.WriteString(r.Name)
	return b.String()
}
