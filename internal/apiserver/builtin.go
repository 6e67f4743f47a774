package apiserver

import (
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
	kinds := map[schema.GroupKind]bool{}
	for _, gv := range embedded.GroupVersions() {
		if strings.Contains(gv.Version, "alpha") || strings.Contains(gv.Version, "beta") {
			continue
		}
		resources, _ := embedded.Resources(gv)
		for _, s := range servedOf(gv, resources) {
			// Of a kind with several versions, the preferred one is served: it comes first.
			if gk := s.GVK.GroupKind(); !kinds[gk] {
				kinds[gk] = true
				out = append(out, s)
			}
		}
	}
	return out
})

func servedOf(gv schema.GroupVersion, resources []metav1.APIResource) []*Served {
	var out []*Served
	types := sync.OnceValues(func() (managedfields.TypeConverter, error) {
		document, _ := embedded.OpenAPI(gv)
		return apply.Types(document)
	})
	for _, r := range resources {
		if strings.Contains(r.Name, "/") {
			continue
		}
		kind := gv.WithKind(r.Kind)
		m, ok := model.Builtin(kind, types)
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
	document, _ := embedded.OpenAPI(schema.GroupVersion{Version: "v1"})
	all, err := apply.Schemas(document)
	if err != nil {
		return nil
	}
	out := map[string]*spec.Schema{}
	for name, s := range all {
		if strings.HasPrefix(name, "io.k8s.apimachinery.") {
			out[name] = s
		}
	}
	return out
})
