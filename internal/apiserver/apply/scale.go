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

// NewScale returns the translation for an object with the given managedFields, which is written at a version. replicas says
// where the object keeps its replicas at each version of its group, nil at one that has no scale; entries at a version that it
// does not know are dropped.
func NewScale(entries []metav1.ManagedFieldsEntry, version schema.GroupVersion, replicas map[string][]string) (*Scale, error) {
	mapping := managedfields.ResourcePathMappings{}
	for name, steps := range replicas {
		if steps == nil {
			mapping[schema.GroupVersion{Group: version.Group, Version: name}.String()] = nil
			continue
		}
		parts := make([]any, len(steps))
		for i, p := range steps {
			parts[i] = p
		}
		path, err := fieldpath.MakePath(parts...)
		if err != nil {
			return nil, fmt.Errorf("path of replicas %v: %w", steps, err)
		}
		mapping[schema.GroupVersion{Group: version.Group, Version: name}.String()] = path
	}
	return &Scale{managedfields.NewScaleHandler(entries, version, mapping)}, nil
}

// Down returns the managedFields of the Scale.
func (s *Scale) Down() ([]metav1.ManagedFieldsEntry, error) { return s.handler.ToSubresource() }

// Up returns the managedFields of the object after the Scale's have become entries.
func (s *Scale) Up(entries []metav1.ManagedFieldsEntry) ([]metav1.ManagedFieldsEntry, error) {
	return s.handler.ToParent(entries)
}
