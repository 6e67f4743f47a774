package sim

import (
	"errors"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/setpoint-dev/setpoint/internal/podlife"
)

// allDaemonSets looks at every DaemonSet, because a node has come or changed.
func (s *Simulator) allDaemonSets(key) error {
	var faults []error
	for _, obj := range s.view.everywhere(daemonSets) {
		faults = append(faults, s.daemonSet(key{kind: daemonSets.GroupKind(), namespace: obj.GetNamespace(), name: obj.GetName()}))
	}
	return errors.Join(faults...)
}

// daemonSet keeps one pod of a DaemonSet on each node that it wants, and counts them.
func (s *Simulator) daemonSet(at key) error {
	s.pace.clear(at)
	set, err := find[appsv1.DaemonSet](s, at)
	if err != nil || set == nil || set.DeletionTimestamp != nil {
		return err
	}
	w := revisioned{
		meta: &set.ObjectMeta, kind: daemonSets, template: &set.Spec.Template, limit: set.Spec.RevisionHistoryLimit,
		label: appsv1.ControllerRevisionHashLabelKey,
	}
	all, err := s.revise(w)
	if err != nil || len(all) == 0 {
		return err
	}
	hash := all[len(all)-1].Labels[appsv1.ControllerRevisionHashLabelKey]
	placed, wanted, err := s.placement(set)
	if err != nil {
		return err
	}
	if err := s.placeMissing(set, hash, placed, wanted); err != nil {
		return err
	}
	if err := s.replaceOld(at, set, hash, placed, wanted); err != nil {
		return err
	}
	if placed, wanted, err = s.placement(set); err != nil {
		return err
	}
	if err := s.reportDaemons(at, set, hash, placed, wanted); err != nil {
		return err
	}
	return s.trim(w, all, func(name string) bool {
		for _, list := range placed {
			if slices.ContainsFunc(list, func(p *corev1.Pod) bool { return set.Name+"-"+p.Labels[appsv1.ControllerRevisionHashLabelKey] == name }) {
				return true
			}
		}
		return false
	})
}

// placement returns the pods by node, and which nodes want one. A node is wanted by its labels alone.
func (s *Simulator) placement(set *appsv1.DaemonSet) (placed map[string][]*corev1.Pod, wanted []string, err error) {
	owned, err := controlled[corev1.Pod](s, pods, set.UID)
	if err != nil {
		return nil, nil, err
	}
	placed = map[string][]*corev1.Pod{}
	for _, pod := range owned {
		node := pod.Spec.NodeName
		if node == "" {
			node = podlife.Pinned(&pod.Spec)
		}
		placed[node] = append(placed[node], pod)
	}
	selector := labels.Set(set.Spec.Template.Spec.NodeSelector).AsSelectorPreValidated()
	for _, node := range s.view.in(nodes, "") {
		if selector.Matches(labels.Set(node.GetLabels())) && node.GetDeletionTimestamp() == nil {
			wanted = append(wanted, node.GetName())
		}
	}
	return placed, wanted, nil
}

