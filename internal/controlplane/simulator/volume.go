package simulator

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"

	"github.com/setpoint-dev/setpoint/internal/podlife"
)

// volumes plays the provisioner of one StorageClass. Binding is the real binder's work.
type volumes struct {
	client  kubernetes.Interface
	factory informers.SharedInformerFactory
	claims  listers.PersistentVolumeClaimLister
	volumes listers.PersistentVolumeLister
}

func newVolumes(client kubernetes.Interface, factory informers.SharedInformerFactory) *volumes {
	core := factory.Core().V1()
	return &volumes{client: client, factory: factory, claims: core.PersistentVolumeClaims().Lister(), volumes: core.PersistentVolumes().Lister()}
}

func makeClass(ctx context.Context, client kubernetes.Interface) error {
	_, err := client.StorageV1().StorageClasses().Create(ctx, podlife.Class(), metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("create the default storage class: %w", err)
	}
	return nil
}

// loop takes claims (which have a namespace) and volumes (which have none).
func (v *volumes) loop() *loop {
	l := newLoop("volume", func(ctx context.Context, name cache.ObjectName) error {
		if name.Namespace == "" {
			return v.release(ctx, name.Name)
		}
		return v.provision(ctx, name)
	})
	core := v.factory.Core().V1()
	l.watch(core.PersistentVolumeClaims().Informer())
	l.watch(core.PersistentVolumes().Informer())
	return l
}

func (v *volumes) provision(ctx context.Context, name cache.ObjectName) error {
	claim, err := v.claims.PersistentVolumeClaims(name.Namespace).Get(name.Name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if claim.Annotations[podlife.AnnotationProvisioner] != podlife.Provisioner || claim.Spec.VolumeName != "" || claim.DeletionTimestamp != nil {
		return nil
	}
	class := ""
	if claim.Spec.StorageClassName != nil {
		class = *claim.Spec.StorageClassName
	}
	volume := podlife.Volume(claim, class)
	_, err = v.client.CoreV1().PersistentVolumes().Create(ctx, volume, metav1.CreateOptions{})
	if apierrors.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func (v *volumes) release(ctx context.Context, name string) error {
	volume, err := v.volumes.Get(name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if volume.Annotations[podlife.AnnotationProvisionedBy] != podlife.Provisioner || volume.Status.Phase != corev1.VolumeReleased ||
		volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete || volume.DeletionTimestamp != nil {
		return nil
	}
	err = v.client.CoreV1().PersistentVolumes().Delete(ctx, name, metav1.DeleteOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	return err
}
