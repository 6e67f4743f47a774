package sim

import (
	"errors"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/podlife"
)

const (
	bindCompleted     = "pv.kubernetes.io/bind-completed"
	boundByController = "pv.kubernetes.io/bound-by-controller"
	claimProtection   = "kubernetes.io/pvc-protection"
	volumeProtection  = "kubernetes.io/pv-protection"
)

// allClaims looks at every claim, because a StorageClass has come.
func (s *Simulator) allClaims(key) error {
	var faults []error
	for _, obj := range s.view.everywhere(claims) {
		faults = append(faults, s.claim(key{kind: claims.GroupKind(), namespace: obj.GetNamespace(), name: obj.GetName()}))
	}
	return errors.Join(faults...)
}

// claim binds a claim: to the volume it names, to a free one of its class, or to a new one.
func (s *Simulator) claim(at key) error {
	claim, err := find[corev1.PersistentVolumeClaim](s, at)
	if err != nil {
		return err
	}
	if claim == nil {
		return s.releaseVolumes()
	}
	if err := s.protect(claim); err != nil {
		return err
	}
	if claim.DeletionTimestamp != nil || claim.Status.Phase == corev1.ClaimBound {
		return nil
	}
	if b, _ := s.behaviorOf(at); s.pace.early(at, claim.UID, b.After) || b.Outcome == NeverReady {
		return nil
	}
	volume, err := s.volumeFor(claim)
	if err != nil || volume == nil {
		return err
	}
	if err := s.bindVolume(volume, claim); err != nil {
		return err
	}
	provisioned := volume.Annotations[podlife.AnnotationProvisionedBy] == podlife.Provisioner
	if err := editTyped(s, claims, &claim.ObjectMeta, controllerManager, "", func(c *corev1.PersistentVolumeClaim) {
		for _, name := range []string{podlife.AnnotationOldProvisioner, podlife.AnnotationProvisioner} {
			if provisioned {
				c.Annotations = with(c.Annotations, name, podlife.Provisioner)
			}
		}
		if c.Spec.VolumeName == "" {
			c.Spec.VolumeName = volume.Name
			c.Annotations = with(c.Annotations, boundByController, "yes")
		}
		c.Annotations = with(c.Annotations, bindCompleted, "yes")
	}); err != nil {
		return err
	}
	return editTyped(s, claims, &claim.ObjectMeta, controllerManager, "status", func(c *corev1.PersistentVolumeClaim) {
		c.Status.Phase, c.Status.AccessModes, c.Status.Capacity = corev1.ClaimBound, volume.Spec.AccessModes, volume.Spec.Capacity
	})
}

// protect keeps a claim that is being deleted while a pod uses it, and tells in its status whether one does.
func (s *Simulator) protect(claim *corev1.PersistentVolumeClaim) error {
	used, held := false, false // by a pod that has not ended, by one that has a node
	for _, obj := range s.view.in(pods, claim.Namespace) {
		pod, err := typedOf[corev1.Pod](s, obj)
		if err != nil {
			return err
		}
		if slices.Contains(podlife.Claims(pod), claim.Name) {
			used = used || !podlife.Finished(pod)
			held = held || pod.Spec.NodeName != ""
		}
	}
	deleting := claim.DeletionTimestamp != nil
	if err := editTyped(s, claims, &claim.ObjectMeta, controllerManager, "", func(c *corev1.PersistentVolumeClaim) {
		has := slices.Contains(c.Finalizers, claimProtection)
		switch {
		case deleting && !held:
			c.Finalizers = slices.DeleteFunc(c.Finalizers, func(f string) bool { return f == claimProtection })
		case !deleting && !has:
			c.Finalizers = append(c.Finalizers, claimProtection)
		}
	}); err != nil || deleting || claim.Status.Phase != corev1.ClaimBound {
		return err
	}
	want := corev1.PersistentVolumeClaimCondition{
		Type: "Unused", Status: corev1.ConditionTrue, Reason: "NoPodsUsingPVC",
		Message: "No pods are currently referencing this PVC", LastTransitionTime: s.now(),
	}
	if used {
		want.Status, want.Reason, want.Message = corev1.ConditionFalse, "PodUsingPVC", "A pod is currently referencing this PVC"
	}
	return editTyped(s, claims, &claim.ObjectMeta, controllerManager, "status", func(c *corev1.PersistentVolumeClaim) {
		i := slices.IndexFunc(c.Status.Conditions, func(old corev1.PersistentVolumeClaimCondition) bool { return old.Type == want.Type })
		switch {
		case i < 0:
			c.Status.Conditions = append(c.Status.Conditions, want)
		case c.Status.Conditions[i].Status != want.Status:
			c.Status.Conditions[i] = want
		}
	})
}

