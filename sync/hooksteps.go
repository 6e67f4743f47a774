package sync

import (
	"slices"
	"strconv"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/sync/dialect"
)

// hooksIn are the due hooks of a phase.
func (b *builder) hooksIn(phase dialect.Phase) []hook {
	return slices.DeleteFunc(slices.Clone(b.due), func(h hook) bool { return h.phase != phase })
}

// early marks the namespaces and definitions that hooks need which run before everything else: they are made before them.
func (b *builder) early() {
	for _, h := range b.hooksIn(dialect.PreSync) {
		if ns := b.plan.byRef[cluster.Ref{Kind: "Namespace", Name: h.ref.Namespace}]; ns != nil && h.ref.Namespace != "" {
			ns.early = true
		}
		if h.crd != nil {
			h.crd.early = true
		}
	}
}

// phase adds the hooks of a phase that has no other steps, wave by wave, and moves the barrier behind them.
func (b *builder) phase(phase dialect.Phase) {
	hooks := b.hooksIn(phase)
	for start := 0; start < len(hooks); {
		wave := hooks[start].wave
		var ids []string
		for ; start < len(hooks) && hooks[start].wave == wave; start++ {
			ids = append(ids, b.hook(hooks[start]))
		}
		gate := "gate/hooks/" + string(phase) + "/" + strconv.Itoa(wave)
		b.plan.steps = append(b.plan.steps, Step{
			ID: gate, Action: Gate, Wave: wave, Needs: ids, object: -1, Phase: phase,
			Reason: "what comes after the " + string(phase) + " hooks of wave " + strconv.Itoa(wave) + " waits for them",
		})
		b.barrier = gate
	}
}

// hook adds one hook and returns its ID.
func (b *builder) hook(h hook) string {
	s := Step{
		ID: h.id, Action: Hook, Ref: h.ref, Origin: h.origin, Wave: h.wave, Phase: h.phase, Deadline: b.opts.Deadline, object: -1, hook: &h,
		Reason: string(h.phase) + " hook",
	}
	if b.plan.ran(h.id) != nil {
		s.Reason += ", begun by the run that is gone on with"
	}
	if h.phase == dialect.PreSync {
		s.Reason += b.lacking(h)
		if b.barrier != "" {
			s.Needs = append(s.Needs, b.barrier)
		}
		if id := b.writes[cluster.Ref{Kind: "Namespace", Name: h.ref.Namespace}]; id != "" {
			s.Needs = append(s.Needs, id)
		}
		switch {
		case h.crd == nil:
		case h.unserved:
			s.Needs = append(s.Needs, b.servedGate(h.crd))
		case b.writes[h.crd.ref] != "":
			s.Needs = append(s.Needs, b.writes[h.crd.ref])
		}
	} else {
		s.Needs = b.needs(h.object)
	}
	b.plan.steps = append(b.plan.steps, s)
	return s.ID
}

// afterwards moves the barrier behind every step that there is, for the hooks that run when all is done.
func (b *builder) afterwards(phase dialect.Phase) {
	if len(b.hooksIn(phase)) == 0 {
		return
	}
	ids := b.all()
	if len(ids) == 0 {
		return
	}
	b.barrier = "gate/hooks/" + string(phase)
	b.plan.steps = append(b.plan.steps, Step{
		ID: b.barrier, Action: Gate, Needs: ids, object: -1, Phase: phase, Reason: "the " + string(phase) + " hooks wait until everything is done",
	})
}

// all are the IDs of the steps so far that do something.
func (b *builder) all() []string {
	var ids []string
	for _, s := range b.plan.steps {
		if s.Action != Skip {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// failures adds the hooks that run if something fails. There is nothing that could where nothing is done.
func (b *builder) failures() {
	if len(b.all()) == 0 {
		return
	}
	for _, h := range b.plan.hooks {
		if h.phase == dialect.SyncFail {
			b.plan.steps = append(b.plan.steps, Step{
				ID: h.id, Action: Hook, Ref: h.ref, Origin: h.origin, Wave: h.wave, Phase: h.phase, Deadline: b.opts.Deadline, object: -1, hook: &h,
				Reason: "SyncFail hook: it runs if something fails",
			})
		}
	}
}
