package schema

import "sync"

// Condition is a default that depends on more than its structure being there, or a form in which the server keeps what an
// object may state in several. The rules are those of the functions SetDefaults_… and of the conversions in
// k8s.io/kubernetes/pkg/apis.
type Condition struct {
	// Name says what is decided by what.
	Name string
	// Types are the native types that the rule is for, by their names in OpenAPI.
	Types []string
	// Decides lists the fields that generated defaults leave to this rule, each as the name of a type, a dot and the name of a
	// field; of a field without a type, it is one of Types.
	Decides []string
	// Fill applies the rule to an object of one of the types, in place, before the defaults of its parts. The object is as the
	// type encodes it: a field that leaves out what is empty is not there, or not empty.
	Fill func(obj map[string]any)
}

// Conditions returns the rules in the order in which they apply to one type.
func Conditions() []Condition {
	var out []Condition
	for _, part := range [][]Condition{podConditions, workloadConditions, coreConditions, clusterConditions} {
		out = append(out, part...)
	}
	return out
}

func conditionsOf(model string) []Condition { return conditionsByType()[model] }

var conditionsByType = sync.OnceValue(func() map[string][]Condition {
	out := map[string][]Condition{}
	for _, c := range Conditions() {
		for _, t := range c.Types {
			out[t] = append(out[t], c)
		}
	}
	return out
})

func absent(obj map[string]any, field string) bool { return obj[field] == nil }

// set puts v where nothing is.
func set(obj map[string]any, field string, v any) {
	if absent(obj, field) {
		obj[field] = v
	}
}

// is says whether a field has one of the values.
func is(obj map[string]any, field string, values ...string) bool {
	s, _ := obj[field].(string)
	for _, v := range values {
		if s == v {
			return true
		}
	}
	return false
}

func object(obj map[string]any, field string) map[string]any {
	m, _ := obj[field].(map[string]any)
	return m
}

// made returns the object in a field, which it makes when there is none.
func made(obj map[string]any, field string) map[string]any {
	if m, ok := obj[field].(map[string]any); ok {
		return m
	}
	m := map[string]any{}
	obj[field] = m
	return m
}

func items(obj map[string]any, field string) []map[string]any {
	list, _ := obj[field].([]any)
	out := make([]map[string]any, 0, len(list))
	for _, e := range list {
		if m, ok := e.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}
