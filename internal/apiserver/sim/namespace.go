package sim

import (
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

const (
	defaultAccount = "default"
	rootCertMap    = "kube-root-ca.crt"
)

// rootCert stands in for the cluster's certificate authority. It says that it is none.
const rootCert = "the simulated cluster has no certificate authority\n"

// furnish puts into a namespace what every namespace has.
func (s *Simulator) furnish(at key) error {
	namespace, err := find[corev1.Namespace](s, at)
	if err != nil || namespace == nil || namespace.DeletionTimestamp != nil {
		return err
	}
	inside := key{namespace: namespace.Name}
	if s.view.get(inside.place(serviceAccounts, defaultAccount)) == nil {
		_, err := s.create(serviceAccounts, &corev1.ServiceAccount{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace.Name, Name: defaultAccount},
		}, controllerManager)
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	if s.view.get(inside.place(configMaps, rootCertMap)) == nil {
		_, err := s.create(configMaps, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace.Name, Name: rootCertMap, Annotations: map[string]string{
				"kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.",
			}},
			Data: map[string]string{"ca.crt": rootCert},
		}, controllerManager)
		if err != nil && !apierrors.IsAlreadyExists(err) {
			return err
		}
	}
	return nil
}

// refurnish puts back what somebody has taken away.
func refurnish(s *Simulator, at key, change apiserver.Change) error {
	if change.Type != apiserver.Deleted || (at.name != defaultAccount && at.name != rootCertMap) {
		return nil
	}
	return s.furnish(key{kind: namespaces.GroupKind(), name: at.namespace})
}