func (s *Simulator) placeMissing(set *appsv1.DaemonSet, hash string, placed map[string][]*corev1.Pod, wanted []string) error {
	for _, node := range wanted {
		if len(placed[node]) > 0 {
			continue
		}
		pod := podFrom(&set.Spec.Template, &set.ObjectMeta, daemonSets)
		pod.Labels = with(pod.Labels, appsv1.ControllerRevisionHashLabelKey, hash)
		if generation, ok := set.Annotations["deprecated.daemonset.template.generation"]; ok {
			pod.Labels["pod-template-generation"] = generation
		}
		pinTo(&pod.Spec, node)
		for _, taint := range []string{"not-ready", "unreachable"} {
			tolerate(&pod.Spec, taint, corev1.TaintEffectNoExecute)
		}
		for _, taint := range []string{"disk-pressure", "memory-pressure", "pid-pressure", "unschedulable"} {
			tolerate(&pod.Spec, taint, corev1.TaintEffectNoSchedule)
		}
		if pod.Spec.HostNetwork {
			tolerate(&pod.Spec, "network-unavailable", corev1.TaintEffectNoSchedule)
		}
		created, err := s.createPod(pod)
		if refusal(err) {
			return nil // the counts tell that pods are missing
		}
		if err != nil || created == nil {
			return err
		}
	}
	for node, list := range placed {
		for _, pod := range list {
			if !slices.Contains(wanted, node) && pod.DeletionTimestamp == nil || podlife.Finished(pod) && pod.DeletionTimestamp == nil {
				if err := s.remove(pods, &pod.ObjectMeta, metav1.DeleteOptions{}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func pinTo(spec *corev1.PodSpec, node string) {
	term := corev1.NodeSelectorTerm{MatchFields: []corev1.NodeSelectorRequirement{{
		Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{node},
	}}}
	if spec.Affinity == nil {
		spec.Affinity = &corev1.Affinity{}
	}
	if spec.Affinity.NodeAffinity == nil {
		spec.Affinity.NodeAffinity = &corev1.NodeAffinity{}
	}
	spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{term}}
}

func tolerate(spec *corev1.PodSpec, taint string, effect corev1.TaintEffect) {
	toleration := corev1.Toleration{Key: "node.kubernetes.io/" + taint, Operator: corev1.TolerationOpExists, Effect: effect}
	if !slices.Contains(spec.Tolerations, toleration) {
		spec.Tolerations = append(spec.Tolerations, toleration)
	}
}

// replaceOld deletes pods of an earlier template, as many as may be unavailable at a time.
func (s *Simulator) replaceOld(at key, set *appsv1.DaemonSet, hash string, placed map[string][]*corev1.Pod, wanted []string) error {
	if set.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		return nil
	}
	limit := intstr.FromInt32(1)
	if rolling := set.Spec.UpdateStrategy.RollingUpdate; rolling != nil && rolling.MaxUnavailable != nil {
		limit = *rolling.MaxUnavailable
	}
	budget, err := intstr.GetScaledValueFromIntOrPercent(&limit, len(wanted), true)
	if err != nil {
		return nil // the server has refused such a value
	}
	budget = max(budget, 1)
	up := func(pod *corev1.Pod) bool { return s.available(at, pod, set.Spec.MinReadySeconds) }
	var old []*corev1.Pod
	for _, node := range wanted {
		serving := false
		for _, pod := range placed[node] {
			if pod.DeletionTimestamp != nil {
				continue
			}
			stale := pod.Labels[appsv1.ControllerRevisionHashLabelKey] != hash
			switch {
			case stale && !up(pod): // a broken one costs nothing
				if err := s.remove(pods, &pod.ObjectMeta, metav1.DeleteOptions{}); err != nil {
					return err
				}
			case stale:
				old = append(old, pod)
				serving = true
			default:
				serving = serving || up(pod)
			}
		}
		if !serving {
			budget--
		}
	}
	for _, pod := range old[:max(min(budget, len(old)), 0)] {
		if err := s.remove(pods, &pod.ObjectMeta, metav1.DeleteOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func (s *Simulator) reportDaemons(at key, set *appsv1.DaemonSet, hash string, placed map[string][]*corev1.Pod, wanted []string) error {
	return editTyped(s, daemonSets, &set.ObjectMeta, controllerManager, "status", func(live *appsv1.DaemonSet) {
		st := appsv1.DaemonSetStatus{
			ObservedGeneration: set.Generation, DesiredNumberScheduled: int32(len(wanted)),
			CollisionCount: live.Status.CollisionCount, Conditions: live.Status.Conditions,
		}
		for node, list := range placed {
			if len(list) == 0 {
				continue
			}
			if !slices.Contains(wanted, node) {
				st.NumberMisscheduled++
				continue
			}
			st.CurrentNumberScheduled++
			pod := list[0]
			if podlife.Ready(pod) && pod.DeletionTimestamp == nil {
				st.NumberReady++
				if s.available(at, pod, set.Spec.MinReadySeconds) {
					st.NumberAvailable++
				}
			}
			if pod.Labels[appsv1.ControllerRevisionHashLabelKey] == hash {
				st.UpdatedNumberScheduled++
			}
		}
		st.NumberUnavailable = st.DesiredNumberScheduled - st.NumberAvailable
		live.Status = st
	})
}
