package clustertest

import (
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/setpoint-dev/setpoint/cluster"
)

// at returns the value at a path such as "spec.containers.0.image", or nil when there is none.
func at(obj *unstructured.Unstructured, path string) any {
	var value any = obj.Object
	for step := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// list returns the list at a path.
func list(obj *unstructured.Unstructured, path string) []any {
	l, _ := at(obj, path).([]any)
	return l
}

// each returns one field of every element of the list at a path.
func each(obj *unstructured.Unstructured, path, field string) []any {
	out := []any{}
	for _, element := range list(obj, path) {
		m, _ := element.(map[string]any)
		out = append(out, m[field])
	}
	return out
}

// owns says whether a manager's entry for an operation, "Apply" or "Update", has a field, given by its steps in the
// notation of managedFields. Without steps it says whether there is such an entry.
func owns(obj *unstructured.Unstructured, manager, operation string, steps ...string) bool {
	for _, entry := range obj.GetManagedFields() {
		if entry.Manager != manager || string(entry.Operation) != operation || entry.FieldsV1 == nil {
			continue
		}
		var fields map[string]any
		if json.Unmarshal(entry.FieldsV1.GetRawBytes(), &fields) != nil {
			continue
		}
		found := true
		for _, step := range steps {
			next, ok := fields[step]
			if !ok {
				found = false
				break
			}
			fields, _ = next.(map[string]any)
		}
		if found {
			return true
		}
	}
	return false
}

// invalid checks that err is a refusal for what the object says, with a cause at the field unless that is empty.
func (s *scene) invalid(err error, field string) {
	var e *cluster.InvalidError
	s.ErrorAs(err, &e)
	if field == "" {
		return
	}
	var fields []string
	for _, cause := range e.Causes {
		fields = append(fields, cause.Field)
	}
	s.Contains(fields, field, "%v", err)
}

// conflict checks that err names what other managers own, and returns it.
func (s *scene) conflict(err error) []cluster.FieldConflict {
	var e *cluster.ConflictError
	s.ErrorAs(err, &e)
	return e.Conflicts
}
