package apply

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

// IgnoreTimes gives the entries of obj's managedFields their old times back when times are all that differs between obj and
// old, so that a write which changes nothing stores nothing.
func IgnoreTimes(obj, old *unstructured.Unstructured) {
	is, was := kept(obj), kept(old)
	if len(is) != len(was) || len(is) == 0 {
		return
	}
	moved := false
	for i := range is {
		a, _ := is[i].(map[string]any)
		b, _ := was[i].(map[string]any)
		if a == nil || b == nil || !plain.Equal(without(a, "time"), without(b, "time")) {
			return
		}
		moved = moved || a["time"] != b["time"]
	}
	if moved && sameBut(obj.Object, old.Object) {
		obj.Object["metadata"].(map[string]any)["managedFields"] = runtime.DeepCopyJSONValue(was)
	}
}

// sameBut compares two objects without their managedFields.
func sameBut(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		w, ok := b[k]
		if !ok {
			return false
		}
		if k == "metadata" {
			v, w = unmanaged(v), unmanaged(w)
		}
		if !plain.Equal(v, w) {
			return false
		}
	}
	return true
}

func unmanaged(meta any) any {
	m, ok := meta.(map[string]any)
	if !ok {
		return meta
	}
	out := make(map[string]any, len(m))
	for k, v := range m {
		if k != "managedFields" {
			out[k] = v
		}
	}
	return out
}
