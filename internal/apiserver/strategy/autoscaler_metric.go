package strategy

import (
	v1 "k8s.io/api/autoscaling/v1"
	v2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/api/resource"
)

// laterMetric writes a metric of autoscaling/v1, where names and targets are fields side by side, in the form of v2.
func laterMetric(in v1.MetricSpec) v2.MetricSpec {
	out := v2.MetricSpec{Type: v2.MetricSourceType(in.Type)}
	if m := in.Object; m != nil {
		out.Object = &v2.ObjectMetricSource{
			DescribedObject: v2.CrossVersionObjectReference(m.Target),
			Metric:          v2.MetricIdentifier{Name: m.MetricName, Selector: m.Selector},
			Target:          v2.MetricTarget{Type: v2.AverageValueMetricType, AverageValue: m.AverageValue},
		}
		if m.AverageValue == nil {
			out.Object.Target.Type = v2.ValueMetricType
		}
		// Zero is what v1 has to write where there is no value.
		if m.AverageValue == nil || !m.TargetValue.IsZero() {
			out.Object.Target.Value = &m.TargetValue
		}
	}
	if m := in.Pods; m != nil {
		out.Pods = &v2.PodsMetricSource{
			Metric: v2.MetricIdentifier{Name: m.MetricName, Selector: m.Selector},
			Target: v2.MetricTarget{Type: v2.AverageValueMetricType, AverageValue: &m.TargetAverageValue},
		}
	}
	if m := in.Resource; m != nil {
		out.Resource = &v2.ResourceMetricSource{Name: m.Name, Target: averageTarget(m.TargetAverageUtilization, m.TargetAverageValue)}
	}
	if m := in.ContainerResource; m != nil {
		out.ContainerResource = &v2.ContainerResourceMetricSource{
			Name: m.Name, Container: m.Container, Target: averageTarget(m.TargetAverageUtilization, m.TargetAverageValue),
		}
	}
	if m := in.External; m != nil {
		out.External = &v2.ExternalMetricSource{
			Metric: v2.MetricIdentifier{Name: m.MetricName, Selector: m.MetricSelector},
			Target: v2.MetricTarget{Type: v2.ValueMetricType, Value: m.TargetValue, AverageValue: m.TargetAverageValue},
		}
		if m.TargetValue == nil {
			out.External.Target.Type = v2.AverageValueMetricType
		}
	}
	return out
}

func averageTarget(percent *int32, value *resource.Quantity) v2.MetricTarget {
	out := v2.MetricTarget{Type: v2.UtilizationMetricType, AverageUtilization: percent, AverageValue: value}
	if percent == nil {
		out.Type = v2.AverageValueMetricType
	}
	return out
}

// earlierMetric is the reverse of laterMetric.
func earlierMetric(in v2.MetricSpec) v1.MetricSpec {
	out := v1.MetricSpec{Type: v1.MetricSourceType(in.Type)}
	if m := in.Object; m != nil {
		out.Object = &v1.ObjectMetricSource{
			Target: v1.CrossVersionObjectReference(m.DescribedObject), MetricName: m.Metric.Name, Selector: m.Metric.Selector,
			TargetValue: orZero(m.Target.Value), AverageValue: m.Target.AverageValue,
		}
	}
	if m := in.Pods; m != nil {
		out.Pods = &v1.PodsMetricSource{
			MetricName: m.Metric.Name, Selector: m.Metric.Selector, TargetAverageValue: orZero(m.Target.AverageValue),
		}
	}
	if m := in.Resource; m != nil {
		out.Resource = &v1.ResourceMetricSource{
			Name: m.Name, TargetAverageUtilization: m.Target.AverageUtilization, TargetAverageValue: m.Target.AverageValue,
		}
	}
	if m := in.ContainerResource; m != nil {
		out.ContainerResource = &v1.ContainerResourceMetricSource{
			Name: m.Name, Container: m.Container,
			TargetAverageUtilization: m.Target.AverageUtilization, TargetAverageValue: m.Target.AverageValue,
		}
	}
	if m := in.External; m != nil {
		out.External = &v1.ExternalMetricSource{
			MetricName: m.Metric.Name, MetricSelector: m.Metric.Selector,
			TargetValue: m.Target.Value, TargetAverageValue: m.Target.AverageValue,
		}
	}
	return out
}

