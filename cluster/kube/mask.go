package kube

import (
	"encoding/json"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/redact"
)

// maskOfPatch returns what masks the values that a patch of a Secret brings, which may be any string in it, or nil for
// another object.
func maskOfPatch(ref cluster.Ref, p cluster.Patch) *redact.Mask {
	if ref.Group != "" || ref.Kind != "Secret" {
		return nil
	}
	values := map[string]any{}
	var content any
	if json.Unmarshal(p.Data, &content) != nil {
		content = string(p.Data)
	}
	gather(values, content)
	return redact.Of(&unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Secret", "data": values, "stringData": values,
	}})
}

// gather adds every string in v to values, under keys that mean nothing.
func gather(values map[string]any, v any) {
	switch v := v.(type) {
	case string:
		values[strconv.Itoa(len(values))] = v
	case map[string]any:
		for _, item := range v {
			gather(values, item)
		}
	case []any:
		for _, item := range v {
			gather(values, item)
		}
	}
}
