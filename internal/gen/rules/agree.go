package main

import (
	"fmt"
	"log"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kubernetes/pkg/api/legacyscheme"

	"github.com/setpoint-dev/setpoint/internal/apiserver/check"
)

// tally counts how the rules compare with the server.
type tally struct {
	accepted, refused, same int
	// wrong are refusals of what the server accepts, missed the reverse.
	wrong, missed int
	differ        int
}

// compare breaks samples at random and holds the rules against the server's answers.
func compare(all []sample, seed uint64, rounds int) (map[string]*tally, map[string]int) {
	random := rand.New(rand.NewPCG(seed, 0))
	byKind, why := map[string]*tally{}, map[string]int{}
	for _, s := range all {
		typed, err := legacyscheme.Scheme.New(s.kind)
		if err != nil {
			log.Fatal(err)
		}
		t := byKind[s.kind.Kind]
		if t == nil {
			t = &tally{}
			byKind[s.kind.Kind] = t
		}
		for _, p := range places(&s, reflect.TypeOf(typed).Elem()) {
			if !p.present {
				continue
			}
			for _, value := range breaks(p, random, rounds) {
				t.hold(p, value, why)
			}
		}
	}
	return byKind, why
}

// breaks returns values that may be wrong at a place.
func breaks(p place, random *rand.Rand, rounds int) []any {
	out := []any{nil}
	typ := p.typ
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	for range rounds {
		switch {
		case typ == quantityType:
			out = append(out, amounts[random.IntN(len(amounts))])
		case typ == intstrType:
			out = append(out, eithers[random.IntN(len(eithers))])
		case typ.Kind() == reflect.String:
			out = append(out, "", words[random.IntN(len(words))])
		case typ.Kind() == reflect.Bool:
			out = append(out, p.value != true)
		case typ.Kind() >= reflect.Int && typ.Kind() <= reflect.Uint64:
			out = append(out, []any{int64(-1), int64(0), int64(1), int64(70000), int64(2147483647)}[random.IntN(5)])
		case typ.Kind() == reflect.Struct && !scalar(typ):
			out = append(out, map[string]any{})
		case typ.Kind() == reflect.Slice && !scalar(typ):
			list := p.value.([]any)
			out = append(out, []any{})
			if len(list) > 0 {
				out = append(out, append(slices.Clone(list), list[random.IntN(len(list))]))
			}
		case typ.Kind() == reflect.Map:
			m := maps.Clone(p.value.(map[string]any))
			for k := range m {
				m[words[random.IntN(len(words))]] = m[k]
				break
			}
			out = append(out, m)
		}
	}
	return out
}

func (t *tally) hold(p place, value any, why map[string]int) {
	v, err := judge(p.sample.kind, p.with(value))
	if err != nil {
		return
	}
	if slices.ContainsFunc(v.faults, func(e *field.Error) bool { return strings.HasPrefix(e.Field, "metadata") }) {
		return
	}
	want, got := causes(v.faults), causes(check.Object(p.sample.kind, v.stored, nil))
	shown := fmt.Sprintf("%.30q", fmt.Sprint(value))
	if value == nil {
		shown = "removed"
	}
	switch {
	case len(want) == 0 && len(got) == 0:
		t.accepted, t.same = t.accepted+1, t.same+1
	case len(want) == 0:
		t.accepted, t.wrong = t.accepted+1, t.wrong+1
		why[fmt.Sprintf("WRONG %s %s = %s: %v", p.sample.kind.Kind, p.generic, shown, got)]++
	case len(got) == 0:
		t.refused, t.missed = t.refused+1, t.missed+1
		why[fmt.Sprintf("MISSED %s %s = %s: %v", p.sample.kind.Kind, p.generic, shown, details(v.faults))]++
	case slices.Equal(want, got):
		t.refused, t.same = t.refused+1, t.same+1
	default:
		t.refused, t.differ = t.refused+1, t.differ+1
		why[fmt.Sprintf("DIFFER %s %s = %s: want %v got %v", p.sample.kind.Kind, p.generic, shown, want, got)]++
	}
}

func details(errs field.ErrorList) []string {
	var out []string
	for _, e := range errs {
		out = append(out, fmt.Sprintf("%s %s: %.120s", e.Type, e.Field, e.Detail))
	}
	return out
}

// causes are the types and places of faults, each once, in order.
func causes(errs field.ErrorList) []string {
	var out []string
	for _, e := range errs {
		out = append(out, string(e.Type)+" "+e.Field)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// report prints what a comparison found.
func report(byKind map[string]*tally, why map[string]int) {
	var sum tally
	for _, k := range slices.Sorted(maps.Keys(byKind)) {
		t := byKind[k]
		log.Printf("%-35s accepted %5d refused %5d same %5d wrong %4d missed %4d differ %4d", k, t.accepted, t.refused, t.same, t.wrong, t.missed, t.differ)
		sum.accepted, sum.refused, sum.same = sum.accepted+t.accepted, sum.refused+t.refused, sum.same+t.same
		sum.wrong, sum.missed, sum.differ = sum.wrong+t.wrong, sum.missed+t.missed, sum.differ+t.differ
	}
	for _, line := range slices.Sorted(maps.Keys(why)) {
		log.Printf("%3d %s", why[line], line)
	}
	log.Printf("%-35s accepted %5d refused %5d same %5d wrong %4d missed %4d differ %4d", "all", sum.accepted, sum.refused, sum.same, sum.wrong, sum.missed, sum.differ)
}
