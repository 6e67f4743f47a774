package strategy

import (
	"encoding/json"

	v1 "k8s.io/api/autoscaling/v1"
	v2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
)

// The annotations in which autoscaling/v1 carries what it has no fields for.
const (
	metricsNote    = "autoscaling.alpha.kubernetes.io/metrics"
	currentNote    = "autoscaling.alpha.kubernetes.io/current-metrics"
	conditionsNote = "autoscaling.alpha.kubernetes.io/conditions"
	behaviorNote   = "autoscaling.alpha.kubernetes.io/behavior"
)

// autoscalerNotes are all of them, and two that only older releases wrote.
var autoscalerNotes = []string{
	metricsNote, currentNote, conditionsNote, behaviorNote,
	"autoscaling.alpha.kubernetes.io/scale-down-tolerance", "autoscaling.alpha.kubernetes.io/scale-up-tolerance",
}

// defaultUtilization is the target, in percent, of an autoscaler that names no metric.
const defaultUtilization = 80

// scalingNote is the behavior as the annotation has it: with the names of Go fields.
type scalingNote struct{ ScaleUp, ScaleDown *scalingRules }

type scalingRules struct {
	StabilizationWindowSeconds *int32
	SelectPolicy               *v2.ScalingPolicySelect
	Policies                   []scalingPolicy
	Tolerance                  *resource.Quantity
}

type scalingPolicy struct {
	Type                 v2.HPAScalingPolicyType
	Value, PeriodSeconds int32
}

// storeAutoscaler makes a v2 autoscaler of a v1 one: the target for the CPU becomes a metric, and the annotations become
// fields. An annotation that cannot be read is dropped.
func storeAutoscaler(obj map[string]any) error {
	var in v1.HorizontalPodAutoscaler
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj, &in); err != nil {
		return err
	}
	out := v2.HorizontalPodAutoscaler{
		TypeMeta: in.TypeMeta, ObjectMeta: in.ObjectMeta,
		Spec: v2.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: v2.CrossVersionObjectReference(in.Spec.ScaleTargetRef),
			MinReplicas:    in.Spec.MinReplicas, MaxReplicas: in.Spec.MaxReplicas,
		},
		Status: v2.HorizontalPodAutoscalerStatus{
			ObservedGeneration: in.Status.ObservedGeneration, LastScaleTime: in.Status.LastScaleTime,
			CurrentReplicas: in.Status.CurrentReplicas, DesiredReplicas: in.Status.DesiredReplicas,
		},
	}
	var metrics []v1.MetricSpec
	readNote(in.Annotations, metricsNote, &metrics)
	for _, m := range metrics {
		out.Spec.Metrics = append(out.Spec.Metrics, laterMetric(m))
	}
	if percent := in.Spec.TargetCPUUtilizationPercentage; percent != nil {
		out.Spec.Metrics = append(out.Spec.Metrics, cpuMetric(*percent))
	}
	if len(out.Spec.Metrics) == 0 {
		out.Spec.Metrics = []v2.MetricSpec{cpuMetric(defaultUtilization)}
	}
	var behavior scalingNote
	readNote(in.Annotations, behaviorNote, &behavior)
	if behavior != (scalingNote{}) {
		out.Spec.Behavior = &v2.HorizontalPodAutoscalerBehavior{ScaleUp: behavior.ScaleUp.later(), ScaleDown: behavior.ScaleDown.later()}
	}
	var current []v1.MetricStatus
	if readNote(in.Annotations, currentNote, &current) {
		for _, m := range current {
			out.Status.CurrentMetrics = append(out.Status.CurrentMetrics, laterStatus(m))
		}
	} else if percent := in.Status.CurrentCPUUtilizationPercentage; percent != nil {
		out.Status.CurrentMetrics = []v2.MetricStatus{{Type: v2.ResourceMetricSourceType, Resource: &v2.ResourceMetricStatus{
			Name: corev1.ResourceCPU, Current: v2.MetricValueStatus{AverageUtilization: percent},
		}}}
	}
	var conditions []v1.HorizontalPodAutoscalerCondition
	readNote(in.Annotations, conditionsNote, &conditions)
	for _, c := range conditions {
		out.Status.Conditions = append(out.Status.Conditions, v2.HorizontalPodAutoscalerCondition{
			Type: v2.HorizontalPodAutoscalerConditionType(c.Type), Status: c.Status, LastTransitionTime: c.LastTransitionTime,
			Reason: c.Reason, Message: c.Message, ObservedGeneration: c.ObservedGeneration,
		})
	}
	dropNotes(out.Annotations)
	return replaceBy(obj, &out)
}

