package sim

import (
	"cmp"
	"encoding/json"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// revisioned is a workload whose templates are kept in ControllerRevisions.
type revisioned struct {
	meta     *metav1.ObjectMeta
	kind     schema.GroupVersionKind
	template *corev1.PodTemplateSpec
	limit    *int32
	label    string // under which a revision has its hash
}

// revise makes sure that the present template has the newest revision, and returns all of them, oldest first.
func (s *Simulator) revise(w revisioned) ([]*appsv1.ControllerRevision, error) {
	all, err := s.history(w)
	if err != nil {
		return nil, err
	}
	name := w.meta.Name + "-" + hashOf(w.template, nil)
	number := int64(1)
	if len(all) > 0 {
		number = all[len(all)-1].Revision + 1
	}
	i := slices.IndexFunc(all, func(r *appsv1.ControllerRevision) bool { return r.Name == name })
	switch {
	case i >= 0 && i == len(all)-1:
		return all, nil
	case i >= 0: // an old template is back
		err = editTyped(s, revisions, &all[i].ObjectMeta, controllerManager, "", func(r *appsv1.ControllerRevision) { r.Revision = number })
	default:
		data, marshalErr := json.Marshal(map[string]any{"spec": map[string]any{"template": w.template}})
		if marshalErr != nil {
			return nil, marshalErr
		}
		_, err = s.create(revisions, &appsv1.ControllerRevision{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: w.meta.Namespace, Name: name,
				Labels:          with(w.template.Labels, w.label, hashOf(w.template, nil)),
				Annotations:     w.meta.Annotations,
				OwnerReferences: controllerRef(w.meta, w.kind),
			},
			Data: runtime.RawExtension{Raw: data}, Revision: number,
		}, controllerManager)
		if apierrors.IsAlreadyExists(err) {
			err = nil
		}
	}
	if err != nil {
		return nil, err
	}
	return s.history(w)
}

func (s *Simulator) history(w revisioned) ([]*appsv1.ControllerRevision, error) {
	all, err := controlled[appsv1.ControllerRevision](s, revisions, w.meta.UID)
	slices.SortStableFunc(all, func(a, b *appsv1.ControllerRevision) int { return cmp.Compare(a.Revision, b.Revision) })
	return all, err
}

// trim deletes the oldest revisions that no pod has any more.
func (s *Simulator) trim(w revisioned, all []*appsv1.ControllerRevision, used func(name string) bool) error {
	idle := slices.DeleteFunc(slices.Clone(all[:max(len(all)-1, 0)]), func(r *appsv1.ControllerRevision) bool { return used(r.Name) })
	for len(idle) > int(orDefault(w.limit, 10)) {
		if err := s.remove(revisions, &idle[0].ObjectMeta, metav1.DeleteOptions{}); err != nil {
			return err
		}
		idle = idle[1:]
	}
	return nil
}

// templateOf returns the template that a revision keeps.
func templateOf(r *appsv1.ControllerRevision) (*corev1.PodTemplateSpec, error) {
	var kept struct {
		Spec struct {
			Template corev1.PodTemplateSpec `json:"template"`
		} `json:"spec"`
	}
	if err := json.Unmarshal(r.Data.Raw, &kept); err != nil {
		return nil, err
	}
	return &kept.Spec.Template, nil
}
