package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/sync/dialect"
)

// PlanDelete plans to delete the whole set: every recorded object that proves to be the set's, in the reverse of the order in which
// they were applied, what holds others after them. It changes nothing. Of d, only the hooks of deletion count, which run before
// and after; the other objects need not be there. An object whose annotations keep it, or whose consent [Options].Approve does not give,
// is skipped and stays recorded, and so does what holds it. [Options].Prune and its guards are not asked: to delete is
// what the caller says. The plan is run by [Engine.Run]; the record of a set that is gone is empty.
func (e *Engine) PlanDelete(ctx context.Context, d Desired) (*Plan, error) {
	return e.plan(ctx, d, true)
}

// onlyHooks returns what is left of a desired state when only the hooks of some phases count.
func (e *Engine) onlyHooks(d Desired, phases []dialect.Phase) Desired {
	out := Desired{Revision: d.Revision, Trigger: d.Trigger, Complete: true}
	for i, obj := range d.Objects {
		if obj == nil {
			continue
		}
		asks, err := e.opts.Dialect.Read(obj)
		if err == nil && len(within(asks.Phases, phases)) == 0 {
			continue
		}
		out.Objects, out.Origins = append(out.Objects, obj), append(out.Origins, d.origin(i))
	}
	return out
}

// endingNamespaces finds hooks that are to run when everything is gone, their own namespace included.
func endingNamespaces(hooks []hook, candidates []candidate) error {
	var faults []error
	for _, h := range hooks {
		ns := cluster.Ref{Kind: "Namespace", Name: h.ref.Namespace}
		gone := slices.ContainsFunc(candidates, func(c candidate) bool {
			return c.Ref == ns && c.skip == "" && !c.drop
		})
		if gone && h.phase == dialect.PostDelete {
			faults = append(faults, h.fault(fmt.Errorf("%w %s goes with the set, and the hook would run in it after that", ErrNamespace, h.ref.Namespace)))
		}
	}
	return errors.Join(faults...)
}
