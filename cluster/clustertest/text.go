package clustertest

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// Objects that many rules need. None has a controller that would change it behind a check.
const (
	// mine is a ConfigMap that [scene.configMaps] selects.
	mine = "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s, labels: {mine: ''}}, data: {x: '1'}}"
	// podTemplate has a name and containers.
	podTemplate = "{apiVersion: v1, kind: PodTemplate, metadata: {name: %s}, template: {metadata: {labels: {app: a}}, spec: {containers: [%s]}}}"
	// service has a name and ports.
	service = "{apiVersion: v1, kind: Service, metadata: {name: %s}, spec: {ports: [%s]}}"
	// policy is a NetworkPolicy with a name and types.
	policy = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: %s}, spec: {podSelector: {}, policyTypes: [%s]}}"
	// configMap has a name and data.
	configMap = "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s}, data: {%s}}"
)

// config creates a ConfigMap.
func (s *scene) config(name, data string) *unstructured.Unstructured {
	return s.create(configMap, name, data)
}

// setField sets a field of obj.
func setField(obj *unstructured.Unstructured, value any, path ...string) error {
	return unstructured.SetNestedField(obj.Object, value, path...)
}
