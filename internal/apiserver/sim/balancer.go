package sim

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// balancer gives a Service that asks for a load balancer an address of 203.0.113.0/24, a range that documentation owns (RFC
// 5737), and takes it away from one that asks no longer. With more than 254 of them addresses repeat.
func (s *Simulator) balancer(at key) error {
	service, err := find[corev1.Service](s, at)
	if err != nil || service == nil {
		return err
	}
	wanted := service.Spec.Type == corev1.ServiceTypeLoadBalancer && service.DeletionTimestamp == nil
	if service.Spec.LoadBalancerClass != nil || wanted == (len(service.Status.LoadBalancer.Ingress) > 0) {
		return nil
	}
	return editTyped(s, services, &service.ObjectMeta, cloud, "status", func(service *corev1.Service) {
		service.Status.LoadBalancer = corev1.LoadBalancerStatus{}
		if wanted {
			s.balancerAddresses++
			address := fmt.Sprintf("203.0.113.%d", s.balancerAddresses%254+1)
			mode := corev1.LoadBalancerIPModeVIP
			service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: address, IPMode: &mode}}
		}
	})
}
