package main

import (
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/kubernetes/pkg/api/legacyscheme"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// subject is one thing that is asked of one field.
type subject struct{ model, field, level, aspect string }

// unknown is the answer of a server that no rule explains.
type unknown struct{}

// lesson collects what was seen.
type lesson struct {
	// seen holds, by subject and by kind and generic path, each different answer with a place where it was given.
	seen map[subject]map[string]map[string]string
	// report holds lines for the person who runs the generator.
	report map[string]bool
	models map[string]map[string]place
	// sightings holds each answer with the short values beside the field.
	sightings map[subject][]sighting
	// places holds where each answer was given first.
	places map[subject]map[string][]place
}

// sighting is an answer and what was beside the field when it was given.
type sighting struct {
	answer string
	beside map[string]string
}

func newLesson() *lesson {
	return &lesson{seen: map[subject]map[string]map[string]string{}, report: map[string]bool{}, models: map[string]map[string]place{}, sightings: map[subject][]sighting{}, places: map[subject]map[string][]place{}}
}

// study learns from every place of some samples, one after another, so that the same samples give the same file, and returns it.
func (l *lesson) study(all []sample) ([]byte, error) {
	for _, s := range all {
		typed, err := legacyscheme.Scheme.New(s.kind)
		if err != nil {
			return nil, err
		}
		for _, p := range places(&s, reflect.TypeOf(typed).Elem()) {
			l.learn(p)
		}
	}
	l.doubt()
	return l.settle().encode()
}

func itoa(n int) string { return strconv.Itoa(n) }

// note records an answer: faults of an absent or empty value, or a rule.
func (l *lesson) note(p place, aspect string, answer any) {
	data, err := json.Marshal(answer)
	if err != nil {
		panic(err)
	}
	if _, ok := answer.(unknown); ok {
		data = nil
	}
	s := subject{p.model, p.field, p.level, aspect}
	where := p.sample.kind.GroupVersion().String() + "/" + p.sample.kind.Kind + ":" + p.generic
	if l.seen[s] == nil {
		l.seen[s] = map[string]map[string]string{}
	}
	if l.seen[s][where] == nil {
		l.seen[s][where] = map[string]string{}
	}
	l.seen[s][where][string(data)] = p.sample.name + " " + p.text
	if l.places[s] == nil {
		l.places[s] = map[string][]place{}
	}
	if first := l.places[s][string(data)]; len(first) < doubted && p.present {
		l.places[s][string(data)] = append(first, p)
	}
	l.sightings[s] = append(l.sightings[s], sighting{string(data), p.beside()})
	if l.models[p.model] == nil {
		l.models[p.model] = map[string]place{}
	}
	if old, ok := l.models[p.model][p.field]; !ok || old.level != "" && p.level == "" {
		l.models[p.model][p.field] = p
	}
}

// known returns a rule that was found for the same field before.
func (l *lesson) known(p place, aspect string) (schema.Rule, bool) {
	answers := l.seen[subject{p.model, p.field, p.level, aspect}]
	for _, where := range slices.Sorted(maps.Keys(answers)) {
		for _, answer := range slices.Sorted(maps.Keys(answers[where])) {
			var r schema.Rule
			if answer != "" && json.Unmarshal([]byte(answer), &r) == nil {
				return r, true
			}
		}
	}
	return schema.Rule{}, false
}

func (l *lesson) print(p place, format string, args ...any) {
	l.report[fmt.Sprintf("%s.%s%s ", p.model, p.field, p.level)+fmt.Sprintf(format, args...)] = true
}

// unclassified tells of outcomes that no format explains.
func (l *lesson) unclassified(p place, seen []outcome) {
	by := map[string][]string{}
	for _, o := range seen {
		text := fmt.Sprint(o.faults)
		v := fmt.Sprintf("%.20q", fmt.Sprint(o.value))
		by[text] = append(by[text], v)
	}
	var lines []string
	for _, text := range slices.Sorted(maps.Keys(by)) {
		list := by[text]
		if len(list) > 40 {
			list = append(list[:40:40], "…")
		}
		lines = append(lines, "\n\t"+text+": "+strings.Join(list, " "))
	}
	l.print(p, "unclassified:%s", strings.Join(lines, ""))
}

func (l *lesson) show() {
	for _, line := range slices.Sorted(maps.Keys(l.report)) {
		log.Print(line)
	}
}
