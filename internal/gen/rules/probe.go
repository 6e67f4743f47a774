package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/setpoint-dev/setpoint/internal/apiserver/check"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

// words are the strings that are tried wherever there is one.
var words = []string{
	"x", "x-y", "X", "Xy", "a.b", "a/b", "a b", " a", "a ", "a\nb", "-a", "a-", "a_b", "_", "0", "1a", "12345", "http", "a:b", "a@b", "/", "/a", "//", "/a/../b",
	"../b", "a/../b", "..", ".", "..a", "a..b", "*.a.b", "*", "https://a.example.com/p?q", "http://a.example.com", "https://a.example.com", "example.com/a", "example.com/a/b", "/x/",
	"example.com/", "10.0.0.1", "010.0.0.1", "10.0.0.0/8", "10.0.0.1/8", "::1", "2001:db8::/32", "2001:DB8::1", "2001:db8:0::1", "2001:DB8::/32", "::ffff:10.0.0.1", "127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.1", "é", "a=b", "=a", "$(A)", "$(", "%zz", "%2f", "a\\b", "C:\\a",
	"@daily", "5 * * * *", "TZ=UTC 5 * * * *", "UTC", "Europe/Berlin", "Local", "None", "a.example.com", "A.example.com", "a.example.com.", "-", "1.5", "-1", "7-9", "9-7", "1,2", "kubernetes.io/a", "a.kubernetes.io/b", "sctp",
	strings.Repeat("a", 15), strings.Repeat("a", 16), strings.Repeat("a", 63), strings.Repeat("a", 64), strings.Repeat("a", 128), strings.Repeat("a", 129), strings.Repeat("a", 253), strings.Repeat("a", 254),
	strings.Repeat("a", 513), strings.Repeat("a", 1025), strings.Repeat("a", 4097),
}

// amounts are the quantities that are tried.
var amounts = []string{"-1", "-1m", "0", "1m", "0.5", "1", "1500m", "1Gi", "1025", "100n"}

// eithers are the values that are tried where a number or a string is taken.
var eithers = []any{
	int64(-1), int64(0), int64(1), int64(50), int64(65535), int64(65536), "x", "X", "0", "-1", "12", "0%", "50%", "100%", "101%", "1000%", "-5%", "%", "1.5%", "a-b", "-a", "a--b",
	strings.Repeat("a", 15), strings.Repeat("a", 16),
}

// faultsAt returns what is wrong with a value at the place, and where the server says so. Repeated and unknown references depend
// on other values and are left out.
func (p place) faultsAt(value any) ([]schema.Fault, bool) {
	v, err := judge(p.sample.kind, p.with(value))
	if err != nil {
		return nil, false
	}
	out := []schema.Fault{}
	for _, e := range v.faults {
		if e.Type == field.ErrorTypeDuplicate || e.Type == field.ErrorTypeNotFound || e.Type == field.ErrorTypeInternal {
			continue
		}
		for _, at := range schema.Places {
			if at.Of(p.text) == e.Field {
				if f := (schema.Fault{Type: string(e.Type), Detail: e.Detail, At: at}); !slices.Contains(out, f) {
					out = append(out, f)
				}
				break
			}
		}
	}
	return out, true
}

// learn tries the values that fit a place.
func (l *lesson) learn(p place) {
	if !p.present {
		if p.level == "" {
			l.note(p, "absent", []schema.Fault{})
		}
		return
	}
	if p.level == "" {
		if faults, ok := p.faultsAt(nil); ok {
			l.note(p, "absent", faults)
		}
	}
	typ, pointer := p.typ, p.typ.Kind() == reflect.Pointer
	if pointer {
		typ = typ.Elem()
	}
	switch {
	case typ == quantityType:
		l.note(p, "value", l.classify(p, anys(amounts)))
	case typ == intstrType:
		l.note(p, "value", l.classify(p, eithers))
	case typ.Kind() == reflect.String && scalar(typ) && !typ.Implements(marshaler):
		if pointer || p.level != "" {
			if faults, ok := p.faultsAt(""); ok {
				l.note(p, "empty", faults)
			}
		}
		l.note(p, "value", l.classify(p, anys(words)))
	case typ.Kind() >= reflect.Int && typ.Kind() <= reflect.Uint64:
		l.note(p, "bounds", l.bounds(p, typ, pointer))
	case typ.Kind() == reflect.Struct && !scalar(typ):
		if pointer {
			if faults, ok := p.faultsAt(map[string]any{}); ok {
				l.note(p, "empty", faults)
			}
		}
	case typ.Kind() == reflect.Slice && !scalar(typ):
		l.note(p, "unique", l.unique(p))
		if pointer {
			if faults, ok := p.faultsAt([]any{}); ok {
				l.note(p, "empty", faults)
			}
		}
	case typ.Kind() == reflect.Map:
		l.note(p, "key", l.keys(p))
	}
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}

