package simulator

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
)

// pods plays the scheduler and the kubelets of all nodes.
type pods struct {
	kubelet, scheduler kubernetes.Interface
	factory            informers.SharedInformerFactory
	pods               listers.PodLister
	claims             listers.PersistentVolumeClaimLister
	configMaps         listers.ConfigMapLister
	secrets            listers.SecretLister
	addresses          atomic.Uint32 // pod IPs given out
}

func newPods(kubelet, scheduler kubernetes.Interface, factory informers.SharedInformerFactory) *pods {
	core := factory.Core().V1()
	return &pods{
		kubelet: kubelet, scheduler: scheduler, factory: factory,
		pods: core.Pods().Lister(), claims: core.PersistentVolumeClaims().Lister(),
		configMaps: core.ConfigMaps().Lister(), secrets: core.Secrets().Lister(),
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
		if pod.Status.Phase == corev1.PodPending || pod.Status.Phase == "" {
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
	case schedulable(pod):
		err = p.schedule(ctx, pod)
	case pod.Spec.NodeName == "" || finished(pod):
		return nil
	default:
		err = p.report(ctx, pod)
	}
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func finished(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// end stops a pod's containers and takes it away. A pod that somebody's finalizer still holds stays, with the final phase
// that the holder (the Job controller, for one) waits for.
func (p *pods) end(ctx context.Context, pod *corev1.Pod) error {
	if len(pod.Finalizers) > 0 && !finished(pod) && pod.Spec.NodeName != "" {
		stopped := pod.DeepCopy()
		stopped.Status.Phase = corev1.PodFailed
		for i := range stopped.Status.ContainerStatuses {
			c := &stopped.Status.ContainerStatuses[i]
			c.Ready = false
			c.State = exited(143, "Error")(pod, nil)
			c.State.Terminated.FinishedAt = metav1.Now()
		}
		for _, kind := range []corev1.PodConditionType{corev1.ContainersReady, corev1.PodReady} {
			setCondition(&stopped.Status, corev1.PodCondition{Type: kind, Reason: "PodFailed", ObservedGeneration: pod.Generation, LastTransitionTime: metav1.Now()})
		}
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
	for _, name := range claims(pod) {
		claim, err := p.claims.PersistentVolumeClaims(pod.Namespace).Get(name)
		switch {
		case apierrors.IsNotFound(err):
			return p.hold(ctx, pod, fmt.Sprintf("persistentvolumeclaim %q not found", name))
		case err != nil:
			return err
		case claim.Status.Phase != corev1.ClaimBound:
			return p.hold(ctx, pod, "pod has unbound immediate PersistentVolumeClaims")
		}
	}
	return p.scheduler.CoreV1().Pods(pod.Namespace).Bind(ctx, &corev1.Binding{
		ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID},
		Target:     corev1.ObjectReference{Kind: "Node", Name: choose(pod)},
	}, metav1.CreateOptions{})
}

func (p *pods) hold(ctx context.Context, pod *corev1.Pod, why string) error {
	held := pod.DeepCopy()
	condition := unschedulable(pod, why)
	condition.LastTransitionTime = metav1.Now()
	setCondition(&held.Status, condition)
	if equality.Semantic.DeepEqual(held.Status, pod.Status) {
		return nil
	}
	_, err := p.scheduler.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, held, metav1.UpdateOptions{})
	return err
}

func (p *pods) report(ctx context.Context, pod *corev1.Pod) error {
	if !slices.ContainsFunc(nodes, func(n struct{ name, address string }) bool { return n.name == pod.Spec.NodeName }) {
		return nil // a node of somebody else's making has a kubelet of its own
	}
	missing, err := p.missing(pod)
	if err != nil {
		return err
	}
	seen := observation{hostIP: nodeAddress(pod.Spec.NodeName), missing: missing, now: metav1.Now()}
	if pod.Status.PodIP == "" {
		n := p.addresses.Add(1)
		seen.podIP = fmt.Sprintf("10.244.%d.%d", n/250%256, n%250+2)
	}
	status := podStatus(pod, seen)
	if equality.Semantic.DeepEqual(status, pod.Status) {
		return nil
	}
	reported := pod.DeepCopy()
	reported.Status = status
	_, err = p.kubelet.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, reported, metav1.UpdateOptions{})
	return err
}

// missing returns the first need of a pod that its namespace does not satisfy. A pod that has started needs nothing more.
func (p *pods) missing(pod *corev1.Pod) (*need, error) {
	if pod.Status.Phase != corev1.PodPending && pod.Status.Phase != "" {
		return nil, nil
	}
	for _, n := range needs(pod) {
		var err error
		switch n.kind {
		case "configmap":
			_, err = p.configMaps.ConfigMaps(pod.Namespace).Get(n.name)
		case "secret":
			_, err = p.secrets.Secrets(pod.Namespace).Get(n.name)
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
