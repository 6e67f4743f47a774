package sim

import (
	"cmp"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/rand"

	"github.com/setpoint-dev/setpoint/internal/podlife"
)

// quota refuses a new pod when the script says that its controller, or one above it, has used up a quota. The answer is that
// of the ResourceQuota admission plugin.
func (s *Simulator) quota(pod *corev1.Pod) error {
	owner := metav1.GetControllerOf(pod)
	if owner == nil || len(s.rules) == 0 {
		return nil
	}
	of, ok := s.ruleOf(ownerKey(pod.Namespace, owner))
	if !ok || s.rules[of].Behavior.Outcome != QuotaExceeded {
		return nil
	}
	used := 0
	for _, obj := range s.view.in(pods, pod.Namespace) {
		other, err := typedOf[corev1.Pod](s, obj)
		if err != nil {
			return err
		}
		if i, ok := s.ruleOf(key{kind: pods.GroupKind(), namespace: pod.Namespace, name: other.Name}); ok && i == of && !podlife.Finished(other) {
			used++
		}
	}
	limit := s.rules[of].Behavior.Limit
	if used < limit {
		return nil
	}
	name := cmp.Or(pod.Name, pod.GenerateName+rand.String(5))
	return apierrors.NewForbidden(corev1.Resource("pods"), name,
		fmt.Errorf("exceeded quota: scripted, requested: pods=1, used: pods=%d, limited: pods=%d", used, limit))
}

func ownerKey(namespace string, owner *metav1.OwnerReference) key {
	at := key{namespace: namespace, name: owner.Name}
	for _, kind := range workloads {
		if kind.Kind == owner.Kind {
			at.kind = kind.GroupKind()
		}
	}
	return at
}
