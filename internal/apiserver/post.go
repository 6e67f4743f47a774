package apiserver

import (
	"encoding/json"

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
		opts, err := wishedDeletion(body)
		if err == nil {
			_, _, err = s.Delete(served, Write{Namespace: w.Namespace, Name: w.Name, DryRun: w.DryRun || len(opts.DryRun) > 0}, opts)
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
	_, _, err := s.modify(served, w, rule{}, func(live *unstructured.Unstructured) (*unstructured.Unstructured, error) {
		sub.Post(live.Object, body, s.now())
		return live, nil
	})
	return err
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
