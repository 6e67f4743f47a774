package podlife

import (
	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Provisioner is the name under which a StorageClass asks for simulated volumes.
const Provisioner = "sim.setpoint.dev/volume"

// ClassName is the StorageClass that claims without a class of their own get.
const ClassName = "standard"

// The annotations by which the volume binder, the scheduler and a provisioner talk about a claim and its volume.
const (
	AnnotationProvisioner     = "volume.kubernetes.io/storage-provisioner"
	AnnotationOldProvisioner  = "volume.beta.kubernetes.io/storage-provisioner"
	AnnotationSelectedNode    = "volume.kubernetes.io/selected-node"
	AnnotationProvisionedBy   = "pv.kubernetes.io/provisioned-by"
	annotationDefaultForClass = "storageclass.kubernetes.io/is-default-class"
)

// Class returns the default StorageClass.
func Class() *storagev1.StorageClass {
	return &storagev1.StorageClass{
		ObjectMeta:  metav1.ObjectMeta{Name: ClassName, Annotations: map[string]string{annotationDefaultForClass: "true"}},
		Provisioner: Provisioner,
	}
}

// Waits reports whether claims of a class are not bound before a pod uses them.
func Waits(class *storagev1.StorageClass) bool {
	return class != nil && class.VolumeBindingMode != nil && *class.VolumeBindingMode == storagev1.VolumeBindingWaitForFirstConsumer
}

// Volume returns the volume that a provisioner makes for a claim.
func Volume(claim *corev1.PersistentVolumeClaim, class string) *corev1.PersistentVolume {
	return &corev1.PersistentVolume{
		ObjectMeta: metav1.ObjectMeta{Name: "pvc-" + string(claim.UID), Annotations: map[string]string{AnnotationProvisionedBy: Provisioner}},
		Spec: corev1.PersistentVolumeSpec{
			AccessModes: claim.Spec.AccessModes, StorageClassName: class, VolumeMode: claim.Spec.VolumeMode,
			Capacity:                      corev1.ResourceList{corev1.ResourceStorage: claim.Spec.Resources.Requests[corev1.ResourceStorage]},
			ClaimRef:                      RefTo(claim),
			PersistentVolumeReclaimPolicy: corev1.PersistentVolumeReclaimDelete,
			PersistentVolumeSource:        corev1.PersistentVolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: "/simulated/" + string(claim.UID)}},
		},
	}
}

// RefTo returns the reference by which a volume names its claim.
func RefTo(claim *corev1.PersistentVolumeClaim) *corev1.ObjectReference {
	return &corev1.ObjectReference{APIVersion: "v1", Kind: "PersistentVolumeClaim", Namespace: claim.Namespace, Name: claim.Name, UID: claim.UID}
}
