package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/health"
	"github.com/setpoint-dev/setpoint/sync/dialect"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// hook runs a hook to its end. That it was started is recorded when its object is there, and its outcome before anything is done
// about it, so that whoever takes this run's place neither starts it again nor takes it for done. Between the object and the record it
// is the object itself that tells; one that is gone by then, as after a ttl of no time, is started again.
func (r *run) hook(ctx context.Context, s *Step) error {
	h := s.hook
	fail := func(err error) error { return &Error{Op: "hook", Ref: h.ref, Origin: h.origin, Err: err} }
	uid, generation, err := r.begin(ctx, h)
	if err != nil {
		return fail(err)
	}
	if err := r.note(ctx, HookRun{Step: h.id, Ref: h.ref, UID: uid}); err != nil {
		return fail(err)
	}
	end := r.await(ctx, s, uid, generation)
	if end != nil && ctx.Err() != nil {
		return fail(end)
	}
	outcome := HookHasSucceeded
	if end != nil {
		outcome = HookHasFailed
	}
	if err := r.note(ctx, HookRun{Step: h.id, Ref: h.ref, UID: uid, Outcome: outcome}); err != nil {
		return fail(errors.Join(end, err))
	}
	if end != nil {
		return fail(end)
	}
	return nil
}

// begin makes the object of a hook, or finds the one that this run has made before.
func (r *run) begin(ctx context.Context, h *hook) (uid types.UID, generation int64, err error) {
	before := r.started(h.id)
	for range maxRechecks {
		live, err := r.e.get(ctx, h.ref, h.version)
		// What is defined by the same plan may not be served yet.
		if err != nil && !(h.unserved && errors.Is(err, cluster.ErrNoKind)) {
			return "", 0, err
		}
		switch {
		case before != nil && (live == nil || live.GetUID() != before.UID):
			return "", 0, fmt.Errorf("%w: its object was made before and is gone; nobody saw whether it did its work", ErrHookLost)
		case live == nil:
		case live.GetAnnotations()[AnnotationOperation] == h.mark(r.p.operation):
			return live.GetUID(), live.GetGeneration(), nil
		default:
			if err := r.clear(ctx, h, live); err != nil {
				return "", 0, err
			}
		}
		w, err := r.create(ctx, h)
		if err == nil {
			return w.Object.GetUID(), w.Object.GetGeneration(), nil
		}
		if ctx.Err() != nil || !errors.Is(err, cluster.ErrConflict) {
			return "", 0, err
		}
		// Something is in the way: an answer that got lost, or somebody else.
		if err := sleep(ctx, recheckPause); err != nil {
			return "", 0, err
		}
	}
	return "", 0, stale("an object of that name is there whenever it is to be made, and gone when it is looked at")
}

