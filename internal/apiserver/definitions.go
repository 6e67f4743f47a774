package apiserver

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/spec3"

	"github.com/setpoint-dev/setpoint/internal/apiserver/apply"
	"github.com/setpoint-dev/setpoint/internal/apiserver/crd"
	"github.com/setpoint-dev/setpoint/internal/apiserver/model"
	"github.com/setpoint-dev/setpoint/internal/apiserver/store"
	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// definitions is the controller behind kinds that declare kinds: it judges the names of a definition, and serves what it
// declares from the moment that it is established.
type definitions struct{ server *Server }

func (definitions) Name() string { return "definitions" }

// Whole implements [Selective]: definitions matter, and objects that say who serves a group version.
func (d definitions) Whole(kind Kind) bool {
	served, ok := d.server.Catalog().Kind(kind.GVK())
	return ok && (served.row.Backend != nil || served.row.Defines)
}

// Handle reacts to a definition, or to an object that says who serves a group version.
func (d definitions) Handle(api API, change Change) error {
	served, ok := d.server.Catalog().Kind(change.Kind.GVK())
	if !ok {
		return nil
	}
	switch {
	case served.row.Backend != nil:
		return d.server.refresh()
	case !served.row.Defines:
		return nil
	}
	if change.Type != Deleted && asksForNames(change) {
		if err := d.accept(api, change.Object); err != nil {
			return err
		}
	}
	return d.server.refresh()
}

// asksForNames reports whether a change may alter the judgement of a definition's names: it is new, says something else, or
// its present status is not that of an established one.
func asksForNames(change Change) bool {
	return change.Old == nil || change.Object.GetGeneration() != change.Old.GetGeneration() || !crd.Established(change.Object)
}

func (d definitions) accept(api API, changed *unstructured.Unstructured) error {
	gvk := changed.GroupVersionKind()
	obj, err := api.Get(gvk, "", changed.GetName())
	if err != nil {
		return nil // Gone again; its deletion follows in the log.
	}
	all, err := api.List(gvk, "", nil)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(all, func(o *unstructured.Unstructured) bool { return o.GetName() == obj.GetName() })
	accepted, differs, err := crd.Accept(obj, others, api.Now())
	if err != nil || !differs {
		return err
	}
	_, err = api.Update(accepted, WriteOptions{Manager: "kube-apiserver", Subresource: "status"})
	return err
}

// refresh builds the catalog anew from the stored definitions.
func (s *Server) refresh() error {
	s.catalogMu.Lock()
	defer s.catalogMu.Unlock()
	served := slices.Clone(builtins())
	var stale []schema.GroupVersion
	known := map[string]*declared{}
	for _, b := range builtins() {
		switch {
		case b.row.Backend != nil:
			backends, err := s.backends(b)
			if err != nil {
				return err
			}
			stale = append(stale, backends...)
		case b.row.Defines:
			records, _ := s.store.List(b.GVR.GroupResource(), "")
			for _, r := range records {
				dec := s.declared[r.Key.Name]
				if dec == nil || dec.version != r.Version {
					var err error
					if dec, err = s.declare(b, r, dec); err != nil {
						return err
					}
				}
				known[r.Key.Name] = dec
				served = append(served, dec.served...)
			}
		}
	}
	s.declared = known
	s.catalog.Store(newCatalog(served, stale))
	close(s.turned)
	s.turned = make(chan struct{})
	return nil
}

// backends returns the group versions that somebody else should serve.
func (s *Server) backends(kind *Served) ([]schema.GroupVersion, error) {
	var out []schema.GroupVersion
	records, _ := s.store.List(kind.GVR.GroupResource(), "")
	for _, r := range records {
		obj, err := s.decode(kind, r)
		if err != nil {
			return nil, err
		}
		if gv, ok := kind.row.Backend(obj.Object); ok {
			out = append(out, gv)
		}
	}
	return out, nil
}

// declared is what one definition adds to the catalog: nothing until it is established.
type declared struct {
	version    uint64 // of the record
	of         string // identity and generation: what is served is a function of them
	definition *crd.Definition
	served     []*Served
}

