package model

import (
	"reflect"
	"sync"
)

// defaultsOf returns the rules of one Go struct type.
func defaultsOf(t reflect.Type) []rule { return defaultTable()[t] }

// defaultTable holds the defaults of the built-in kinds, by the type of the structure that has the field, as the API
// reference states them. A structure's rules hold wherever the structure is used.
var defaultTable = sync.OnceValue(func() map[reflect.Type][]rule {
	out := map[reflect.Type][]rule{}
	for _, part := range []map[reflect.Type][]rule{
		podDefaults, volumeDefaults, coreDefaults, workloadDefaults, clusterDefaults,
	} {
		for t, rules := range part {
			out[t] = append(out[t], rules...)
		}
	}
	return out
})

func of[T any]() reflect.Type { return reflect.TypeFor[T]() }

func set(field string, value any) rule { return rule{field: field, value: value} }

func setIf(when func(map[string]any) bool, field string, value any) rule {
	return rule{field: field, value: value, when: when}
}

func derive(field string, from func(map[string]any) any) rule {
	return rule{field: field, derive: from}
}

func adjust(f func(map[string]any)) rule { return rule{adjust: f} }

// is returns a condition: the field has one of the values.
func is(field string, values ...string) func(map[string]any) bool {
	return func(obj map[string]any) bool {
		s, _ := obj[field].(string)
		for _, v := range values {
			if s == v {
				return true
			}
		}
		return false
	}
}

func has(field string) func(map[string]any) bool {
	return func(obj map[string]any) bool { return obj[field] != nil }
}

// object returns the named part of obj as a map; nil, which reads as an empty one, when there is none.
func object(obj map[string]any, field string) map[string]any {
	m, _ := obj[field].(map[string]any)
	return m
}

func list(obj map[string]any, field string) []any {
	l, _ := obj[field].([]any)
	return l
}

func empty() map[string]any { return map[string]any{} }
