package apiserver

import (
	"maps"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver/apply"
	"github.com/setpoint-dev/setpoint/internal/apiserver/crd"
	"github.com/setpoint-dev/setpoint/internal/apiserver/model"
	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// Served is one kind at one version, as clients reach it. It does not change once it is in a catalog.
type Served struct {
	// GVR and GVK name it.
	GVR schema.GroupVersionResource
	GVK schema.GroupVersionKind
	// ListKind is the kind of its lists.
	ListKind   string
	Namespaced bool
	// Resources are its entries in discovery, its own first, then its subresources.
	Resources []metav1.APIResource
	// Custom is the declared version of a custom resource, nil for built-in kinds.
	Custom *crd.Version

	definition *crd.Definition
	row        strategy.Row
	model      model.Model
	storage    string // the version that is stored
	versions   []string
	form       *form    // of a second form of a built-in kind
	defaulted  bool     // what another form leaves open gets its default when it is read
	managers   sync.Map // subresource → func() (*apply.Manager, error)
}

// Has reports whether the kind has a subresource.
func (s *Served) Has(subresource string) bool {
	return slices.ContainsFunc(s.Resources, func(r metav1.APIResource) bool {
		_, sub, _ := strings.Cut(r.Name, "/")
		return sub == subresource
	})
}

// Allows reports whether discovery lists a verb for the kind or one of its subresources.
func (s *Served) Allows(subresource, verb string) bool {
	return slices.ContainsFunc(s.Resources, func(r metav1.APIResource) bool {
		_, sub, _ := strings.Cut(r.Name, "/")
		return sub == subresource && slices.Contains(r.Verbs, verb)
	})
}

// Virtual reports whether the kind is a question that is answered and not stored.
func (s *Served) Virtual() bool { return !s.Allows("", "get") }

// kind is the kind as controllers see it.
func (s *Served) kind() Kind {
	k := Kind{
		Group: s.GVK.Group, Kind: s.GVK.Kind, Resource: s.GVR.Resource,
		Versions: s.versions, Namespaced: s.Namespaced, Custom: s.Custom != nil,
	}
	for _, r := range s.Resources[1:] {
		_, sub, _ := strings.Cut(r.Name, "/")
		k.Subresources = append(k.Subresources, sub)
	}
	return k
}

// Deprecated is what every request about the kind is warned of, empty for most.
func (s *Served) Deprecated() string { return s.row.Deprecated }

// Metadata returns an object's metadata as answers show it that are nothing else. The object is not changed.
func (s *Served) Metadata(obj *unstructured.Unstructured) any {
	metadata, _ := obj.Object["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	if len(s.row.Outer) == 0 || len(annotations) == 0 {
		return obj.Object["metadata"]
	}
	kept := map[string]any{}
	for name, value := range annotations {
		if !slices.Contains(s.row.Outer, name) {
			kept[name] = value
		}
	}
	out := maps.Clone(metadata)
	out["annotations"] = kept
	if len(kept) == 0 {
		delete(out, "annotations")
	}
	return out
}

// hasStatus reports whether status is written on its own.
func (s *Served) hasStatus() bool { return s.Has("status") }

// resets returns what a write through a subresource cannot change.
func (s *Served) resets(subresource string) []strategy.Path {
	return s.row.Reset(subresource, s.hasStatus())
}

// manager returns the field manager for writes through a subresource.
func (s *Served) manager(subresource string) (*apply.Manager, error) {
	made, _ := s.managers.LoadOrStore(subresource, sync.OnceValues(func() (*apply.Manager, error) {
		types, err := s.model.Converter()
		if err != nil {
			return nil, err
		}
		config := apply.Config{
			Kind: s.GVK, Types: types, Subresource: subresource, Custom: s.Custom != nil, Convert: s.convertCopy,
			Empty: func() (*unstructured.Unstructured, error) { return emptyObject(s) },
		}
		for _, p := range s.resets(subresource) {
			config.Reset = append(config.Reset, p)
		}
		if s.Custom == nil {
			for _, kind := range strategy.Family(s.GVK) {
				config.Forms = append(config.Forms, kind.GroupVersion())
			}
		}
		return apply.New(config)
	}))
	return made.(func() (*apply.Manager, error))()
}

// convertCopy writes obj in another form of its kind. Obj is not changed.
func (s *Served) convertCopy(obj *unstructured.Unstructured, to schema.GroupVersion) (*unstructured.Unstructured, error) {
	if s.definition == nil {
		return s.convertForm(obj, to)
	}
	return s.definition.Convert(obj, to.Version)
}
