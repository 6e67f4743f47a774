package sim

import (
	"fmt"
	"slices"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// apiService says in an APIService's status why its backend does not answer. One without a backend is served by the server
// itself.
func (s *Simulator) apiService(at key) error {
	obj := s.view.get(at)
	if obj == nil || obj.GetDeletionTimestamp() != nil {
		return nil
	}
	status, reason, message, err := s.backendOf(obj)
	if err != nil {
		return err
	}
	meta := metaOf(obj)
	return s.edit(apiServices, &meta, aggregator, "status", func(live *unstructured.Unstructured) (bool, error) {
		conditions, _, _ := unstructured.NestedSlice(live.Object, "status", "conditions")
		want := map[string]any{
			"type": "Available", "status": status, "reason": reason, "message": message,
			"lastTransitionTime": s.now().Format(time.RFC3339),
		}
		i := slices.IndexFunc(conditions, func(c any) bool {
			m, ok := c.(map[string]any)
			return ok && m["type"] == "Available"
		})
		if i < 0 {
			conditions = append(conditions, want)
		} else {
			have := conditions[i].(map[string]any)
			if have["status"] == status && have["reason"] == reason && have["message"] == message {
				return false, nil
			}
			if have["status"] == status {
				want["lastTransitionTime"] = have["lastTransitionTime"]
			}
			conditions[i] = want
		}
		return true, unstructured.SetNestedSlice(live.Object, conditions, "status", "conditions")
	})
}

func (s *Simulator) backendOf(obj *unstructured.Unstructured) (status, reason, message string, err error) {
	namespace, _, _ := unstructured.NestedString(obj.Object, "spec", "service", "namespace")
	name, found, _ := unstructured.NestedString(obj.Object, "spec", "service", "name")
	if !found {
		return "True", "Local", "Local APIServices are always available", nil
	}
	service := s.view.get(key{kind: services.GroupKind(), namespace: namespace, name: name})
	if service == nil {
		return "False", "ServiceNotFound", fmt.Sprintf("service/%s in %q is not present", name, namespace), nil
	}
	slices, err := controlled[discoveryv1.EndpointSlice](s, endpointSlices, service.GetUID())
	if err != nil {
		return "", "", "", err
	}
	for _, slice := range slices {
		for _, e := range slice.Endpoints {
			if e.Conditions.Ready != nil && *e.Conditions.Ready {
				return "False", "FailedDiscoveryCheck", fmt.Sprintf("failing or missing response from https://%s:443: the simulated pod serves nothing", e.Addresses[0]), nil
			}
		}
	}
	return "False", "MissingEndpoints", fmt.Sprintf("endpoints for service/%s in %q have no addresses", name, namespace), nil
}

// serviceAPIs looks at the APIServices that a Service is behind.
func (s *Simulator) serviceAPIs(at key) error {
	for _, obj := range s.view.in(apiServices, "") {
		name, _, _ := unstructured.NestedString(obj.Object, "spec", "service", "name")
		namespace, _, _ := unstructured.NestedString(obj.Object, "spec", "service", "namespace")
		if name == at.name && namespace == at.namespace {
			if err := s.apiService(key{kind: apiServices.GroupKind(), name: obj.GetName()}); err != nil {
				return err
			}
		}
	}
	return nil
}
