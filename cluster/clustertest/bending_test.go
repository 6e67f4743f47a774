package clustertest_test

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
)

func onWrite(verb string, change func(*cluster.WriteOptions)) func(*request) {
	return func(r *request) {
		if r.verb == verb {
			change(r.write)
		}
	}
}

func onSelector(change func(*cluster.Selector)) func(*request) {
	return func(r *request) {
		if r.sel != nil {
			change(r.sel)
		}
	}
}

func onPatch(kind types.PatchType, change func(*cluster.Patch)) func(*request) {
	return func(r *request) {
		if r.patch != nil && r.patch.Type == kind {
			change(r.patch)
		}
	}
}

func onEvent(kind cluster.EventType, change func(*cluster.Event)) func(cluster.Event) []cluster.Event {
	return func(e cluster.Event) []cluster.Event {
		if e.Type == kind {
			change(&e)
		}
		return []cluster.Event{e}
	}
}

func onError(change func(*cluster.Error)) func(request, error) error {
	return func(_ request, err error) error {
		var e *cluster.Error
		if errors.As(err, &e) {
			change(e)
		}
		return err
	}
}

// versions returns those of a CustomResourceDefinition, nil of every other object.
func versions(obj *unstructured.Unstructured) []any {
	if obj == nil || obj.GetKind() != "CustomResourceDefinition" {
		return nil
	}
	list, _, _ := unstructured.NestedSlice(obj.Object, "spec", "versions")
	_ = unstructured.SetNestedSlice(obj.Object, list, "spec", "versions")
	out, _ := obj.Object["spec"].(map[string]any)["versions"].([]any)
	return out
}

// onDefinition changes the schema of spec in every version of a definition.
func onDefinition(change func(schema map[string]any)) func(*request) {
	return func(r *request) {
		for _, v := range versions(r.object) {
			root := v.(map[string]any)["schema"].(map[string]any)["openAPIV3Schema"].(map[string]any)
			change(root["properties"].(map[string]any)["spec"].(map[string]any))
		}
	}
}

// strip takes what the schema says about lists, maps, defaults and bounds, below its root.
func strip(schema map[string]any) {
	for _, word := range []string{
		"x-kubernetes-list-type", "x-kubernetes-list-map-keys", "x-kubernetes-map-type", "x-kubernetes-preserve-unknown-fields",
		"default", "minimum", "pattern", "enum", "required", "nullable",
	} {
		delete(schema, word)
	}
	for _, next := range schema {
		if m, ok := next.(map[string]any); ok {
			strip(m)
		}
	}
}

// removed hides fields of every answer.
func removed(paths ...string) func(*unstructured.Unstructured) {
	return func(obj *unstructured.Unstructured) {
		for _, path := range paths {
			unstructured.RemoveNestedField(obj.Object, strings.Split(path, ".")...)
		}
	}
}

var touches atomic.Int64

// stamp puts something new on an object.
func stamp(obj *unstructured.Unstructured) {
	annotations := obj.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations["touched"] = strconv.FormatInt(touches.Add(1), 10)
	obj.SetAnnotations(annotations)
}

// touched puts something new into a merge patch.
func touched(data []byte) []byte {
	var content map[string]any
	if json.Unmarshal(data, &content) != nil {
		return data
	}
	obj := &unstructured.Unstructured{Object: content}
	stamp(obj)
	out, err := json.Marshal(content)
	if err != nil {
		return data
	}
	return out
}
