package kustomize

import (
	"path"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/render/internal/manifest"
)

// origins reads kustomize's notes. An object without one comes from the kustomization as far as one knows.
func (w *walker) origins(top *target, objects []*unstructured.Unstructured) []cluster.Origin {
	taken := map[*manifest.Located]bool{}
	origins := make([]cluster.Origin, len(objects))
	for i, obj := range objects {
		at := cluster.Origin{File: top.file, Via: top.file}
		var note resource.Origin
		text := obj.GetAnnotations()[originAnnotation]
		if text != "" && yaml.Unmarshal([]byte(text), &note) == nil {
			switch {
			case note.Path != "":
				at = w.original(path.Join(top.dir, note.Path), obj, taken)
			case note.ConfiguredIn != "":
				at = w.generated(path.Join(top.dir, note.ConfiguredIn), obj)
			}
			at.Via = top.file
		}
		origins[i] = at
	}
	return origins
}

// original finds the document of a file that became obj. Kinds stay what they are and names are extended, unless a patch was
// allowed to change them; then the document is whichever is left.
func (w *walker) original(file string, obj *unstructured.Unstructured, taken map[*manifest.Located]bool) cluster.Origin {
	var best *manifest.Located
	score := -1
	for i := range w.objects[file] {
		candidate := &w.objects[file][i]
		if taken[candidate] {
			continue
		}
		s := 0
		if name := candidate.Object.GetName(); strings.Contains(obj.GetName(), name) {
			s = len(name)
		}
		if candidate.Object.GroupVersionKind().GroupKind() == obj.GroupVersionKind().GroupKind() {
			s += 1000
		}
		if candidate.Object.GetName() == obj.GetName() {
			s += 500
		}
		if candidate.Object.GetNamespace() == obj.GetNamespace() {
			s += 300
		}
		if s > score {
			best, score = candidate, s
		}
	}
	if best == nil {
		return cluster.Origin{File: file}
	}
	taken[best] = true
	return best.Origin
}

// generated finds the generator's entry of a kustomization that made obj.
func (w *walker) generated(file string, obj *unstructured.Unstructured) cluster.Origin {
	at := cluster.Origin{File: file}
	t := w.targets[path.Dir(file)]
	if t == nil || t.file != file {
		return at
	}
	names := map[string]string{}
	for _, g := range t.k.ConfigMapGenerator {
		names[g.Name] = "configMapGenerator"
	}
	if obj.GetKind() == "Secret" {
		clear(names)
		for _, g := range t.k.SecretGenerator {
			names[g.Name] = "secretGenerator"
		}
	}
	best := ""
	for name := range names {
		if len(name) > len(best) && strings.Contains(obj.GetName(), name) {
			best = name
		}
	}
	if best == "" {
		at.Line = t.lines.of("", "generators")
		return at
	}
	at.Line = t.lines.of(best, names[best])
	return at
}

// sameRefs reports whether two runs yielded the same objects in the same order.
func sameRefs(a, b []*unstructured.Unstructured) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if cluster.RefOf(a[i]) != cluster.RefOf(b[i]) {
			return false
		}
	}
	return true
}
