package sim

import (
	"fmt"
	"slices"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// scaling is one look at a HorizontalPodAutoscaler and its target.
type scaling struct {
	hpa     *autoscalingv2.HorizontalPodAutoscaler
	target  *unstructured.Unstructured // nil when there is none
	metrics bool                       // can be had
	current int32
	called  int32 // by the metrics
	want    int32
}

// autoscaler brings the target of a HorizontalPodAutoscaler to the size that its metrics call for, within its bounds. No load
// changes in a simulation: unless the script says otherwise, every metric is found at its target value.
func (s *Simulator) autoscaler(at key) error {
	hpa, err := find[autoscalingv2.HorizontalPodAutoscaler](s, at)
	if err != nil || hpa == nil || hpa.DeletionTimestamp != nil {
		return err
	}
	b, _ := s.behaviorOf(at)
	c := &scaling{hpa: hpa, metrics: !s.pace.early(at, hpa.UID, b.After) && b.Outcome != NeverReady}
	if target, ok := s.targetOf(hpa); ok {
		c.target = target
		n, found, _ := unstructured.NestedInt64(target.Object, "spec", "replicas")
		if !found {
			n = 1
		}
		c.current = int32(n)
		c.called = c.current
		if c.metrics && b.Replicas > 0 {
			c.called = b.Replicas
		}
		c.want = min(max(c.called, orDefault(hpa.Spec.MinReplicas, 1)), hpa.Spec.MaxReplicas)
		if c.current == 0 {
			c.want = 0 // autoscaling is off for a target without replicas
		}
	}
	rescaled := c.target != nil && c.want != c.current
	if rescaled {
		size := fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, c.want)
		_, err := s.api.Patch(c.target.GroupVersionKind(), c.target.GetNamespace(), c.target.GetName(), types.MergePatchType, size,
			apiserver.WriteOptions{Manager: controllerManager, Subresource: "scale"})
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	now := s.now()
	return editTyped(s, autoscalers, &hpa.ObjectMeta, controllerManager, "status", func(live *autoscalingv2.HorizontalPodAutoscaler) {
		if rescaled {
			live.Status.LastScaleTime = &now
			setScalingCondition(&live.Status, autoscalingv2.HorizontalPodAutoscalerCondition{
				Type: autoscalingv2.ScaledToZero, Status: corev1.ConditionFalse, Reason: "NotScaledToZero",
				Message: "the HPA controller did not scale the workload to zero", LastTransitionTime: now,
			})
		}
		c.report(&live.Status, now)
	})
}

// report sets what the controller says of it when it has looked again after a change of the size.
func (c *scaling) report(st *autoscalingv2.HorizontalPodAutoscalerStatus, now metav1.Time) {
	set := func(kind autoscalingv2.HorizontalPodAutoscalerConditionType, status corev1.ConditionStatus, reason, message string) {
		setScalingCondition(st, autoscalingv2.HorizontalPodAutoscalerCondition{Type: kind, Status: status, Reason: reason, Message: message, LastTransitionTime: now})
	}
	if c.target == nil {
		ref := c.hpa.Spec.ScaleTargetRef
		set(autoscalingv2.AbleToScale, corev1.ConditionFalse, "FailedGetScale",
			fmt.Sprintf("the HPA controller was unable to get the target's current scale: %s %q not found", scaleResource(ref), ref.Name))
		return
	}
	generation := c.hpa.Generation
	st.ObservedGeneration, st.CurrentReplicas = &generation, c.want
	if c.current == 0 {
		st.DesiredReplicas, st.CurrentMetrics = 0, nil
		set(autoscalingv2.AbleToScale, corev1.ConditionTrue, "SucceededGetScale", "the HPA controller was able to get the target's current scale")
		set(autoscalingv2.ScalingActive, corev1.ConditionFalse, "ScalingDisabled", "scaling is disabled since the replica count of the target is zero")
		return
	}
	if !c.metrics {
		if c.want != c.current {
			st.DesiredReplicas = c.want
		}
		st.CurrentMetrics = make([]autoscalingv2.MetricStatus, len(c.hpa.Spec.Metrics))
		set(autoscalingv2.AbleToScale, corev1.ConditionTrue, "SucceededGetScale", "the HPA controller was able to get the target's current scale")
		set(autoscalingv2.ScalingActive, corev1.ConditionFalse, "FailedGetResourceMetric", noMetrics(c.hpa))
		return
	}
	st.DesiredReplicas = c.want
	st.CurrentMetrics = measured(c.hpa.Spec.Metrics, c.called, c.want)
	set(autoscalingv2.AbleToScale, corev1.ConditionTrue, "ReadyForNewScale", "recommended size matches current size")
	set(autoscalingv2.ScalingActive, corev1.ConditionTrue, "ValidMetricFound", "the HPA was able to successfully calculate a replica count from "+metricName(c.hpa))
	switch {
	case c.called > c.hpa.Spec.MaxReplicas:
		set(autoscalingv2.ScalingLimited, corev1.ConditionTrue, "TooManyReplicas", "the desired replica count is more than the maximum replica count")
	case c.called < orDefault(c.hpa.Spec.MinReplicas, 1) && c.called != c.current:
		set(autoscalingv2.ScalingLimited, corev1.ConditionTrue, "TooFewReplicas", "the desired replica count is less than the minimum replica count")
	default:
		set(autoscalingv2.ScalingLimited, corev1.ConditionFalse, "DesiredWithinRange", "the desired count is within the acceptable range")
	}
}

// setScalingCondition changes a condition where it stands.
func setScalingCondition(st *autoscalingv2.HorizontalPodAutoscalerStatus, c autoscalingv2.HorizontalPodAutoscalerCondition) {
	i := slices.IndexFunc(st.Conditions, func(old autoscalingv2.HorizontalPodAutoscalerCondition) bool { return old.Type == c.Type })
	if i < 0 {
		st.Conditions = append(st.Conditions, c)
		return
	}
	if st.Conditions[i].Status == c.Status {
		c.LastTransitionTime = st.Conditions[i].LastTransitionTime
	}
	st.Conditions[i] = c
}

// scaleResource names the resource that an autoscaler asks for its target's size.
func scaleResource(ref autoscalingv2.CrossVersionObjectReference) string {
	group, err := schema.ParseGroupVersion(ref.APIVersion)
	if err != nil {
		return ref.Kind
	}
	return schema.GroupResource{Group: group.Group, Resource: strings.ToLower(ref.Kind) + "s"}.String()
}

// noMetrics is what an autoscaler says of a cluster that serves no metrics.
func noMetrics(hpa *autoscalingv2.HorizontalPodAutoscaler) string {
	const asked = "unable to fetch metrics from resource metrics API: the server could not find the requested resource (get pods.metrics.k8s.io)"
	for _, m := range hpa.Spec.Metrics {
		if m.Resource == nil {
			continue
		}
		what := "resource metric value"
		if m.Resource.Target.Type == autoscalingv2.UtilizationMetricType {
			what = fmt.Sprintf("%s utilization", m.Resource.Name)
		}
		return fmt.Sprintf("the HPA was unable to compute the replica count: failed to get %s: unable to get metrics for resource %s: %s", what, m.Resource.Name, asked)
	}
	return "the HPA was unable to compute the replica count: the server serves no metrics"
}

func (s *Simulator) targetOf(hpa *autoscalingv2.HorizontalPodAutoscaler) (*unstructured.Unstructured, bool) {
	for _, kind := range []schema.GroupVersionKind{deployments, statefulSets, replicaSets, replications} {
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

// measured reports resource metrics as they are when they call for a number of pods and are spread over another: at their
// targets when the two are one. What other sources would say is left out.
func measured(specs []autoscalingv2.MetricSpec, called, pods int32) []autoscalingv2.MetricStatus {
	var out []autoscalingv2.MetricStatus
	for _, m := range specs {
		if m.Resource == nil {
			continue
		}
		var now autoscalingv2.MetricValueStatus
		if n := m.Resource.Target.AverageUtilization; n != nil {
			share := int32(int64(*n) * int64(called) / int64(max(pods, 1)))
			now.AverageUtilization = &share
		}
		if q := m.Resource.Target.AverageValue; q != nil {
			now.AverageValue = resource.NewMilliQuantity(q.MilliValue()*int64(called)/int64(max(pods, 1)), q.Format)
		}
		out = append(out, autoscalingv2.MetricStatus{
			Type: m.Type, Resource: &autoscalingv2.ResourceMetricStatus{Name: m.Resource.Name, Current: now},
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
