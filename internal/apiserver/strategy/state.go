package strategy

// The states in which other parts are frozen than in general, by what the old and the new object say. Each name is that of a
// sample in internal/gen/kinds.

// seal tells objects that are marked immutable.
func seal(state string, _ Path, _, old map[string]any) bool {
	return (old["immutable"] == true) == (state == "sealed")
}

// claimState tells claims that have a volume, of which other parts may change.
func claimState(state string, _ Path, _, old map[string]any) bool {
	return (Get(old, Path{"status", "phase"}) == "Bound") == (state == "bound")
}

// podState tells pods that wait to be scheduled. Containers that come or go are told by their number alone.
func podState(state string, _ Path, obj, old map[string]any) bool {
	gates, _ := Get(old, Path{"spec", "schedulingGates"}).([]any)
	return (len(gates) > 0) == (state == "gated") && podContainers(obj, old) == nil
}

// jobState tells jobs whose pods have an index, and such as are suspended and have not started (KEP-2926, KEP-3715).
func jobState(state string, path Path, obj, old map[string]any) bool {
	template := len(path) > 1 && path[1] == "template"
	suspended := Get(old, Path{"spec", "suspend"}) == true && Get(old, Path{"status", "startTime"}) == nil
	indexed := Get(old, Path{"spec", "completionMode"}) == "Indexed"
	switch {
	case len(path) == 2 && path[1] == "selector":
		return state == base
	case state == "suspended":
		return template && suspended
	case state == "indexed":
		if len(path) > 1 && path[1] == "completions" && together(obj, old) {
			return false
		}
		return indexed && !(template && suspended)
	}
	return !indexed && !(template && suspended)
}

// together says whether the completions of a job have changed to what its parallelism has changed to.
func together(obj, old map[string]any) bool {
	parallelism := Get(obj, Path{"spec", "parallelism"})
	return Get(obj, Path{"spec", "completions"}) == parallelism && Get(old, Path{"spec", "parallelism"}) != parallelism
}

// serviceState tells services that keep what their type brings: an address, or the class of a load balancer.
func serviceState(state string, _ Path, obj, old map[string]any) bool {
	was, is := serviceType(old), serviceType(obj)
	if state == "balancer" {
		return was == "LoadBalancer" && is == was
	}
	return was != "ExternalName" && is != "ExternalName"
}

// elsewhere leaves what is frozen to another check.
func elsewhere(string, Path, map[string]any, map[string]any) bool { return false }
