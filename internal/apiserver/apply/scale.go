package apply

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Scale translates ownership between an object and its scale subresource, which have the replicas in different places.
type Scale struct{ handler *managedfields.ScaleHandler }

// NewScale returns the translation for an object with the given managedFields that keeps its replicas at a path.
func NewScale(entries []metav1.ManagedFieldsEntry, version schema.GroupVersion, replicas []string) (*Scale, error) {
	parts := make([]any, len(replicas))
	for i, p := range replicas {
		parts[i] = p
	}
	path, err := fieldpath.MakePath(parts...)
	if err != nil {
		return nil, fmt.Errorf("path of replicas %v: %w", replicas, err)
	}
	mapping := managedfields.ResourcePathMappings{version.String(): path}
	return &Scale{managedfields.NewScaleHandler(entries, version, mapping)}, nil
}

// Down returns the managedFields of the Scale.
func (s *Scale) Down() ([]metav1.ManagedFieldsEntry, error) { return s.handler.ToSubresource() }

// Up returns the managedFields of the object after the Scale's have become entries.
func (s *Scale) Up(entries []metav1.ManagedFieldsEntry) ([]metav1.ManagedFieldsEntry, error) {
	return s.handler.ToParent(entries)
}
