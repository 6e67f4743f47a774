package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"k8s.io/kubernetes/pkg/api/legacyscheme"

	"github.com/setpoint-dev/setpoint/internal/gen/pack"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

// file is what the generator writes; package internal/schema reads it.
type file struct {
	Kinds  map[string]*kindRules        `json:"kinds"`
	Models map[string]schema.ModelRules `json:"models"`
}

type kindRules struct {
	Root   string                        `json:"root"`
	Places map[string]*schema.FieldRules `json:"places,omitempty"`
}

// settle makes rules of what was seen: one for a model where every place agrees, one for each place where they do not, and
// none where one place gives different answers.
func (l *lesson) settle() *file {
	out := &file{Kinds: map[string]*kindRules{}, Models: map[string]schema.ModelRules{}}
	for kind := range registry {
		typed, err := legacyscheme.Scheme.New(kind)
		if err != nil {
			panic(err)
		}
		name := kind.GroupVersion().String() + "/" + kind.Kind
		out.Kinds[name] = &kindRules{Root: modelName(reflect.TypeOf(typed).Elem()), Places: map[string]*schema.FieldRules{}}
	}
	rules := map[string]map[string]*schema.FieldRules{}
	for model, fields := range l.models {
		rules[model] = map[string]*schema.FieldRules{}
		for name, p := range fields {
			rules[model][name] = structureOf(p)
		}
	}
	for _, s := range slices.SortedFunc(maps.Keys(l.seen), compareSubjects) {
		l.settleSubject(s, rules[s.model][s.field], out)
	}
	for model, fields := range rules {
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			f := fields[name]
			f.Name = name
			out.Models[model] = append(out.Models[model], f)
		}
	}
	out.prune()
	return out
}

func compareSubjects(a, b subject) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }

// settleSubject decides one question about one field.
func (l *lesson) settleSubject(s subject, f *schema.FieldRules, out *file) {
	if slices.Contains(decided, s.model+"."+s.field) {
		return
	}
	answers := map[string][]string{}
	for _, where := range slices.Sorted(maps.Keys(l.seen[s])) {
		given := slices.Sorted(maps.Keys(l.seen[s][where]))
		answer := given[0]
		if len(given) > 1 {
			answer = ""
			l.report[fmt.Sprintf("ambiguous: %v at %s: %v", s, where, l.seen[s][where])] = true
		}
		answers[answer] = append(answers[answer], where)
	}
	if len(answers) == 1 {
		for answer := range answers {
			put(f, s, answer, false)
		}
		return
	}
	if l.discriminate(s, f) {
		return
	}
	for answer, wheres := range answers {
		if empty(answer) {
			continue
		}
		for _, where := range wheres {
			kind, path, _ := strings.Cut(where, ":")
			if strings.HasSuffix(path, ".template.spec.restartPolicy") && s.aspect == "value" {
				continue // What may restart how is a function's to say.
			}
			path = strings.TrimSuffix(path, s.level)
			places := out.Kinds[kind].Places
			if places[path] == nil {
				places[path] = &schema.FieldRules{Name: s.field}
			}
			put(places[path], s, answer, false)
		}
		f.Place = true
	}
	l.report[fmt.Sprintf("by place: %v: %v", s, answers)] = true
}

// decided are the fields that functions of package check decide, since the samples suggest more than there is.
var decided = []string{
	"io.k8s.api.autoscaling.v2.MetricTarget.averageUtilization", "io.k8s.api.core.v1.ResourceFieldSelector.containerName",
	"io.k8s.api.core.v1.ResourceFieldSelector.resource", "io.k8s.api.core.v1.ResourceQuotaSpec.hard",
	"io.k8s.api.batch.v1.CronJobSpec.timeZone", // depends on the zones that this machine knows
	"io.k8s.api.networking.v1.HTTPIngressPath.backend",
}

// depends says that a fault of an absent value is one of circumstances, by its own words or because it is reported elsewhere. The
// samples do not show all circumstances; such rules are functions of package check.
func depends(f schema.Fault) bool {
	return f.At == schema.Parent || circumstantial.MatchString(f.Detail)
}

