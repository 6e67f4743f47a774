package sim

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/setpoint-dev/setpoint/internal/podlife"
)

// schedule gives the pod a node, or says in its status what it waits for.
func (s *Simulator) schedule(pod *corev1.Pod) error {
	at := key{namespace: pod.Namespace}
	var waiting []*corev1.PersistentVolumeClaim
	for _, name := range podlife.Claims(pod) {
		claim, err := find[corev1.PersistentVolumeClaim](s, at.place(claims, name))
		switch {
		case err != nil:
			return err
		case claim == nil:
			return s.hold(pod, fmt.Sprintf("persistentvolumeclaim %q not found", name))
		case claim.Status.Phase == corev1.ClaimBound:
			continue
		}
		class, err := s.classOf(claim)
		if err != nil {
			return err
		}
		if !podlife.Waits(class) {
			return s.hold(pod, "pod has unbound immediate PersistentVolumeClaims")
		}
		waiting = append(waiting, claim)
	}
	node := podlife.Choose(pod, slices.DeleteFunc(slices.Clone(podlife.Nodes), s.down))
	if node == "" {
		return s.hold(pod, fmt.Sprintf("%d node(s) had untolerated taint(s)", len(podlife.Nodes)))
	}
	for _, claim := range waiting {
		// The pod's node decides where the volume is made; the pod is scheduled when it is bound.
		if err := editTyped(s, claims, &claim.ObjectMeta, scheduler, "", func(c *corev1.PersistentVolumeClaim) {
			if c.Annotations[podlife.AnnotationSelectedNode] == "" {
				c.Annotations = with(c.Annotations, podlife.AnnotationSelectedNode, node)
			}
		}); err != nil {
			return err
		}
	}
	if len(waiting) > 0 {
		return nil
	}
	err := s.api.Post(pods, pod.Namespace, pod.Name, "binding", map[string]any{
		"metadata": map[string]any{"name": pod.Name},
		"target":   map[string]any{"kind": "Node", "name": node},
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) { // gone, ending or bound since it was read
		return nil
	}
	return err
}

// classOf returns the StorageClass of a claim, nil when it has none that exists.
func (s *Simulator) classOf(claim *corev1.PersistentVolumeClaim) (*storagev1.StorageClass, error) {
	name := podlife.ClassName
	if claim.Spec.StorageClassName != nil {
		name = *claim.Spec.StorageClassName
	}
	return find[storagev1.StorageClass](s, key{kind: storageClasses.GroupKind(), name: name})
}

func (s *Simulator) hold(pod *corev1.Pod, why string) error {
	now := s.now()
	return editTyped(s, pods, &pod.ObjectMeta, scheduler, "status", func(p *corev1.Pod) {
		podlife.SetCondition(&p.Status, podlife.Unschedulable(p, why, now))
	})
}

// wakePods looks again at the pods of a namespace that wait for a claim, a ConfigMap or a Secret.
func (s *Simulator) wakePods(at key) error {
	for _, obj := range s.view.in(pods, at.namespace) {
		pod, err := typedOf[corev1.Pod](s, obj)
		if err != nil {
			return err
		}
		waits := slices.Contains(podlife.Claims(pod), at.name) || slices.ContainsFunc(podlife.Needs(pod), func(n podlife.Need) bool { return n.Name == at.name })
		if waits && podlife.Pending(pod) {
			if err := s.pod(at.place(pods, pod.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}
