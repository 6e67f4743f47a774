package samples

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// Deck makes objects from samples. It does not change once it is made and is safe for concurrent use; a source of random
// numbers is not.
type Deck struct {
	kinds   map[kschema.GroupVersionKind]*schema.Kind
	samples map[kschema.GroupVersionKind][]map[string]any
	// showing holds the samples in which a server fills in a place, and those with a list at one, by kind and place.
	showing map[kschema.GroupVersionKind]map[string][]map[string]any
	// structures holds what the samples have of each type; values, by type and field, what they have in a field.
	structures map[string][]map[string]any
	values     map[string][]any
}

// NewDeck takes objects of native kinds apart. They are tamed first: what would make a server treat other objects in another
// way, and what only one object of a server can have, is left out. An object that does not
// fit is no sample, but what is in it is.
func NewDeck(set *schema.Set, objects []map[string]any) (*Deck, error) {
	d := &Deck{
		kinds: map[kschema.GroupVersionKind]*schema.Kind{}, samples: map[kschema.GroupVersionKind][]map[string]any{},
		showing:    map[kschema.GroupVersionKind]map[string][]map[string]any{},
		structures: map[string][]map[string]any{}, values: map[string][]any{},
	}
	for _, obj := range objects {
		gvk := KindOf(obj)
		kinds := set.Kinds(gvk)
		if len(kinds) == 0 || !kinds[0].Native() {
			return nil, fmt.Errorf("take the samples apart: %s is no native kind", gvk)
		}
		obj = runtime.DeepCopyJSON(obj)
		d.kinds[gvk] = kinds[0]
		d.tame(kinds[0].Model(), obj)
		delete(obj, "status")
		if d.Fits(gvk, obj) {
			d.samples[gvk] = append(d.samples[gvk], obj)
			if d.showing[gvk] == nil {
				d.showing[gvk] = map[string][]map[string]any{}
			}
			for _, place := range append(Filled(kinds[0], obj), Listed(kinds[0], obj)...) {
				d.showing[gvk][place] = append(d.showing[gvk][place], obj)
			}
		}
		d.take(kinds[0].Model(), obj)
	}
	return d, nil
}

// Shows says whether some sample has a list at a place of [Lists], or lets a server fill a place of [Defaulted] in.
func (d *Deck) Shows(gvk kschema.GroupVersionKind, place string) bool {
	return len(d.showing[gvk][place]) > 0
}

// Draw returns a sample of a kind at random, nil if there is none; with a place one that shows it,
// else one of those that have most of what is around it. The caller may change it.
func (d *Deck) Draw(r *rand.Rand, gvk kschema.GroupVersionKind, place string) map[string]any {
	list := d.samples[gvk]
	if len(list) == 0 {
		return nil
	}
	if fit := d.showing[gvk][place]; len(fit) > 0 {
		return runtime.DeepCopyJSON(fit[r.IntN(len(fit))])
	}
	steps, _, _ := parse(place)
	best, most := list[r.IntN(len(list))], 0
	for _, i := range r.Perm(len(list)) {
		if n := depth(d.kinds[gvk].Model(), list[i], steps); n > most {
			best, most = list[i], n
		}
	}
	return runtime.DeepCopyJSON(best)
}

// parse divides a place into its steps and the name of its condition, if it has one.
func parse(place string) (steps []string, condition string, conditional bool) {
	path, name, conditional := strings.Cut(place, "(")
	if path = strings.TrimSpace(path); path != "" {
		steps = strings.Split(path, ".")
	}
	return steps, strings.TrimSuffix(name, ")"), conditional
}

func (d *Deck) take(model string, obj map[string]any) {
	d.structures[model] = append(d.structures[model], obj)
	for _, f := range fieldsOf(model) {
		value, ok := obj[f.Name]
		if !ok {
			continue
		}
		d.add(model+"."+f.Name, value)
		if f.Kind == "struct" {
			each(f, value, func(inner map[string]any) { d.take(f.Model, inner) })
		}
	}
}

func (d *Deck) add(field string, value any) {
	for _, known := range d.values[field] {
		if reflect.DeepEqual(known, value) {
			return
		}
	}
	d.values[field] = append(d.values[field], value)
}

// untouched are fields that decide over other objects, that name what a server must have, or that it hands out.
var untouched = map[string]bool{
	"io.k8s.api.core.v1.PodSpec.priority": true, "io.k8s.api.core.v1.PodSpec.priorityClassName": true,
	"io.k8s.api.core.v1.PodSpec.preemptionPolicy": true, "io.k8s.api.core.v1.PodSpec.runtimeClassName": true,
	"io.k8s.api.core.v1.PodSpec.overhead": true, "io.k8s.api.core.v1.ServiceSpec.clusterIP": true,
	"io.k8s.api.core.v1.ServiceSpec.clusterIPs": true, "io.k8s.api.core.v1.ServiceSpec.healthCheckNodePort": true,
	"io.k8s.api.core.v1.ServicePort.nodePort": true, "io.k8s.api.scheduling.v1.PriorityClass.globalDefault": true,
}

const (
	rule       = "io.k8s.api.admissionregistration.v1.RuleWithOperations"
	namedRule  = "io.k8s.api.admissionregistration.v1.NamedRuleWithOperations"
	objectMeta = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
)

// metadata are the fields of an object's metadata that are its writer's.
var metadata = map[string]bool{"labels": true, "annotations": true, "finalizers": true, "ownerReferences": true}

// headless is the one address of a Service that is no address.
const headless = "None"

func (d *Deck) tame(model string, obj map[string]any) {
	for _, f := range fieldsOf(model) {
		if untouched[model+"."+f.Name] && obj[f.Name] != headless && !strings.HasPrefix(fmt.Sprint(obj[f.Name]), "["+headless) {
			delete(obj, f.Name)
		}
		if f.Kind == "struct" {
			each(f, obj[f.Name], func(inner map[string]any) { d.tame(f.Model, inner) })
		}
	}
	if model == rule || model == namedRule {
		obj["apiGroups"] = []any{"tame.example.com"}
	}
}
