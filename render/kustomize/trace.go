package kustomize

import (
	"path"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/kustomize/api/types"

	"github.com/setpoint-dev/setpoint/cluster"
)

// maxTraced bounds how many resources are followed through the kustomizations.
const maxTraced = 200_000

// trace is a resource on its way through the kustomizations, as far as fields that change names tell.
type trace struct {
	kind            schema.GroupKind
	namespace, name string
	// hashed is set when kustomize may append a hash to the name.
	hashed bool
	origin cluster.Origin
}

// traces follows the resources of a kustomization; those of a component join the ones that it is applied to.
func (w *walker) traces(t *target, all []trace) []trace {
	if t == nil || len(all) > maxTraced {
		return all
	}
	for _, p := range t.k.Resources {
		name := path.Join(t.dir, p)
		if objects, ok := w.objects[name]; ok {
			for _, l := range objects {
				all = append(all, trace{
					kind: l.Object.GroupVersionKind().GroupKind(), namespace: l.Object.GetNamespace(), name: l.Object.GetName(),
					hashed: l.Object.GetAnnotations()[needsHash] != "", origin: l.Origin,
				})
			}
			continue
		}
		if real, err := w.files.tree.Resolve(name); err == nil {
			all = append(all, w.traces(w.targets[real], nil)...)
		}
	}
	generated := func(kind, field string, args types.GeneratorArgs) {
		all = append(all, trace{
			kind: schema.GroupKind{Kind: kind}, namespace: args.Namespace, name: args.Name, hashed: true,
			origin: cluster.Origin{File: t.file, Line: t.lines.of(args.Name, field)},
		})
	}
	for _, g := range t.k.ConfigMapGenerator {
		generated("ConfigMap", "configMapGenerator", g.GeneratorArgs)
	}
	for _, g := range t.k.SecretGenerator {
		generated("Secret", "secretGenerator", g.GeneratorArgs)
	}
	for _, p := range t.k.Components {
		if real, err := w.files.tree.Resolve(path.Join(t.dir, p)); err == nil {
			all = w.traces(w.targets[real], all)
		}
	}
	for i := range all {
		if t.k.Namespace != "" {
			all[i].namespace = t.k.Namespace
		}
		if !slices.Contains(keepNames, all[i].kind) {
			all[i].name = t.k.NamePrefix + all[i].name + t.k.NameSuffix
		}
	}
	return all
}

// needsHash is the annotation by which any resource gets a hash.
const needsHash = "kustomize.config.k8s.io/needs-hash"

// keepNames are the kinds that namePrefix and nameSuffix leave alone.
var keepNames = []schema.GroupKind{
	{Kind: "Namespace"},
	{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"},
	{Group: "apiregistration.k8s.io", Kind: "APIService"},
}

// traced returns where each object comes from, and false when that is not certain of all.
func (w *walker) traced(top *target, objects []*unstructured.Unstructured) ([]cluster.Origin, bool) {
	all := w.traces(top, nil)
	if len(all) > maxTraced {
		return nil, false
	}
	byKind := map[schema.GroupKind]map[string][]*trace{}
	for i := range all {
		t := &all[i]
		if byKind[t.kind] == nil {
			byKind[t.kind] = map[string][]*trace{}
		}
		byKind[t.kind][t.name] = append(byKind[t.kind][t.name], t)
	}
	origins := make([]cluster.Origin, len(objects))
	for i, obj := range objects {
		names := byKind[obj.GroupVersionKind().GroupKind()]
		found := names[obj.GetName()]
		if cut := strings.LastIndexByte(obj.GetName(), '-'); len(found) == 0 && cut > 0 {
			found = slices.DeleteFunc(slices.Clone(names[obj.GetName()[:cut]]), func(t *trace) bool { return !t.hashed })
		}
		if len(found) > 1 {
			found = slices.DeleteFunc(slices.Clone(found), func(t *trace) bool { return t.namespace != obj.GetNamespace() })
		}
		if len(found) != 1 {
			return nil, false
		}
		origins[i] = found[0].origin
		origins[i].Via = top.file
	}
	return origins, true
}
