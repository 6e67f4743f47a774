package memory

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"
)

// Manifests reads the objects of a stream of YAML or JSON documents, for [Options].Objects. Lists are taken apart, and
// documents without content are passed over. The error names the document, counted from 1, that is no object.
func Manifests(r io.Reader) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	documents := yaml.NewYAMLReader(bufio.NewReader(r))
	for n := 1; ; n++ {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read manifests: %w", err)
		}
		objects, err := document(text)
		if err != nil {
			return nil, fmt.Errorf("read manifests: document %d: %w", n, err)
		}
		out = append(out, objects...)
	}
}

// document reads the objects of one document.
func document(text []byte) ([]*unstructured.Unstructured, error) {
	data, err := sigsyaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, err
	}
	var content any
	if err := json.Unmarshal(data, &content); err != nil {
		return nil, err
	}
	if content == nil {
		return nil, nil
	}
	fields, ok := content.(map[string]any)
	if !ok {
		return nil, errors.New("it is no object")
	}
	obj := &unstructured.Unstructured{Object: fields}
	if obj.GetAPIVersion() == "" || obj.GetKind() == "" {
		return nil, errors.New("it has no apiVersion and kind")
	}
	if !obj.IsList() {
		return []*unstructured.Unstructured{obj}, nil
	}
	var out []*unstructured.Unstructured
	err = obj.EachListItem(func(item runtime.Object) error {
		one, ok := item.(*unstructured.Unstructured)
		if !ok || one.GetKind() == "" {
			return fmt.Errorf("item %d of the list has no kind", len(out)+1)
		}
		out = append(out, one)
		return nil
	})
	return out, err
}
