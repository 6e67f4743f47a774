package sync

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// pruneGateID is the gate between the last write and the first prune.
const pruneGateID = "gate/prune"

// prunes adds the steps of departed members: the deletions after every write, in reverse order, and a skip for each that is
// left alone.
func (b *builder) prunes(candidates []candidate) {
	var doomed []candidate
	for _, c := range candidates {
		switch {
		case c.skip != "":
			b.plan.steps = append(b.plan.steps, Step{ID: objectID(Skip, c.Ref), Action: Skip, Ref: c.Ref, Wave: c.wave, Reason: c.skip, object: -1})
		case !c.drop:
			doomed = append(doomed, c)
		}
	}
	if len(doomed) == 0 {
		return
	}
	last(doomed)
	settlePruneWaves(doomed)
	slices.SortFunc(doomed, func(a, c candidate) int { return compareOrder(c.wave, c.Ref, a.wave, a.Ref) })
	barrier := ""
	if ids := b.all(); len(ids) > 0 {
		barrier = pruneGateID
		b.plan.steps = append(b.plan.steps, Step{ID: barrier, Action: Gate, Needs: ids, object: -1, Wave: doomed[0].wave,
			Reason: b.pruneReason()})
	}
	for start := 0; start < len(doomed); {
		wave := doomed[start].wave
		var ids []string
		for ; start < len(doomed) && doomed[start].wave == wave; start++ {
			s := b.pruneStep(doomed[start], doomed, barrier)
			ids = append(ids, s.ID)
			b.plan.steps = append(b.plan.steps, s)
		}
		if start < len(doomed) {
			barrier = pruneGateID + "/wave/" + strconv.Itoa(wave)
			b.plan.steps = append(b.plan.steps, Step{ID: barrier, Action: Gate, Needs: ids, object: -1, Wave: wave,
				Reason: "earlier waves are pruned when wave " + strconv.Itoa(wave) + " is gone"})
		}
	}
}

func (b *builder) pruneReason() string {
	if b.plan.manner.Delete {
		return "nothing is deleted before the hooks have run"
	}
	return "nothing is pruned before everything is applied"
}

func (b *builder) pruneStep(c candidate, doomed []candidate, barrier string) Step {
	s := Step{
		ID: objectID(Prune, c.Ref), Action: Prune, Ref: c.Ref, Wave: c.wave, Reason: "it left the desired state", object: -1,
		UID: c.live.GetUID(), ResourceVersion: c.live.GetResourceVersion(), Propagation: b.opts.Propagation,
	}
	if b.plan.manner.Delete {
		s.Reason = "the set is deleted"
	}
	if c.live.GetDeletionTimestamp() != nil {
		s.Reason, s.terminating = "it is being deleted", true
	}
	if c.asks.Propagation != cluster.PropagationDefault {
		s.Propagation = c.asks.Propagation
	}
	if barrier != "" {
		s.Needs = append(s.Needs, barrier)
	}
	for _, d := range doomed {
		switch {
		case d.Ref == c.Ref:
		case holder(c.Ref) && holds(c, d.Ref), d.wave == c.wave && slices.Contains(d.asks.DependsOn, c.Ref) && !leads(doomed, c, d.Ref):
			s.Needs = append(s.Needs, objectID(Prune, d.Ref))
		}
	}
	return s
}

// leads says that what c depends on depends in the end on r, so that neither can wait for the other.
func leads(doomed []candidate, c candidate, r cluster.Ref) bool {
	byRef := map[cluster.Ref]candidate{}
	for _, d := range doomed {
		byRef[d.Ref] = d
	}
	seen := map[cluster.Ref]bool{}
	next := slices.Clone(c.asks.DependsOn)
	for len(next) > 0 {
		at := next[0]
		next = next[1:]
		if at == r {
			return true
		}
		if !seen[at] {
			seen[at] = true
			next = append(next, byRef[at].asks.DependsOn...)
		}
	}
	return false
}

// last moves what is to be pruned last behind all that is not, in a wave of its own.
func last(doomed []candidate) {
	lowest := 0
	for _, c := range doomed {
		lowest = min(lowest, c.wave)
	}
	for i := range doomed {
		if doomed[i].asks.PruneLast {
			doomed[i].wave = lowest - 1
		}
	}
}

// settlePruneWaves moves holders to the wave of the earliest object in them, as [settleWaves] does, so that the reverse order
// deletes them after it.
func settlePruneWaves(doomed []candidate) {
	for i := range doomed {
		if !holder(doomed[i].Ref) {
			continue
		}
		for _, d := range doomed {
			if holds(doomed[i], d.Ref) {
				doomed[i].wave = min(doomed[i].wave, d.wave)
			}
		}
	}
}

// holder says that objects of this kind hold others.
func holder(r cluster.Ref) bool {
	return isCRD(r) || r.GroupKind() == schema.GroupKind{Kind: "Namespace"}
}

// holds says that deleting c deletes r too: a namespace and what is in it, a definition and the objects of its kind. What is
// held goes first, while that what may have to clean up after it is still there.
func holds(c candidate, r cluster.Ref) bool {
	if isCRD(c.Ref) {
		return defines(c.live) == r.GroupKind()
	}
	return c.GroupKind() == schema.GroupKind{Kind: "Namespace"} && r.Namespace == c.Name
}

// keepHolders skips the namespaces and definitions that are to go while something in them is to stay: a desired object, a
// member that is not pruned, or the record itself.
func (e *Engine) keepHolders(objects []*object, candidates []candidate) {
	record, recorded := recordIn(e.inv)
	for i := range candidates {
		c := &candidates[i]
		if c.drop || c.skip != "" || !holder(c.Ref) {
			continue
		}
		if j := slices.IndexFunc(objects, func(o *object) bool { return holds(*c, o.ref) }); j >= 0 {
			c.skip = fmt.Sprintf("it holds %s, which is desired", objects[j].ref)
		} else if j := slices.IndexFunc(candidates, func(m candidate) bool { return m.skip != "" && holds(*c, m.Ref) }); j >= 0 {
			c.skip = fmt.Sprintf("it holds %s, which is not pruned", candidates[j].Ref)
		} else if recorded && holds(*c, record) {
			c.skip = fmt.Sprintf("it holds %s, which keeps the record", record)
		}
	}
}

// recordIn is the object in which an inventory keeps its record, of those that have one and say so.
func recordIn(inv Inventory) (cluster.Ref, bool) {
	s, ok := inv.(fmt.Stringer)
	if !ok {
		return cluster.Ref{}, false
	}
	kind, path, named := strings.Cut(s.String(), " ")
	if !named {
		return cluster.Ref{}, false
	}
	var r cluster.Ref
	r.Kind, r.Group, _ = strings.Cut(kind, ".")
	if r.Namespace, r.Name, named = strings.Cut(path, "/"); !named {
		r.Namespace, r.Name = "", path
	}
	return r, true
}
