package sim

import (
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// ingress gives an Ingress the address of a load balancer, as an ingress controller behind one does. Every class has such a
// controller here, and so has an Ingress without one. The ranges of addresses are those of [Simulator.balancer].
func (s *Simulator) ingress(at key) error {
	ingress, err := find[networkingv1.Ingress](s, at)
	if err != nil || ingress == nil || ingress.DeletionTimestamp != nil {
		return err
	}
	b, _ := s.behaviorOf(at)
	have := ingress.Status.LoadBalancer.Ingress
	var want []networkingv1.IngressLoadBalancerIngress
	switch {
	case s.pace.early(at, ingress.UID, b.After) || b.Outcome == NeverReady:
	case b.Address != "":
		given := address(b.Address)
		want = []networkingv1.IngressLoadBalancerIngress{{IP: given.IP, Hostname: given.Hostname}}
	case len(have) > 0:
		want = have
	default:
		s.balancerAddresses++
		want = []networkingv1.IngressLoadBalancerIngress{{IP: fmt.Sprintf("203.0.113.%d", s.balancerAddresses%254+1)}}
	}
	if equality.Semantic.DeepEqual(have, want) {
		return nil
	}
	return editTyped(s, ingresses, &ingress.ObjectMeta, cloud, "status", func(ingress *networkingv1.Ingress) {
		ingress.Status.LoadBalancer = networkingv1.IngressLoadBalancerStatus{Ingress: want}
	})
}
