package health

import (
	"fmt"
)

// replicas returns how many pods the object asks for; the API server's default is one.
func (v view) replicas() int64 {
	if n, ok := v.int("spec", "replicas"); ok {
		return n
	}
	return 1
}

func progressing(reason, format string, args ...any) Result {
	return Result{Status: Progressing, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

func healthy(reason, format string, args ...any) Result {
	return Result{Status: Healthy, Reason: reason, Message: fmt.Sprintf(format, args...)}
}

func degraded(reason, message string) Result {
	return Result{Status: Degraded, Reason: reason, Message: message}
}

// because adds to a message what a condition says about the delay.
func (r Result) because(c condition) Result {
	if c.isTrue() {
		r.Message += "; " + c.says()
	}
	return r
}

func deployment(o view) Result {
	if o.is("spec", "paused") {
		return Result{Status: Suspended, Reason: "Paused", Message: "the rollout is paused; set spec.paused to false to go on"}
	}
	if r, ok := o.notObserved(); ok {
		return r
	}
	if c := o.condition("Progressing"); c.reason == "ProgressDeadlineExceeded" {
		return degraded(c.reason, c.says()).because(o.condition("ReplicaFailure"))
	}
	want, have := o.replicas(), o.count("status", "replicas")
	updated, available := o.count("status", "updatedReplicas"), o.count("status", "availableReplicas")
	failure := o.condition("ReplicaFailure")
	switch {
	case updated < want:
		return progressing("ReplicasUpdating", "%d of %d replicas are updated", updated, want).because(failure)
	case have > updated:
		return progressing("OldReplicasTerminating", "%d old replicas have yet to end", have-updated).because(failure)
	case available < updated:
		return progressing("ReplicasStarting", "%d of %d updated replicas are available", available, updated).because(failure)
	}
	return healthy("ReplicasAvailable", "%d of %d replicas are updated and available", available, want)
}

func replicaSet(o view) Result {
	if r, ok := o.notObserved(); ok {
		return r
	}
	if c := o.condition("ReplicaFailure"); c.isTrue() {
		return degraded(c.why(), c.says())
	}
	want, available := o.replicas(), o.count("status", "availableReplicas")
	if available < want {
		return progressing("ReplicasStarting", "%d of %d replicas are available", available, want)
	}
	return healthy("ReplicasAvailable", "%d of %d replicas are available", available, want)
}

func statefulSet(o view) Result {
	if r, ok := o.notObserved(); ok {
		return r
	}
	want, ready, updated := o.replicas(), o.count("status", "readyReplicas"), o.count("status", "updatedReplicas")
	if ready < want {
		return progressing("ReplicasStarting", "%d of %d replicas are ready", ready, want)
	}
	if o.str("spec", "updateStrategy", "type") == "OnDelete" {
		return healthy("UpdatesOnDelete", "%d of %d replicas are ready; pods are updated when somebody deletes them", ready, want)
	}
	if o.at("spec", "updateStrategy", "rollingUpdate") != nil {
		partition := o.count("spec", "updateStrategy", "rollingUpdate", "partition")
		if updated < want-partition {
			return progressing("ReplicasUpdating", "%d of %d replicas are updated", updated, want-partition)
		}
		if partition > 0 {
			return healthy("ReplicasAvailable", "%d of %d replicas are updated; partition %d keeps the others as they are", updated, want, partition)
		}
		return healthy("ReplicasAvailable", "%d of %d replicas are updated and ready", updated, want)
	}
	if current, update := o.str("status", "currentRevision"), o.str("status", "updateRevision"); current != update {
		return progressing("ReplicasUpdating", "%d of %d replicas are at revision %s", updated, want, update)
	}
	return healthy("ReplicasAvailable", "%d of %d replicas are ready", ready, want)
}

func daemonSet(o view) Result {
	if r, ok := o.notObserved(); ok {
		return r
	}
	want := o.count("status", "desiredNumberScheduled")
	updated, available := o.count("status", "updatedNumberScheduled"), o.count("status", "numberAvailable")
	if o.str("spec", "updateStrategy", "type") == "OnDelete" {
		return healthy("UpdatesOnDelete", "%d of %d pods are available; pods are updated when somebody deletes them", available, want)
	}
	switch {
	case updated < want:
		return progressing("PodsUpdating", "%d of %d pods are updated", updated, want)
	case available < want:
		return progressing("PodsStarting", "%d of %d pods are available", available, want)
	}
	return healthy("PodsAvailable", "%d of %d pods are updated and available", available, want)
}
