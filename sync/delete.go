package sync

import (
	"context"
	"errors"
	"fmt"

	"github.com/setpoint-dev/setpoint/cluster"
	"k8s.io/apimachinery/pkg/types"
)

// prune deletes the object of a step. The request names the object's UID and the state that was looked at; of an object that
// moved since, everything is asked again that made it a candidate.
func (r *run) prune(ctx context.Context, s *Step, needed bool) error {
	fail := func(err error) error { return &Error{Op: "prune", Ref: s.Ref, Err: err} }
	r.mu.Lock()
	cleared := r.done.pruned[s.Ref] // in the way of a hook
	r.mu.Unlock()
	if cleared || s.terminating {
		return r.pruned(ctx, s, needed && !cleared)
	}
	m, err := marksOf(r.e.inv)
	if err != nil {
		return fail(err)
	}
	version := s.ResourceVersion
	for range maxRechecks {
		err := r.e.retryIf(ctx, r.patience(), cluster.Retryable, func() error {
			return r.e.client.Delete(ctx, s.Ref, cluster.DeleteOptions{UID: s.UID, ResourceVersion: version, Propagation: s.Propagation})
		})
		if err == nil || errors.Is(err, cluster.ErrNotFound) {
			return r.pruned(ctx, s, needed)
		}
		if ctx.Err() != nil || !errors.Is(err, cluster.ErrConflict) {
			return fail(err)
		}
		live, err := r.e.get(ctx, s.Ref, "")
		switch {
		case err != nil:
			return fail(err)
		case live == nil, live.GetUID() == s.UID && live.GetDeletionTimestamp() != nil:
			return r.pruned(ctx, s, needed)
		}
		if why := notOurs(live, s.UID, m, r.e.opts.Manager); why != "" {
			return fail(stale("%s", why))
		}
		if why, _ := r.e.keptBy(s.Ref, live, r.p.manner.Delete); why != "" {
			return fail(stale("%s", why))
		}
		version = live.GetResourceVersion()
	}
	return fail(stale("the object keeps changing; %d attempts met another state each", maxRechecks))
}

// pruned notes that the server accepted, and waits for the end when other steps lean on it.
func (r *run) pruned(ctx context.Context, s *Step, needed bool) error {
	if needed {
		// Until it is gone it stays recorded, so that whoever goes on waits for it too.
		if err := r.gone(ctx, s.Ref, "", s.UID); err != nil {
			return &Error{Op: "prune", Ref: s.Ref, Err: err}
		}
	}
	r.mu.Lock()
	r.done.pruned[s.Ref] = true
	r.mu.Unlock()
	return nil
}

// gone waits, by watch, until no object of that name has the UID.
func (r *run) gone(ctx context.Context, ref cluster.Ref, version string, uid types.UID) error {
	cause := fmt.Errorf("it is being deleted and still there after %v; look at its finalizers", r.e.opts.Deadline)
	within, cancel := context.WithTimeoutCause(ctx, r.e.opts.Deadline, cause)
	defer cancel()
	sel := cluster.Selector{Group: ref.Group, Version: version, Kind: ref.Kind, Namespace: ref.Namespace, Fields: "metadata.name=" + ref.Name, MetadataOnly: true}
	there := false
	for ev, err := range r.e.client.Watch(within, sel) {
		switch {
		case err != nil && ctx.Err() == nil && within.Err() != nil:
			return cause
		case errors.Is(err, cluster.ErrNoKind), errors.Is(err, cluster.ErrNotFound):
			return nil
		case err != nil:
			return err
		}
		switch ev.Type {
		case cluster.Synced:
			if !there {
				return nil
			}
		case cluster.Deleted:
			return nil
		default:
			if ev.Object.GetUID() != uid {
				return nil
			}
			there = true
		}
	}
	return context.Cause(within)
}