// showAutoscaler is the reverse of storeAutoscaler.
func showAutoscaler(obj map[string]any) error {
	var in v2.HorizontalPodAutoscaler
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(obj, &in); err != nil {
		return err
	}
	out := v1.HorizontalPodAutoscaler{
		TypeMeta: in.TypeMeta, ObjectMeta: in.ObjectMeta,
		Spec: v1.HorizontalPodAutoscalerSpec{
			ScaleTargetRef: v1.CrossVersionObjectReference(in.Spec.ScaleTargetRef),
			MinReplicas:    in.Spec.MinReplicas, MaxReplicas: in.Spec.MaxReplicas,
		},
		Status: v1.HorizontalPodAutoscalerStatus{
			ObservedGeneration: in.Status.ObservedGeneration, LastScaleTime: in.Status.LastScaleTime,
			CurrentReplicas: in.Status.CurrentReplicas, DesiredReplicas: in.Status.DesiredReplicas,
		},
	}
	dropNotes(out.Annotations)
	notes := noter{annotations: out.Annotations}
	var metrics []v1.MetricSpec
	for _, m := range in.Spec.Metrics {
		if percent := cpuTarget(m); percent == nil {
			metrics = append(metrics, earlierMetric(m))
		} else if out.Spec.TargetCPUUtilizationPercentage == nil {
			out.Spec.TargetCPUUtilizationPercentage = percent
		}
	}
	notes.add(metricsNote, metrics, len(metrics) > 0)
	var current []v1.MetricStatus
	for _, m := range in.Status.CurrentMetrics {
		current = append(current, earlierStatus(m))
		if r := m.Resource; m.Type == v2.ResourceMetricSourceType && r != nil && r.Name == corev1.ResourceCPU && r.Current.AverageUtilization != nil {
			out.Status.CurrentCPUUtilizationPercentage = r.Current.AverageUtilization
		}
	}
	notes.add(currentNote, current, len(current) > 0)
	if b := in.Spec.Behavior; b != nil {
		notes.add(behaviorNote, scalingNote{earlierRules(b.ScaleUp), earlierRules(b.ScaleDown)}, true)
	}
	var conditions []v1.HorizontalPodAutoscalerCondition
	for _, c := range in.Status.Conditions {
		conditions = append(conditions, v1.HorizontalPodAutoscalerCondition{
			Type: v1.HorizontalPodAutoscalerConditionType(c.Type), Status: c.Status, LastTransitionTime: c.LastTransitionTime,
			Reason: c.Reason, Message: c.Message, ObservedGeneration: c.ObservedGeneration,
		})
	}
	notes.add(conditionsNote, conditions, len(conditions) > 0)
	if notes.err != nil {
		return notes.err
	}
	out.Annotations = notes.annotations
	return replaceBy(obj, &out)
}

// settleAutoscaler drops the annotations of v1 from a v2 autoscaler, which has fields for them.
func settleAutoscaler(obj map[string]any) {
	meta, _ := obj["metadata"].(map[string]any)
	annotations, _ := meta["annotations"].(map[string]any)
	for _, name := range autoscalerNotes {
		delete(annotations, name)
	}
	if len(annotations) == 0 && annotations != nil {
		delete(meta, "annotations")
	}
}

func replaceBy(obj map[string]any, typed any) error {
	out, err := runtime.DefaultUnstructuredConverter.ToUnstructured(typed)
	if err != nil {
		return err
	}
	clear(obj)
	for name, value := range out {
		obj[name] = value
	}
	return nil
}

func cpuMetric(percent int32) v2.MetricSpec {
	return v2.MetricSpec{Type: v2.ResourceMetricSourceType, Resource: &v2.ResourceMetricSource{
		Name: corev1.ResourceCPU, Target: v2.MetricTarget{Type: v2.UtilizationMetricType, AverageUtilization: &percent},
	}}
}

// cpuTarget is the utilization that a metric asks of the CPU, nil for every other metric.
func cpuTarget(m v2.MetricSpec) *int32 {
	if m.Type != v2.ResourceMetricSourceType || m.Resource == nil || m.Resource.Name != corev1.ResourceCPU {
		return nil
	}
	return m.Resource.Target.AverageUtilization
}

func dropNotes(annotations map[string]string) {
	for _, name := range autoscalerNotes {
		delete(annotations, name)
	}
}

// readNote reads an annotation, and reports whether it could.
func readNote(annotations map[string]string, name string, into any) bool {
	text, ok := annotations[name]
	return ok && json.Unmarshal([]byte(text), into) == nil
}

type noter struct {
	annotations map[string]string
	err         error
}

func (n *noter) add(name string, value any, present bool) {
	if !present || n.err != nil {
		return
	}
	var text []byte
	if text, n.err = json.Marshal(value); n.err != nil {
		return
	}
	if n.annotations == nil {
		n.annotations = map[string]string{}
	}
	n.annotations[name] = string(text)
}

func (r *scalingRules) later() *v2.HPAScalingRules {
	if r == nil {
		return nil
	}
	out := &v2.HPAScalingRules{
		StabilizationWindowSeconds: r.StabilizationWindowSeconds, SelectPolicy: r.SelectPolicy, Tolerance: r.Tolerance,
	}
	for _, p := range r.Policies {
		out.Policies = append(out.Policies, v2.HPAScalingPolicy{Type: p.Type, Value: p.Value, PeriodSeconds: p.PeriodSeconds})
	}
	return out
}

func earlierRules(r *v2.HPAScalingRules) *scalingRules {
	if r == nil {
		return nil
	}
	out := &scalingRules{
		StabilizationWindowSeconds: r.StabilizationWindowSeconds, SelectPolicy: r.SelectPolicy, Tolerance: r.Tolerance,
	}
	for _, p := range r.Policies {
		out.Policies = append(out.Policies, scalingPolicy{Type: p.Type, Value: p.Value, PeriodSeconds: p.PeriodSeconds})
	}
	return out
}