// outcome is what came of one value.
type outcome struct {
	value  any
	faults []schema.Fault
}

// classify finds the rule that says of each value what the server says. A rule that was found for the field elsewhere is tried on
// every eighth value first, where there are many.
func (l *lesson) classify(p place, values []any) any {
	return l.explain(p, "value", values, func(v any) ([]schema.Fault, bool) { return p.faultsAt(v) })
}

func (l *lesson) explain(p place, aspect string, values []any, try func(any) ([]schema.Fault, bool)) any {
	var seen []outcome
	look := func(list []any) {
		seen = nil
		for _, v := range list {
			if faults, ok := try(v); ok {
				seen = append(seen, outcome{v, faults})
			}
		}
	}
	if known, ok := l.known(p, aspect); ok && len(values) >= 64 {
		var few []any
		for i := 0; i < len(values); i += 8 {
			few = append(few, values[i])
		}
		look(few)
		if holds(known, seen) {
			return known
		}
	}
	look(values)
	return l.ruleFor(p, seen)
}

// holds says that a rule explains outcomes.
func holds(r schema.Rule, seen []outcome) bool {
	if r.Refused == nil {
		return explains(seen, r)
	}
	for _, o := range seen {
		text, _ := o.value.(string)
		if wrong := !slices.Contains(r.Values, text); wrong != slices.Contains(o.faults, *r.Refused) {
			return false
		}
	}
	return true
}

func (l *lesson) keys(p place) any {
	old := p.value.(map[string]any)
	var value any
	for _, k := range slices.Sorted(maps.Keys(old)) {
		value = old[k]
	}
	return l.explain(p, "key", anys(words), func(w any) ([]schema.Fault, bool) {
		key := w.(string)
		m := maps.Clone(old)
		m[key] = value
		v, err := judge(p.sample.kind, p.with(m))
		if err != nil {
			return nil, false
		}
		faults := []schema.Fault{}
		for _, e := range v.faults {
			// What is reported at the key itself is a function of package check.
			if f := (schema.Fault{Type: string(e.Type), Detail: e.Detail}); e.Field == p.text {
				faults = append(faults, f)
			}
		}
		return faults, true
	})
}

// ruleFor finds the rule that explains outcomes; an unknown one when there is none.
func (l *lesson) ruleFor(p place, seen []outcome) any {
	clean := true
	var refused *schema.Fault
	for _, o := range seen {
		clean = clean && len(o.faults) == 0
		for _, f := range o.faults {
			if f.Type == string(field.ErrorTypeNotSupported) {
				refused = &f
			}
		}
	}
	if clean {
		return schema.Rule{}
	}
	if refused != nil {
		if values, ok := supported(refused.Detail); ok && (p.level == "" && p.typ.Kind() == reflect.Map || slices.Contains(values, fmt.Sprint(p.value))) {
			return schema.Rule{Values: values, Refused: refused}
		}
	}
	if closed, ok := l.closed(p, seen); ok {
		return closed
	}
	names := check.Names()
	for _, at := range schema.Places {
		for _, a := range names {
			if r := (schema.Rule{Formats: []string{a}, At: at}); explains(seen, r) {
				return r
			}
		}
		for i, a := range names {
			for _, b := range names[i+1:] {
				if r := (schema.Rule{Formats: []string{a, b}, At: at}); explains(seen, r) {
					return r
				}
			}
		}
	}
	l.unclassified(p, seen)
	return unknown{}
}

// closed finds the rule of a field that refuses whatever it does not know, in the same words. What it knows is looked for among
// the words of the message, the values of the samples and the operators of selectors.
func (l *lesson) closed(p place, seen []outcome) (schema.Rule, bool) {
	var fault schema.Fault
	for i, o := range seen {
		if len(o.faults) != 1 || i > 0 && o.faults[0] != fault {
			return schema.Rule{}, false
		}
		fault = o.faults[0]
	}
	own, ok := p.value.(string)
	if !ok || len(seen) == 0 {
		return schema.Rule{}, false
	}
	var values []string
	candidates := append(wordsOf.FindAllString(fault.Detail, -1), own, "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt", "metadata.name")
	for _, c := range candidates {
		if faults, ok := p.faultsAt(c); ok && len(faults) == 0 && !slices.Contains(values, c) {
			values = append(values, c)
		}
	}
	slices.Sort(values)
	if !slices.Contains(values, own) || len(values) < 2 && own != "metadata.name" {
		return schema.Rule{}, false
	}
	return schema.Rule{Values: values, Refused: &fault}, true
}

