package kube

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
)

const (
	mediaPartial     = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"
	mediaPartialList = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
)

// decode reads one object in JSON. Whole numbers become int64, as everywhere in apimachinery.
func decode(data []byte) (*unstructured.Unstructured, error) {
	var content map[string]any
	if err := json.Unmarshal(data, &content); err != nil {
		return nil, fmt.Errorf("read the server's answer: %w", err)
	}
	if content == nil {
		return nil, fmt.Errorf("read the server's answer: it is not an object")
	}
	return &unstructured.Unstructured{Object: content}, nil
}

// label gives an object of a list or a metadata-only answer the apiVersion and kind that the server leaves out or replaces,
// and takes off what a server that knows no metadata-only answers sends beyond it.
func (t target) label(obj *unstructured.Unstructured, metadataOnly bool) {
	if metadataOnly {
		for field := range obj.Object {
			if field != "metadata" {
				delete(obj.Object, field)
			}
		}
	}
	if metadataOnly || obj.GetKind() == "" {
		obj.SetAPIVersion(t.apiVersion())
		obj.SetKind(t.kind.Kind)
	}
}