var circumstantial = regexp.MustCompile(`\bwhen\b|\bif\b|handler type|exactly one|one of \w+ (and|or)|minReplicas`)

// discriminate settles a subject by the type that stands beside it, when each type always leads to one answer.
func (l *lesson) discriminate(s subject, f *schema.FieldRules) bool {
	for _, other := range slices.Sorted(maps.Keys(l.models[s.model])) {
		if other != "type" || other == s.field || !l.enumerated(subject{s.model, other, "", "value"}) {
			continue
		}
		by, ok := map[string]string{}, true
		for _, seen := range l.sightings[s] {
			value := seen.beside[other]
			if old, given := by[value]; given && old != seen.answer {
				ok = false
				break
			}
			by[value] = seen.answer
		}
		if !ok {
			continue
		}
		for _, value := range slices.Sorted(maps.Keys(by)) {
			if empty(by[value]) {
				continue
			}
			own := &schema.FieldRules{}
			put(own, s, by[value], true)
			f.When = append(f.When, schema.When{Field: other, Value: value, Rules: own})
		}
		return true
	}
	return false
}

// enumerated says that a field takes a fixed set of values, wherever something is known of it.
func (l *lesson) enumerated(s subject) bool {
	found := false
	for _, answers := range l.seen[s] {
		for answer := range answers {
			if answer == "" || !strings.Contains(answer, `"en":`) {
				return false
			}
			found = true
		}
	}
	return found
}

func empty(answer string) bool { return answer == "" || answer == "[]" || answer == "{}" }

// put enters an answer into the rules of a field.
// conditional says that the answer holds under a condition that is known.
func put(f *schema.FieldRules, s subject, answer string, conditional bool) {
	if empty(answer) {
		return
	}
	into := &f.Value
	switch {
	case s.aspect == "key":
		into = &f.Key
	case s.level != "":
		into = &f.Element
	}
	if *into == nil {
		*into = &schema.Rule{}
	}
	var err error
	switch s.aspect {
	case "absent":
		err = json.Unmarshal([]byte(answer), &(*into).Absent)
		if !conditional {
			(*into).Absent = slices.DeleteFunc((*into).Absent, depends)
		}
	case "empty":
		err = json.Unmarshal([]byte(answer), &(*into).Empty)
	default:
		err = json.Unmarshal([]byte(answer), *into)
	}
	if err != nil {
		panic(err)
	}
}

// structureOf tells what a field holds.
func structureOf(p place) *schema.FieldRules {
	f := &schema.FieldRules{}
	typ := p.typ
	if p.level != "" {
		// Only an element was seen last; the holder says the same.
		typ = fieldType(p)
	}
	if typ.Kind() == reflect.Pointer {
		f.Pointer, typ = true, typ.Elem()
	}
	if scalar(typ) {
		return f
	}
	switch typ.Kind() {
	case reflect.Slice:
		f.In, typ = "list", typ.Elem()
	case reflect.Map:
		f.In, typ = "map", typ.Elem()
	}
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() == reflect.Struct && !scalar(typ) {
		f.Model = modelName(typ)
	}
	return f
}

func fieldType(p place) reflect.Type {
	for _, f := range fieldsOf(p.owner) {
		if f.name == p.field {
			return f.typ
		}
	}
	return p.typ
}

// prune leaves out the fields that neither have a rule nor hold structures.
func (f *file) prune() {
	for name, fields := range f.Models {
		f.Models[name] = slices.DeleteFunc(fields, func(r *schema.FieldRules) bool { return !says(r) && r.Model == "" })
	}
}

func says(r *schema.FieldRules) bool {
	return r.Value != nil || r.Element != nil || r.Key != nil || r.Place || len(r.When) > 0
}

// encode returns the file as it is embedded.
func (f *file) encode() ([]byte, error) {
	data, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	return pack.Bytes(data)
}
