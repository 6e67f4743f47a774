package sync

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// marks are the labels and annotations by which an inventory knows its members.
type marks struct{ labels, annotations map[string]string }

// marksOf learns the marks from what the inventory puts on an object that has none.
func marksOf(inv Inventory) (marks, error) {
	blank := &unstructured.Unstructured{Object: map[string]any{}}
	if err := inv.Label(blank); err != nil {
		return marks{}, fmt.Errorf("plan: learn the inventory's marks: %w", err)
	}
	return marks{blank.GetLabels(), blank.GetAnnotations()}, nil
}

// on says whether obj carries all the marks. Without any marks nothing carries them.
func (m marks) on(obj *unstructured.Unstructured) bool {
	if len(m.labels)+len(m.annotations) == 0 {
		return false
	}
	return contains(obj.GetLabels(), m.labels) && contains(obj.GetAnnotations(), m.annotations)
}

// foreign returns the mark of another set that obj carries in place of ours, as key=value.
func (m marks) foreign(obj *unstructured.Unstructured) string {
	for _, pair := range []struct{ have, want map[string]string }{
		{obj.GetLabels(), m.labels}, {obj.GetAnnotations(), m.annotations},
	} {
		for k, want := range pair.want {
			if have, ok := pair.have[k]; ok && have != want {
				return k + "=" + have
			}
		}
	}
	return ""
}

// String identifies the set.
func (m marks) String() string {
	return strings.Trim(selector(m.labels)+","+selector(m.annotations), ",")
}

func contains(have, want map[string]string) bool {
	for k, v := range want {
		if got, ok := have[k]; !ok || got != v {
			return false
		}
	}
	return true
}
