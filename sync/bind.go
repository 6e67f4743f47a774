package sync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Bind gives a plan that was stored as JSON its objects back, in this or another process, so that it can be run. It plans d
// anew and accepts only the same plan: [ErrTarget] when the stored one is for another cluster, inventory or manager, and
// [ErrStale], with every step that is different, when the desired state or the cluster would now lead to another. The
// health of objects may have changed: what the gates of the bound plan wait for is as it is now. A stored plan that writes
// Secrets needs the [Options].Key that it was made with.
func (e *Engine) Bind(ctx context.Context, stored []byte, d Desired) (*Plan, error) {
	var s storedPlan
	if err := json.Unmarshal(stored, &s); err != nil {
		return nil, fmt.Errorf("bind plan: %w", err)
	}
	if s.Format != planFormat {
		return nil, fmt.Errorf("bind plan: format %d is not known, only %d is", s.Format, planFormat)
	}
	m, err := marksOf(e.inv)
	if err != nil {
		return nil, err
	}
	target, err := e.target(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("bind plan: %w", err)
	}
	if err := sameTarget(s.Target, target); err != nil {
		return nil, fmt.Errorf("bind plan: %w", err)
	}
	for _, t := range s.Steps {
		if t.Ref != nil && isSecret(*t.Ref) && (t.Verdict != "" || t.Action == Hook) && t.Desired == "" {
			return nil, fmt.Errorf("bind plan: it writes %s and was stored without a key: set Options.Key and plan again", t.Ref)
		}
	}
	p, err := e.plan(ctx, d, s.manner.Delete)
	if err != nil {
		return nil, err
	}
	if p.digest == s.Digest {
		return p, nil
	}
	faults := []error{stale("bind plan: it has digest %s and planning gives %s now", s.Digest, p.digest)}
	if s.Revision != p.revision {
		faults = append(faults, fmt.Errorf("it is for revision %q and not %q", s.Revision, p.revision))
	}
	if s.manner != p.manner {
		faults = append(faults, fmt.Errorf("it was made with other options: %s and not %s", s.manner, p.manner))
	}
	return nil, errors.Join(append(faults, changedSteps(s.Steps, p.stored())...)...)
}

func sameTarget(stored, now Target) error {
	for _, f := range []struct{ what, stored, now string }{
		{"cluster", stored.Cluster, now.Cluster}, {"inventory", stored.Inventory, now.Inventory}, {"field manager", stored.Manager, now.Manager},
	} {
		if f.stored != f.now {
			return fmt.Errorf("%w: %s %q and not %q", ErrTarget, f.what, f.stored, f.now)
		}
	}
	return nil
}

// changedSteps names each step that is in one plan only, or that the digest tells apart.
func changedSteps(stored, now []storedStep) []error {
	stored, now = digested(stored), digested(now)
	have := map[string]storedStep{}
	for _, s := range now {
		have[s.ID] = s
	}
	var faults []error
	for _, s := range stored {
		n, ok := have[s.ID]
		delete(have, s.ID)
		if !ok {
			faults = append(faults, fmt.Errorf("step %s is not needed any longer", s.ID))
		} else if err := changedStep(s, n); err != nil {
			faults = append(faults, err)
		}
	}
	for _, n := range now {
		if _, ok := have[n.ID]; ok {
			faults = append(faults, fmt.Errorf("step %s is new", n.ID))
		}
	}
	if len(faults) == 0 && !slices.EqualFunc(stored, now, func(s, n storedStep) bool { return s.ID == n.ID }) {
		faults = append(faults, errors.New("the steps are in another order"))
	}
	return faults
}

// changedStep says what is different about a step that both plans have.
func changedStep(s, n storedStep) error {
	switch {
	case s.Desired != n.Desired:
		return fmt.Errorf("step %s would write something else", s.ID)
	case s.Because != n.Because || s.UID != n.UID || s.Verdict != n.Verdict:
		return fmt.Errorf("step %s finds another live object", s.ID)
	case s.Wave != n.Wave:
		return fmt.Errorf("step %s is in wave %d and not %d", s.ID, n.Wave, s.Wave)
	case s.Deadline != n.Deadline:
		return fmt.Errorf("step %s has the deadline %s and not %s", s.ID, n.Deadline, s.Deadline)
	case !slices.Equal(s.Needs, n.Needs):
		return fmt.Errorf("step %s waits for other steps", s.ID)
	}
	return nil
}
