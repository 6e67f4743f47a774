package dialect

import "strings"

const fluxPrefix = "kustomize.toolkit.fluxcd.io/"

// flux returns the value of one of Flux's marks, which may be an annotation or a label, in whatever case.
func (r *reader) flux(name string) (key, value string, ok bool) {
	key = fluxPrefix + name
	if value, ok = r.annotations[key]; !ok {
		value, ok = r.labels[key]
	}
	return key, value, ok
}

func readFlux(r *reader) {
	for _, name := range []string{"prune", "reconcile", "force"} {
		key, value, ok := r.flux(name)
		if !ok {
			continue
		}
		enabled, disabled := strings.EqualFold(value, "enabled"), strings.EqualFold(value, "disabled")
		switch {
		case !enabled && !disabled:
			r.fault(key, value, "it should be enabled or disabled")
		case name == "force":
			r.out.Recreate = enabled
		case disabled && name == "reconcile":
			r.out.Apply, r.out.Because = Never, says(key, value)
		case disabled && name == "prune":
			r.out.Prune.stricter(No, says(key, value))
			r.out.Delete.stricter(No, says(key, value))
		}
	}
	key, value, ok := r.flux("ssa")
	if !ok {
		return
	}
	switch strings.ToLower(value) {
	case "override":
	case "merge":
		r.out.KeepManagers = true
	case "ifnotpresent":
		if r.out.Apply != Never {
			r.out.Apply, r.out.Because = CreateOnly, says(key, value)
		}
	case "ignore":
		r.out.Apply, r.out.Because = Never, says(key, value)
	default:
		r.fault(key, value, "it should be Override, Merge, IfNotPresent or Ignore")
	}
}
