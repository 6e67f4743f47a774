package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/sync/dialect"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// smallPrune is how many objects a plan may prune whatever their share of the record is.
const smallPrune = 10

// member is a recorded object that is not desired any longer.
type member struct {
	Member
	version string
	// err is set when nothing can be said about the member's kind; gone when the kind itself is.
	err  error
	gone bool
}

// candidate is a member with a decision.
type candidate struct {
	member
	live *unstructured.Unstructured
	wave int
	// asks is what the annotations of the live object ask for.
	asks dialect.Directives
	// drop says that the record shall forget the member.
	drop bool
	// skip is why a live member is not pruned; empty for one that is.
	skip string
}

// departed finds the recorded objects that are not desired. The error is one that leaves the record unusable.
func (e *Engine) departed(ctx context.Context, r *Record, objects []*object) ([]member, error) {
	desired := map[cluster.Ref]bool{}
	for _, o := range objects {
		desired[o.ref] = true
	}
	var out []member
	var kinds []schema.GroupKind
	for _, m := range r.Members {
		if !desired[m.Ref] {
			out = append(out, member{Member: m})
			kinds = append(kinds, m.GroupKind())
		}
	}
	// A group whose backend is away may be so for long. It stops the pruning; the plan need not wait for it.
	answers := e.kinds(ctx, kinds, func(err error) bool {
		var discovery *cluster.DiscoveryError
		return cluster.Retryable(err) && !errors.As(err, &discovery)
	})
	for i := range out {
		k := answers[out[i].GroupKind()]
		switch {
		case k.err == nil && len(k.kind.Versions) > 0:
			out[i].version = k.kind.Versions[0]
		case errors.Is(k.err, cluster.ErrNoKind):
			out[i].err, out[i].gone = k.err, true
		case ctx.Err() != nil:
			return nil, fmt.Errorf("plan: %w", k.err)
		case k.err == nil:
			out[i].err = fmt.Errorf("no version of %s is served", out[i].GroupKind())
		default:
			out[i].err = k.err
		}
	}
	return out, nil
}

// candidates decides about each departed member.
func (e *Engine) candidates(d Desired, objects, hooks []*object, members []member, found lives, m marks, deleting bool) []candidate {
	all := ""
	switch {
	case deleting:
	case !d.Complete:
		all = "the desired state is not complete"
	case !e.opts.Prune:
		all = "pruning is off"
	}
	for _, mem := range members {
		// What cannot be read may be what another prune leans on.
		if all == "" && mem.err != nil && !mem.gone {
			all = fmt.Sprintf("what is known of the cluster is not complete: %v", mem.err)
		}
	}
	// The server may serve one object under two groups, as it did when Ingress moved.
	desired := map[types.UID]bool{}
	for _, o := range objects {
		if o.live != nil {
			desired[o.live.GetUID()] = true
		}
	}
	var out []candidate
	for _, mem := range members {
		c := candidate{member: mem, live: found[mem.Ref]}
		switch {
		case mem.gone:
			c.drop = true
		case mem.err != nil:
			c.skip = all
		case c.live == nil, desired[c.live.GetUID()]:
			c.drop = true
		case c.live.GetDeletionTimestamp() != nil && (all != "" || notOurs(c.live, mem.UID, m, e.opts.Manager) != ""):
			c.drop = true
		default:
			if why := notOurs(c.live, mem.UID, m, e.opts.Manager); why != "" {
				c.drop, c.skip = true, why+"; it is left alone and forgotten"
			} else if all != "" {
				c.skip = all
			}
			why, asks := e.keptBy(mem.Ref, c.live, deleting)
			if c.live.GetDeletionTimestamp() == nil {
				c.skip = firstNonEmpty(c.skip, why)
			}
			c.asks, c.wave = asks, asks.Wave
		}
		out = append(out, c)
	}
	keepDependencies(out)
	if deleting {
		hooks = nil
	}
	e.keepHolders(append(slices.Clone(objects), hooks...), out)
	return out
}

// keepDependencies skips what members depend on that stay.
func keepDependencies(candidates []candidate) {
	for again := true; again; {
		again = false
		for _, kept := range candidates {
			if kept.skip == "" || kept.drop {
				continue
			}
			for i := range candidates {
				c := &candidates[i]
				if !c.drop && c.skip == "" && c.live.GetDeletionTimestamp() == nil && slices.Contains(kept.asks.DependsOn, c.Ref) {
					c.skip, again = fmt.Sprintf("%s depends on it and is kept", kept.Ref), true
				}
			}
		}
	}
}

// notOurs says what proves that a live object is not the set's to prune; empty when everything proves that it is.
func notOurs(live *unstructured.Unstructured, uid types.UID, m marks, manager string) string {
	switch owner := metav1.GetControllerOf(live); {
	case !m.on(live):
		if other := m.foreign(live); other != "" {
			return "it belongs to another set: " + other
		}
		return "it does not carry the set's marks"
	case !owns(live, manager):
		return fmt.Sprintf("%q never applied it", manager)
	case uid != "" && live.GetUID() != uid:
		return "it was replaced by another object of that name"
	case owner != nil:
		return fmt.Sprintf("%s %s controls it", owner.Kind, owner.Name)
	}
	return ""
}

// guard refuses a prune that is so large that it is more likely a mistake.
func (e *Engine) guard(r *Record, objects []*object, candidates []candidate) error {
	var doomed []cluster.Ref
	for _, c := range candidates {
		if c.skip == "" && !c.drop {
			doomed = append(doomed, c.Ref)
		}
	}
	// Of a hook nothing is made, so that a set of nothing else is an empty one.
	empty := !slices.ContainsFunc(objects, func(o *object) bool { return o.skip == "" })
	switch n := len(doomed); {
	case n == 0:
		return nil
	case empty && !e.opts.AllowEmpty:
		return fmt.Errorf("plan: %w: the desired state is empty and all of %d recorded objects would go, %s among them; check the path, or set AllowEmpty",
			ErrGuard, len(r.Members), doomed[0])
	case n > smallPrune && float64(n) > e.opts.PruneShare*float64(len(r.Members)) && !empty:
		return fmt.Errorf("plan: %w: %d of %d recorded objects would go, %s among them; the limit is a share of %.2f, see PruneShare",
			ErrGuard, n, len(r.Members), doomed[0], e.opts.PruneShare)
	}
	return nil
}

// owns says whether the manager has an entry of its applies, be it an empty one.
func owns(live *unstructured.Unstructured, manager string) bool {
	entries, _, _ := unstructured.NestedSlice(live.Object, "metadata", "managedFields")
	return slices.ContainsFunc(entries, func(e any) bool {
		m, ok := e.(map[string]any)
		return ok && m["manager"] == manager && m["operation"] == "Apply" && (m["subresource"] == nil || m["subresource"] == "")
	})
}
