package simulator

import (
	"context"
	"fmt"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// balancers plays a cloud's load balancers: every Service that asks for one gets an address of 203.0.113.0/24, a range
// that documentation owns (RFC 5737). With more than 254 of them addresses repeat.
type balancers struct {
	client    kubernetes.Interface
	informer  cache.SharedIndexInformer
	services  listers.ServiceLister
	addresses atomic.Uint32
}

func newBalancers(client kubernetes.Interface, factory informers.SharedInformerFactory) *balancers {
	services := factory.Core().V1().Services()
	return &balancers{client: client, informer: services.Informer(), services: services.Lister()}
}

func (b *balancers) loop() *loop {
	l := newLoop("service", b.sync)
	l.watch(b.informer)
	return l
}

func (b *balancers) sync(ctx context.Context, name cache.ObjectName) error {
	service, err := b.services.Services(name.Namespace).Get(name.Name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	wanted := service.Spec.Type == corev1.ServiceTypeLoadBalancer && service.DeletionTimestamp == nil
	if service.Spec.LoadBalancerClass != nil || wanted == (len(service.Status.LoadBalancer.Ingress) > 0) {
		return nil
	}
	service = service.DeepCopy()
	service.Status.LoadBalancer = corev1.LoadBalancerStatus{}
	if wanted {
		address := fmt.Sprintf("203.0.113.%d", b.addresses.Add(1)%254+1)
		service.Status.LoadBalancer.Ingress = []corev1.LoadBalancerIngress{{IP: address}}
	}
	_, err = b.client.CoreV1().Services(name.Namespace).UpdateStatus(ctx, service, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
