package sim

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
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
	var matched []*corev1.Pod
	var healthy int32
	for _, obj := range s.view.in(pods, at.namespace) {
		if !selector.Matches(labels.Set(obj.GetLabels())) {
			continue
		}
		pod, err := typedOf[corev1.Pod](s, obj)
		if err != nil {
			return err
		}
		matched = append(matched, pod)
		if pod.DeletionTimestamp == nil && podlife.Ready(pod) {
			healthy++
		}
	}
	expected, least, unknown := s.expect(pdb, matched)
	now := s.now()
	return editTyped(s, budgets, &pdb.ObjectMeta, controllerManager, "status", func(live *policyv1.PodDisruptionBudget) {
		st := &live.Status
		c := metav1.Condition{
			Type: policyv1.DisruptionAllowedCondition, Status: metav1.ConditionTrue, Reason: policyv1.SufficientPodsReason, LastTransitionTime: now,
		}
		if unknown != nil {
			st.DisruptionsAllowed = 0
			c.Status, c.Reason, c.Message = metav1.ConditionFalse, policyv1.SyncFailedReason, unknown.Error()
		} else {
			st.ObservedGeneration = pdb.Generation
			st.ExpectedPods, st.CurrentHealthy, st.DesiredHealthy = expected, healthy, least
			st.DisruptionsAllowed = max(healthy-least, 0)
			if expected == 0 {
				st.DisruptionsAllowed = 0
			}
			if st.DisruptionsAllowed == 0 {
				c.Status, c.Reason = metav1.ConditionFalse, policyv1.InsufficientPodsReason
			}
		}
		c.ObservedGeneration = st.ObservedGeneration
		meta.SetStatusCondition(&st.Conditions, c)
	})
}

// expect returns how many pods there should be and how many of them have to be healthy. A number of pods is held against those
// that there are, a share or a number that may be missing against what the pods' controllers want.
func (s *Simulator) expect(pdb *policyv1.PodDisruptionBudget, matched []*corev1.Pod) (expected, least int32, err error) {
	limit, missing := pdb.Spec.MinAvailable, false
	if pdb.Spec.MaxUnavailable != nil {
		limit, missing = pdb.Spec.MaxUnavailable, true
	}
	switch {
	case limit == nil:
		return 0, 0, nil
	case !missing && limit.Type == intstr.Int:
		return int32(len(matched)), limit.IntVal, nil
	}
	sizes := map[types.UID]int32{}
	for _, pod := range matched {
		owner := metav1.GetControllerOf(pod)
		if owner == nil || sizes[owner.UID] > 0 {
			continue
		}
		uid, size, err := s.sizeOf(pod.Namespace, owner)
		if err != nil {
			return 0, 0, err
		}
		if uid == "" {
			return 0, 0, fmt.Errorf("found no controllers for pod %q", pod.Name)
		}
		sizes[uid] = size
	}
	for _, size := range sizes {
		expected += size
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(limit, int(expected), true)
	if err != nil {
		return 0, 0, err
	}
	if missing {
		return expected, max(expected-int32(n), 0), nil
	}
	return expected, int32(n), nil
}

// sizeOf returns how many pods a controller wants: a ReplicaSet's is that of its Deployment. An empty UID means that there is no
// such controller.
func (s *Simulator) sizeOf(namespace string, owner *metav1.OwnerReference) (types.UID, int32, error) {
	kind := schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind)
	all := s.api.Kinds()
	i := slices.IndexFunc(all, func(k apiserver.Kind) bool { return k.Group == kind.Group && k.Kind == kind.Kind })
	if i < 0 {
		return "", 0, nil
	}
	if !slices.Contains(all[i].Subresources, "scale") {
		return "", 0, fmt.Errorf("%s does not implement the scale subresource", schema.GroupResource{Group: kind.Group, Resource: all[i].Resource})
	}
	obj, err := s.fresh(kind, namespace, owner.Name, owner.UID)
	if err != nil || obj == nil {
		return "", 0, err
	}
	if up := metav1.GetControllerOf(obj); up != nil && up.Kind == deployments.Kind && kind.Kind == replicaSets.Kind {
		return s.sizeOf(namespace, up)
	}
	size, found, _ := unstructured.NestedInt64(obj.Object, "spec", "replicas")
	if !found {
		size = 1
	}
	return obj.GetUID(), int32(size), nil
}

// podBudgets looks at the budgets that select a pod, or did before it changed. A change of what a controller wants is noticed
// with its pods only, as in a cluster.
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
