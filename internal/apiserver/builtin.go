package apiserver

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/setpoint-dev/setpoint/internal/apiserver/apply"
	"github.com/setpoint-dev/setpoint/internal/apiserver/model"
	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
	"github.com/setpoint-dev/setpoint/internal/schema/embedded"
)

// builtins returns what every server serves: the generally available versions of the release. What they are made of is a
// function of the embedded documents alone, so all servers of the process share it.
var builtins = sync.OnceValue(func() []*Served {
	var out []*Served
	for _, gv := range embedded.GroupVersions() {
		if strings.Contains(gv.Version, "alpha") || strings.Contains(gv.Version, "beta") {
			continue
		}
		resources, _ := embedded.Resources(gv)
		out = append(out, servedOf(gv, resources)...)
	}
	relate(out)
	return out
})

// relate tells the forms of a kind of each other.
func relate(all []*Served) {
	byKind := map[schema.GroupVersionKind]*Served{}
	for _, s := range all {
		byKind[s.GVK] = s
	}
	for _, s := range all {
		f, ok := strategy.FormOf(s.GVK)
		stored := byKind[f.Of]
		if !ok || stored == nil {
			continue
		}
		s.form, s.storage = &form{Form: f, stored: stored}, f.Of.Version
		s.defaulted, stored.defaulted = true, true
		if f.Of.Group == s.GVK.Group {
			stored.versions = append(stored.versions, s.GVK.Version)
			s.versions = stored.versions
		}
	}
}

// documents are the OpenAPI documents of the release, each opened once.
var documents sync.Map // schema.GroupVersion → func() (*apply.Document, error)

func documentOf(gv schema.GroupVersion) (*apply.Document, error) {
	open, _ := documents.LoadOrStore(gv, sync.OnceValues(func() (*apply.Document, error) {
		document, ok := embedded.OpenAPI(gv)
		if !ok {
			return nil, fmt.Errorf("no OpenAPI document of %s", gv)
		}
		return apply.NewDocument(document)
	}))
	return open.(func() (*apply.Document, error))()
}

// typesOf returns the structure of a kind in all its forms, because ownership is recorded in the form of the write.
func typesOf(kind schema.GroupVersionKind) func() (managedfields.TypeConverter, error) {
	return sync.OnceValues(func() (managedfields.TypeConverter, error) {
		schemas := map[string]*spec.Schema{}
		for _, form := range strategy.Family(kind) {
			document, err := documentOf(form.GroupVersion())
			if err == nil {
				err = document.Kind(form, schemas)
			}
			if err != nil {
				return nil, err
			}
		}
		return apply.TypesOf(schemas, false)
	})
}

// BuiltinGroupVersions returns the group versions that every server serves.
func BuiltinGroupVersions() []schema.GroupVersion {
	var out []schema.GroupVersion
	for _, s := range builtins() {
		if gv := s.GVK.GroupVersion(); !slices.Contains(out, gv) {
			out = append(out, gv)
		}
	}
	return out
}

func servedOf(gv schema.GroupVersion, resources []metav1.APIResource) []*Served {
	var out []*Served
	for _, r := range resources {
		if strings.Contains(r.Name, "/") {
			continue
		}
		kind := gv.WithKind(r.Kind)
		m, ok := model.Builtin(kind, typesOf(kind))
		if !ok {
			continue
		}
		s := &Served{
			GVR: gv.WithResource(r.Name), GVK: kind, ListKind: r.Kind + "List", Namespaced: r.Namespaced,
			Resources: []metav1.APIResource{r}, row: strategy.For(kind.GroupKind()), model: m,
			storage: gv.Version, versions: []string{gv.Version},
		}
		for _, sub := range resources {
			if parent, _, ok := strings.Cut(sub.Name, "/"); ok && parent == r.Name {
				s.Resources = append(s.Resources, sub)
			}
		}
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *Served) int { return strings.Compare(a.GVR.Resource, b.GVR.Resource) })
	return out
}

// sharedSchemas are the schemas of apimachinery's types, which the documents of custom resources refer to.
var sharedSchemas = sync.OnceValue(func() map[string]*spec.Schema {
	document, err := documentOf(schema.GroupVersion{Version: "v1"})
	if err != nil {
		return nil
	}
	out, err := document.Schemas(func(name string) bool { return strings.HasPrefix(name, "io.k8s.apimachinery.") })
	if err != nil {
		return nil
	}
	return out
})
