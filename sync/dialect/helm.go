package dialect

import "slices"

const (
	helmHook       = "helm.sh/hook"
	helmHookWeight = "helm.sh/hook-weight"
	helmHookDelete = "helm.sh/hook-delete-policy"
	helmPolicy     = "helm.sh/resource-policy"
)

// helmPhases says when Helm's hooks run. Empty are those whose time never comes: there are no releases to roll back, and tests are
// run by a person.
var helmPhases = map[string]Phase{
	"pre-install": PreSync, "pre-upgrade": PreSync, "post-install": PostSync, "post-upgrade": PostSync,
	"pre-delete": PreDelete, "post-delete": PostDelete,
	"pre-rollback": "", "post-rollback": "", "test": "", "test-success": "", "test-failure": "",
}

var helmDeletes = map[string]HookDelete{
	"before-hook-creation": BeforeHookCreation, "hook-succeeded": HookSucceeded, "hook-failed": HookFailed,
}

func readHelm(r *reader) {
	r.helmHook()
	if value, ok := r.annotations[helmPolicy]; ok {
		switch value {
		case "keep":
			r.out.Prune.stricter(No, says(helmPolicy, value))
			r.out.Delete.stricter(No, says(helmPolicy, value))
		default:
			r.fault(helmPolicy, value, "it should be keep")
		}
	}
}

func (r *reader) helmHook() {
	value, ok := r.annotations[helmHook]
	if !ok {
		return
	}
	// The hook that installs definitions is an ordinary object in every tool but Helm 2.
	if words := list(value); len(words) == 1 && words[0] == "crd-install" {
		return
	}
	phases, ok := words(r, helmHook, helmPhases)
	if !ok {
		return
	}
	var out []Phase
	for _, p := range phases {
		if p != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	switch r.out.Phases = out; {
	case len(out) == 0:
		r.out.Apply, r.out.Because = Never, says(helmHook, value)
	case r.out.Apply != Never:
		r.out.Because = says(helmHook, value)
	}
	if n, ok := r.integer(helmHookWeight); ok {
		r.out.Wave = n
	}
	if deletes, ok := words(r, helmHookDelete, helmDeletes); ok {
		r.out.HookDelete = deletes
	}
}
