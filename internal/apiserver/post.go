package apiserver

import (
	"encoding/json"
	"fmt"

	admission "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"
)

// Post does what a body posted to a subresource asks for. False means that nothing is posted to it.
func (s *Server) Post(served *Served, data []byte, w Write) (bool, error) {
	sub := served.row.Subresources[w.Subresource]
	if sub.Post == nil && !sub.Deletes {
		return false, nil
	}
	body := map[string]any{}
	if err := yaml.Unmarshal(data, &body); err != nil {
		return true, apierrors.NewBadRequest(err.Error())
	}
	if sub.Deletes {
		body, err := s.admitPost(served, body, w, nil)
		if err != nil {
			return true, err
		}
		opts, err := wishedDeletion(served.bodyKind(w.Subresource), w.Name, body)
		if err == nil {
			_, _, err = s.Delete(served, Write{
				Namespace: w.Namespace, Name: w.Name, DryRun: w.DryRun || len(opts.DryRun) > 0, User: w.User, admitted: true,
			}, opts)
		}
		return true, err
	}
	defer s.settle()
	return true, s.post(served, body, w)
}

// post changes the object as the posted body says.
func (s *Server) post(served *Served, body map[string]any, w Write) error {
	sub := served.row.Subresources[w.Subresource]
	if sub.Post == nil {
		return apierrors.NewMethodNotSupported(served.GVR.GroupResource(), "create")
	}
	body, err := s.admitPost(served, body, w, sub.Post.Check)
	if err != nil {
		return err
	}
	w.admitted = true
	posted := unstructured.Unstructured{Object: body}
	_, _, err = s.modify(served, w, rule{uid: posted.GetUID()}, func(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		if v := posted.GetResourceVersion(); v != "" && v != live.GetResourceVersion() {
			return nil, s.otherVersion(served, live, v)
		}
		if err := sub.Post.Do(live.Object, body, s.now()); err != nil {
			gr := served.GVR.GroupResource()
			gr.Resource += "/" + w.Subresource
			return nil, apierrors.NewConflict(gr, w.Name, err)
		}
		return live, nil
	})
	return err
}

// otherVersion is the error for a body that is about an older state of the object.
func (s *Server) otherVersion(served *Served, live *unstructured.Unstructured, wanted string) error {
	return apierrors.NewConflict(served.GVR.GroupResource(), live.GetName(), fmt.Errorf("StorageError: invalid object, Code: 4, Key: %s, "+
		"ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: ResourceVersion in precondition: %s, ResourceVersion in object meta: %s",
		storageKey(served, live), wanted, live.GetResourceVersion()))
}

// admitPost holds a posted body to the object of the request and to what check says, asks admission about it, and returns what
// that makes of it.
func (s *Server) admitPost(served *Served, body map[string]any, w Write, check func(map[string]any) field.ErrorList) (map[string]any, error) {
	obj := &unstructured.Unstructured{Object: body}
	if err := s.place(served, obj, w.Namespace); err != nil {
		return nil, err
	}
	obj, err := s.mutate(served, nil, obj, nil, w)
	if err != nil {
		return nil, err
	}
	if obj.GetName() != w.Name {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("name in URL does not match name in %s object", served.bodyKind(w.Subresource).Kind))
	}
	if check != nil {
		if errs := check(obj.Object); len(errs) > 0 {
			return nil, plainError(errs.ToAggregate().Error())
		}
	}
	return obj.Object, s.validated(served, admission.Create, obj, nil, w)
}

// bodyKind is the kind that is posted to a subresource.
func (s *Served) bodyKind(subresource string) schema.GroupKind {
	for _, r := range s.Resources {
		if r.Name == s.GVR.Resource+"/"+subresource {
			return schema.GroupKind{Group: r.Group, Kind: r.Kind}
		}
	}
	return schema.GroupKind{}
}

func wishedDeletion(kind schema.GroupKind, name string, body map[string]any) (metav1.DeleteOptions, error) {
	var opts metav1.DeleteOptions
	raw, err := json.Marshal(body["deleteOptions"])
	if err == nil {
		err = json.Unmarshal(raw, &opts)
	}
	if err != nil {
		return opts, apierrors.NewBadRequest(err.Error())
	}
	if ptr.Deref(opts.IgnoreStoreReadErrorWithClusterBreakingPotential, false) {
		return opts, apierrors.NewInvalid(kind, name, field.ErrorList{field.Invalid(
			field.NewPath("deleteOptions", "ignoreStoreReadErrorWithClusterBreakingPotential"), true,
			"can not be set for pod eviction, try after removing the option")})
	}
	return opts, nil
}
