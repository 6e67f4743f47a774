package main

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// place is where a value is in an object: names of fields and indices of items.
type place []any

func (p place) child(step any) place { return append(slices.Clone(p), step) }

// general returns the path of a place, with "*" for items and "~" for the slashes of keys.
func (p place) general() []string {
	out := make([]string, len(p))
	for i, step := range p {
		out[i] = "*"
		if name, ok := step.(string); ok {
			out[i] = strings.ReplaceAll(name, "/", "~")
		}
	}
	return out
}

// split undoes what joining a general path with slashes does.
func split(path string) []string {
	out := strings.Split(path, "/")
	for i := range out {
		out[i] = strings.ReplaceAll(out[i], "~", "/")
	}
	return out
}

// mutation makes one change to an object. The object is changed in place; false means that the change does not apply to it.
type mutation struct {
	at    place
	apply func(obj object) bool
	// foreign says that the change takes what another sample has.
	foreign bool
}

// mutations lists changes of an object, each at one place: values removed, values replaced by others that may be as good, and
// what another object of the kind has there.
func mutations(obj object, donors []object) []mutation {
	m := mutator{}
	for _, field := range slices.Sorted(maps.Keys(obj)) {
		if field == "apiVersion" || field == "kind" {
			continue
		}
		m.visit(place{field}, obj[field])
	}
	for _, donor := range donors {
		m.graft(nil, obj, donor)
	}
	return m.out
}

type mutator struct{ out []mutation }

func (m *mutator) set(at place, value any) {
	m.out = append(m.out, mutation{at: at, apply: func(obj object) bool { return put(obj, at, value) }})
}

func (m *mutator) remove(at place) {
	m.out = append(m.out, mutation{at: at, apply: func(obj object) bool { return cut(obj, at) }})
}

func (m *mutator) visit(at place, value any) {
	if slices.Equal(at, place{"metadata", "name"}) || slices.Equal(at, place{"metadata", "namespace"}) {
		return
	}
	switch v := value.(type) {
	case map[string]any:
		texts := len(v) > 0
		for _, field := range slices.Sorted(maps.Keys(v)) {
			m.visit(at.child(field), v[field])
			_, text := v[field].(string)
			texts = texts && text
		}
		if texts {
			m.set(at.child("probe"), "probe")
		}
	case []any:
		for i, item := range v {
			m.visit(at.child(i), item)
		}
		if len(v) > 0 {
			m.set(at.child(len(v)), altered(v[len(v)-1]))
		}
	default:
		for _, other := range alternatives(at, value) {
			m.set(at, other)
		}
	}
	if len(at) > 1 || at[0] != "metadata" {
		m.remove(at)
	}
}

// graft lists what the donor has and the object has not, or has otherwise.
func (m *mutator) graft(at place, obj, donor object) {
	for _, field := range slices.Sorted(maps.Keys(donor)) {
		if len(at) == 0 && (field == "apiVersion" || field == "kind" || field == "metadata") {
			continue
		}
		here, ok := obj[field]
		inner, both := here.(map[string]any)
		other, _ := donor[field].(map[string]any)
		switch {
		case both && other != nil:
			m.graft(at.child(field), inner, other)
		case !ok || !reflect.DeepEqual(here, donor[field]):
			m.set(at.child(field), donor[field])
			m.out[len(m.out)-1].foreign = true
		}
	}
}

// alternatives are values that may be valid where value is.
func alternatives(at place, value any) []any {
	var out []any
	switch v := value.(type) {
	case bool:
		out = append(out, !v)
	case int64:
		out = append(out, v+1, v-1, v*2)
	case string:
		field, _ := at[len(at)-1].(string)
		if field == "" && len(at) > 1 {
			field, _ = at[len(at)-2].(string)
		}
		for _, w := range words[field] {
			if w != v {
				out = append(out, w)
			}
		}
		out = append(out, altered(v), v+"x", "x"+v, int64(8081))
	}
	return out
}

// altered changes every text and number in a value a little.
func altered(value any) any {
	switch v := value.(type) {
	case string:
		if i := strings.IndexAny(v, "12345678"); i >= 0 {
			return v[:i] + string(v[i]+1) + v[i+1:]
		}
		return v + "2"
	case int64:
		return v + 1
	case map[string]any:
		out := object{}
		for k, e := range v {
			if words[k] == nil {
				e = altered(e)
			}
			out[k] = e
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = altered(e)
		}
		return out
	}
	return value
}

