package sync

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Annotations that name an object's wave, ours before the one that Argo CD reads.
const (
	AnnotationWave     = "setpoint.dev/sync-wave"
	AnnotationArgoWave = "argocd.argoproj.io/sync-wave"
)

// waveOf reads an object's wave. No annotation is wave 0.
func waveOf(obj *unstructured.Unstructured) (int, error) {
	notes := obj.GetAnnotations()
	for _, key := range []string{AnnotationWave, AnnotationArgoWave} {
		text, ok := notes[key]
		if !ok {
			continue
		}
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil {
			return 0, fmt.Errorf("%w: annotation %s is %q and should be an integer", ErrWave, key, text)
		}
		return n, nil
	}
	return 0, nil
}

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
