package sim

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	storagev1 "k8s.io/api/storage/v1"
)

const attributesProtection = "kubernetes.io/vac-protection"

// attributes lets a class of volume attributes go that is being deleted, once no claim and no volume names it.
func (s *Simulator) attributes(at key) error {
	obj := s.view.get(at)
	if obj == nil || obj.GetDeletionTimestamp() == nil {
		return nil
	}
	class, err := typedOf[storagev1.VolumeAttributesClass](s, obj)
	if err != nil {
		return err
	}
	for _, obj := range s.view.in(claims, "") {
		claim, err := typedOf[corev1.PersistentVolumeClaim](s, obj)
		if err != nil {
			return err
		}
		if names(claim.Spec.VolumeAttributesClassName, class.Name) || names(claim.Status.CurrentVolumeAttributesClassName, class.Name) {
			return nil
		}
	}
	for _, obj := range s.view.in(volumes, "") {
		volume, err := typedOf[corev1.PersistentVolume](s, obj)
		if err != nil {
			return err
		}
		if names(volume.Spec.VolumeAttributesClassName, class.Name) {
			return nil
		}
	}
	return editTyped(s, attributesClasses, &class.ObjectMeta, controllerManager, "", func(c *storagev1.VolumeAttributesClass) {
		c.Finalizers = slices.DeleteFunc(c.Finalizers, func(f string) bool { return f == attributesProtection })
	})
}

// allAttributes looks at every class again, when what may have named one has changed.
func (s *Simulator) allAttributes(key) error {
	for _, obj := range s.view.in(attributesClasses, "") {
		if err := s.attributes(key{kind: attributesClasses.GroupKind(), name: obj.GetName()}); err != nil {
			return err
		}
	}
	return nil
}

func names(reference *string, name string) bool { return reference != nil && *reference == name }
