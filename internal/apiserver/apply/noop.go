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
	if len(is) == len(was) && moved(is, was) && SameBut(obj.Object, old.Object) && sameButTimes(is, was) {
		obj.Object["metadata"].(map[string]any)["managedFields"] = runtime.DeepCopyJSONValue(was)
	}
}

// moved reports whether some entry has another time than before.
func moved(is, was []any) bool {
	for i := range is {
		a, _ := is[i].(map[string]any)
		b, _ := was[i].(map[string]any)
		if a["time"] != b["time"] {
			return true
		}
	}
	return false
}

// sameButTimes compares two lists of entries without the times in them.
func sameButTimes(is, was []any) bool {
	for i := range is {
		a, _ := is[i].(map[string]any)
		b, _ := was[i].(map[string]any)
		if a == nil || b == nil || !plain.Equal(without(a, "time"), without(b, "time")) {
			return false
		}
	}
	return true
}

// SameBut reports whether two objects are the same but for their managedFields.
func SameBut(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for k, v := range a {
		w, ok := b[k]
		if !ok {
			return false
		}
		if k != "metadata" && !plain.Equal(v, w) {
			return false
		}
	}
	return plain.Equal(unmanaged(a["metadata"]), unmanaged(b["metadata"]))
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
