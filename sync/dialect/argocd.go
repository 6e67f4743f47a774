package dialect

import (
	"slices"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
)

const (
	argoWave       = "argocd.argoproj.io/sync-wave"
	argoHook       = "argocd.argoproj.io/hook"
	argoHookDelete = "argocd.argoproj.io/hook-delete-policy"
	argoOptions    = "argocd.argoproj.io/sync-options"
	argoCompare    = "argocd.argoproj.io/compare-options"
	argoHealth     = "argocd.argoproj.io/ignore-healthcheck"
)

// skip is Argo CD's hook that never runs.
const skip Phase = "Skip"

var argoPhases = map[string]Phase{
	"PreSync": PreSync, "Sync": Sync, "PostSync": PostSync, "SyncFail": SyncFail, "PreDelete": PreDelete, "PostDelete": PostDelete, "Skip": skip,
}

var hookDeletes = map[string]HookDelete{
	"BeforeHookCreation": BeforeHookCreation, "HookSucceeded": HookSucceeded, "HookFailed": HookFailed,
}

func readArgoCD(r *reader) {
	if n, ok := r.integer(argoWave); ok {
		r.out.Wave = n
	}
	if phases, ok := words(r, argoHook, argoPhases); ok {
		r.hook(phases, says(argoHook, r.annotations[argoHook]))
	}
	if deletes, ok := words(r, argoHookDelete, hookDeletes); ok {
		r.out.HookDelete = deletes
	}
	if value, ok := r.annotations[argoHealth]; ok {
		r.out.IgnoreHealth = value == "true"
		if value != "true" && value != "false" {
			r.fault(argoHealth, value, "it should be true or false")
		}
	}
	r.out.CompareOptions = r.annotations[argoCompare]
	for _, option := range list(r.annotations[argoOptions]) {
		r.argoOption(option)
	}
}

// hook makes the object a hook, in place of whatever hook it was. With others, Skip means nothing; alone it means never.
func (r *reader) hook(phases []Phase, by string) {
	r.out.Phases = nil
	for _, p := range phases {
		if p != skip && !slices.Contains(r.out.Phases, p) {
			r.out.Phases = append(r.out.Phases, p)
		}
	}
	switch {
	case len(r.out.Phases) == 0:
		r.out.Apply, r.out.Because = Never, by
	case r.out.Apply != Never || strings.HasPrefix(r.out.Because, helmHook+" "): // What Helm has no time for is no wish to be left alone.
		r.out.Apply, r.out.Because = Apply, by
	}
}

// argoOption reads one of Argo CD's sync options. Those that only an Application can have are known as well: they stand on objects
// all the same, and do nothing there.
func (r *reader) argoOption(option string) {
	by := says(argoOptions, option)
	switch option {
	case "Prune=true", "Delete=true", "PruneLast=false", "Replace=false", "Force=false", "Validate=true", "ServerSideApply=true",
		"SkipDryRunOnMissingResource=false", "ClientSideApplyMigration=true":
		// The defaults.
	case "Prune=false":
		r.out.Prune.stricter(No, by)
	case "Prune=confirm":
		r.out.Prune.stricter(Confirm, by)
	case "Delete=false":
		r.out.Delete.stricter(No, by)
	case "Delete=confirm":
		r.out.Delete.stricter(Confirm, by)
	case "PruneLast=true":
		r.out.PruneLast = true
	case "PrunePropagationPolicy=foreground":
		r.out.Propagation = cluster.PropagationForeground
	case "PrunePropagationPolicy=background":
		r.out.Propagation = cluster.PropagationBackground
	case "PrunePropagationPolicy=orphan":
		r.out.Propagation = cluster.PropagationOrphan
	case "Validate=false":
		r.out.Validation = cluster.ValidationIgnore
	case "SkipDryRunOnMissingResource=true":
		r.out.KindMayBeMissing = true
	case "Replace=true":
		if r.out.Apply != Never {
			r.out.Apply, r.out.Because = Replace, by
		}
	case "Force=true":
		r.out.Recreate = true
	case "ClientSideApplyMigration=false":
		r.out.KeepManagers = true
	case "ServerSideApply=false":
		r.out.Notes = append(r.out.Notes, by+", but every apply is the server's")
	case "ApplyOutOfSyncOnly=true", "ApplyOutOfSyncOnly=false", "CreateNamespace=true", "CreateNamespace=false", "FailOnSharedResource=true",
		"FailOnSharedResource=false", "RespectIgnoreDifferences=true", "RespectIgnoreDifferences=false":
		r.out.Notes = append(r.out.Notes, by+", which means nothing for a single object")
	default:
		r.fault(argoOptions, r.annotations[argoOptions], `"`+option+`" is no sync option`)
	}
}
