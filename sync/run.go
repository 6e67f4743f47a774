package sync

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// Run carries a plan out. It saves the record with everything that will exist, starts each step when the steps that it needs have
// succeeded, and saves the record with everything that does exist. A step whose object changed since the plan is compared
// anew and carried out only if the comparison comes to the same; else it fails with [ErrStale].
//
// A step that fails is an event, stops only what needs it, and keeps everything from being pruned. The pair is (event, nil), or
// (zero, err) once, which ends the stream: [ErrTarget] when the plan was made for another cluster, inventory or field
// manager, [ErrStale] when the record is not the plan's any longer, a fault of the inventory, or ctx's cause. Breaking out and the end of ctx stop the work: nothing more is sent, and the record stays true, with
// objects in it that may not have been made yet. The sequence is used once, and so is a plan: to go on, plan again.
//
// An empty plan sends no request. No plan, nil, is an error.
func (e *Engine) Run(ctx context.Context, p *Plan) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if p == nil {
			yield(Event{}, errors.New("run: there is no plan"))
			return
		}
		if p.Empty() {
			return
		}
		if err := e.aim(ctx, p); err != nil {
			yield(Event{}, ended(ctx, err))
			return
		}
		run := &run{e: e, p: p, events: make(chan Event), done: outcome{uids: map[cluster.Ref]types.UID{}, pruned: map[cluster.Ref]bool{}}, written: map[cluster.Ref]*unstructured.Unstructured{}}
		if err := run.open(ctx); err != nil {
			yield(Event{}, ended(ctx, err))
			return
		}
		inner, cancel := context.WithCancel(ctx)
		go func() {
			defer close(run.events)
			run.steps(inner)
		}()
		// Also when the caller's loop panics, nothing keeps running.
		defer func() {
			cancel()
			for range run.events {
			}
		}()
		for ev := range run.events {
			if !yield(ev, nil) {
				return
			}
		}
		if ctx.Err() != nil {
			yield(Event{}, context.Cause(ctx))
			return
		}
		if err := run.close(ctx); err != nil {
			yield(Event{}, ended(ctx, err))
		}
	}
}

// aim says why the engine must not run a plan that was made for something else. An engine that has planned before knows its
// cluster; another asks once.
func (e *Engine) aim(ctx context.Context, p *Plan) error {
	m, err := marksOf(e.inv)
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	now, err := e.target(ctx, m)
	if err == nil {
		err = sameTarget(p.target, now)
	}
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	return nil
}

// ended is the cause of ctx's end in place of what it made of a request.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// run is one execution of a plan.
type run struct {
	e      *Engine
	p      *Plan
	record *Record
	events chan Event

	// saving guards record, which hooks save while the run goes on.
	saving sync.Mutex
	mu     sync.Mutex
	done   outcome
	// broken says that a step has failed.
	broken bool
	// written are the objects as the server answered to our writes.
	written map[cluster.Ref]*unstructured.Unstructured
	// down is the fault of a server that did not come back in time; nothing more is sent after it.
	down error
	// spent says that a request has used up all patience.
	spent bool
}

// open saves the union of old and new, unless nothing will be written, or only members will that the record has already.
// Before a prune it is saved in any case: that the record is still the plan's is what makes the plan's decision to prune good.
func (r *run) open(ctx context.Context) error {
	union := r.p.members(nil)
	r.record = &Record{Members: r.p.record.Members, Operation: r.p.record.Operation, Applied: r.p.record.Applied, Version: r.p.record.Version}
	sum := r.p.Summary()
	if sum.writes() == 0 || sum.Prune == 0 && len(r.p.hooks) == 0 && slices.Equal(union, r.record.Members) {
		return nil
	}
	op := &Operation{ID: r.p.operation, Desired: r.p.wanted, Hooks: r.p.journal, Plan: r.p.digest, Revision: r.p.revision, Started: time.Now().UTC().Truncate(time.Second)}
	if r.p.passing() {
		op = r.record.Operation
	}
	next := &Record{Members: union, Operation: op, Applied: r.record.Applied}
	if sum.Hook > 0 || r.p.manner.Delete {
		next.Applied = "" // Until it is brought about again.
	}
	return r.store(ctx, next)
}

// passing says that the run is about some objects only, while a whole one waits to be gone on with.
func (p *Plan) passing() bool { return p.selective && p.record.Operation != nil }

// close saves what exists now.
func (r *run) close(ctx context.Context) error {
	r.mu.Lock()
	members := r.p.members(&r.done)
	r.mu.Unlock()
	next := &Record{Members: members, Applied: r.record.Applied}
	switch {
	case r.p.passing():
		next.Operation = r.p.record.Operation
	case r.p.selective:
	case r.p.manner.Delete, !r.p.hooked && !r.broken:
		next.Applied = "" // Whoever brings a state with hooks back runs them.
	case r.p.hooked && !r.broken:
		next.Applied = r.p.wanted
	}
	if sameOperation(r.record.Operation, next.Operation) && next.Applied == r.record.Applied && slices.Equal(members, r.record.Members) {
		return nil
	}
	return r.store(ctx, next)
}

// store saves a record in place of the one that was stored last. When an answer got lost, the record that is found tells whether it was
// stored.
func (r *run) store(ctx context.Context, next *Record) error {
	next.Version = r.record.Version
	tried := false
	err := r.e.retry(ctx, func() error {
		if tried {
			now, err := r.e.inv.Load(ctx)
			if err != nil {
				return err
			}
			if slices.Equal(now.Members, next.Members) && now.Applied == next.Applied && sameOperation(now.Operation, next.Operation) {
				next.Version = now.Version
				return nil
			}
			if now.Version != next.Version {
				return fmt.Errorf("%w: its version is %q and not %q", cluster.ErrConflict, now.Version, next.Version)
			}
		}
		tried = true
		return r.e.inv.Save(ctx, next)
	})
	if errors.Is(err, cluster.ErrConflict) {
		return stale("run: the record was changed by another run: %w", err)
	}
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	r.record = next
	return nil
}

func sameOperation(a, b *Operation) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.ID == b.ID && a.Plan == b.Plan && slices.Equal(a.Hooks, b.Hooks)
}

// send reports an event unless nobody listens any longer.
func (r *run) send(ctx context.Context, ev Event) {
	select {
	case r.events <- ev:
	case <-ctx.Done():
	}
}
