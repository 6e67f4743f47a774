package clustertest

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
)

// by returns the options of a plain write by a field manager.
func by(manager string) cluster.WriteOptions { return cluster.WriteOptions{Manager: manager} }

// force returns the options of a forced apply.
func force(manager string) cluster.WriteOptions {
	return cluster.WriteOptions{Manager: manager, Force: true}
}

// create creates the object that text describes, which has to succeed.
func (s *scene) create(text string, args ...any) *unstructured.Unstructured {
	written, err := s.client.Create(s.ctx, s.object(text, args...), by("test"))
	s.NoError(err)
	return written.Object
}

// apply applies the object that text describes, which has to succeed.
func (s *scene) apply(manager, text string, args ...any) *unstructured.Unstructured {
	written, err := s.client.Apply(s.ctx, s.object(text, args...), by(manager))
	s.NoError(err)
	return written.Object
}

// tryApply applies the object that text describes.
func (s *scene) tryApply(opts cluster.WriteOptions, text string, args ...any) error {
	_, err := s.client.Apply(s.ctx, s.object(text, args...), opts)
	return err
}

// tryCreate creates the object that text describes.
func (s *scene) tryCreate(text string, args ...any) error {
	_, err := s.client.Create(s.ctx, s.object(text, args...), by("test"))
	return err
}

// replace stores obj, which has to succeed.
func (s *scene) replace(obj *unstructured.Unstructured) *unstructured.Unstructured {
	written, err := s.client.Replace(s.ctx, obj, by("test"))
	s.NoError(err)
	return written.Object
}

// merge sends a merge patch, which has to succeed.
func (s *scene) merge(obj *unstructured.Unstructured, patch string) *unstructured.Unstructured {
	return s.patch(obj, cluster.Patch{Type: types.MergePatchType, Data: []byte(patch)}, by("test"))
}

// patch sends a patch, which has to succeed.
func (s *scene) patch(obj *unstructured.Unstructured, p cluster.Patch, opts cluster.WriteOptions) *unstructured.Unstructured {
	written, err := s.client.Patch(s.ctx, cluster.RefOf(obj), p, opts)
	s.NoError(err)
	return written.Object
}

// tryPatch sends a patch.
func (s *scene) tryPatch(obj *unstructured.Unstructured, kind types.PatchType, data string) error {
	_, err := s.client.Patch(s.ctx, cluster.RefOf(obj), cluster.Patch{Type: kind, Data: []byte(data)}, by("test"))
	return err
}

// remove asks for an object's deletion, which has to be accepted.
func (s *scene) remove(obj *unstructured.Unstructured, opts cluster.DeleteOptions) {
	s.NoError(s.client.Delete(s.ctx, cluster.RefOf(obj), opts))
}

// get reads obj again, at its own version.
func (s *scene) get(obj *unstructured.Unstructured) *unstructured.Unstructured {
	got, err := s.client.Get(s.ctx, cluster.RefOf(obj), cluster.GetOptions{Version: obj.GroupVersionKind().Version})
	s.NoError(err)
	return got
}

// unchanged checks that the stored object is still obj.
func (s *scene) unchanged(obj *unstructured.Unstructured) {
	s.Equal(obj.Object, s.get(obj).Object, "the stored object must be as it was")
}

// absent checks that nothing is stored under the object's name.
func (s *scene) absent(obj *unstructured.Unstructured) {
	_, err := s.client.Get(s.ctx, cluster.RefOf(obj), cluster.GetOptions{})
	s.ErrorIs(err, cluster.ErrNotFound)
}

// names lists the names of the selected objects, in the list's order.
func (s *scene) names(sel cluster.Selector) []string {
	out := []string{}
	for obj, err := range s.client.List(s.ctx, sel) {
		s.NoError(err)
		out = append(out, obj.GetName())
	}
	return out
}

// release takes the finalizers off an object at the end of the check, when it is still there.
func (s *scene) release(obj *unstructured.Unstructured) {
	s.later(func(ctx context.Context) {
		_, _ = s.client.Patch(ctx, cluster.RefOf(obj), cluster.Patch{Type: types.MergePatchType, Data: []byte(`{"metadata":{"finalizers":null}}`)}, by("test"))
	})
}

// tryList lists and returns the error that ends the list, if one does.
func (s *scene) tryList(sel cluster.Selector) error {
	for _, err := range s.client.List(s.ctx, sel) {
		if err != nil {
			return err
		}
	}
	return nil
}
