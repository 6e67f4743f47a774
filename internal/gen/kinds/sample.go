package main

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"

	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

//go:embed samples
var sampleFiles embed.FS

// sample is an object of a kind. Its name tells the state that it is in: base, or another in which other rules hold.
type sample struct {
	state string
	obj   object
}

// base is the state that rules hold in when none is named.
const base = "base"

// samples returns the samples by kind.
func samples() (map[string][]sample, error) {
	out := map[string][]sample{}
	return out, fs.WalkDir(sampleFiles, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(sampleFiles, path)
		if err != nil {
			return err
		}
		for _, doc := range bytes.Split(raw, []byte("\n---\n")) {
			data, err := yaml.YAMLToJSON(doc)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			var obj object
			if err := utiljson.Unmarshal(data, &obj); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			kind, _ := obj["kind"].(string)
			state, _ := look(obj, place{"metadata", "name"}).(string)
			out[kind] = append(out[kind], sample{state, obj})
		}
		return nil
	})
}
