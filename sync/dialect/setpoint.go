package dialect

import (
	"maps"
	"slices"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Setpoint's own annotations.
const (
	AnnotationWave        = "setpoint.dev/sync-wave"
	AnnotationHook        = "setpoint.dev/hook"
	AnnotationHookDelete  = "setpoint.dev/hook-delete-policy"
	AnnotationPrune       = "setpoint.dev/prune"
	AnnotationDelete      = "setpoint.dev/delete"
	AnnotationPruneLast   = "setpoint.dev/prune-last"
	AnnotationPropagation = "setpoint.dev/propagation"
	AnnotationApply       = "setpoint.dev/apply"
	AnnotationRecreate    = "setpoint.dev/recreate"
	AnnotationMigrate     = "setpoint.dev/migrate"
	AnnotationValidation  = "setpoint.dev/validation"
	AnnotationHealth      = "setpoint.dev/health"
	AnnotationDependsOn   = "setpoint.dev/depends-on"
)

var (
	phases = map[string]Phase{
		"PreSync": PreSync, "Sync": Sync, "PostSync": PostSync, "SyncFail": SyncFail, "PreDelete": PreDelete, "PostDelete": PostDelete,
	}
	booleans     = map[string]bool{"true": true, "false": false}
	consents     = map[string]Answer{"true": Yes, "confirm": Confirm, "false": No}
	propagations = map[string]cluster.Propagation{
		"foreground": cluster.PropagationForeground, "background": cluster.PropagationBackground, "orphan": cluster.PropagationOrphan,
	}
	methods     = map[string]Method{"server-side": Apply, "create-only": CreateOnly, "replace": Replace, "never": Never}
	validations = map[string]cluster.Validation{
		"strict": cluster.ValidationStrict, "warn": cluster.ValidationWarn, "ignore": cluster.ValidationIgnore,
	}
	healths = map[string]bool{"ignore": true, "wait": false}
)

func readSetpoint(r *reader) {
	if n, ok := r.integer(AnnotationWave); ok {
		r.out.Wave = n
	}
	if hooks, ok := words(r, AnnotationHook, phases); ok {
		r.hook(hooks, says(AnnotationHook, r.annotations[AnnotationHook]))
	}
	if deletes, ok := words(r, AnnotationHookDelete, hookDeletes); ok {
		r.out.HookDelete = deletes
	}
	for _, c := range []struct {
		key     string
		consent *Consent
	}{{AnnotationPrune, &r.out.Prune}, {AnnotationDelete, &r.out.Delete}} {
		var answer Answer
		word(r, c.key, consents, &answer)
		c.consent.stricter(answer, says(c.key, r.annotations[c.key]))
	}
	word(r, AnnotationPruneLast, booleans, &r.out.PruneLast)
	word(r, AnnotationPropagation, propagations, &r.out.Propagation)
	word(r, AnnotationRecreate, booleans, &r.out.Recreate)
	migrate := !r.out.KeepManagers
	word(r, AnnotationMigrate, booleans, &migrate)
	r.out.KeepManagers = !migrate
	word(r, AnnotationValidation, validations, &r.out.Validation)
	word(r, AnnotationHealth, healths, &r.out.IgnoreHealth)
	if word(r, AnnotationApply, methods, &r.out.Apply) {
		r.out.Because = says(AnnotationApply, r.annotations[AnnotationApply])
	}
	r.dependsOn(AnnotationDependsOn)
}

// word reads an annotation of one word into out, and reports whether it could.
func word[T any](r *reader, key string, meaning map[string]T, out *T) bool {
	value, ok := r.annotations[key]
	if !ok {
		return false
	}
	v, ok := meaning[value]
	if !ok {
		r.fault(key, value, "it should be one of "+strings.Join(sortedKeys(meaning), ", "))
		return false
	}
	*out = v
	return true
}

func sortedKeys[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }
