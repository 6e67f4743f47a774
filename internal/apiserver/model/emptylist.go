package model

import (
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// emptyLists are the lists of models that must not be empty, and of which none at all is something else: it gets a default. The
// types leave out both when they are written.
var emptyLists = map[string][][]string{
	"io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler": {
		{"spec", "behavior", "scaleUp", "policies"}, {"spec", "behavior", "scaleDown", "policies"},
	},
}

// withEmpty writes into out, which typed was turned into, those of its lists that are empty and should not be.
func (b *builtin) withEmpty(out map[string]any, typed any) error {
	for _, path := range emptyLists[b.native] {
		list := at(reflect.ValueOf(typed), path)
		if !list.IsValid() || list.Kind() != reflect.Slice || list.IsNil() || list.Len() > 0 {
			continue
		}
		if err := unstructured.SetNestedSlice(out, []any{}, path...); err != nil {
			return err
		}
	}
	return nil
}

// at returns the field at a path of JSON names, the zero Value if there is none.
func at(v reflect.Value, path []string) reflect.Value {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if len(path) == 0 || v.Kind() != reflect.Struct {
		return v
	}
	for i := range v.NumField() {
		if name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ","); name == path[0] {
			return at(v.Field(i), path[1:])
		}
	}
	return reflect.Value{}
}