func (r *run) create(ctx context.Context, h *hook) (w *cluster.Written, err error) {
	opts := cluster.WriteOptions{Manager: r.e.opts.Manager, Absent: true, Validation: h.asks.Validation}
	err = r.e.retryIf(ctx, r.patience(), r.again(h.object), func() error {
		w, err = r.e.client.Apply(ctx, h.manifest(r.p.operation), opts)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, text := range append(w.Warnings, h.asks.Notes...) {
		r.send(ctx, Event{Type: Warning, Step: h.id, Action: Hook, Ref: h.ref, Message: text})
	}
	return w, nil
}

// clear deletes what is in a hook's way, if that is the set's own: what an earlier run of the hook left, or a member that has become
// the hook. What another tool left is deleted when it is a hook that has ended. Nothing is started next to what still ends, pods included.
func (r *run) clear(ctx context.Context, h *hook, live *unstructured.Unstructured) error {
	m, err := marksOf(r.e.inv)
	if err != nil {
		return err
	}
	member := slices.ContainsFunc(r.p.record.Members, func(o Member) bool {
		return o.Ref == h.ref && o.UID != "" && notOurs(live, o.UID, m, r.e.opts.Manager) == ""
	})
	if !member {
		if err := r.clearable(h, live, m); err != nil {
			return err
		}
	}
	err = r.e.retryIf(ctx, r.patience(), cluster.Retryable, func() error {
		return r.e.client.Delete(ctx, h.ref, cluster.DeleteOptions{UID: live.GetUID(), Propagation: cluster.PropagationForeground})
	})
	if err != nil && !errors.Is(err, cluster.ErrNotFound) {
		return err
	}
	if err := r.gone(ctx, h.ref, h.version, live.GetUID()); err != nil {
		return err
	}
	if member {
		r.mu.Lock()
		r.done.pruned[h.ref] = true
		r.mu.Unlock()
	}
	return nil
}

// clearable says why what is in a hook's way has to stay.
func (r *run) clearable(h *hook, live *unstructured.Unstructured, m marks) error {
	asks, err := r.e.opts.Dialect.Read(live)
	by := live.GetAnnotations()[AnnotationOperation]
	ended := func() bool {
		state, err := r.e.opts.Health.Check(live)
		return err == nil && (state.Status == health.Healthy || state.Status == health.Degraded)
	}
	switch {
	case err != nil:
		return fmt.Errorf("an object of that name is there, and what it is cannot be read: %w", err)
	case !asks.Hook():
		return errors.New("an object of that name is there that is no hook; it is left alone")
	case m.foreign(live) != "", by != "" && setOf(by) != setOf(r.p.operation):
		return fmt.Errorf("%w: a hook of that name is there; it is left alone", ErrForeign)
	case by == "" && !ended():
		return errors.New("a hook of that name is there that another tool runs; it is left alone until it has ended")
	case strings.HasPrefix(by, r.p.operation+"/"):
		return nil // This run made it, for another phase.
	case !h.deleted(dialect.BeforeHookCreation):
		return fmt.Errorf("the object of an earlier run is there, and the delete policy keeps it: add %s", dialect.BeforeHookCreation)
	}
	return nil
}

// await waits until a hook has ended.
func (r *run) await(ctx context.Context, s *Step, uid types.UID, generation int64) error {
	t := &target{ref: s.Ref, version: s.hook.version, origin: s.Origin, uid: uid, generation: generation}
	lost := false
	w := &waiter{e: r.e, targets: []*target{t}, stopOnFailure: true, emit: func(ev Event) {
		ev.Step, ev.Action = s.ID, Hook
		r.send(ctx, ev)
	}}
	w.check = health.CheckerFunc(func(obj *unstructured.Unstructured) (health.Result, error) {
		if lost = obj == nil || obj.GetUID() != uid; lost {
			return health.Result{Status: health.Degraded, Reason: "HookLost", Message: "its object is gone"}, nil
		}
		state, err := r.e.opts.Health.Check(obj)
		switch {
		case err != nil:
		case state.Status == health.Suspended:
			state.Status, state.Message = health.Progressing, firstNonEmpty(state.Message, "it is suspended")
		case unreported(state):
			state = health.Result{Status: health.Progressing, Reason: "Waiting", Message: "no controller has reported on it"}
		}
		return state, err
	})
	err := w.wait(ctx)
	if err != nil && lost && ctx.Err() == nil {
		return fmt.Errorf("%w: its object went before it was seen to end: %w", ErrHookLost, err)
	}
	return err
}

// started is what is recorded of a hook, nil when nothing is.
func (r *run) started(id string) *HookRun {
	r.saving.Lock()
	defer r.saving.Unlock()
	if r.record.Operation == nil {
		return nil
	}
	for i := range r.record.Operation.Hooks {
		if r.record.Operation.Hooks[i].Step == id {
			return &r.record.Operation.Hooks[i]
		}
	}
	return nil
}

// note records what is known of a hook.
func (r *run) note(ctx context.Context, h HookRun) error {
	r.saving.Lock()
	defer r.saving.Unlock()
	op := *r.record.Operation
	op.Hooks = slices.Clone(op.Hooks)
	i := slices.IndexFunc(op.Hooks, func(o HookRun) bool { return o.Step == h.Step })
	switch {
	case i < 0:
		op.Hooks = append(op.Hooks, h)
	case op.Hooks[i] == h:
		return nil
	default:
		op.Hooks[i] = h
	}
	return r.store(ctx, &Record{Members: r.record.Members, Operation: &op, Applied: r.record.Applied})
}

// failures runs the hooks for a failed sync, wave after wave.
func (r *run) failures(ctx context.Context, steps []Step) {
	for i := range steps {
		s := &steps[i]
		if s.Phase != dialect.SyncFail || ctx.Err() != nil {
			continue
		}
		if err := r.closed(s, false); err != nil {
			r.send(ctx, Event{Type: Blocked, Step: s.ID, Action: Hook, Ref: s.Ref, Message: err.Error()})
			continue
		}
		if run := r.started(s.ID); run != nil && run.Outcome == HookHasSucceeded {
			continue // The run that this one goes on with got so far.
		}
		r.send(ctx, Event{Type: Started, Step: s.ID, Action: Hook, Ref: s.Ref, Message: s.Reason})
		if err := r.hook(ctx, s); err != nil {
			r.send(ctx, Event{Type: Failed, Step: s.ID, Action: Hook, Ref: s.Ref, Err: err, Message: err.Error()})
			continue
		}
		r.send(ctx, Event{Type: Done, Step: s.ID, Action: Hook, Ref: s.Ref})
	}
}

// tidy deletes the objects of hooks that are to go when the sync has ended this way. One that cannot be deleted is a warning: the next
// run of the hook does it, and nothing depends on it until then.
func (r *run) tidy(ctx context.Context, when dialect.HookDelete) {
	if r.record.Operation == nil || r.record.Operation.ID != r.p.operation {
		return
	}
	for _, h := range r.p.hooks {
		run := r.started(h.id)
		if run == nil || run.UID == "" || !h.deleted(when) {
			continue
		}
		err := r.e.retryIf(ctx, r.patience(), cluster.Retryable, func() error {
			return r.e.client.Delete(ctx, run.Ref, cluster.DeleteOptions{UID: run.UID, Propagation: cluster.PropagationBackground})
		})
		if err != nil && !errors.Is(err, cluster.ErrNotFound) && !errors.Is(err, cluster.ErrConflict) && ctx.Err() == nil {
			r.send(ctx, Event{Type: Warning, Step: h.id, Action: Hook, Ref: h.ref, Message: "it could not be deleted: " + err.Error()})
		}
	}
}
