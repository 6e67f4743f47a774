package apply

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The two ways to find out whether an object mentions fields.
var (
	Covers   = covers
	Mentions = mentions
)

// Repeats reports whether an apply is one that the merge alone can answer.
func Repeats(m *Manager, live, patch *unstructured.Unstructured, manager string) bool {
	_, _, ok := m.repeat(live, patch, manager, metav1.Now())
	return ok
}
