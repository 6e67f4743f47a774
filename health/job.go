package health

func job(o view) Result {
	if c := o.condition("Failed"); c.isTrue() {
		return degraded(c.why(), c.says())
	}
	if c := o.condition("Complete"); c.isTrue() {
		return healthy("Complete", "%d pods have succeeded", o.count("status", "succeeded"))
	}
	if o.condition("Suspended").isTrue() || o.is("spec", "suspend") {
		return Result{Status: Suspended, Reason: "Suspended", Message: "the job is suspended; set spec.suspend to false to run it"}
	}
	if o.sub("status").m == nil {
		return progressing(ReasonNoStatus, "the job has not started")
	}
	want := int64(1)
	if n, ok := o.int("spec", "completions"); ok {
		want = n
	}
	r := progressing("Running", "%d of %d completions; %d pods are active, %d have failed",
		o.count("status", "succeeded"), want, o.count("status", "active"), o.count("status", "failed"))
	return r.because(o.condition("FailureTarget"))
}

func cronJob(o view) Result {
	if o.is("spec", "suspend") {
		return Result{Status: Suspended, Reason: "Suspended", Message: "the schedule is suspended; set spec.suspend to false to go on"}
	}
	if last := o.str("status", "lastScheduleTime"); last != "" {
		return healthy("Scheduled", "last started at %s", last)
	}
	return healthy("Scheduled", "waits for the next time of its schedule %q", o.str("spec", "schedule"))
}
