package strategy

import (
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

type check = func(obj, old map[string]any) field.ErrorList

// templateNote is where clients see the deprecated counter of a DaemonSet's template.
const templateNote = "deprecated.daemonset.template.generation"

// templateGeneration keeps the deprecated counter of a DaemonSet's template, which shows in an annotation.
func templateGeneration(obj, old map[string]any, _ Env) field.ErrorList {
	generation := int64(1)
	if old != nil {
		was, _ := Get(old, Path{"metadata", "annotations", templateNote}).(string)
		if _, err := fmt.Sscan(was, &generation); err != nil {
			generation = 1
		}
		if !reflect.DeepEqual(Get(obj, Path{"spec", "template"}), Get(old, Path{"spec", "template"})) {
			generation++
		}
	}
	Put(obj, Path{"metadata", "annotations", templateNote}, fmt.Sprint(generation))
	return nil
}

// jobSelector makes a job choose its own pods, with the labels that they will carry.
func jobSelector(obj, old map[string]any, _ Env) field.ErrorList {
	if old != nil || Get(obj, Path{"spec", "manualSelector"}) == true {
		return nil
	}
	uid, _ := Get(obj, Path{"metadata", "uid"}).(string)
	name, _ := Get(obj, Path{"metadata", "name"}).(string)
	for key, value := range map[string]string{
		"batch.kubernetes.io/controller-uid": uid, "controller-uid": uid,
		"batch.kubernetes.io/job-name": name, "job-name": name,
	} {
		path := Path{"spec", "template", "metadata", "labels", key}
		if Get(obj, path) == nil {
			Put(obj, path, value)
		}
	}
	if path := (Path{"spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"}); Get(obj, path) == nil {
		Put(obj, path, uid)
	}
	return nil
}
