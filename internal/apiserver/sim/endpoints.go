package sim

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/podlife"
)

const (
	sliceManager      = "endpointslice-controller.k8s.io"
	endpointsManager  = "endpoint-controller"
	managedByEndpoint = "endpoints.kubernetes.io/managed-by"
)

// backend is a pod behind a Service.
type backend struct {
	pod   *corev1.Pod
	ports []corev1.ServicePort // with target ports resolved to numbers
	ready bool
	ends  bool // the pod is being deleted
}

// endpointsOf keeps the EndpointSlice and the Endpoints of a Service, and takes the latter away with it. (The slice goes with
// its owner.)
func endpointsOf(s *Simulator, at key, change apiserver.Change) error {
	service, err := find[corev1.Service](s, at)
	if err != nil {
		return err
	}
	if service == nil {
		old := s.view.get(at.place(endpoints, at.name))
		if change.Type != apiserver.Deleted || old == nil || old.GetLabels()[managedByEndpoint] != endpointsManager {
			return nil
		}
		return s.remove(endpoints, &metav1.ObjectMeta{Namespace: at.namespace, Name: at.name, UID: old.GetUID()}, metav1.DeleteOptions{})
	}
	if len(service.Spec.Selector) == 0 || service.Spec.Type == corev1.ServiceTypeExternalName || service.DeletionTimestamp != nil {
		return nil
	}
	backends, err := s.backends(service)
	if err != nil {
		return err
	}
	if err := s.slice(service, backends); err != nil {
		return err
	}
	return s.endpoints(service, backends)
}

func (s *Simulator) backends(service *corev1.Service) ([]backend, error) {
	selector := labels.Set(service.Spec.Selector).AsSelectorPreValidated()
	var out []backend
	for _, obj := range s.view.in(pods, service.Namespace) {
		if !selector.Matches(labels.Set(obj.GetLabels())) {
			continue
		}
		pod, err := typedOf[corev1.Pod](s, obj)
		if err != nil {
			return nil, err
		}
		if pod.Status.PodIP == "" || podlife.Finished(pod) {
			continue
		}
		b := backend{pod: pod, ends: pod.DeletionTimestamp != nil}
		b.ready = podlife.Ready(pod) && !b.ends || service.Spec.PublishNotReadyAddresses
		for _, port := range service.Spec.Ports {
			if n, ok := targetOf(pod, &port); ok {
				port.TargetPort = intstr.FromInt32(n)
				b.ports = append(b.ports, port)
			}
		}
		out = append(out, b)
	}
	return out, nil
}

// targetOf resolves a Service's port on a pod: a number, or the name of a container's port.
func targetOf(pod *corev1.Pod, port *corev1.ServicePort) (int32, bool) {
	if port.TargetPort.Type == intstr.Int {
		return cmp.Or(port.TargetPort.IntVal, port.Port), true
	}
	for _, c := range slices.Concat(pod.Spec.Containers, pod.Spec.InitContainers) {
		for _, p := range c.Ports {
			if p.Name == port.TargetPort.StrVal && cmp.Or(p.Protocol, corev1.ProtocolTCP) == cmp.Or(port.Protocol, corev1.ProtocolTCP) {
				return p.ContainerPort, true
			}
		}
	}
	return 0, false
}

// slice keeps the one EndpointSlice of a Service. It carries the Service's labels, as in a cluster.
func (s *Simulator) slice(service *corev1.Service, backends []backend) error {
	want := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: service.Namespace, GenerateName: service.Name + "-", Labels: maps.Clone(service.Labels),
			OwnerReferences: controllerRef(&service.ObjectMeta, services),
		},
		AddressType: discoveryv1.AddressTypeIPv4,
	}
	want.Labels = with(want.Labels, discoveryv1.LabelServiceName, service.Name)
	want.Labels[discoveryv1.LabelManagedBy] = sliceManager
	if service.Spec.ClusterIP == corev1.ClusterIPNone {
		want.Labels[corev1.IsHeadlessService] = ""
	}
	for _, b := range backends {
		serving := podlife.Ready(b.pod)
		node := b.pod.Spec.NodeName
		e := discoveryv1.Endpoint{
			Addresses: []string{b.pod.Status.PodIP}, NodeName: &node, TargetRef: podRef(b.pod),
			Conditions: discoveryv1.EndpointConditions{Ready: &b.ready, Serving: &serving, Terminating: &b.ends},
		}
		if b.pod.Spec.Hostname != "" && b.pod.Spec.Subdomain == service.Name {
			e.Hostname = &b.pod.Spec.Hostname
		}
		want.Endpoints = append(want.Endpoints, e)
	}
	for _, port := range portsOf(backends, service) {
		protocol, number, name := port.Protocol, port.TargetPort.IntVal, port.Name
		want.Ports = append(want.Ports, discoveryv1.EndpointPort{Name: &name, Port: &number, Protocol: &protocol, AppProtocol: port.AppProtocol})
	}

	have, err := controlled[discoveryv1.EndpointSlice](s, endpointSlices, service.UID)
	if err != nil {
		return err
	}
	for _, slice := range have {
		if slice.DeletionTimestamp == nil {
			return editTyped(s, endpointSlices, &slice.ObjectMeta, controllerManager, "", func(live *discoveryv1.EndpointSlice) {
				live.Labels = want.Labels
				if !equality.Semantic.DeepEqual(live.Endpoints, want.Endpoints) || !equality.Semantic.DeepEqual(live.Ports, want.Ports) {
					live.Endpoints, live.Ports = want.Endpoints, want.Ports
				}
			})
		}
	}
	_, err = s.create(endpointSlices, want, controllerManager)
	return err
}