// laterStatus writes what was measured in the form of v2.
func laterStatus(in v1.MetricStatus) v2.MetricStatus {
	out := v2.MetricStatus{Type: v2.MetricSourceType(in.Type)}
	if m := in.Object; m != nil {
		out.Object = &v2.ObjectMetricStatus{
			DescribedObject: v2.CrossVersionObjectReference(m.Target),
			Metric:          v2.MetricIdentifier{Name: m.MetricName, Selector: m.Selector},
			Current:         v2.MetricValueStatus{Value: &m.CurrentValue, AverageValue: m.AverageValue},
		}
	}
	if m := in.Pods; m != nil {
		out.Pods = &v2.PodsMetricStatus{
			Metric:  v2.MetricIdentifier{Name: m.MetricName, Selector: m.Selector},
			Current: v2.MetricValueStatus{AverageValue: &m.CurrentAverageValue},
		}
	}
	if m := in.Resource; m != nil {
		out.Resource = &v2.ResourceMetricStatus{
			Name:    m.Name,
			Current: v2.MetricValueStatus{AverageUtilization: m.CurrentAverageUtilization, AverageValue: &m.CurrentAverageValue},
		}
	}
	if m := in.ContainerResource; m != nil {
		out.ContainerResource = &v2.ContainerResourceMetricStatus{
			Name: m.Name, Container: m.Container,
			Current: v2.MetricValueStatus{AverageUtilization: m.CurrentAverageUtilization, AverageValue: &m.CurrentAverageValue},
		}
	}
	if m := in.External; m != nil {
		out.External = &v2.ExternalMetricStatus{
			Metric:  v2.MetricIdentifier{Name: m.MetricName, Selector: m.MetricSelector},
			Current: v2.MetricValueStatus{Value: &m.CurrentValue, AverageValue: m.CurrentAverageValue},
		}
	}
	return out
}

// earlierStatus is the reverse of laterStatus.
func earlierStatus(in v2.MetricStatus) v1.MetricStatus {
	out := v1.MetricStatus{Type: v1.MetricSourceType(in.Type)}
	if m := in.Object; m != nil {
		out.Object = &v1.ObjectMetricStatus{
			Target: v1.CrossVersionObjectReference(m.DescribedObject), MetricName: m.Metric.Name, Selector: m.Metric.Selector,
			CurrentValue: orZero(m.Current.Value), AverageValue: m.Current.AverageValue,
		}
	}
	if m := in.Pods; m != nil {
		out.Pods = &v1.PodsMetricStatus{
			MetricName: m.Metric.Name, Selector: m.Metric.Selector, CurrentAverageValue: orZero(m.Current.AverageValue),
		}
	}
	if m := in.Resource; m != nil {
		out.Resource = &v1.ResourceMetricStatus{
			Name: m.Name, CurrentAverageUtilization: m.Current.AverageUtilization, CurrentAverageValue: orZero(m.Current.AverageValue),
		}
	}
	if m := in.ContainerResource; m != nil {
		out.ContainerResource = &v1.ContainerResourceMetricStatus{
			Name: m.Name, Container: m.Container,
			CurrentAverageUtilization: m.Current.AverageUtilization, CurrentAverageValue: orZero(m.Current.AverageValue),
		}
	}
	if m := in.External; m != nil {
		out.External = &v1.ExternalMetricStatus{
			MetricName: m.Metric.Name, MetricSelector: m.Metric.Selector,
			CurrentValue: orZero(m.Current.Value), CurrentAverageValue: m.Current.AverageValue,
		}
	}
	return out
}

// orZero is for the values that v1 cannot leave out.
func orZero(q *resource.Quantity) resource.Quantity {
	if q == nil {
		return resource.Quantity{}
	}
	return *q
}