// declare compiles a definition, unless old was made of the same one.
func (s *Server) declare(kind *Served, r store.Record, old *declared) (*declared, error) {
	obj, err := s.decode(kind, r)
	if err != nil {
		return nil, err
	}
	d := &declared{version: r.Version, of: fmt.Sprintf("%s %d", obj.GetUID(), obj.GetGeneration())}
	if !crd.Established(obj) {
		return d, nil
	}
	if old != nil && old.definition != nil && old.of == d.of {
		d.definition, d.served = old.definition, old.served
		return d, nil
	}
	if d.definition, err = crd.Compile(obj, s.defining); err != nil {
		return nil, err
	}
	var versions []string
	for _, v := range d.definition.Versions {
		if v.Served {
			versions = append(versions, v.Name)
		}
	}
	sortVersions(versions)
	for _, v := range d.definition.Versions {
		if v.Served {
			d.served = append(d.served, customServed(d.definition, v, versions))
		}
	}
	return d, nil
}

func customServed(d *crd.Definition, v *crd.Version, versions []string) *Served {
	gvk := schema.GroupVersionKind{Group: d.Group, Version: v.Name, Kind: d.Names.Kind}
	types := sync.OnceValues(func() (managedfields.TypeConverter, error) {
		schemas := crd.OpenAPI(d.Group, v.Name, []*crd.Definition{d}, sharedSchemas()).Components.Schemas
		// Every version of the kind, because ownership is recorded at the version of the write.
		for _, other := range d.Versions {
			schemas[other.SchemaName()] = other.Schema()
		}
		return apply.TypesOf(schemas, false)
	})
	row := strategy.Custom()
	for _, path := range v.Selectable {
		row.Fields = append(row.Fields, strings.Split(path, "."))
	}
	s := &Served{
		GVR: gvk.GroupVersion().WithResource(d.Names.Plural), GVK: gvk, ListKind: d.Names.ListKind, Namespaced: d.Namespaced,
		Custom: v, definition: d, row: row, model: model.Custom(gvk, v, types), storage: v.Name, versions: versions,
	}
	if storage := d.Storage(); storage != nil {
		s.storage = storage.Name
	}
	all := metav1.Verbs{"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"}
	part := metav1.Verbs{"get", "patch", "update"}
	s.Resources = []metav1.APIResource{{
		Name: d.Names.Plural, SingularName: d.Names.Singular, Namespaced: d.Namespaced, Kind: d.Names.Kind, Verbs: all,
		ShortNames: d.Names.ShortNames, Categories: d.Names.Categories, StorageVersionHash: storageHash(d.Group, s.storage, d.Names.Kind),
	}}
	if v.Status {
		s.Resources = append(s.Resources, metav1.APIResource{
			Name: d.Names.Plural + "/status", Namespaced: d.Namespaced, Kind: d.Names.Kind, Verbs: part,
		})
	}
	if v.Scale != nil {
		s.Resources = append(s.Resources, metav1.APIResource{
			Name: d.Names.Plural + "/scale", Namespaced: d.Namespaced, Group: "autoscaling", Version: "v1", Kind: "Scale", Verbs: part,
		})
	}
	return s
}

// storageHash tells clients whether objects are stored as they were (KEP-2330).
func storageHash(group, version, kind string) string {
	sum := sha256.Sum256([]byte(group + "/" + version + "/" + kind))
	return base64.StdEncoding.EncodeToString(sum[:8])
}

// CustomOpenAPI returns the document of a group version that definitions declare, nil when none does.
func (s *Server) CustomOpenAPI(gv schema.GroupVersion) *spec3.OpenAPI {
	s.catalogMu.Lock()
	defer s.catalogMu.Unlock()
	var definitions []*crd.Definition
	for _, d := range s.declared {
		if d.definition == nil || d.definition.Group != gv.Group {
			continue
		}
		if v := d.definition.Version(gv.Version); v != nil && v.Served {
			definitions = append(definitions, d.definition)
		}
	}
	if definitions == nil {
		return nil
	}
	slices.SortFunc(definitions, func(a, b *crd.Definition) int { return strings.Compare(a.Name, b.Name) })
	return crd.OpenAPI(gv.Group, gv.Version, definitions, sharedSchemas())
}
