package sim

import (
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/podlife"
)

// budget counts how many pods of a PodDisruptionBudget may go.
func (s *Simulator) budget(at key) error {
	pdb, err := find[policyv1.PodDisruptionBudget](s, at)
	if err != nil || pdb == nil || pdb.DeletionTimestamp != nil {
		return err
	}
	selector, err := metav1.LabelSelectorAsSelector(pdb.Spec.Selector)
	if err != nil {
		return nil // the server has refused such a selector
	}
	var total, healthy int32
	for _, obj := range s.view.in(pods, at.namespace) {
		pod, err := typedOf[corev1.Pod](s, obj)
		if err != nil {
			return err
		}
		if !selector.Matches(labels.Set(pod.Labels)) || !active(pod) {
			continue
		}
		total++
		if podlife.Ready(pod) {
			healthy++
		}
	}
	share := func(v *intstr.IntOrString) int32 {
		n, err := intstr.GetScaledValueFromIntOrPercent(v, int(total), true)
		if err != nil {
			return 0
		}
		return int32(n)
	}
	least := int32(0)
	switch {
	case pdb.Spec.MaxUnavailable != nil:
		least = max(total-share(pdb.Spec.MaxUnavailable), 0)
	case pdb.Spec.MinAvailable != nil:
		least = share(pdb.Spec.MinAvailable)
	}
	now := s.now()
	return editTyped(s, budgets, &pdb.ObjectMeta, controllerManager, "status", func(live *policyv1.PodDisruptionBudget) {
		st := &live.Status
		st.ObservedGeneration = pdb.Generation
		st.ExpectedPods, st.CurrentHealthy, st.DesiredHealthy = total, healthy, least
		st.DisruptionsAllowed = max(healthy-least, 0)
		if total == 0 {
			st.DisruptionsAllowed = 0
		}
		c := metav1.Condition{
			Type: policyv1.DisruptionAllowedCondition, Status: metav1.ConditionTrue, Reason: policyv1.SufficientPodsReason,
			ObservedGeneration: pdb.Generation, LastTransitionTime: now,
		}
		if st.DisruptionsAllowed == 0 {
			c.Status, c.Reason = metav1.ConditionFalse, policyv1.InsufficientPodsReason
		}
		meta.SetStatusCondition(&st.Conditions, c)
	})
}

// podBudgets looks at the budgets that select a pod, or did before it changed.
func podBudgets(s *Simulator, at key, change apiserver.Change) error {
	for _, obj := range s.view.in(budgets, at.namespace) {
		pdb, err := typedOf[policyv1.PodDisruptionBudget](s, obj)
		if err != nil {
			return err
		}
		if selector, err := metav1.LabelSelectorAsSelector(pdb.Spec.Selector); err != nil || !touches(selector, change) {
			continue
		}
		if err := s.budget(at.place(budgets, obj.GetName())); err != nil {
			return err
		}
	}
	return nil
}

func metaOf(obj *unstructured.Unstructured) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: obj.GetNamespace(), Name: obj.GetName(), UID: obj.GetUID()}
}
