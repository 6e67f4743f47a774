package sync

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/health"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// target is an object whose health is waited for.
type target struct {
	ref     cluster.Ref
	version string
	origin  cluster.Origin
	// uid and generation are those that our write led to. A state before it says nothing.
	uid        types.UID
	generation int64

	seen   bool
	health health.Result
	// since is when the object got its status.
	since   time.Time
	decided bool
}

// waiter follows targets by watch until all are decided.
type waiter struct {
	e       *Engine
	targets []*target
	check   health.Checker
	// stopOnFailure gives up when the first target has failed.
	stopOnFailure bool
	emit          func(Event)
}

// sighting is a state of a target, or the end of what is present at the start, or a watch that ended.
type sighting struct {
	target *target
	obj    *unstructured.Unstructured
	synced []*target
	err    error
}

func (w *waiter) wait(ctx context.Context) error {
	if len(w.targets) == 0 {
		return nil
	}
	inner, cancel := context.WithCancel(ctx)
	sightings := make(chan sighting)
	var watches sync.WaitGroup
	for sel, group := range w.groups() {
		watches.Go(func() { w.watch(inner, sel, group, sightings) })
	}
	defer watches.Wait()
	defer cancel()

	deadline := time.NewTimer(w.e.opts.Deadline)
	defer deadline.Stop()
	for {
		next, failed := w.decide(time.Now())
		switch {
		case failed && w.stopOnFailure:
			return w.verdict(false)
		case next == 0:
			return w.verdict(false)
		}
		again := time.NewTimer(next)
		select {
		case s := <-sightings:
			if s.err != nil {
				again.Stop()
				return s.err
			}
			w.note(s)
		case <-again.C:
		case <-deadline.C:
			again.Stop()
			return w.verdict(true)
		case <-ctx.Done():
			again.Stop()
			return context.Cause(ctx)
		}
		again.Stop()
	}
}

// groups puts targets under one watch that share a kind, version and namespace; one alone is watched by name, more by the set's
// labels.
func (w *waiter) groups() map[cluster.Selector][]*target {
	byKind := map[cluster.Selector][]*target{}
	for _, t := range w.targets {
		sel := cluster.Selector{Group: t.ref.Group, Version: t.version, Kind: t.ref.Kind, Namespace: t.ref.Namespace}
		byKind[sel] = append(byKind[sel], t)
	}
	m, err := marksOf(w.e.inv)
	out := make(map[cluster.Selector][]*target, len(byKind))
	for sel, group := range byKind {
		switch {
		case len(group) == 1:
			sel.Fields = "metadata.name=" + group[0].ref.Name
		case err == nil:
			sel.Labels = selector(m.labels)
		}
		out[sel] = group
	}
	return out
}

// watch reports the states of a group's targets until ctx ends or the watch does.
func (w *waiter) watch(ctx context.Context, sel cluster.Selector, group []*target, out chan<- sighting) {
	byRef := map[cluster.Ref]*target{}
	for _, t := range group {
		byRef[t.ref] = t
	}
	report := func(s sighting) {
		select {
		case out <- s:
		case <-ctx.Done():
		}
	}
	for ev, err := range w.e.client.Watch(ctx, sel) {
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, cluster.ErrNoKind) {
			// An object of a kind that is not served does not exist.
			report(sighting{synced: group})
			return
		}
		if err != nil {
			report(sighting{err: err})
			return
		}
		if ev.Type == cluster.Synced {
			report(sighting{synced: group})
			continue
		}
		t := byRef[cluster.RefOf(ev.Object)]
		switch {
		case t == nil:
		case ev.Type == cluster.Deleted:
			report(sighting{target: t})
		default:
			report(sighting{target: t, obj: ev.Object})
		}
	}
	if ctx.Err() == nil {
		report(sighting{err: errors.New("the watch of " + sel.Kind + " ended")})
	}
}

// note takes a sighting in.
func (w *waiter) note(s sighting) {
	for _, t := range s.synced {
		if !t.seen {
			w.judge(t, nil)
		}
	}
	if s.target != nil {
		w.judge(s.target, s.obj)
	}
}

func (w *waiter) judge(t *target, obj *unstructured.Unstructured) {
	if obj != nil && t.uid != "" && obj.GetUID() == t.uid && obj.GetGeneration() < t.generation {
		return
	}
	result, err := w.check.Check(obj)
	if err != nil {
		result = health.Result{Status: health.Unknown, Reason: "CheckFailed", Message: err.Error()}
	}
	t.seen = true
	if result == t.health {
		return
	}
	if result.Status != t.health.Status || unreported(result) != unreported(t.health) {
		t.since = time.Now()
	}
	t.health, t.decided = result, false
	w.emit(Event{Type: HealthChanged, Ref: t.ref, Health: result, Message: firstNonEmpty(result.Message, result.Reason)})
}

// decide settles what can be settled. Next is when to look again at the latest, 0 when all is decided; failed says that a
// target has failed for good.
func (w *waiter) decide(now time.Time) (next time.Duration, failed bool) {
	for _, t := range w.targets {
		if !t.decided && t.seen {
			grace := w.e.opts.Grace - now.Sub(t.since)
			switch {
			case settled(t.health):
				t.decided = true
			case !unreported(t.health) && t.health.Status != health.Degraded:
			case grace > 0:
				next = shorter(next, grace)
			default:
				t.decided = true
				if unreported(t.health) {
					w.emit(Event{Type: Warning, Ref: t.ref, Health: t.health, Message: "no controller has reported on it; it is not known to be healthy"})
				}
			}
		}
		if t.decided && t.health.Status == health.Degraded {
			failed = true
		}
		if !t.decided {
			next = shorter(next, time.Hour)
		}
	}
	return next, failed
}

func shorter(a, b time.Duration) time.Duration {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// verdict is nil when every target is where it shall be, or is one that nobody reports on.
func (w *waiter) verdict(deadline bool) error {
	var bad []Unhealthy
	for _, t := range w.targets {
		if settled(t.health) || t.decided && unreported(t.health) {
			continue
		}
		u := Unhealthy{Ref: t.ref, Origin: t.origin, Result: t.health}
		if !t.seen {
			u.Result = health.Result{Status: health.Unknown, Reason: "NotSeen", Message: "the server did not tell its state"}
		}
		bad = append(bad, u)
	}
	if len(bad) == 0 {
		return nil
	}
	slices.SortFunc(bad, func(a, b Unhealthy) int { return a.Ref.Compare(b.Ref) })
	return &HealthError{Objects: bad, Deadline: deadline}
}
