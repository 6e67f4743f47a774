package strategy

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// guarded are the kinds whose storage the real server wraps, so that a deletion cannot get past what is not readable
// (pkg/registry/core/namespace/storage and pkg/registry/rbac/*/storage of Kubernetes).
var guarded = []schema.GroupKind{
	kind("", "Namespace"),
	kind("rbac.authorization.k8s.io", "Role"), kind("rbac.authorization.k8s.io", "ClusterRole"),
	kind("rbac.authorization.k8s.io", "RoleBinding"), kind("rbac.authorization.k8s.io", "ClusterRoleBinding"),
}

// NoUnsafeDeletion reports whether objects of a kind cannot be deleted when they cannot be read, whatever the options say.
func NoUnsafeDeletion(of schema.GroupKind) bool { return slices.Contains(guarded, of) }
