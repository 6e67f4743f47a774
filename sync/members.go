package sync

import (
	"slices"

	"github.com/setpoint-dev/setpoint/cluster"
	"k8s.io/apimachinery/pkg/types"
)

// outcome is what a run has found out so far. The zero outcome is that of a run that has not begun.
type outcome struct {
	uids   map[cluster.Ref]types.UID
	pruned map[cluster.Ref]bool
}

// members is the record that is true given an outcome: every desired object, whether or not it could be applied, and every
// recorded one that may still exist. Before the first write this is the union of old and new.
func (p *Plan) members(done *outcome) []Member {
	if done == nil {
		done = &outcome{}
	}
	out := make([]Member, 0, len(p.objects)+len(p.record.Members))
	seen := map[cluster.Ref]bool{}
	for _, o := range p.objects {
		if o.skip != "" || o.unselected {
			continue
		}
		m := Member{Ref: o.ref, UID: done.uids[o.ref]}
		if m.UID == "" && o.live != nil && !o.terminating() {
			m.UID = o.live.GetUID()
		}
		seen[o.ref] = true
		out = append(out, m)
	}
	for _, m := range p.record.Members {
		if !seen[m.Ref] && !p.dropped[m.Ref] && !done.pruned[m.Ref] {
			out = append(out, m)
		}
	}
	slices.SortFunc(out, func(a, b Member) int { return a.Ref.Compare(b.Ref) })
	return out
}