var wordsOf = regexp.MustCompile(`[A-Za-z0-9-]+`)

func explains(seen []outcome, r schema.Rule) bool {
	for _, o := range seen {
		want := check.Conform(r.Formats, o.value)
		for i := range want {
			want[i].At = r.At
		}
		if len(want) != len(o.faults) {
			return false
		}
		for _, f := range want {
			if !slices.Contains(o.faults, f) {
				return false
			}
		}
	}
	return true
}

// supported reads the values that a message lists.
func supported(detail string) ([]string, bool) {
	list, ok := strings.CutPrefix(detail, "supported values: ")
	if !ok {
		return nil, false
	}
	var out []string
	if json.Unmarshal([]byte("["+list+"]"), &out) != nil {
		return nil, false
	}
	return out, true
}

// bounds finds the least and the greatest number that is accepted, with what is said about those beyond.
func (l *lesson) bounds(p place, typ reflect.Type, pointer bool) schema.Rule {
	limit := int64(math.MaxInt64 / 2)
	if typ.Kind() == reflect.Int32 {
		limit = math.MaxInt32
	}
	good, ok := p.value.(int64)
	if !ok {
		return schema.Rule{}
	}
	try := func(n int64) []schema.Fault {
		if n == 0 && !pointer && p.level == "" {
			// Zero is no value where the type does not tell them apart.
			faults, _ := p.faultsAt(nil)
			return faults
		}
		faults, _ := p.faultsAt(n)
		return faults
	}
	var out schema.Rule
	search := func(bad int64) *schema.Bound {
		faults := try(bad)
		if len(faults) == 0 {
			return nil
		}
		in, beyond := good, bad
		for in-beyond > 1 || beyond-in > 1 {
			middle := in + (beyond-in)/2
			if f := try(middle); len(f) == 0 {
				in = middle
			} else {
				beyond = middle
			}
		}
		if !reflect.DeepEqual(try(beyond), faults) && beyond != 0 {
			l.print(p, "bounds: %v at %d, %v at %d", faults, bad, try(beyond), beyond)
			return nil
		}
		return &schema.Bound{Number: in, Faults: faults}
	}
	if good != -limit {
		out.Min = search(-limit)
	}
	if good != limit {
		out.Max = search(limit)
	}
	return out
}

// unique finds what happens when an element is there twice.
func (l *lesson) unique(p place) schema.Rule {
	list := p.value.([]any)
	if len(list) == 0 {
		return schema.Rule{}
	}
	again := append(slices.Clone(list), list[len(list)-1])
	v, err := judge(p.sample.kind, p.with(again))
	if err != nil {
		return schema.Rule{}
	}
	at := p.text + "[" + itoa(len(list)) + "]"
	var out schema.Rule
	for _, e := range v.faults {
		if e.Type != field.ErrorTypeDuplicate || !strings.HasPrefix(e.Field, at) {
			continue
		}
		rest := strings.TrimPrefix(strings.TrimPrefix(e.Field, at), ".")
		if strings.ContainsAny(rest, ".[") {
			continue
		}
		u := &schema.Unique{At: rest}
		if rest != "" {
			u.By = []string{rest}
		} else if m, ok := list[0].(map[string]any); ok {
			u.By = l.tellsApart(p, list, m)
			if u.By == nil {
				l.print(p, "unique: by unknown")
				return schema.Rule{}
			}
		}
		if out.Unique == nil || rest == "" {
			out.Unique = u
		}
	}
	return out
}

// tellsApart finds the fields of an element of which no two may have the same, where the fault does not name them: those whose
// change alone makes the repeated element another one.
func (l *lesson) tellsApart(p place, list []any, _ map[string]any) []string {
	var by []string
	last := list[len(list)-1].(map[string]any)
	at := p.text + "[" + itoa(len(list)) + "]"
	for name, value := range last {
		var other any
		switch v := value.(type) {
		case string:
			other = v + "x"
		case int64:
			other = v + 1
		default:
			continue
		}
		changed := map[string]any{}
		for k, v := range last {
			changed[k] = v
		}
		changed[name] = other
		v, err := judge(p.sample.kind, p.with(append(slices.Clone(list), changed)))
		if err != nil {
			continue
		}
		if !slices.ContainsFunc(v.faults, func(e *field.Error) bool { return e.Type == field.ErrorTypeDuplicate && e.Field == at }) {
			by = append(by, name)
		}
	}
	slices.Sort(by)
	return by
}
