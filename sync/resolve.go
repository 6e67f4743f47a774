package sync

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/sync/dialect"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// resolve copies, completes and checks the desired objects. It reports every fault, not the first.
func (e *Engine) resolve(ctx context.Context, d Desired, phases []dialect.Phase) ([]*object, error) {
	var faults []error
	objects := make([]*object, 0, len(d.Objects))
	for i, in := range d.Objects {
		o := &object{origin: d.origin(i)}
		if in == nil {
			faults = append(faults, o.fault(fmt.Errorf("object %d is nil", i)))
			continue
		}
		o.obj = in.DeepCopy()
		o.ref, o.version = cluster.RefOf(o.obj), o.obj.GroupVersionKind().Version
		switch {
		case o.ref.Kind == "" || o.version == "":
			faults = append(faults, o.fault(errors.New("the object has no apiVersion or no kind")))
			continue
		case o.ref.Name == "" && o.obj.GetGenerateName() == "":
			faults = append(faults, o.fault(errors.New("the object has no name")))
			continue
		}
		if err := textual(o.obj); err != nil {
			faults = append(faults, o.fault(err))
			continue
		}
		o.asks, o.unread = e.opts.Dialect.Read(o.obj)
		o.times = within(o.asks.Phases, phases)
		o.wave, o.skip = o.asks.Wave, left(o.asks, o.times)
		if o.ref.Name == "" {
			if !o.runs() && o.skip == "" {
				faults = append(faults, o.fault(errors.New("the object has no name; only a hook's may be generated")))
				continue
			}
			o.generated = true
			o.obj.SetName(o.obj.GetGenerateName())
			o.ref.Name = o.obj.GetName()
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

// complete gives an object its kind's facts, namespace and marks.
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
	if o.unread != nil || o.runs() {
		return o.unread // A hook is no member of the set.
	}
	return e.inv.Label(o.obj)
}

// textual refuses labels and annotations that are no strings, and makes null the empty string that the API server reads it as.
// Readers of an object take all its labels for missing when one is no string, so the others would get lost with it.
func textual(obj *unstructured.Unstructured) error {
	for _, field := range []string{"labels", "annotations"} {
		value, _, _ := unstructured.NestedFieldNoCopy(obj.Object, "metadata", field)
		if value == nil {
			continue
		}
		fields, ok := value.(map[string]any)
		if !ok {
			return fmt.Errorf("metadata.%s is %s, not a map of strings", field, inWords(value))
		}
		for _, key := range slices.Sorted(maps.Keys(fields)) {
			if fields[key] == nil {
				fields[key] = ""
			}
			if _, ok := fields[key].(string); !ok {
				return fmt.Errorf("metadata.%s[%q] is %s, not a string; quote it", field, key, inWords(fields[key]))
			}
		}
	}
	return nil
}

// inWords tells a value from a manifest, without the contents of a map or list.
func inWords(value any) string {
	switch v := value.(type) {
	case map[string]any:
		return "a map"
	case []any:
		return "a list"
	default:
		return fmt.Sprint(v)
	}
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

// kinds asks for each kind once, and again while the fault may pass. All of them share one patience: groups are asked side by
// side, and a kind whose turn comes after its group has used that up is asked only once.
func (e *Engine) kinds(ctx context.Context, refs []schema.GroupKind, again func(error) bool) map[schema.GroupKind]kindAnswer {
	answers := map[schema.GroupKind]*kindAnswer{}
	groups := map[string][]string{}
	for _, gk := range refs {
		if answers[gk] == nil {
			answers[gk] = &kindAnswer{}
			groups[gk.Group] = append(groups[gk.Group], gk.Kind)
		}
	}
	end := time.Now().Add(e.opts.Patience)
	var asking errgroup.Group
	asking.SetLimit(e.opts.Concurrency)
	for group, kinds := range groups {
		asking.Go(func() error {
			for _, kind := range kinds {
				a := answers[schema.GroupKind{Group: group, Kind: kind}]
				a.err = e.retryIf(ctx, time.Until(end), again, func() (err error) {
					a.kind, err = e.client.Kind(ctx, group, kind)
					return err
				})
			}
			return nil // A fault is part of the answer.
		})
	}
	_ = asking.Wait()
	out := make(map[schema.GroupKind]kindAnswer, len(answers))
	for gk, a := range answers {
		out[gk] = *a
	}
	return out
}

func duplicates(objects []*object) []error {
	var faults []error
	first := map[cluster.Ref]*object{}
	for _, o := range objects {
		if o.generated {
			continue
		}
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
		if !isCRD(o.ref) || o.skip != "" || o.asks.Hook() {
			continue // A definition that is not applied like others makes no kind to wait for.
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
