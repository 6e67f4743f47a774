package sync

import (
	"fmt"
	"slices"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/health"
	"github.com/setpoint-dev/setpoint/sync/dialect"
)

// builder turns compared objects and decided candidates into steps.
type builder struct {
	plan *Plan
	opts *Options
	// writes is the ID of each object's step, of those that have one.
	writes map[cluster.Ref]string
	waves  map[cluster.Ref]int
	// current is the wave at hand.
	current int
	// barrier is the gate before the wave at hand, empty before the first.
	barrier string
	// served are the gates that definitions have.
	served map[cluster.Ref]string
	// due are the hooks to run.
	due []hook
	// gates are the IDs of those that wait for a single object.
	gates map[string]bool
}

// build expects p.objects sorted and candidates in the record's order.
func (e *Engine) build(p *Plan, candidates []candidate) {
	b := &builder{plan: p, opts: &e.opts, writes: map[cluster.Ref]string{}, waves: map[cluster.Ref]int{}, served: map[cluster.Ref]string{}, gates: map[string]bool{}}
	for _, o := range p.objects {
		if a := action(o); a != "" && a != Skip {
			b.writes[o.ref], b.waves[o.ref] = objectID(a, o.ref), o.wave
		}
	}
	b.due = p.due(p.hooks, len(p.key) == 0 && slices.ContainsFunc(p.objects, func(o *object) bool { return isSecret(o.ref) && b.writes[o.ref] != "" }))
	b.early()
	b.phase(dialect.PreSync)
	b.phase(dialect.PreDelete)
	hooks := b.hooksIn(dialect.Sync)
	for start, first := 0, 0; start < len(p.objects) || first < len(hooks); {
		wave := b.next(start, hooks[first:])
		end, last := start, first
		for end < len(p.objects) && p.objects[end].wave == wave {
			end++
		}
		for last < len(hooks) && hooks[last].wave == wave {
			last++
		}
		later := last < len(hooks) || len(b.hooksIn(dialect.PostSync)) > 0
		b.wave(wave, start, end, hooks[first:last], later)
		start, first = end, last
	}
	b.prunes(candidates)
	for _, phase := range []dialect.Phase{dialect.PostSync, dialect.PostDelete} {
		b.afterwards(phase)
		b.phase(phase)
	}
	b.failures()
	for _, c := range candidates {
		if c.drop {
			p.dropped[c.Ref] = true
		}
	}
}

// action is what a compared object needs, empty for nothing.
func action(o *object) Action {
	if o.unselected {
		return ""
	}
	if o.skip != "" || o.leave != "" {
		return Skip
	}
	switch o.comparison.Verdict {
	case diff.Same:
		return ""
	case diff.Missing:
		if o.live != nil && !o.terminating() {
			return Update
		}
		return Create
	case diff.Adopt:
		return Adopt
	}
	return Update
}

// next is the lowest wave among the objects from start and some hooks.
func (b *builder) next(start int, hooks []hook) int {
	switch {
	case start == len(b.plan.objects):
		return hooks[0].wave
	case len(hooks) == 0:
		return b.plan.objects[start].wave
	}
	return min(b.plan.objects[start].wave, hooks[0].wave)
}

// wave adds the steps of the objects from start to end and of the hooks that share a wave, and the gate behind them. Later says that
// something else will follow than the objects behind end.
func (b *builder) wave(wave, start, end int, hooks []hook, later bool) {
	var ids []string
	var waits []cluster.Ref
	b.current = wave
	for i := start; i < end; i++ {
		o := b.plan.objects[i]
		a := action(o)
		if a == Skip {
			b.plan.steps = append(b.plan.steps, Step{ID: objectID(a, o.ref), Action: a, Ref: o.ref, Origin: o.origin, Wave: o.wave, Reason: firstNonEmpty(o.skip, o.leave), object: i})
			continue
		}
		if !o.unselected && !o.asks.IgnoreHealth && (a != "" || !settled(o.health)) {
			waits = append(waits, o.ref)
		}
		if a == "" {
			continue
		}
		s := Step{
			ID: b.writes[o.ref], Action: a, Ref: o.ref, Origin: o.origin, Wave: o.wave, Reason: reason(o, b.opts.Force), object: i,
			Comparison: o.comparison, Needs: b.needs(o), terminating: o.terminating(),
		}
		if o.live != nil {
			s.UID, s.ResourceVersion = o.live.GetUID(), o.live.GetResourceVersion()
		}
		ids = append(ids, s.ID)
		b.plan.steps = append(b.plan.steps, s)
	}
	for _, h := range hooks {
		ids = append(ids, b.hook(h))
	}
	later = later || slices.ContainsFunc(b.plan.objects[end:], func(o *object) bool { return b.writes[o.ref] != "" })
	if len(waits)+len(hooks) == 0 || !later {
		return
	}
	w := b.current
	if b.barrier != "" {
		ids = append(ids, b.barrier)
	}
	b.barrier = waveGateID(w)
	b.plan.steps = append(b.plan.steps, Step{
		ID: b.barrier, Action: Gate, Wave: w, Needs: ids, Waits: waits, Deadline: b.opts.Deadline, object: -1,
		Reason: waveReason(w, len(waits), len(hooks)),
	})
}