// words are the values of fields that have a few.
var words = map[string][]string{
	"accessModes":                   {"ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany"},
	"addressType":                   {"IPv4", "IPv6", "FQDN"},
	"apiVersion":                    {},
	"completionMode":                {"NonIndexed", "Indexed"},
	"concurrencyPolicy":             {"Allow", "Forbid", "Replace"},
	"dnsPolicy":                     {"ClusterFirst", "Default", "None"},
	"effect":                        {"NoExecute", "NoSchedule"},
	"externalTrafficPolicy":         {"Cluster", "Local"},
	"failurePolicy":                 {"Fail", "Ignore"},
	"fsGroupPolicy":                 {"File", "None", "ReadWriteOnceWithFSType"},
	"imagePullPolicy":               {"Always", "IfNotPresent", "Never"},
	"internalTrafficPolicy":         {"Cluster", "Local"},
	"kind":                          {},
	"matchPolicy":                   {"Equivalent", "Exact"},
	"name":                          nil,
	"operator":                      {"Exists", "Equal", "In", "NotIn"},
	"pathType":                      {"Exact", "Prefix", "ImplementationSpecific"},
	"persistentVolumeReclaimPolicy": {"Retain", "Delete"},
	"podManagementPolicy":           {"OrderedReady", "Parallel"},
	"podReplacementPolicy":          {"Failed", "TerminatingOrFailed"},
	"policyTypes":                   {"Ingress", "Egress"},
	"preemptionPolicy":              {"Never", "PreemptLowerPriority"},
	"protocol":                      {"TCP", "UDP", "SCTP"},
	"reclaimPolicy":                 {"Delete", "Retain"},
	"reinvocationPolicy":            {"Never", "IfNeeded"},
	"restartPolicy":                 {"Always", "OnFailure", "Never"},
	"scope":                         {"Namespaced", "Cluster", "*"},
	"sessionAffinity":               {"None", "ClientIP"},
	"sideEffects":                   {"None", "NoneOnDryRun"},
	"type": {
		"RollingUpdate", "Recreate", "OnDelete", "ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "Opaque", "example.com/other",
		"Utilization", "AverageValue", "Percent", "Pods", "Container", "Pod", "string", "integer",
	},
	"unhealthyPodEvictionPolicy": {"AlwaysAllow", "IfHealthyBudget"},
	"volumeBindingMode":          {"Immediate", "WaitForFirstConsumer"},
	"volumeLifecycleModes":       {"Persistent", "Ephemeral"},
	"volumeMode":                 {"Filesystem", "Block"},
	"whenDeleted":                {"Retain", "Delete"},
	"whenScaled":                 {"Retain", "Delete"},
}

// look returns the value at a place, nil if there is none.
func look(obj object, at place) any {
	var v any = obj
	for _, step := range at {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			list, _ := v.([]any)
			if s >= len(list) {
				return nil
			}
			v = list[s]
		}
	}
	return v
}

// put sets the value at a place, or appends it right behind a list. Parents that are not there are made when they are maps.
func put(obj object, at place, value any) bool {
	value = runtime.DeepCopyJSONValue(value)
	parent := at[:len(at)-1]
	switch last := at[len(at)-1].(type) {
	case string:
		m, ok := look(obj, parent).(map[string]any)
		if !ok {
			if len(parent) == 0 || look(obj, parent) != nil || !put(obj, parent, object{}) {
				return false
			}
			m = look(obj, parent).(map[string]any)
		}
		m[last] = value
		return true
	case int:
		list, ok := look(obj, parent).([]any)
		switch {
		case !ok || last > len(list):
			return false
		case last == len(list):
			return put(obj, parent, append(slices.Clone(list), value))
		}
		list[last] = value
		return true
	}
	panic(fmt.Sprint("no step: ", at))
}

// cut removes the value at a place.
func cut(obj object, at place) bool {
	parent := at[:len(at)-1]
	switch last := at[len(at)-1].(type) {
	case string:
		m, ok := look(obj, parent).(map[string]any)
		if !ok || m[last] == nil {
			return false
		}
		delete(m, last)
		return true
	case int:
		list, ok := look(obj, parent).([]any)
		if !ok || last >= len(list) {
			return false
		}
		return put(obj, parent, slices.Delete(slices.Clone(list), last, last+1))
	}
	return false
}

func clone(obj object) object { return runtime.DeepCopyJSON(obj) }
