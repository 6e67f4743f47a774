package simulator

import (
	"context"
	"fmt"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	storagelisters "k8s.io/client-go/listers/storage/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/setpoint-dev/setpoint/internal/podlife"
)

// pods plays the scheduler and the kubelets of all nodes.
type pods struct {
	kubelet, scheduler kubernetes.Interface
	factory            informers.SharedInformerFactory
	pods               listers.PodLister
	claims             listers.PersistentVolumeClaimLister
	configMaps         listers.ConfigMapLister
	secrets            listers.SecretLister
	classes            storagelisters.StorageClassLister
	addresses          atomic.Uint32 // pod IPs given out
}

func newPods(kubelet, scheduler kubernetes.Interface, factory informers.SharedInformerFactory) *pods {
	core := factory.Core().V1()
	return &pods{
		kubelet: kubelet, scheduler: scheduler, factory: factory,
		pods: core.Pods().Lister(), claims: core.PersistentVolumeClaims().Lister(),
		configMaps: core.ConfigMaps().Lister(), secrets: core.Secrets().Lister(),
		classes: factory.Storage().V1().StorageClasses().Lister(),
	}
}

func (p *pods) loop() *loop {
	l := newLoop("pod", p.sync)
	core := p.factory.Core().V1()
	l.watch(core.Pods().Informer())

	// A pod that waits for one of these is looked at again when one of them comes or changes.
	wake := func(obj any) { p.wake(l, obj) }
	waker := cache.ResourceEventHandlerFuncs{AddFunc: wake, UpdateFunc: func(_, obj any) { wake(obj) }}
	for _, informer := range []cache.SharedIndexInformer{
		core.PersistentVolumeClaims().Informer(), core.ConfigMaps().Informer(), core.Secrets().Informer(),
	} {
		_, _ = informer.AddEventHandler(waker)
	}
	return l
}

func (p *pods) wake(l *loop, obj any) {
	name, err := cache.ObjectToName(obj)
	if err != nil {
		return
	}
	neighbours, _ := p.pods.Pods(name.Namespace).List(labels.Everything())
	for _, pod := range neighbours {
		if podlife.Pending(pod) {
			l.queue.Add(cache.MetaObjectToName(pod))
		}
	}
}

func (p *pods) sync(ctx context.Context, name cache.ObjectName) error {
	pod, err := p.pods.Pods(name.Namespace).Get(name.Name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case pod.DeletionTimestamp != nil:
		err = p.end(ctx, pod)
	case podlife.Schedulable(pod):
		err = p.schedule(ctx, pod)
	case pod.Spec.NodeName == "" || podlife.Finished(pod):
		return nil
	default:
		err = p.report(ctx, pod)
	}
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

// end stops a pod's containers and takes it away. A pod that somebody's finalizer still holds stays, with the final phase
// that the holder (the Job controller, for one) waits for.
func (p *pods) end(ctx context.Context, pod *corev1.Pod) error {
	if len(pod.Finalizers) > 0 && !podlife.Finished(pod) && pod.Spec.NodeName != "" {
		stopped := pod.DeepCopy()
		podlife.Stop(&stopped.Status, pod.Generation, metav1.Now())
		if _, err := p.kubelet.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, stopped, metav1.UpdateOptions{}); err != nil {
			return fmt.Errorf("report the end: %w", err)
		}
	}
	if grace := pod.DeletionGracePeriodSeconds; grace != nil && *grace == 0 {
		return nil
	}
	err := p.kubelet.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		GracePeriodSeconds: new(int64), Preconditions: metav1.NewUIDPreconditions(string(pod.UID)),
	})
	if apierrors.IsConflict(err) { // another pod has the name by now
		return nil
	}
	return err
}

func (p *pods) schedule(ctx context.Context, pod *corev1.Pod) error {
	node := podlife.Choose(pod, podlife.Nodes)
	for _, name := range podlife.Claims(pod) {
		claim, err := p.claims.PersistentVolumeClaims(pod.Namespace).Get(name)
		switch {
		case apierrors.IsNotFound(err):
			return p.hold(ctx, pod, fmt.Sprintf("persistentvolumeclaim %q not found", name))
		case err != nil:
			return err
		case claim.Status.Phase == corev1.ClaimBound:
		case p.waits(claim):
			return p.selectNode(ctx, claim, node)
		default:
			return p.hold(ctx, pod, "pod has unbound immediate PersistentVolumeClaims")
		}
	}
	return p.scheduler.CoreV1().Pods(pod.Namespace).Bind(ctx, &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		Target:     corev1.ObjectReference{Kind: "Node", Name: node},
	}, metav1.CreateOptions{})
}

// waits reports whether a claim is of a class that leaves it unbound until a pod uses it.
func (p *pods) waits(claim *corev1.PersistentVolumeClaim) bool {
	if claim.Spec.StorageClassName == nil {
		return false
	}
	class, err := p.classes.Get(*claim.Spec.StorageClassName)
	return err == nil && podlife.Waits(class)
}

// selectNode tells the volume binder where a claim's first pod will run. The pod is looked at again when the claim is bound.
func (p *pods) selectNode(ctx context.Context, claim *corev1.PersistentVolumeClaim, node string) error {
	if claim.Annotations[podlife.AnnotationSelectedNode] != "" {
		return nil
	}
	claim = claim.DeepCopy()
	metav1.SetMetaDataAnnotation(&claim.ObjectMeta, podlife.AnnotationSelectedNode, node)
	_, err := p.scheduler.CoreV1().PersistentVolumeClaims(claim.Namespace).Update(ctx, claim, metav1.UpdateOptions{})
	return err
}

func (p *pods) hold(ctx context.Context, pod *corev1.Pod, why string) error {
	held := pod.DeepCopy()
	podlife.SetCondition(&held.Status, podlife.Unschedulable(pod, why, metav1.Now()))
	if equality.Semantic.DeepEqual(held.Status, pod.Status) {
		return nil
	}
	_, err := p.scheduler.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, held, metav1.UpdateOptions{})
	return err
}

func (p *pods) report(ctx context.Context, pod *corev1.Pod) error {
	if podlife.AddressOf(pod.Spec.NodeName) == "" {
		return nil // a node of somebody else's making has a kubelet of its own
	}
	missing, err := p.missing(pod)
	if err != nil {
		return err
	}
	seen := podlife.Observation{HostIP: podlife.AddressOf(pod.Spec.NodeName), Missing: missing, Course: podlife.Asked(pod), Now: metav1.Now()}
	if pod.Status.PodIP == "" {
		n := p.addresses.Add(1)
		seen.PodIP = fmt.Sprintf("10.244.%d.%d", n/250%256, n%250+2)
	}
	status := podlife.Status(pod, seen)
	if equality.Semantic.DeepEqual(status, pod.Status) {
		return nil
	}
	reported := pod.DeepCopy()
	reported.Status = status
	_, err = p.kubelet.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, reported, metav1.UpdateOptions{})
	return err
}

// missing returns the first need of a pod that its namespace does not satisfy. A pod that has started needs nothing more.
func (p *pods) missing(pod *corev1.Pod) (*podlife.Need, error) {
	if !podlife.Pending(pod) {
		return nil, nil
	}
	for _, n := range podlife.Needs(pod) {
		var err error
		switch n.Kind {
		case "configmap":
			_, err = p.configMaps.ConfigMaps(pod.Namespace).Get(n.Name)
		case "secret":
			_, err = p.secrets.Secrets(pod.Namespace).Get(n.Name)
		}
		if apierrors.IsNotFound(err) {
			return &n, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, nil
}
