package sync

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
	"golang.org/x/sync/errgroup"
)

// Rehearsal is what the server says of a plan's writes before any of them is made.
type Rehearsal struct {
	// Verified is the number of steps that the server would accept as things are.
	Verified int
	// Open are the steps that cannot be tried before others are done: an object whose namespace or definition the same plan makes,
	// or that takes the place of one which has to go first. They are in the order of the plan.
	Open []string
	// Warnings are those of the server, with their objects.
	Warnings []string
}

// Rehearse has the server try every write of a plan by a dry run, and changes nothing. The error joins an [*Error] for every step that
// the server refuses, so that all that is wrong is known at once; it is ctx's cause when that ends. Admission webhooks are
// asked too; one that has no support for dry runs makes the step a fault.
func (e *Engine) Rehearse(ctx context.Context, p *Plan) (*Rehearsal, error) {
	if p == nil {
		return nil, errors.New("rehearse: there is no plan")
	}
	if err := e.aim(ctx, p); err != nil {
		return nil, err
	}
	out := &Rehearsal{}
	faults := make([]error, len(p.steps))
	warnings := make([][]string, len(p.steps))
	var eg errgroup.Group
	eg.SetLimit(e.opts.Concurrency)
	for i := range p.steps {
		s := &p.steps[i]
		if !s.Action.Writes() {
			continue
		}
		if p.open(s) {
			out.Open = append(out.Open, s.ID)
			continue
		}
		out.Verified++
		eg.Go(func() error {
			warnings[i], faults[i] = e.rehearse(ctx, p, s)
			return nil
		})
	}
	_ = eg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	for i := range p.steps {
		out.Warnings = append(out.Warnings, warnings[i]...)
		if faults[i] != nil {
			out.Verified--
		}
	}
	return out, errors.Join(faults...)
}

// open says that a step cannot be tried before another is done.
func (p *Plan) open(s *Step) bool {
	if s.terminating {
		return s.Action != Prune
	}
	o := p.objectOf(s)
	if o == nil {
		return false
	}
	creates := func(r cluster.Ref) bool {
		return slices.ContainsFunc(p.steps, func(t Step) bool { return t.Ref == r && strings.HasPrefix(t.ID, string(Create)+"/") })
	}
	return o.unserved || o.crd != nil && creates(o.crd.ref) || s.Ref.Namespace != "" && creates(cluster.Ref{Kind: "Namespace", Name: s.Ref.Namespace})
}

// objectOf is the desired object of a step, nil for a prune.
func (p *Plan) objectOf(s *Step) *object {
	switch {
	case s.hook != nil:
		return s.hook.object
	case s.object >= 0:
		return p.objects[s.object]
	}
	return nil
}

func (e *Engine) rehearse(ctx context.Context, p *Plan, s *Step) (warnings []string, err error) {
	var w *cluster.Written
	op := "apply"
	err = e.retry(ctx, func() error {
		switch s.Action {
		case Prune:
			op = "prune"
			return e.client.Delete(ctx, s.Ref, cluster.DeleteOptions{UID: s.UID, Propagation: s.Propagation, DryRun: true})
		case Hook:
			// A hook is always made anew. What an earlier run left under its name says no more than that the name is taken, which the
			// server only says of an object that it would accept.
			op = "hook"
			w, err = e.client.Create(ctx, s.hook.manifest(p.operation), cluster.WriteOptions{Manager: e.opts.Manager, DryRun: true, Validation: s.hook.asks.Validation})
			return err
		}
		o := p.objects[s.object]
		w, err = e.client.Apply(ctx, o.comparison.Object(), cluster.WriteOptions{Manager: e.opts.Manager, Force: e.opts.Force, DryRun: true, Validation: o.asks.Validation})
		return err
	})
	if s.Action == Prune && errors.Is(err, cluster.ErrNotFound) || s.Action == Hook && errors.Is(err, cluster.ErrAlreadyExists) {
		return nil, nil
	}
	if err != nil {
		return nil, &Error{Op: op, Ref: s.Ref, Origin: s.Origin, Err: err}
	}
	if w != nil {
		for _, text := range w.Warnings {
			warnings = append(warnings, s.Ref.String()+": "+text)
		}
	}
	return warnings, nil
}
