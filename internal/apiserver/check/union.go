package check

import (
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// present returns those of some fields that an object has, in their order.
func present(obj map[string]any, names ...string) []string {
	var out []string
	for _, name := range names {
		if obj[name] != nil {
			out = append(out, name)
		}
	}
	return out
}

// misnamed are the sources of volumes that the server calls by another name when there is one too many.
var misnamed = map[string]string{"cephfs": "cephFS", "downwardAPI": "downwarAPI"}

// oneOf holds a structure to exactly one of some fields. missing is the detail of having none; extra that of each but the first.
func oneOf(obj map[string]any, at *field.Path, missing, extra string, names ...string) field.ErrorList {
	var errs field.ErrorList
	have := present(obj, names...)
	if len(have) == 0 {
		return field.ErrorList{field.Required(at, missing)}
	}
	for _, name := range have[1:] {
		if name == "flexVolume" && at.String() == "spec" {
			continue // The server forgets to look what else a PersistentVolume is.
		}
		if other, ok := misnamed[name]; ok {
			name = other
		}
		errs = append(errs, field.Forbidden(at.Child(name), extra))
	}
	return errs
}
