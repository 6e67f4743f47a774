package sim

import (
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// balancer gives a Service that asks for a load balancer its address, and takes it away from one that asks no longer. Unless
// the script names another, it is one of 203.0.113.0/24, a range that documentation owns (RFC 5737); with more than 254 of
// them addresses repeat.
func (s *Simulator) balancer(at key) error {
	service, err := find[corev1.Service](s, at)
	if err != nil || service == nil || service.Spec.LoadBalancerClass != nil {
		return err
	}
	b, _ := s.behaviorOf(at)
	wanted := service.Spec.Type == corev1.ServiceTypeLoadBalancer && service.DeletionTimestamp == nil &&
		!s.pace.early(at, service.UID, b.After) && b.Outcome != NeverReady
	have := service.Status.LoadBalancer.Ingress
	var want []corev1.LoadBalancerIngress
	switch {
	case !wanted:
	case b.Address != "":
		want = []corev1.LoadBalancerIngress{address(b.Address)}
	case len(have) > 0:
		want = have
	default:
		s.balancerAddresses++
		want = []corev1.LoadBalancerIngress{address(fmt.Sprintf("203.0.113.%d", s.balancerAddresses%254+1))}
	}
	if equality.Semantic.DeepEqual(have, want) {
		return nil
	}
	return editTyped(s, services, &service.ObjectMeta, cloud, "status", func(service *corev1.Service) {
		service.Status.LoadBalancer = corev1.LoadBalancerStatus{Ingress: want}
	})
}

func address(of string) corev1.LoadBalancerIngress {
	if _, err := netip.ParseAddr(of); err != nil {
		return corev1.LoadBalancerIngress{Hostname: of}
	}
	mode := corev1.LoadBalancerIPModeVIP
	return corev1.LoadBalancerIngress{IP: of, IPMode: &mode}
}
