package sync

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/sync/dialect"
)

// steps runs the graph. Writes are bounded by the engine's concurrency; gates only wait and are not.
func (r *run) steps(ctx context.Context) {
	s, err := newSchedule(r.p.steps)
	if err != nil {
		r.broken = true
		r.send(ctx, Event{Type: Failed, Err: fmt.Errorf("run: %w", err)})
		return
	}
	s.lenient = r.e.opts.OnFailure == BestEffort
	type answer struct {
		step int
		err  error
	}
	answers := make(chan answer)
	var writes, gates queue
	push := func(i int) {
		if a := s.steps[i].Action; a == Gate || a == Hook { // which wait, above all
			gates.push(i)
		} else {
			writes.push(i)
		}
	}
	for i := range s.steps {
		switch {
		case s.steps[i].Action == Skip:
			s.state[i] = succeeded
			r.send(ctx, Event{Type: Skipped, Step: s.steps[i].ID, Action: Skip, Ref: s.steps[i].Ref, Message: s.steps[i].Reason})
		case s.steps[i].Phase == dialect.SyncFail:
			s.state[i] = succeeded // It has its time when all others have had theirs.
		case s.missing[i] == 0:
			push(i)
		}
	}
	inFlight, writing := 0, 0
	for {
		for ctx.Err() == nil {
			i, ok := gates.pop()
			if !ok && writing < r.e.opts.Concurrency {
				i, ok = writes.pop()
			}
			if !ok {
				break
			}
			step := &s.steps[i]
			if err := r.closed(step, r.broken); err != nil {
				r.send(ctx, Event{Type: Blocked, Step: step.ID, Action: step.Action, Ref: step.Ref, Message: err.Error()})
				for _, j := range r.block(ctx, s, i) {
					push(j)
				}
				continue
			}
			s.state[i] = running
			inFlight++
			if step.Action != Gate && step.Action != Hook {
				writing++
			}
			r.send(ctx, Event{Type: Started, Step: step.ID, Action: step.Action, Ref: step.Ref, Message: step.Reason})
			go func() { answers <- answer{i, r.do(ctx, step, len(s.after[i]) > 0)} }()
		}
		if inFlight == 0 {
			if ctx.Err() == nil {
				r.stuck(ctx, s)
				r.finish(ctx)
			}
			return
		}
		a := <-answers
		inFlight--
		step := &s.steps[a.step]
		if step.Action != Gate && step.Action != Hook {
			writing--
		}
		if a.err != nil {
			r.broken = true
			r.send(ctx, Event{Type: Failed, Step: step.ID, Action: step.Action, Ref: step.Ref, Err: a.err, Message: a.err.Error()})
			for _, i := range r.block(ctx, s, a.step) {
				push(i)
			}
			continue
		}
		r.send(ctx, Event{Type: Done, Step: step.ID, Action: step.Action, Ref: step.Ref})
		for _, i := range s.succeed(a.step) {
			push(i)
		}
	}
}

// finish does what is left to do for hooks when every step has had its time.
func (r *run) finish(ctx context.Context) {
	if !r.broken {
		r.tidy(ctx, dialect.HookSucceeded)
		return
	}
	r.failures(ctx, r.p.steps)
	r.tidy(ctx, dialect.HookFailed)
}

// closed says why a step that could start must not.
func (r *run) closed(step *Step, broken bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.down != nil:
		return fmt.Errorf("the server is not available: %w", r.down)
	case broken && step.Action == Prune:
		return errors.New("nothing is pruned after a failure")
	case broken && r.e.opts.OnFailure == Stop:
		return errors.New("nothing is started after a failure")
	}
	return nil
}

// block reports what cannot start any longer because of step i, and returns what can all the same.
func (r *run) block(ctx context.Context, s *schedule, i int) (ready []int) {
	lost, ready := s.fail(i)
	for _, j := range lost {
		step := &s.steps[j]
		r.send(ctx, Event{Type: Blocked, Step: step.ID, Action: step.Action, Ref: step.Ref, Message: "it needs " + s.steps[i].ID})
	}
	return ready
}

// stuck reports the steps that are left when nothing is under way: those that need each other, and what needs them.
func (r *run) stuck(ctx context.Context, s *schedule) {
	for i := s.circle(); i >= 0; i = s.circle() {
		step := &s.steps[i]
		r.broken = true
		err := fmt.Errorf("run %s: it can never start: it needs %s, which in the end needs it", step.ID, strings.Join(s.unmet(i), " and "))
		r.send(ctx, Event{Type: Failed, Step: step.ID, Action: step.Action, Ref: step.Ref, Err: err, Message: err.Error()})
		r.block(ctx, s, i)
	}
}

// do carries one step out. Needed says that another step waits for it.
func (r *run) do(ctx context.Context, s *Step, needed bool) error {
	var err error
	switch s.Action {
	case Gate:
		return r.gate(ctx, s)
	case Hook:
		err = r.hook(ctx, s)
	case Prune:
		err = r.prune(ctx, s, needed)
	default:
		err = r.write(ctx, s)
	}
	r.tired(ctx, err)
	return err
}

// shortPatience is what is left for a request after another had used up all patience, so that a fault that hits every object,
// such as a webhook that does not answer, costs the run its patience once.
const shortPatience = time.Second

func (r *run) patience() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.spent {
		return min(shortPatience, r.e.opts.Patience)
	}
	return r.e.opts.Patience
}

// tired notes a fault that did not pass in time. When not even an answer came, the server is gone for the run.
func (r *run) tired(ctx context.Context, err error) {
	if err == nil || !cluster.Retryable(err) || ctx.Err() != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spent = true
	var fault *cluster.Error
	if errors.As(err, &fault) && fault.Code == 0 {
		r.down = err
	}
}
