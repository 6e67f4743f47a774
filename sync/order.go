package sync

import (
	"cmp"
	"slices"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
)

// kindOrder lists Kubernetes' own kinds in the order in which objects lean on each other. What is not in the list, custom
// resources above all, comes where the empty name stands.
var kindOrder = []string{
	"Namespace", "PriorityClass", "RuntimeClass", "NetworkPolicy", "ResourceQuota", "LimitRange", "PodDisruptionBudget",
	"ServiceAccount", "Secret", "ConfigMap", "CSIDriver", "StorageClass", "PersistentVolume", "PersistentVolumeClaim",
	"CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Service", "DaemonSet", "Pod",
	"ReplicationController", "ReplicaSet", "Deployment", "HorizontalPodAutoscaler", "StatefulSet", "Job", "CronJob",
	"IngressClass", "Ingress", "", "APIService", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
	"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
}

var kindRanks = func() map[string]int {
	m := make(map[string]int, len(kindOrder))
	for i, k := range kindOrder {
		m[k] = i
	}
	return m
}()

// rank is the place of a kind in the order. A kind counts as Kubernetes' own by its group, since others use the same names.
func rank(r cluster.Ref) int {
	own := !strings.Contains(r.Group, ".") || strings.HasSuffix(r.Group, ".k8s.io")
	if n, ok := kindRanks[r.Kind]; ok && own {
		return n
	}
	return kindRanks[""]
}

// compareOrder is the order in which steps are listed and, as far as their needs allow, started.
func compareOrder(aWave int, a cluster.Ref, bWave int, b cluster.Ref) int {
	return cmp.Or(cmp.Compare(aWave, bWave), cmp.Compare(rank(a), rank(b)), a.Compare(b))
}

func sortObjects(objects []*object) {
	slices.SortStableFunc(objects, func(a, b *object) int { return compareOrder(a.wave, a.ref, b.wave, b.ref) })
}
