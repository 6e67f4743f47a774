package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/setpoint-dev/setpoint/cluster"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// resolve copies, completes and checks the desired objects. It reports every fault, not the first.
func (e *Engine) resolve(ctx context.Context, d Desired) ([]*object, error) {
	var faults []error
	objects := make([]*object, 0, len(d.Objects))
	for i, in := range d.Objects {
		o := &object{origin: d.origin(i)}
		if in == nil {
			faults = append(faults, o.fault(errors.New("there is no object here")))
			continue
		}
		o.obj = in.DeepCopy()
		o.ref, o.version = cluster.RefOf(o.obj), o.obj.GroupVersionKind().Version
		switch {
		case o.ref.Kind == "" || o.version == "":
			faults = append(faults, o.fault(errors.New("the object has no apiVersion or no kind")))
			continue
		case o.ref.Name == "":
			faults = append(faults, o.fault(errors.New("the object has no name")))
			continue
		}
		objects = append(objects, o)
	}
	crds := definitions(objects)
	kinds := e.lookup(ctx, objects)
	kept := objects[:0]
	for _, o := range objects {
		if err := e.complete(o, kinds[schema.GroupKind{Group: o.ref.Group, Kind: o.ref.Kind}], crds); err != nil {
			faults = append(faults, o.fault(err))
			continue
		}
		kept = append(kept, o)
	}
	faults = append(faults, duplicates(kept)...)
	return kept, errors.Join(faults...)
}

// complete gives an object its kind's facts, namespace, wave and marks.
func (e *Engine) complete(o *object, k kindAnswer, crds map[schema.GroupKind]definition) error {
	def, defined := crds[o.ref.GroupKind()]
	namespaced := k.kind.Namespaced
	switch {
	case k.err == nil && k.kind.Serves(o.version):
		o.readAt = o.version
	case defined && def.serves(o.version) && (k.err == nil || errors.Is(k.err, cluster.ErrNoKind)):
		o.unserved, namespaced = true, def.namespaced
		if len(k.kind.Versions) > 0 {
			o.readAt = k.kind.Versions[0]
		}
	case k.err == nil:
		return fmt.Errorf("version %s is not served, only %v: %w", o.version, k.kind.Versions, cluster.ErrNoKind)
	case errors.Is(k.err, cluster.ErrNoKind):
		return fmt.Errorf("the cluster does not serve %s and no desired object defines it: %w", o.obj.GroupVersionKind().GroupVersion().WithKind(o.ref.Kind), cluster.ErrNoKind)
	default:
		return k.err
	}
	if defined {
		o.crd = def.crd
	}
	switch ns := o.obj.GetNamespace(); {
	case !namespaced && ns != "":
		return fmt.Errorf("%w %s: %s is cluster-scoped; leave the namespace out", ErrNamespace, ns, o.ref.Kind)
	case namespaced && ns == "" && e.opts.Namespace == "":
		return fmt.Errorf("%w missing: %s is namespaced and there is no default", ErrNamespace, o.ref.Kind)
	case namespaced && ns == "":
		o.obj.SetNamespace(e.opts.Namespace)
		o.ref.Namespace = e.opts.Namespace
	}
	var err error
	if o.wave, err = waveOf(o.obj); err != nil {
		return err
	}
	o.skip = unsupported(o.obj)
	return e.inv.Label(o.obj)
}

type kindAnswer struct {
	kind cluster.Kind
	err  error
}

// lookup asks once for each kind.
func (e *Engine) lookup(ctx context.Context, objects []*object) map[schema.GroupKind]kindAnswer {
	var refs []schema.GroupKind
	for _, o := range objects {
		refs = append(refs, o.ref.GroupKind())
	}
	return e.kinds(ctx, refs, cluster.Retryable)
}

// kinds asks for each kind once, and again while the fault may pass.
func (e *Engine) kinds(ctx context.Context, refs []schema.GroupKind, again func(error) bool) map[schema.GroupKind]kindAnswer {
	answers := map[schema.GroupKind]kindAnswer{}
	for _, gk := range refs {
		if _, ok := answers[gk]; ok {
			continue
		}
		var a kindAnswer
		a.err = e.retryIf(ctx, e.opts.Patience, again, func() (err error) {
			a.kind, err = e.client.Kind(ctx, gk.Group, gk.Kind)
			return err
		})
		answers[gk] = a
	}
	return answers
}

func duplicates(objects []*object) []error {
	var faults []error
	first := map[cluster.Ref]*object{}
	for _, o := range objects {
		if was, ok := first[o.ref]; ok {
			err := ErrDuplicate
			if place := was.origin.String(); place != "" {
				err = fmt.Errorf("%w: it is in %s already", ErrDuplicate, place)
			}
			faults = append(faults, o.fault(err))
			continue
		}
		first[o.ref] = o
	}
	return faults
}

// definition is a desired CustomResourceDefinition.
type definition struct {
	crd        *object
	namespaced bool
	versions   []string
}

func (d definition) serves(version string) bool { return slices.Contains(d.versions, version) }

func isCRD(r cluster.Ref) bool {
	return r.Group == "apiextensions.k8s.io" && r.Kind == "CustomResourceDefinition"
}

// defines returns the kind that a CustomResourceDefinition defines.
func defines(obj *unstructured.Unstructured) schema.GroupKind {
	group, _, _ := unstructured.NestedString(obj.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(obj.Object, "spec", "names", "kind")
	return schema.GroupKind{Group: group, Kind: kind}
}

// definitions finds the kinds that the objects define themselves.
func definitions(objects []*object) map[schema.GroupKind]definition {
	out := map[schema.GroupKind]definition{}
	for _, o := range objects {
		if !isCRD(o.ref) {
			continue
		}
		scope, _, _ := unstructured.NestedString(o.obj.Object, "spec", "scope")
		d := definition{crd: o, namespaced: scope == "Namespaced"}
		versions, _, _ := unstructured.NestedSlice(o.obj.Object, "spec", "versions")
		for _, v := range versions {
			if m, ok := v.(map[string]any); ok && m["served"] == true {
				name, _ := m["name"].(string)
				d.versions = append(d.versions, name)
			}
		}
		out[defines(o.obj)] = d
	}
	return out
}
