package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/setpoint-dev/setpoint/internal/apiserver/check"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

// doubted is how many places of each answer are doubted.
const doubted = 2

// doubt looks for circumstances in which what a rule refuses is accepted after all: another field of the structure is gone or
// has another of its values, or a list that the structure is in has no other element. Such an answer is noted beside the first.
func (l *lesson) doubt() {
	for _, s := range slices.SortedFunc(maps.Keys(l.places), compareSubjects) {
		for _, answer := range slices.Sorted(maps.Keys(l.places[s])) {
			if empty(answer) {
				continue
			}
			for _, p := range l.places[s][answer] {
				bad, ok := refusedBy(s, answer, p)
				if !ok {
					continue
				}
				for _, other := range l.circumstances(p) {
					v, err := judge(p.sample.kind, place{sample: other, steps: p.steps}.with(bad))
					if err != nil || len(v.faults) > 0 {
						continue
					}
					l.note(place{
						sample: other, steps: p.steps, text: p.text, generic: p.generic, model: p.model, field: p.field, level: p.level, typ: p.typ, owner: p.owner,
					}, s.aspect, acceptance(s.aspect))
					break
				}
			}
		}
	}
}

// acceptance is the answer of a server that has nothing to say.
func acceptance(aspect string) any {
	if aspect == "absent" || aspect == "empty" {
		return []schema.Fault{}
	}
	return schema.Rule{}
}

// refusedBy returns a value that an answer refuses.
func refusedBy(s subject, answer string, p place) (any, bool) {
	switch s.aspect {
	case "absent":
		return nil, true
	case "empty":
		switch p.value.(type) {
		case string:
			return "", true
		case []any:
			return []any{}, true
		}
		return map[string]any{}, true
	}
	var r schema.Rule
	if json.Unmarshal([]byte(answer), &r) != nil {
		return nil, false
	}
	switch {
	case r.Refused != nil:
		return "x", !slices.Contains(r.Values, "x")
	case r.Min != nil && r.Min.Number > math.MinInt32:
		return r.Min.Number - 1, true
	case r.Max != nil:
		return r.Max.Number + 1, true
	}
	if s.aspect == "key" {
		return nil, false
	}
	for _, candidates := range [][]any{anys(words), anys(amounts), eithers} {
		for _, v := range candidates {
			if fmt.Sprintf("%T", v) == fmt.Sprintf("%T", p.value) && len(check.Conform(r.Formats, v)) > 0 {
				return v, true
			}
		}
	}
	return nil, false
}

// circumstances returns samples that differ from a place's around it and are accepted too.
func (l *lesson) circumstances(p place) []*sample {
	var out []*sample
	add := func(obj map[string]any) {
		if v, err := judge(p.sample.kind, obj); err == nil && len(v.faults) == 0 {
			out = append(out, &sample{kind: p.sample.kind, name: p.sample.name, obj: obj})
		}
	}
	holder := p.steps[:len(p.steps)-1]
	if p.level != "" {
		holder = holder[:len(holder)-1]
	}
	for _, f := range fieldsOf(p.owner) {
		if f.name == p.field {
			continue
		}
		other := place{sample: p.sample, steps: append(slices.Clone(holder), f.name)}
		if _, ok := at(p.sample.obj, other.steps); !ok {
			continue
		}
		add(other.with(nil))
		for _, value := range l.valuesOf(subject{p.model, f.name, "", "value"}) {
			add(other.with(value))
		}
	}
	for i, step := range p.steps {
		// Elements before the place's own would move it.
		if n, ok := step.(int); ok && n == 0 {
			list, _ := at(p.sample.obj, p.steps[:i])
			if items := list.([]any); len(items) > 1 {
				add(place{sample: p.sample, steps: p.steps[:i]}.with(runtime.DeepCopyJSONValue(items[:1])))
			}
		}
	}
	return out
}

// valuesOf returns the values that a field may have, if they are a fixed set.
func (l *lesson) valuesOf(s subject) []string {
	for _, where := range slices.Sorted(maps.Keys(l.seen[s])) {
		for _, answer := range slices.Sorted(maps.Keys(l.seen[s][where])) {
			var r schema.Rule
			if answer != "" && json.Unmarshal([]byte(answer), &r) == nil && r.Refused != nil {
				return r.Values
			}
		}
	}
	return nil
}

// at returns the value that steps lead to.
func at(value any, steps []any) (any, bool) {
	for _, s := range steps {
		switch s := s.(type) {
		case string:
			m, ok := value.(map[string]any)
			if !ok || m[s] == nil {
				return nil, false
			}
			value = m[s]
		case int:
			l, ok := value.([]any)
			if !ok || s >= len(l) {
				return nil, false
			}
			value = l[s]
		}
	}
	return value, true
}
