package apiserver

import (
	"encoding/json"

	admission "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
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
		body, err := s.admitPost(served, body, w)
		if err != nil {
			return true, err
		}
		opts, err := wishedDeletion(body)
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
	body, err := s.admitPost(served, body, w)
	if err != nil {
		return err
	}
	w.admitted = true
	_, _, err = s.modify(served, w, rule{}, func(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		sub.Post(live.Object, body, s.now())
		return live, nil
	})
	return err
}

// admitPost asks admission about a posted body, and returns what it makes of it.
func (s *Server) admitPost(served *Served, body map[string]any, w Write) (map[string]any, error) {
	obj, err := s.mutate(served, nil, &unstructured.Unstructured{Object: body}, nil, w)
	if err != nil {
		return nil, err
	}
	return obj.Object, s.validated(served, admission.Create, obj, nil, w)
}

func wishedDeletion(body map[string]any) (metav1.DeleteOptions, error) {
	var opts metav1.DeleteOptions
	raw, err := json.Marshal(body["deleteOptions"])
	if err == nil {
		err = json.Unmarshal(raw, &opts)
	}
	if err != nil {
		return opts, apierrors.NewBadRequest(err.Error())
	}
	return opts, nil
}
