package diff

import (
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// inSync gives the answer for a live object that has all that is desired while our manager owns just that: Same. It
// returns nil when the answer takes a merge. It does not look into the entries of other managers, which have no say when nothing changes.
func (c *Comparer) inSync(d *Desired, live *unstructured.Unstructured) *Comparison {
	if d.template == nil || c.manager == kubectl && annotated(live.Object) != "" {
		return nil
	}
	metadata, _ := live.Object["metadata"].(map[string]any)
	entries, ok := metadata["managedFields"].([]any)
	if !ok {
		return nil
	}
	ours := c.ownEntry(d, entries)
	if ours == nil {
		return nil
	}
	w := walk{}
	if !w.within(d.template, live.Object) {
		return nil
	}
	out := &Comparison{Ref: d.ref, Origin: d.from, Verdict: Same, manager: c.manager, fingerprint: d.same, apply: d.content}
	out.LastApplied, _ = owner(ours)
	for _, e := range entries {
		m, ok := e.(map[string]any)
		if !ok {
			return nil
		}
		if isOurs(m, c.manager) {
			continue
		}
		if d.kind.Converts && m["apiVersion"] != ours["apiVersion"] {
			return nil // The object may not fit that version, and then a server refuses the apply.
		}
		status := d.kind.HasStatus && m["subresource"] == "status"
		if w.respelled && !status {
			return nil // It may own what was found in other words.
		}
		at, o := owner(m)
		if !status && !out.LastApplied.IsZero() && !at.Before(out.LastApplied) {
			out.Suspects = append(out.Suspects, o)
		}
	}
	sortSuspects(out.Suspects)
	out.predicted = func() map[string]any { return d.kind.Canonical(reach(live, d.kind)) }
	return out
}

// ownEntry returns our entry when it is the one that an apply would leave.
func (c *Comparer) ownEntry(d *Desired, entries []any) map[string]any {
	var ours map[string]any
	for _, e := range entries {
		m, ok := e.(map[string]any)
		if !ok {
			return nil
		}
		if !isOurs(m, c.manager) {
			continue
		}
		if ours != nil || m["apiVersion"] != d.obj.Object["apiVersion"] || !equal(m["fieldsV1"], d.entry) {
			return nil
		}
		ours = m
	}
	return ours
}

func isOurs(entry map[string]any, manager string) bool {
	sub, _ := entry["subresource"].(string)
	return sub == "" && entry["manager"] == manager && entry["operation"] == "Apply"
}

// owner reads the facts of an entry.
func owner(entry map[string]any) (time.Time, Owner) {
	var o Owner
	o.Manager, _ = entry["manager"].(string)
	o.Operation, _ = entry["operation"].(string)
	o.Subresource, _ = entry["subresource"].(string)
	if s, ok := entry["time"].(string); ok {
		if t, err := time.Parse(time.RFC3339, s); err == nil {
			o.Time = t.UTC()
		}
	}
	return o.Time, o
}
