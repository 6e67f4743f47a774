package apiserver

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// countGeneration moves the generation when what it counts has changed.
func (s *Server) countGeneration(served *Served, obj, live *unstructured.Unstructured, w Write) {
	if w.Subresource == "status" || served.row.Subresources[w.Subresource].Post != nil {
		// A Deployment's revision is noted with its status, and a pod gets its node: no change of what is asked for.
		return
	}
	row := served.row
	moved := false
	for _, path := range row.Generation {
		moved = moved || !alike(strategy.Get(obj.Object, path), strategy.Get(live.Object, path))
	}
	if row.GenerationRest {
		moved = moved || !sameRest(obj.Object, live.Object, served.hasStatus())
	}
	if moved {
		obj.SetGeneration(live.GetGeneration() + 1)
	}
}

// alike compares two values; an empty list is none.
func alike(a, b any) bool {
	a, b = orNone(a), orNone(b)
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) || (a == nil) != (b == nil) {
			return false
		}
		for k, v := range a {
			if w, ok := b[k]; !ok || !alike(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i, v := range a {
			if !alike(v, b[i]) {
				return false
			}
		}
		return true
	}
	return plain.Equal(a, b)
}

// orNone returns nil for an empty list.
func orNone(v any) any {
	if list, ok := v.([]any); ok && len(list) == 0 {
		return nil
	}
	return v
}

// sameRest compares everything outside metadata, and outside status where that is written on its own.
func sameRest(a, b map[string]any, status bool) bool {
	count := func(m map[string]any) (n int) {
		for k := range m {
			if k != "metadata" && (k != "status" || !status) {
				n++
			}
		}
		return n
	}
	if count(a) != count(b) {
		return false
	}
	for k, v := range a {
		if k == "metadata" || k == "status" && status {
			continue
		}
		if w, ok := b[k]; !ok || !alike(v, w) {
			return false
		}
	}
	return true
}
