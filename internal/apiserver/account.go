package apiserver

import (
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Account puts an object that is answered and not stored into the namespace of its request, and records who owns it, as a
// creation does.
func (s *Server) Account(served *Served, obj *unstructured.Unstructured, w Write) (*unstructured.Unstructured, error) {
	if err := s.place(served, obj, w.Namespace); err != nil {
		return nil, err
	}
	empty, err := emptyObject(served)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	manager, err := served.manager("")
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	return manager.Update(empty, obj, w.Manager, s.time()), nil
}
