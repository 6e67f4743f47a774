package sim

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/rand"
)

// hashOf names a template by its content. It is stable, and not the number that a cluster would compute.
func hashOf(template *corev1.PodTemplateSpec, collisions *int32) string {
	raw, _ := json.Marshal(template) // a type of the API always marshals
	h := fnv.New32a()
	_, _ = h.Write(raw)
	if collisions != nil {
		_, _ = fmt.Fprint(h, *collisions)
	}
	return rand.SafeEncodeString(fmt.Sprint(h.Sum32()))
}

// podFrom makes a pod of a template. The caller names it, or leaves that to the server.
func podFrom(template *corev1.PodTemplateSpec, owner *metav1.ObjectMeta, kind schema.GroupVersionKind) *corev1.Pod {
	t := template.DeepCopy()
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: owner.Namespace, GenerateName: owner.Name + "-",
			Labels: t.Labels, Annotations: t.Annotations, Finalizers: t.Finalizers,
			OwnerReferences: controllerRef(owner, kind),
		},
		Spec: t.Spec,
	}
}

// with returns the labels and one more.
func with(labels map[string]string, key, value string) map[string]string {
	out := maps.Clone(labels)
	if out == nil {
		out = map[string]string{}
	}
	out[key] = value
	return out
}

func orDefault(n *int32, otherwise int32) int32 {
	if n == nil {
		return otherwise
	}
	return *n
}
