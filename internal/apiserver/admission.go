package apiserver

import (
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	core "k8s.io/api/core/v1"

	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// admit decides whether a new object may come to be. old is nil for one.
func (s *Server) admit(served *Served, obj, old *unstructured.Unstructured, _ Write) error {
	if old != nil || !served.Namespaced {
		return nil
	}
	home, ok := s.Catalog().Kind(strategy.Home)
	if !ok {
		return nil
	}
	namespace, err := s.Read(home, "", obj.GetNamespace())
	if err != nil {
		return err
	}
	if namespace.GetDeletionTimestamp() == nil {
		return nil
	}
	refused := apierrors.NewForbidden(served.GVR.GroupResource(), obj.GetName(),
		fmt.Errorf("unable to create new content in namespace %s because it is being terminated", obj.GetNamespace()))
	refused.ErrStatus.Details.Causes = append(refused.ErrStatus.Details.Causes, metav1.StatusCause{
		Type:    core.NamespaceTerminatingCause,
		Message: fmt.Sprintf("namespace %s is being terminated", obj.GetNamespace()),
		Field:   "metadata.namespace",
	})
	return refused
}
