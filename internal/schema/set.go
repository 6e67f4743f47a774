package schema

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/schema/embedded"
)

// Set looks kinds up: those of the cluster first, then those of definitions that were added, then the embedded ones.
type Set struct {
	source cluster.OpenAPI

	mu     sync.RWMutex
	loaded map[schema.GroupVersion]loaded
	added  map[schema.GroupVersionKind]*Kind
}

// loaded is a document of the cluster. It is held so that other sets that read the same one share it.
type loaded struct {
	hash     string
	document *document
	kinds    map[schema.GroupVersionKind]*Kind
}

// New returns a set over a cluster's documents, or over none when source is nil.
func New(source cluster.OpenAPI) *Set {
	return &Set{
		source: source,
		loaded: map[schema.GroupVersion]loaded{},
		added:  map[schema.GroupVersionKind]*Kind{},
	}
}

// Load fetches documents from the source unless they are there at the hash that the source states. A version that the source
// does not publish is forgotten, and is no error. Other faults are joined; what could be had is in use.
func (s *Set) Load(ctx context.Context, versions ...schema.GroupVersion) error {
	if s.source == nil {
		return nil
	}
	var faults []error
	seen := map[schema.GroupVersion]bool{}
	for _, gv := range versions {
		if seen[gv] {
			continue
		}
		seen[gv] = true
		if err := s.load(ctx, gv); err != nil {
			faults = append(faults, fmt.Errorf("load the schema of %s: %w", gv, err))
		}
	}
	return errors.Join(faults...)
}

func (s *Set) load(ctx context.Context, gv schema.GroupVersion) error {
	doc, hash, err := s.source.OpenAPI(ctx, gv.Group, gv.Version)
	if errors.Is(err, cluster.ErrNoKind) {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.loaded, gv)
		return nil
	}
	if err != nil {
		return err
	}
	s.mu.RLock()
	known, ok := s.loaded[gv]
	s.mu.RUnlock()
	if ok && known.hash == hash && hash != "" {
		return nil
	}
	d, err := parseShared(doc)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loaded[gv] = loaded{hash: hash, document: d, kinds: d.kinds}
	return nil
}

// Kinds returns what is known of a kind, the most trusted first: from the cluster, from an added definition, embedded. It is
// empty for an unknown kind. There is more than one when a definition that is about to change the cluster's schema was added.
func (s *Set) Kinds(gvk schema.GroupVersionKind) []*Kind {
	var out []*Kind
	s.mu.RLock()
	fromCluster := s.loaded[gvk.GroupVersion()].kinds[gvk]
	added := s.added[gvk]
	if fromCluster != nil && added != nil {
		fromCluster = fromCluster.within(added, func(version string) *Kind {
			at := schema.GroupVersionKind{Group: gvk.Group, Version: version, Kind: gvk.Kind}
			return s.loaded[at.GroupVersion()].kinds[at]
		})
	}
	s.mu.RUnlock()
	if fromCluster != nil {
		out = append(out, fromCluster)
	}
	if added != nil {
		out = append(out, added)
	}
	if len(out) == 0 {
		if k := embeddedKind(gvk); k != nil {
			out = append(out, k)
		}
	}
	return out
}

// Knows says whether it is certain which versions the group and kind have: they are Kubernetes' own.
func (s *Set) Knows(gvk schema.GroupVersionKind) bool {
	for _, gv := range embedded.GroupVersions() {
		if gv.Group == gvk.Group && embeddedKind(gv.WithKind(gvk.Kind)) != nil {
			return true
		}
	}
	return false
}

var embeddedDocuments sync.Map // of schema.GroupVersion to func() map[schema.GroupVersionKind]*Kind

func embeddedKind(gvk schema.GroupVersionKind) *Kind {
	gv := gvk.GroupVersion()
	get, ok := embeddedDocuments.Load(gv)
	if !ok {
		doc, ok := embedded.OpenAPI(gv)
		if !ok {
			return nil
		}
		get, _ = embeddedDocuments.LoadOrStore(gv, sync.OnceValue(func() map[schema.GroupVersionKind]*Kind {
			out, err := parse(doc)
			if err != nil {
				panic("schema: embedded document of " + gv.String() + ": " + err.Error()) // The tests parse each.
			}
			return out
		}))
	}
	return get.(func() map[schema.GroupVersionKind]*Kind)()[gvk]
}