// podClaims looks at the claims of a pod, which it may use or have used.
func podClaims(s *Simulator, at key, change apiserver.Change) error {
	pod, err := as[corev1.Pod](change.Object)
	if err != nil {
		return err
	}
	for _, name := range podlife.Claims(pod) {
		if s.view.get(at.place(claims, name)) != nil {
			if err := s.claim(at.place(claims, name)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Simulator) volumeFor(claim *corev1.PersistentVolumeClaim) (*corev1.PersistentVolume, error) {
	if name := claim.Spec.VolumeName; name != "" {
		volume, err := find[corev1.PersistentVolume](s, key{kind: volumes.GroupKind(), name: name})
		if err != nil || volume == nil || !freeFor(volume, claim) {
			return nil, err
		}
		return volume, nil
	}
	name := podlife.ClassName
	if claim.Spec.StorageClassName != nil {
		name = *claim.Spec.StorageClassName
	}
	class, err := s.classOf(claim)
	if err != nil || podlife.Waits(class) && claim.Annotations[podlife.AnnotationSelectedNode] == "" {
		return nil, err // the first pod that uses it will say where it is wanted
	}
	size := claim.Spec.Resources.Requests[corev1.ResourceStorage]
	for _, obj := range s.view.in(volumes, "") {
		volume, err := typedOf[corev1.PersistentVolume](s, obj)
		if err != nil {
			return nil, err
		}
		room := volume.Spec.Capacity[corev1.ResourceStorage]
		if volume.Spec.StorageClassName == name && freeFor(volume, claim) && room.Cmp(size) >= 0 && volume.DeletionTimestamp == nil {
			return volume, nil
		}
	}
	if class == nil {
		return nil, nil // nobody provisions for this class; the claim stays Pending
	}
	return s.provision(claim, name)
}

func freeFor(volume *corev1.PersistentVolume, claim *corev1.PersistentVolumeClaim) bool {
	ref := volume.Spec.ClaimRef
	return ref == nil || ref.Namespace == claim.Namespace && ref.Name == claim.Name && (ref.UID == "" || ref.UID == claim.UID)
}

func (s *Simulator) provision(claim *corev1.PersistentVolumeClaim, class string) (*corev1.PersistentVolume, error) {
	volume := podlife.Volume(claim, class)
	created, err := s.create(volumes, volume, provisioner)
	if apierrors.IsAlreadyExists(err) {
		return find[corev1.PersistentVolume](s, key{kind: volumes.GroupKind(), name: volume.Name})
	}
	if err != nil || created == nil {
		return nil, err
	}
	return as[corev1.PersistentVolume](created)
}

func (s *Simulator) bindVolume(volume *corev1.PersistentVolume, claim *corev1.PersistentVolumeClaim) error {
	if err := editTyped(s, volumes, &volume.ObjectMeta, controllerManager, "", func(v *corev1.PersistentVolume) {
		if v.Spec.ClaimRef == nil || v.Spec.ClaimRef.UID == "" {
			v.Spec.ClaimRef = podlife.RefTo(claim)
			v.Annotations = with(v.Annotations, boundByController, "yes")
		}
	}); err != nil {
		return err
	}
	return s.volumePhase(&volume.ObjectMeta, corev1.VolumeBound)
}

func (s *Simulator) volumePhase(meta *metav1.ObjectMeta, phase corev1.PersistentVolumePhase) error {
	now := s.now()
	return editTyped(s, volumes, meta, controllerManager, "status", func(v *corev1.PersistentVolume) {
		if v.Status.Phase != phase {
			v.Status.Phase, v.Status.LastPhaseTransitionTime = phase, &now
		}
	})
}

// volume offers a new volume to the claims that wait, and looks after one whose claim has gone.
func (s *Simulator) volume(at key) error {
	volume, err := find[corev1.PersistentVolume](s, at)
	if err != nil || volume == nil {
		return err
	}
	if err := s.protectVolume(volume); err != nil || volume.DeletionTimestamp != nil {
		return err
	}
	if volume.Spec.ClaimRef == nil && volume.Status.Phase != corev1.VolumeAvailable {
		if err := s.volumePhase(&volume.ObjectMeta, corev1.VolumeAvailable); err != nil {
			return err
		}
		return s.allClaims(at)
	}
	return s.release(volume)
}

// protectVolume keeps a volume that is being deleted while it is bound.
func (s *Simulator) protectVolume(volume *corev1.PersistentVolume) error {
	return editTyped(s, volumes, &volume.ObjectMeta, controllerManager, "", func(v *corev1.PersistentVolume) {
		has := slices.Contains(v.Finalizers, volumeProtection)
		switch {
		case v.DeletionTimestamp != nil && v.Status.Phase != corev1.VolumeBound:
			v.Finalizers = slices.DeleteFunc(v.Finalizers, func(f string) bool { return f == volumeProtection })
		case v.DeletionTimestamp == nil && !has:
			v.Finalizers = append(v.Finalizers, volumeProtection)
		}
	})
}

// releaseVolumes looks after the volumes of a claim that has gone.
func (s *Simulator) releaseVolumes() error {
	for _, obj := range s.view.in(volumes, "") {
		volume, err := typedOf[corev1.PersistentVolume](s, obj)
		if err != nil {
			return err
		}
		if err := s.release(volume); err != nil {
			return err
		}
	}
	return nil
}

// release marks a volume whose claim is gone, and deletes it when its policy says so.
func (s *Simulator) release(volume *corev1.PersistentVolume) error {
	ref := volume.Spec.ClaimRef
	if ref == nil || ref.UID == "" {
		return nil
	}
	claim := s.view.get(key{kind: claims.GroupKind(), namespace: ref.Namespace, name: ref.Name})
	if claim != nil && claim.GetUID() == ref.UID {
		return nil
	}
	if err := s.volumePhase(&volume.ObjectMeta, corev1.VolumeReleased); err != nil {
		return err
	}
	if volume.DeletionTimestamp != nil {
		return nil
	}
	if volume.Annotations[podlife.AnnotationProvisionedBy] != podlife.Provisioner || volume.Spec.PersistentVolumeReclaimPolicy != corev1.PersistentVolumeReclaimDelete {
		return nil
	}
	return s.remove(volumes, &volume.ObjectMeta, metav1.DeleteOptions{})
}
