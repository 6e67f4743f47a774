package sync

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/health"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// gate waits for the health of a step's objects, and for its kinds to be served.
func (r *run) gate(ctx context.Context, s *Step) error {
	if len(s.Waits) > 0 {
		targets := make([]*target, 0, len(s.Waits))
		for _, ref := range s.Waits {
			targets = append(targets, r.target(ref))
		}
		check := r.e.opts.Health
		if len(s.probes) > 0 {
			check = established
		}
		w := &waiter{e: r.e, targets: targets, check: check, stopOnFailure: true, emit: func(ev Event) {
			ev.Step, ev.Action = s.ID, Gate
			r.send(ctx, ev)
		}}
		if err := w.wait(ctx); err != nil {
			return fmt.Errorf("wait %s: %w", s.ID, err)
		}
	}
	for _, p := range s.probes {
		if err := r.e.served(ctx, p, s.Deadline); err != nil {
			return fmt.Errorf("wait %s: %w", s.ID, err)
		}
	}
	return nil
}

// target finds what a gate has to know about an object: where to watch it, and what it was when we wrote it.
func (r *run) target(ref cluster.Ref) *target {
	t := &target{ref: ref}
	if o := r.p.byRef[ref]; o != nil {
		t.version, t.origin = o.version, o.origin
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.written[ref]; w != nil {
		t.uid, t.generation = w.GetUID(), w.GetGeneration()
	}
	return t
}

// served waits until the server answers for a kind at a version. Definitions have no event for that: the condition comes a
// moment before the first answer.
func (e *Engine) served(ctx context.Context, p probe, deadline time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, deadline, fmt.Errorf("%s is not served at version %s after %v", p.ref.GroupKind(), p.version, deadline))
	defer cancel()
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		_, err := e.client.Get(ctx, p.ref, cluster.GetOptions{Version: p.version})
		var discovery *cluster.DiscoveryError
		if err == nil || errors.Is(err, cluster.ErrNotFound) {
			return nil
		}
		if ctx.Err() == nil && !errors.Is(err, cluster.ErrNoKind) && !errors.As(err, &discovery) && !cluster.Retryable(err) {
			return err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// Wait watches every object of a plan until it is healthy, or suspended, or has been in another state for [Options].Grace
// that waiting will not end: Degraded, or one that no controller has reported on. It makes no write. Events are
// [HealthChanged] and [Warning]; the latter names each object that no controller has reported on, which counts neither as
// healthy nor as a failure. At the end, or when [Options].Deadline is over, a [*HealthError] names all that is not healthy.
//
// The pair is (event, nil), or (zero, err) once, which ends the stream; breaking out stops the watches. The sequence is used
// once.
func (e *Engine) Wait(ctx context.Context, p *Plan) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if p == nil {
			yield(Event{}, errors.New("wait: there is no plan"))
			return
		}
		var targets []*target
		for _, o := range p.objects {
			if o.skip == "" && !o.unselected && !o.asks.IgnoreHealth {
				targets = append(targets, &target{ref: o.ref, version: o.version, origin: o.origin})
			}
		}
		inner, cancel := context.WithCancel(ctx)
		events := make(chan Event)
		var err error
		go func() {
			defer close(events)
			w := &waiter{e: e, targets: targets, check: e.opts.Health, emit: func(ev Event) {
				select {
				case events <- ev:
				case <-inner.Done():
				}
			}}
			err = w.wait(inner)
		}()
		defer func() {
			cancel()
			for range events {
			}
		}()
		for ev := range events {
			if !yield(ev, nil) {
				return
			}
		}
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			yield(Event{}, err)
		}
	}
}

// unreported says that no controller has said anything about an object, and perhaps none ever will.
func unreported(r health.Result) bool { return r.Status == health.Unknown && r.Reason == "NoStatus" }

// established judges a CustomResourceDefinition by whether its kind is served, whatever the caller's checker makes of it.
var established = health.CheckerFunc(func(obj *unstructured.Unstructured) (health.Result, error) {
	out := health.Result{Status: health.Progressing, Reason: "NotEstablished", Message: "its kind is not served yet"}
	if obj == nil {
		return health.Result{Status: health.Missing, Reason: "Missing", Message: "it does not exist"}, nil
	}
	conditions, _, _ := unstructured.NestedSlice(obj.Object, "status", "conditions")
	for _, c := range conditions {
		m, _ := c.(map[string]any)
		switch {
		case m["type"] == "Established" && m["status"] == "True":
			return health.Result{Status: health.Healthy, Reason: "Established"}, nil
		case m["type"] == "NamesAccepted" && m["status"] == "False":
			text, _ := m["message"].(string)
			out = health.Result{Status: health.Degraded, Reason: "NamesNotAccepted", Message: text}
		}
	}
	return out, nil
})
