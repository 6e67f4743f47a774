package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// maxRechecks bounds how often a step looks again at an object that other writers keep moving.
const maxRechecks = 20

// recheckPause is before the next attempt to create an object that is in the way and cannot be found.
const recheckPause = 50 * time.Millisecond

// write applies the object of a create, update or adopt step.
func (r *run) write(ctx context.Context, s *Step) error {
	o := r.p.objects[s.object]
	fail := func(err error) error { return &Error{Op: "apply", Ref: o.ref, Origin: o.origin, Err: err} }
	for _, text := range unheard(o.asks) {
		r.send(ctx, Event{Type: Warning, Step: s.ID, Action: s.Action, Ref: s.Ref, Message: text})
	}
	uid, version := s.UID, s.ResourceVersion // Without a UID the object must not be there.
	if s.terminating {
		if err := r.gone(ctx, o.ref, o.version, s.UID); err != nil {
			return fail(err)
		}
		uid, version = "", ""
	}
	for range maxRechecks {
		w, err := r.apply(ctx, o, uid, version)
		if err == nil {
			r.applied(ctx, s, w)
			return nil
		}
		if ctx.Err() != nil || !moved(err, uid) {
			return fail(err)
		}
		live, getErr := r.e.get(ctx, o.ref, o.version)
		if getErr != nil {
			return fail(getErr)
		}
		if uid == "" && live == nil {
			// What was in the way is gone, or not yet known to a client that reads from memory.
			if err := sleep(ctx, recheckPause); err != nil {
				return fail(err)
			}
			continue
		}
		same, why := r.recheck(s, o, live)
		var conflict *cluster.ConflictError
		switch {
		case why != nil:
			return fail(why)
		case same:
			r.applied(ctx, s, &cluster.Written{Object: live})
			return nil
		case errors.As(err, &conflict) && uid != "":
			return fail(err)
		case uid == "":
			r.send(ctx, Event{Type: Warning, Action: s.Action, Ref: o.ref, Message: "the cluster made the object in the namespace that this run created; it is applied onto"})
		}
		uid, version = live.GetUID(), live.GetResourceVersion()
	}
	return fail(stale("the object keeps changing; %d attempts met another state each", maxRechecks))
}

// moved says that a refusal may come from a change since the plan, so that the object has to be looked at. The server looks at
// conflicts over fields before it looks at preconditions, so one may stand for the other.
func moved(err error, uid types.UID) bool {
	var conflict *cluster.ConflictError
	return errors.Is(err, cluster.ErrConflict) || errors.As(err, &conflict) || uid != "" && errors.Is(err, cluster.ErrNotFound)
}

// recheck compares the object as it is now. Same means that nothing is left to do, as after an answer that got lost; the
// error says why the step must not be carried out.
func (r *run) recheck(s *Step, o *object, live *unstructured.Unstructured) (same bool, err error) {
	switch {
	case live == nil:
		return false, stale("the object was deleted")
	case live.GetDeletionTimestamp() != nil:
		return false, stale("the object is being deleted")
	case s.UID != "" && !s.terminating && live.GetUID() != s.UID:
		return false, stale("the object was replaced by another of that name")
	}
	c, err := r.e.comparer.Compare(o.desired, live)
	if err != nil {
		return false, err
	}
	switch {
	case c.Verdict == diff.Same:
		return true, nil
	case r.made(o, live):
		o.comparison = c
		return false, nil
	case s.UID == "" || s.terminating:
		return false, stale("an object of that name appeared since")
	case c.Fingerprint() == o.comparison.Fingerprint():
		o.comparison = c // What is to be left alone is as it is now.
		return false, nil
	}
	return false, stale("the object changed since")
}

// made says that a controller may have put the object there since: this run created its namespace, and no other set owns it.
func (r *run) made(o *object, live *unstructured.Unstructured) bool {
	ns := cluster.Ref{Kind: "Namespace", Name: o.ref.Namespace}
	r.mu.Lock()
	written := r.written[ns] != nil
	r.mu.Unlock()
	if !written || !slices.ContainsFunc(r.p.steps, func(s Step) bool { return s.Ref == ns && s.Action == Create }) {
		return false
	}
	m, err := marksOf(r.e.inv)
	return err == nil && m.foreign(live) == ""
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// schemaLag is how long a server may take to use a definition that was just changed. In tests it takes tenths of a second.
const schemaLag = 5 * time.Second

// again says which faults may pass. What a definition made possible a moment ago takes the server another moment.
func (r *run) again(o *object) func(error) bool {
	r.mu.Lock()
	changed := o.crd != nil && r.written[o.crd.ref] != nil
	r.mu.Unlock()
	if !changed {
		return cluster.Retryable
	}
	end := time.Now().Add(schemaLag)
	return func(err error) bool {
		if cluster.Retryable(err) {
			return true
		}
		var invalid *cluster.InvalidError
		lag := errors.As(err, &invalid) || errors.Is(err, cluster.ErrNoKind) || errors.Is(err, cluster.ErrNotFound)
		return lag && time.Now().Before(end)
	}
}

// apply sends the object.
func (r *run) apply(ctx context.Context, o *object, uid types.UID, version string) (w *cluster.Written, err error) {
	opts := cluster.WriteOptions{Manager: r.e.opts.Manager, Force: r.e.opts.Force, UID: uid, ResourceVersion: version, Absent: uid == "", Validation: o.asks.Validation}
	sent := 0
	err = r.e.retryIf(ctx, r.patience(), r.again(o), func() error {
		sent++
		w, err = r.e.client.Apply(ctx, o.comparison.Object(), opts)
		return err
	})
	if err != nil && sent > 1 {
		err = fmt.Errorf("%w, after %s", err, count(sent, "attempt"))
	}
	return w, err
}

// applied keeps what the server answered.
func (r *run) applied(ctx context.Context, s *Step, w *cluster.Written) {
	r.mu.Lock()
	r.done.uids[s.Ref] = w.Object.GetUID()
	r.written[s.Ref] = w.Object
	r.mu.Unlock()
	for _, text := range w.Warnings {
		r.send(ctx, Event{Type: Warning, Step: s.ID, Action: s.Action, Ref: s.Ref, Message: text})
	}
}
