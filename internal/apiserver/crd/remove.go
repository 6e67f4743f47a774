package crd

import (
	"slices"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// CleanupFinalizer holds a definition until the objects of its kind are gone.
const CleanupFinalizer = apiextensionsv1.CustomResourceCleanupFinalizer

// PrepareDelete is what the first request to delete a definition does to it besides setting its deletion timestamp: the
// finalizer that holds it until its objects are gone, and the condition Terminating. It changes obj.
func PrepareDelete(obj *unstructured.Unstructured, now time.Time) {
	if f := obj.GetFinalizers(); !slices.Contains(f, CleanupFinalizer) {
		obj.SetFinalizers(append(f, CleanupFinalizer))
	}
	SetTerminating(obj, now, true, "InstanceDeletionPending", "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon")
}

// SetTerminating sets the condition Terminating, which tells how far the deletion of a definition's objects is. It changes
// obj and reports whether there was anything to change.
func SetTerminating(obj *unstructured.Unstructured, now time.Time, status bool, reason, message string) bool {
	want := map[string]any{
		"type": string(apiextensionsv1.Terminating), "status": string(apiextensionsv1.ConditionFalse), "reason": reason, "message": message,
		"lastTransitionTime": metav1.NewTime(now).UTC().Format(time.RFC3339),
	}
	if status {
		want["status"] = string(apiextensionsv1.ConditionTrue)
	}
	conditions, _, _ := unstructured.NestedSlice(obj.Object, "status", "conditions")
	i := slices.IndexFunc(conditions, func(c any) bool {
		m, ok := c.(map[string]any)
		return ok && m["type"] == want["type"]
	})
	if i < 0 {
		conditions = append(conditions, want)
	} else {
		have := conditions[i].(map[string]any)
		if have["status"] == want["status"] {
			if have["reason"] == reason && have["message"] == message {
				return false
			}
			want["lastTransitionTime"] = have["lastTransitionTime"]
		}
		conditions[i] = want
	}
	_ = unstructured.SetNestedSlice(obj.Object, conditions, "status", "conditions")
	return true
}
