package main

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

//go:embed samples
var sampleFiles embed.FS

// sample is an object that the server accepts, as it would store it.
type sample struct {
	kind schema.GroupVersionKind
	name string
	obj  map[string]any
}

// samples reads the files, and tries every pod as the template of each workload that takes it.
func samples() ([]sample, error) {
	var out []sample
	var faults []error
	err := fs.WalkDir(sampleFiles, ".", func(path string, d fs.DirEntry, err error) error {
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
			var obj map[string]any
			if err := kjson.UnmarshalCaseSensitivePreserveInts(data, &obj); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			for _, obj := range split(obj) {
				s, err := accepted(obj)
				if err != nil {
					faults = append(faults, fmt.Errorf("%s: %w", path, err))
					continue
				}
				out = append(out, s)
			}
		}
		return nil
	})
	if err := errors.Join(append(faults, err)...); err != nil {
		return nil, err
	}
	for _, s := range out[:len(out):len(out)] {
		if s.kind.Kind == "Pod" {
			derived, err := templates(s)
			faults = append(faults, err)
			out = append(out, derived...)
		}
	}
	return out, errors.Join(faults...)
}

// split returns a pod for each volume of one that asks for it, so that each is tried in a small object.
func split(obj map[string]any) []map[string]any {
	meta := obj["metadata"].(map[string]any)
	notes, _ := meta["annotations"].(map[string]any)
	if notes["split"] != "volumes" {
		return []map[string]any{obj}
	}
	delete(meta, "annotations")
	var out []map[string]any
	for i, v := range obj["spec"].(map[string]any)["volumes"].([]any) {
		one := runtime.DeepCopyJSON(obj)
		one["spec"].(map[string]any)["volumes"] = []any{v}
		one["metadata"].(map[string]any)["name"] = fmt.Sprint("volume-", i)
		out = append(out, one)
	}
	return out
}

// accepted returns an object as the server stores it.
func accepted(obj map[string]any) (sample, error) {
	apiVersion, _ := obj["apiVersion"].(string)
	name, _ := obj["kind"].(string)
	kind := schema.FromAPIVersionAndKind(apiVersion, name)
	meta, _ := obj["metadata"].(map[string]any)
	s := sample{kind: kind, name: fmt.Sprint(kind.Kind, "/", meta["name"])}
	v, err := judge(kind, obj)
	if err != nil {
		return s, fmt.Errorf("%s: %w", s.name, err)
	}
	if len(v.faults) > 0 {
		return s, fmt.Errorf("%s: %w", s.name, v.faults.ToAggregate())
	}
	s.obj = v.stored
	delete(s.obj, "status")
	return s, nil
}

// templates returns the workloads with the pod's spec as their template.
func templates(pod sample) ([]sample, error) {
	var out []sample
	name := pod.obj["metadata"].(map[string]any)["name"].(string)
	for _, kind := range slices.SortedFunc(maps.Keys(registry), func(a, b schema.GroupVersionKind) int { return strings.Compare(a.String(), b.String()) }) {
		if strings.HasPrefix(name, "volume-") || kind.Kind != "Deployment" && name != "small" && name != "host" {
			continue
		}
		template := map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "a"}}}
		spec := runtime.DeepCopyJSON(pod.obj["spec"].(map[string]any))
		delete(spec, "activeDeadlineSeconds")
		template["spec"] = spec
		selector := map[string]any{"matchLabels": map[string]any{"app": "a"}}
		var owner map[string]any
		switch kind.Kind {
		case "Deployment", "ReplicaSet", "DaemonSet", "StatefulSet":
			owner = map[string]any{"selector": selector, "template": template}
		case "ReplicationController":
			owner = map[string]any{"selector": map[string]any{"app": "a"}, "template": template}
		case "Job":
			spec["restartPolicy"] = "OnFailure"
			owner = map[string]any{"template": template}
		case "CronJob":
			spec["restartPolicy"] = "OnFailure"
			owner = map[string]any{"schedule": "@daily", "jobTemplate": map[string]any{"spec": map[string]any{"template": template}}}
		default:
			continue
		}
		s, err := accepted(map[string]any{
			"apiVersion": kind.GroupVersion().String(), "kind": kind.Kind, "spec": owner,
			"metadata": map[string]any{"name": "of-" + name, "namespace": "default"},
		})
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}
