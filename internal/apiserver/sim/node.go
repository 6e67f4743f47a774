package sim

import (
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/internal/podlife"
)

// start makes the nodes and the default StorageClass.
func (s *Simulator) start() error {
	for _, name := range podlife.Nodes {
		if err := s.makeNode(name); err != nil {
			return fmt.Errorf("create node %s: %w", name, err)
		}
	}
	if _, err := s.create(storageClasses, podlife.Class(), provisioner); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create the default storage class: %w", err)
	}
	return nil
}

func (s *Simulator) makeNode(name string) error {
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: podlife.NodeLabels(name)}}
	if _, err := s.create(nodes, node, kubelet); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	return s.node(key{kind: nodes.GroupKind(), name: name})
}

// node reports a simulated node, and looks after its pods when it is ready or no longer.
func (s *Simulator) node(at key) error {
	s.pace.clear(at)
	node, err := find[corev1.Node](s, at)
	if err != nil || node == nil || podlife.AddressOf(at.name) == "" {
		return err
	}
	b, _ := s.behaviorOf(at)
	up := !s.pace.early(at, node.UID, b.After) && b.Outcome != NeverReady
	was, reported := nodeReady(node)
	now := s.now()
	if !reported || was != up {
		if err := editTyped(s, nodes, &node.ObjectMeta, kubelet, "status", func(n *corev1.Node) {
			n.Status = podlife.NodeStatus(at.name, up, now)
		}); err != nil {
			return err
		}
	}
	if err := s.taint(node, up, now); err != nil {
		return err
	}
	if reported && was == up && up {
		return nil
	}
	for _, obj := range s.view.everywhere(pods) {
		pod, err := typedOf[corev1.Pod](s, obj)
		if err != nil {
			return err
		}
		on := pod.Spec.NodeName == at.name
		if on && !up {
			if err := s.evict(at, pod, now.Time); err != nil {
				return err
			}
		}
		if on || up && podlife.Schedulable(pod) {
			if err := s.look(key{kind: pods.GroupKind(), namespace: pod.Namespace, name: pod.Name}); err != nil {
				return err
			}
		}
	}
	return nil
}

func nodeReady(node *corev1.Node) (ready, reported bool) {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue, true
		}
	}
	return false, false
}

// taint marks a node that is not ready, as the node lifecycle controller does.
func (s *Simulator) taint(node *corev1.Node, up bool, now metav1.Time) error {
	return editTyped(s, nodes, &node.ObjectMeta, controllerManager, "", func(n *corev1.Node) {
		is := func(t corev1.Taint) bool { return t.Key == corev1.TaintNodeNotReady }
		if up {
			n.Spec.Taints = slices.DeleteFunc(n.Spec.Taints, is)
			return
		}
		if !slices.ContainsFunc(n.Spec.Taints, is) {
			n.Spec.Taints = append(n.Spec.Taints,
				corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoSchedule},
				corev1.Taint{Key: corev1.TaintNodeNotReady, Effect: corev1.TaintEffectNoExecute, TimeAdded: &now})
		}
	})
}

// down reports whether a simulated node is not ready.
func (s *Simulator) down(name string) bool {
	node, err := find[corev1.Node](s, key{kind: nodes.GroupKind(), name: name})
	if err != nil || node == nil {
		return false
	}
	ready, reported := nodeReady(node)
	return reported && !ready
}

// evict takes a pod off a node that is not ready once its toleration has run out.
func (s *Simulator) evict(at key, pod *corev1.Pod, now time.Time) error {
	if pod.DeletionTimestamp != nil || podlife.Finished(pod) {
		return nil
	}
	node, err := find[corev1.Node](s, at)
	if err != nil || node == nil {
		return err
	}
	since := now
	for _, t := range node.Spec.Taints {
		if t.Key == corev1.TaintNodeNotReady && t.TimeAdded != nil {
			since = t.TimeAdded.Time
		}
	}
	var patience time.Duration
	for _, t := range pod.Spec.Tolerations {
		all := t.Key == "" && t.Operator == corev1.TolerationOpExists
		if !all && t.Key != corev1.TaintNodeNotReady || t.Effect != "" && t.Effect != corev1.TaintEffectNoExecute {
			continue
		}
		if t.TolerationSeconds == nil {
			return nil
		}
		patience = time.Duration(*t.TolerationSeconds) * time.Second
	}
	if end := since.Add(patience); now.Before(end) {
		s.pace.at(at, end)
		return nil
	}
	return s.remove(pods, &pod.ObjectMeta, metav1.DeleteOptions{})
}
