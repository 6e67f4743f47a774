package health

func namespace(o view) Result {
	switch o.str("status", "phase") {
	case "Active":
		return healthy("Active", "the namespace is active")
	case "Terminating":
		return progressing(ReasonDeleting, "the namespace is being deleted")
	default:
		return progressing(ReasonNoStatus, "the namespace has no phase yet")
	}
}

func definition(o view) Result {
	if c := o.condition("Terminating"); c.isTrue() {
		return progressing(ReasonDeleting, "%s", c.says())
	}
	if c := o.condition("NamesAccepted"); c.isFalse() {
		return degraded(c.why(), c.says())
	}
	if c := o.condition("NonStructuralSchema"); c.isTrue() {
		return degraded(c.why(), c.says())
	}
	c := o.condition("Established")
	switch {
	case c.isTrue():
		return healthy("Established", "the API server serves the kind")
	case c.isFalse() && c.reason != "Installing":
		return degraded(c.why(), c.says())
	case c.kind == "":
		return progressing(ReasonNoStatus, "the API server has not taken the definition up yet")
	}
	return progressing(c.why(), "%s", c.says())
}

func disruptionBudget(o view) Result {
	if r, ok := o.notObserved(); ok {
		return r
	}
	c := o.condition("DisruptionAllowed")
	if c.reason == "SyncFailed" {
		return degraded(c.reason, c.says())
	}
	return healthy(orElse(c.reason, "Observed"), "%d of %d pods are healthy; %d disruptions are allowed",
		o.count("status", "currentHealthy"), o.count("status", "expectedPods"), o.count("status", "disruptionsAllowed"))
}
