package samples

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	kruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// Read returns the objects that the rules were learned from, of every kind that has rules. A server accepts each. A pod whose
// volumes are to be tried each on its own gives one object for each. The caller may change them.
func Read() ([]map[string]any, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		return nil, errors.New("read the samples: where they are is not known")
	}
	return read(filepath.Join(filepath.Dir(file), "../gen/rules/samples/*.yaml"))
}

// ReadMore returns what [Read] does, more objects with what those lack, and each pod as the template of every kind that has one. A
// server accepts most of the templates.
func ReadMore() ([]map[string]any, error) {
	out, err := Read()
	if err != nil {
		return nil, err
	}
	_, file, _, _ := runtime.Caller(0)
	more, err := read(filepath.Join(filepath.Dir(file), "testdata/*.yaml"))
	if err != nil {
		return nil, err
	}
	out = append(out, more...)
	for _, obj := range out[:len(out):len(out)] {
		if obj["kind"] == "Pod" {
			out = append(out, templates(obj)...)
		}
	}
	return out, nil
}

func read(pattern string) ([]map[string]any, error) {
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("read the samples: there are none at %s", pattern)
	}
	var out []map[string]any
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the samples: %w", err)
		}
		for _, doc := range bytes.Split(raw, []byte("\n---\n")) {
			data, err := yaml.YAMLToJSON(doc)
			if err != nil {
				return nil, fmt.Errorf("read the samples: %s: %w", file, err)
			}
			var obj map[string]any
			if err := kjson.UnmarshalCaseSensitivePreserveInts(data, &obj); err != nil {
				return nil, fmt.Errorf("read the samples: %s: %w", file, err)
			}
			out = append(out, split(obj)...)
		}
	}
	return out, nil
}

// split returns an object for each volume of a pod that asks for it by an annotation, else the object.
func split(obj map[string]any) []map[string]any {
	meta, _ := obj["metadata"].(map[string]any)
	notes, _ := meta["annotations"].(map[string]any)
	spec, _ := obj["spec"].(map[string]any)
	volumes, _ := spec["volumes"].([]any)
	if notes["split"] == nil {
		return []map[string]any{obj}
	}
	delete(meta, "annotations")
	var out []map[string]any
	for i, v := range volumes {
		one := kruntime.DeepCopyJSON(obj)
		one["spec"].(map[string]any)["volumes"] = []any{v}
		one["metadata"].(map[string]any)["name"] = fmt.Sprint("volume-", i)
		out = append(out, one)
	}
	return out
}

// KindOf returns the kind that an object says it is of.
func KindOf(obj map[string]any) schema.GroupVersionKind {
	version, _ := obj["apiVersion"].(string)
	kind, _ := obj["kind"].(string)
	return schema.FromAPIVersionAndKind(version, kind)
}