func waveReason(wave, objects, hooks int) string {
	what := ""
	if objects > 0 {
		what = "the health of " + count(objects, "object")
	}
	if hooks > 0 {
		if what != "" {
			what += " and "
		}
		what += count(hooks, "hook")
	}
	return fmt.Sprintf("what comes after wave %d waits for %s", wave, what)
}

// needs are the steps that have to succeed before o is applied.
func (b *builder) needs(o *object) []string {
	var out []string
	add := func(id string) {
		if id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	if !o.early {
		add(b.barrier)
	}
	if o.ref.Namespace != "" {
		add(b.creates(cluster.Ref{Kind: "Namespace", Name: o.ref.Namespace}))
	}
	switch {
	case o.crd == nil || o.crd == o: // Definitions are served, whoever says that it defines them.
	case o.unserved:
		add(b.servedGate(o.crd))
	default:
		add(b.writes[o.crd.ref])
	}
	for _, r := range needs(o.obj) {
		if r != o.ref {
			add(b.creates(r))
		}
	}
	for _, r := range o.asks.DependsOn {
		if d := b.plan.byRef[r]; d != nil {
			add(b.ready(d))
		}
	}
	return out
}

// creates is the ID of the step that creates r in the wave at hand. Steps of earlier waves are behind the barrier, and to need
// one of a later wave would be a circle.
func (b *builder) creates(r cluster.Ref) string {
	if id := b.writes[r]; b.waves[r] == b.current && strings.HasPrefix(id, string(Create)+"/") {
		return id
	}
	return ""
}

// ready is the step behind which an object that others depend on by name is healthy; empty when it is, or behind the barrier.
func (b *builder) ready(o *object) string {
	write := b.writes[o.ref]
	if o.wave != b.current || o.skip != "" || write == "" && (o.unselected || settled(o.health)) {
		return ""
	}
	if o.asks.IgnoreHealth {
		return write
	}
	id := objectID(readyGatePrefix, o.ref)
	if b.gates[id] {
		return id
	}
	b.gates[id] = true
	s := Step{
		ID: id, Action: Gate, Wave: o.wave, Waits: []cluster.Ref{o.ref}, Deadline: b.opts.Deadline, object: -1,
		Reason: "what depends on it waits until it is healthy",
	}
	if write != "" {
		s.Needs = []string{write}
	}
	b.plan.steps = append(b.plan.steps, s)
	return id
}

// servedGate is the gate that opens when a definition's kind is served. It is made on first use.
func (b *builder) servedGate(crd *object) string {
	if id, ok := b.served[crd.ref]; ok {
		return id
	}
	s := Step{
		ID: crdGateID(crd.ref.Name), Action: Gate, Wave: crd.wave, Waits: []cluster.Ref{crd.ref}, Deadline: b.opts.Deadline, object: -1,
		Reason: "objects of the kind wait until it is served",
	}
	if id := b.writes[crd.ref]; id != "" {
		s.Needs = []string{id}
	}
	for _, o := range b.plan.objects {
		same := func(p probe) bool { return p.ref.GroupKind() == o.ref.GroupKind() && p.version == o.version }
		if o.crd == crd && o.unserved && !slices.ContainsFunc(s.probes, same) {
			s.probes = append(s.probes, probe{o.ref, o.version})
		}
	}
	b.served[crd.ref] = s.ID
	b.plan.steps = append(b.plan.steps, s)
	return s.ID
}

// reason says why o needs its step.
func reason(o *object, force bool) string {
	c := o.comparison
	switch {
	case o.terminating():
		return "the object of that name is being deleted; it is created when the old one is gone"
	case o.unserved && o.live != nil:
		return "it is to be at version " + o.version + ", which is defined by " + o.crd.ref.String()
	case o.unserved:
		return "it does not exist; its kind is defined by " + o.crd.ref.String()
	case c.Verdict == diff.Missing:
		return "it does not exist"
	case c.Verdict == diff.Adopt:
		return "its values are as desired; ownership of fields changes"
	case c.Verdict == diff.Conflict && len(c.Conflicts) > 0 && force:
		return "it takes fields over: " + takes(c.Conflicts)
	case c.Verdict == diff.Conflict && len(c.Conflicts) > 0:
		return (&cluster.ConflictError{Conflicts: c.Conflicts}).Error()
	case c.Verdict == diff.Refused:
		return c.Fault.Unwrap().Error()
	case c.Verdict == diff.Unsure && len(c.Unsure) > 0:
		return "whether it differs is not known: " + c.Unsure[0].Message
	case len(c.Changes) > 0:
		return count(len(c.Changes), "field") + " " + plural(len(c.Changes), "differs", "differ")
	}
	return "it differs"
}

// takes names the fields that a forced apply takes, and from whom.
func takes(conflicts []cluster.FieldConflict) string {
	parts := make([]string, len(conflicts))
	for i, c := range conflicts {
		parts[i] = fmt.Sprintf("%s from %q", c.Field, c.Manager)
	}
	return strings.Join(parts, ", ")
}

// settled says that an object is where it shall be.
func settled(r health.Result) bool { return r.Status == health.Healthy || r.Status == health.Suspended }

func count(n int, noun string) string { return fmt.Sprintf("%d %s", n, plural(n, noun, noun+"s")) }

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
