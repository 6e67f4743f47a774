package sim

import (
	"fmt"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// autoscaler keeps the target of a HorizontalPodAutoscaler within its bounds. No load changes in a simulation, so every metric is
// found at its target value.
func (s *Simulator) autoscaler(at key) error {
	hpa, err := find[autoscalingv2.HorizontalPodAutoscaler](s, at)
	if err != nil || hpa == nil || hpa.DeletionTimestamp != nil {
		return err
	}
	target, has := s.targetOf(hpa)
	var current, want int32
	if has {
		n, found, _ := unstructured.NestedInt64(target.Object, "spec", "replicas")
		if !found {
			n = 1
		}
		current = int32(n)
		want = min(max(current, orDefault(hpa.Spec.MinReplicas, 1)), hpa.Spec.MaxReplicas)
		if current == 0 {
			want = 0 // autoscaling is off for a target without replicas
		}
	}
	if has && want != current {
		meta := metaOf(target)
		if err := s.edit(target.GroupVersionKind(), &meta, controllerManager, "", func(obj *unstructured.Unstructured) (bool, error) {
			return true, unstructured.SetNestedField(obj.Object, int64(want), "spec", "replicas")
		}); err != nil {
			return err
		}
	}

	now := s.now()
	return editTyped(s, autoscalers, &hpa.ObjectMeta, controllerManager, "status", func(live *autoscalingv2.HorizontalPodAutoscaler) {
		st := &live.Status
		set := func(kind autoscalingv2.HorizontalPodAutoscalerConditionType, status corev1.ConditionStatus, reason, message string) {
			c := autoscalingv2.HorizontalPodAutoscalerCondition{Type: kind, Status: status, Reason: reason, Message: message, LastTransitionTime: now}
			i := slices.IndexFunc(st.Conditions, func(old autoscalingv2.HorizontalPodAutoscalerCondition) bool { return old.Type == kind })
			if i < 0 {
				st.Conditions = append(st.Conditions, c)
				return
			}
			if st.Conditions[i].Status == status {
				c.LastTransitionTime = st.Conditions[i].LastTransitionTime
			}
			st.Conditions[i] = c
		}
		generation := hpa.Generation
		st.ObservedGeneration = &generation
		if !has {
			ref := hpa.Spec.ScaleTargetRef
			set(autoscalingv2.AbleToScale, corev1.ConditionFalse, "FailedGetScale",
				fmt.Sprintf("the HPA controller was unable to get the target's current scale: %s %q not found", ref.Kind, ref.Name))
			return
		}
		if st.CurrentReplicas != want && st.CurrentReplicas != 0 {
			st.LastScaleTime = &now
		}
		st.CurrentReplicas, st.DesiredReplicas = want, want
		set(autoscalingv2.AbleToScale, corev1.ConditionTrue, "ReadyForNewScale", "recommended size matches current size")
		if current == 0 {
			set(autoscalingv2.ScalingActive, corev1.ConditionFalse, "ScalingDisabled", "scaling is disabled since the replica count of the target is zero")
			return
		}
		set(autoscalingv2.ScalingActive, corev1.ConditionTrue, "ValidMetricFound", "the HPA was able to successfully calculate a replica count from "+metricName(hpa))
		set(autoscalingv2.ScalingLimited, corev1.ConditionFalse, "DesiredWithinRange", "the desired count is within the acceptable range")
		st.CurrentMetrics = onTarget(hpa.Spec.Metrics)
	})
}

func (s *Simulator) targetOf(hpa *autoscalingv2.HorizontalPodAutoscaler) (*unstructured.Unstructured, bool) {
	for _, kind := range []schema.GroupVersionKind{deployments, statefulSets, replicaSets} {
		group, err := schema.ParseGroupVersion(hpa.Spec.ScaleTargetRef.APIVersion)
		if err == nil && group.Group == kind.Group && hpa.Spec.ScaleTargetRef.Kind == kind.Kind {
			obj := s.view.get(key{kind: kind.GroupKind(), namespace: hpa.Namespace, name: hpa.Spec.ScaleTargetRef.Name})
			return obj, obj != nil
		}
	}
	return nil, false
}

func metricName(hpa *autoscalingv2.HorizontalPodAutoscaler) string {
	if len(hpa.Spec.Metrics) > 0 && hpa.Spec.Metrics[0].Resource != nil {
		r := hpa.Spec.Metrics[0].Resource
		if r.Target.Type == autoscalingv2.UtilizationMetricType {
			return fmt.Sprintf("%s resource utilization (percentage of request)", r.Name)
		}
		return fmt.Sprintf("%s resource", r.Name)
	}
	return "its metrics"
}

// onTarget reports resource metrics at their targets; what other sources would say is left out.
func onTarget(specs []autoscalingv2.MetricSpec) []autoscalingv2.MetricStatus {
	var out []autoscalingv2.MetricStatus
	for _, m := range specs {
		if m.Resource == nil {
			continue
		}
		value := autoscalingv2.MetricValueStatus{AverageUtilization: m.Resource.Target.AverageUtilization, AverageValue: m.Resource.Target.AverageValue}
		out = append(out, autoscalingv2.MetricStatus{
			Type: m.Type, Resource: &autoscalingv2.ResourceMetricStatus{Name: m.Resource.Name, Current: value},
		})
	}
	return out
}

// autoscalersOf looks at the autoscalers that may scale an object.
func (s *Simulator) autoscalersOf(at key) error {
	for _, obj := range s.view.in(autoscalers, at.namespace) {
		hpa, err := typedOf[autoscalingv2.HorizontalPodAutoscaler](s, obj)
		if err != nil {
			return err
		}
		if hpa.Spec.ScaleTargetRef.Name == at.name && hpa.Spec.ScaleTargetRef.Kind == at.kind.Kind {
			if err := s.autoscaler(at.place(autoscalers, hpa.Name)); err != nil {
				return err
			}
		}
	}
	return nil
}
