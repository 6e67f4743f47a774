package main

import (
	"context"
	"fmt"
	"log"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apiserver/pkg/registry/rest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// facts puts together what is known of a kind.
func (l lab) facts() (schema.Facts, error) {
	store := l.store()
	f := schema.Facts{
		Group: l.Group, Kind: l.Kind, Version: l.Version, Resource: store.DefaultQualifiedResource.Resource,
		Namespaced: store.NamespaceScoped(), Complete: complete[l.Kind], ReturnsDeleted: store.ReturnDeletedObject,
	}
	if p, ok := l.main.(rest.SingularNameProvider); ok {
		f.Singular = p.GetSingularName()
	}
	if p, ok := l.main.(rest.ShortNamesProvider); ok {
		f.ShortNames = p.ShortNames()
	}
	if p, ok := l.main.(rest.CategoriesProvider); ok {
		f.Categories = p.Categories()
	}
	if len(l.samples) == 0 {
		return f, fmt.Errorf("%s: no sample", l.Kind)
	}
	first, err := l.stored(l.samples[0])
	if err != nil {
		return f, err
	}
	in, err := l.read(first)
	if err != nil {
		return f, err
	}
	ctx, _, err := l.context(in, "update", "")
	if err != nil {
		return f, err
	}
	f.CreateOnUpdate = store.UpdateStrategy.AllowCreateOnUpdate(ctx)
	f.Unconditional = store.UpdateStrategy.AllowUnconditionalUpdate(ctx)
	f.Propagation = propagation(ctx, store.DeleteStrategy)
	if _, set, err := store.PredicateFunc(labels.Everything(), fields.Everything()).GetAttrs(in); err == nil {
		for _, name := range slices.Sorted(maps.Keys(set)) {
			if name != "metadata.name" && name != "metadata.namespace" && name != "name" {
				f.Selectable = append(f.Selectable, name)
			}
		}
	}
	f.Reset = resets(l.main)
	if l.status != nil {
		f.StatusReset = resets(l.status)
		if f.StatusKeeps, err = l.statusKeeps(l.samples[0]); err != nil {
			return f, err
		}
	}
	return f, l.learn(&f)
}

func propagation(ctx context.Context, strategy any) string {
	gc, ok := strategy.(rest.GarbageCollectionDeleteStrategy)
	if !ok {
		return "Background"
	}
	switch gc.DefaultGarbageCollectionPolicy(ctx) {
	case rest.OrphanDependents:
		return "Orphan"
	case rest.Unsupported:
		return ""
	}
	return "Background"
}

// resets returns the parts that a registry says are not a writer's.
func resets(of any) [][]string {
	var out [][]string
	add := func(set *fieldpath.Set) {
		set.Leaves().Iterate(func(p fieldpath.Path) {
			var path []string
			for _, e := range p {
				if e.FieldName != nil {
					path = append(path, *e.FieldName)
				}
			}
			if !slices.ContainsFunc(out, func(o []string) bool { return slices.Equal(o, path) }) {
				out = append(out, path)
			}
		})
	}
	if s, ok := of.(rest.ResetFieldsStrategy); ok {
		for _, set := range s.GetResetFields() {
			add(set)
		}
	}
	slices.SortFunc(out, compare)
	return out
}

// learn fills in what has to be tried.
func (l lab) learn(f *schema.Facts) error {
	moves, keeps, byState := verdicts{}, verdicts{}, map[string][]trial{}
	for i, s := range l.samples {
		bare := clone(s.obj)
		delete(bare, "status")
		created, err := l.create(bare)
		if err != nil {
			return fmt.Errorf("%s %s: %w", l.Kind, s.state, err)
		}
		if err := l.completed(f, bare, created); err != nil {
			return err
		}
		state, _, _ := strings.Cut(s.state, "-")
		if i == 0 {
			state = base
			f.NewGeneration = generation(created)
			f.Initial = initial(created)
		}
		trials, err := l.try(s)
		if err != nil {
			return err
		}
		byState[state] = append(byState[state], trials...)
		for _, t := range trials {
			if t.refused != nil || len(t.at) == 1 && t.at[0] == "status" {
				continue
			}
			path, changed := t.at.general(), !reflect.DeepEqual(t.stored, t.was) && !(empty(t.stored) && empty(t.was))
			switch {
			case t.at[0] == "status":
				keeps.add(path, !changed)
			case changed:
				moves.add(path, t.moved)
			}
		}
	}
	for state, trials := range byState {
		frozen, partly := freeze(trials)
		for _, p := range partly {
			log.Printf("%s %s: refused for some changes only: %s", l.Kind, state, p)
		}
		if len(frozen) > 0 {
			if f.Frozen == nil {
				f.Frozen = map[string][]schema.Frozen{}
			}
			f.Frozen[state] = frozen
		}
	}
	f.Keeps, f.Generation = keeps.parts(), moves.parts()
	for _, key := range slices.Sorted(maps.Keys(l.untried)) {
		if l.untried[key] && !strings.HasSuffix(key, ".probe") {
			f.Untried = append(f.Untried, key)
		}
	}
	return nil
}

func empty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// initial returns the status of a new object, without times and without what is computed from the object.
func initial(created object) object {
	status, _ := created["status"].(map[string]any)
	for k, v := range status {
		_, list := v.([]any)
		if v == nil || list || strings.HasSuffix(k, "Time") || k == "qosClass" {
			delete(status, k)
		}
	}
	return status
}

// completed notes what the server put into a new object besides defaults.
func (l lab) completed(f *schema.Facts, sent, created object) error {
	in, err := l.read(sent)
	if err != nil {
		return err
	}
	before, err := l.write(in)
	if err != nil {
		return err
	}
	var walk func(path []string, before, after any)
	walk = func(path []string, before, after any) {
		switch a := after.(type) {
		case map[string]any:
			b, ok := before.(map[string]any)
			if !ok && before != nil {
				break
			}
			for _, k := range slices.Sorted(maps.Keys(a)) {
				walk(append(slices.Clone(path), k), b[k], a[k])
			}
			return
		case []any:
			b, ok := before.([]any)
			if !ok {
				break
			}
			for i := range a {
				var old any
				if i < len(b) {
					old = b[i]
				}
				walk(append(slices.Clone(path), "*"), old, a[i])
			}
			return
		}
		if !reflect.DeepEqual(before, after) && !slices.ContainsFunc(f.Allocated, func(p []string) bool { return slices.Equal(p, path) }) {
			f.Allocated = append(f.Allocated, path)
		}
	}
	for _, part := range slices.Sorted(maps.Keys(created)) {
		switch part {
		case "status":
		case "metadata":
			for _, field := range []string{"labels", "annotations", "finalizers"} {
				walk([]string{"metadata", field}, look(before, place{"metadata", field}), look(created, place{"metadata", field}))
			}
		default:
			walk([]string{part}, before[part], created[part])
		}
	}
	slices.SortFunc(f.Allocated, compare)
	return nil
}

// verdicts are answers to one question, by path.
type verdicts map[string]map[bool]bool

func (v verdicts) add(path []string, yes bool) {
	key := strings.Join(path, "/")
	if v[key] == nil {
		v[key] = map[bool]bool{}
	}
	v[key][yes] = true
}

// parts returns the largest parts of the object in which every answer was yes. A part of metadata is at most one of its fields.
func (v verdicts) parts() [][]string {
	no := func(prefix []string) bool {
		for key, answers := range v {
			if answers[false] && hasPrefix(strings.Split(key, "/"), prefix) {
				return true
			}
		}
		return false
	}
	var out [][]string
	for _, key := range slices.Sorted(maps.Keys(v)) {
		path := strings.Split(key, "/")
		if !v[key][true] || v[key][false] {
			continue
		}
		least := 1
		if path[0] == "metadata" {
			least = 2
		}
		for len(path) > least && !no(path[:len(path)-1]) {
			path = path[:len(path)-1]
		}
		if no(path) || slices.ContainsFunc(out, func(p []string) bool { return hasPrefix(path, p) }) {
			continue
		}
		out = append(out, path)
	}
	return out
}

func hasPrefix(path, prefix []string) bool {
	return len(path) >= len(prefix) && slices.Equal(path[:len(prefix)], prefix)
}

// complete are the kinds of which every fact is probed with a rich sample; of the others the same is tried with a small one.
var complete = func() map[string]bool {
	out := map[string]bool{}
	for _, k := range strings.Fields(`ConfigMap Secret Service ServiceAccount Namespace Pod PersistentVolume PersistentVolumeClaim LimitRange
		ResourceQuota Endpoints ReplicationController Deployment StatefulSet DaemonSet ReplicaSet Job CronJob Role ClusterRole RoleBinding
		ClusterRoleBinding Ingress IngressClass NetworkPolicy PodDisruptionBudget HorizontalPodAutoscaler StorageClass CSIDriver
		VolumeAttributesClass PriorityClass EndpointSlice ValidatingWebhookConfiguration MutatingWebhookConfiguration
		ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding MutatingAdmissionPolicy MutatingAdmissionPolicyBinding
		CustomResourceDefinition Lease`) {
		out[k] = true
	}
	return out
}()