// portsOf returns the ports that backends serve, in the order of the Service.
func portsOf(backends []backend, service *corev1.Service) []corev1.ServicePort {
	var out []corev1.ServicePort
	for i := range service.Spec.Ports {
		for _, b := range backends {
			j := slices.IndexFunc(b.ports, func(p corev1.ServicePort) bool { return p.Name == service.Spec.Ports[i].Name })
			if j >= 0 {
				out = append(out, b.ports[j])
				break
			}
		}
	}
	return out
}

func podRef(pod *corev1.Pod) *corev1.ObjectReference {
	return &corev1.ObjectReference{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID}
}

// endpoints keeps the older form of the same.
func (s *Simulator) endpoints(service *corev1.Service, backends []backend) error {
	want := &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{
		Namespace: service.Namespace, Name: service.Name,
		Labels: with(service.Labels, managedByEndpoint, endpointsManager),
	}}
	if service.Spec.ClusterIP == corev1.ClusterIPNone {
		want.Labels[corev1.IsHeadlessService] = ""
	}
	var subset corev1.EndpointSubset
	backends = slices.DeleteFunc(backends, func(b backend) bool { return b.ends })
	for _, b := range backends {
		node := b.pod.Spec.NodeName
		address := corev1.EndpointAddress{IP: b.pod.Status.PodIP, NodeName: &node, TargetRef: podRef(b.pod)}
		if b.pod.Spec.Hostname != "" && b.pod.Spec.Subdomain == service.Name {
			address.Hostname = b.pod.Spec.Hostname
		}
		if b.ready {
			subset.Addresses = append(subset.Addresses, address)
		} else {
			subset.NotReadyAddresses = append(subset.NotReadyAddresses, address)
		}
	}
	for _, port := range portsOf(backends, service) {
		subset.Ports = append(subset.Ports, corev1.EndpointPort{
			Name: port.Name, Port: port.TargetPort.IntVal, Protocol: port.Protocol, AppProtocol: port.AppProtocol,
		})
	}
	if len(backends) > 0 {
		want.Subsets = []corev1.EndpointSubset{subset}
	}
	have := s.view.get(key{kind: endpoints.GroupKind(), namespace: service.Namespace, name: service.Name})
	if have == nil {
		_, err := s.create(endpoints, want, controllerManager)
		if apierrors.IsAlreadyExists(err) {
			return nil
		}
		return err
	}
	meta := &metav1.ObjectMeta{Namespace: service.Namespace, Name: service.Name, UID: have.GetUID()}
	return editTyped(s, endpoints, meta, controllerManager, "", func(live *corev1.Endpoints) {
		live.Labels, live.Subsets = want.Labels, want.Subsets
	})
}

// podServices looks at the Services that select a pod, or did before it changed.
func podServices(s *Simulator, at key, change apiserver.Change) error {
	for _, obj := range s.view.in(services, at.namespace) {
		selector, _, _ := unstructured.NestedStringMap(obj.Object, "spec", "selector")
		if len(selector) == 0 || !touches(labels.Set(selector).AsSelectorPreValidated(), change) {
			continue
		}
		if err := endpointsOf(s, at.place(services, obj.GetName()), apiserver.Change{Type: apiserver.Modified}); err != nil {
			return err
		}
	}
	return nil
}

// touches reports whether an object is selected, or was before it changed.
func touches(selector labels.Selector, change apiserver.Change) bool {
	return selector.Matches(labels.Set(change.Object.GetLabels())) ||
		change.Old != nil && selector.Matches(labels.Set(change.Old.GetLabels()))
}

// sliceService puts a slice back that somebody has deleted or changed.
func sliceService(s *Simulator, at key, change apiserver.Change) error {
	name := change.Object.GetLabels()[discoveryv1.LabelServiceName]
	if name == "" || change.Object.GetLabels()[discoveryv1.LabelManagedBy] != sliceManager {
		return nil
	}
	if err := endpointsOf(s, at.place(services, name), apiserver.Change{Type: apiserver.Modified}); err != nil {
		return err
	}
	return s.serviceAPIs(at.place(services, name))
}

func endpointsService(s *Simulator, at key, change apiserver.Change) error {
	return endpointsOf(s, at.place(services, at.name), apiserver.Change{Type: apiserver.Modified})
}
