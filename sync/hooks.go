package sync

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/sync/dialect"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// AnnotationOperation is put on the object of a hook. It names the run and the phase that the object was made for, by which a run
// that takes another's place tells what has been started already.
const AnnotationOperation = "setpoint.dev/operation"

// The phases of a sync, and of the deletion of a set.
var (
	syncPhases   = []dialect.Phase{dialect.PreSync, dialect.Sync, dialect.PostSync, dialect.SyncFail}
	deletePhases = []dialect.Phase{dialect.PreDelete, dialect.PostDelete}
)

// hook is a desired object at one of the times at which it runs.
type hook struct {
	*object
	phase dialect.Phase
	// ref has the name that the object is made with.
	ref cluster.Ref
	id  string
}

// runs tells whether an object is a hook that the plan may run.
func (o *object) runs() bool { return o.skip == "" && len(o.times) > 0 }

// within returns those of an object's phases that a plan has.
func within(phases, has []dialect.Phase) []dialect.Phase {
	return slices.DeleteFunc(slices.Clone(phases), func(p dialect.Phase) bool { return !slices.Contains(has, p) })
}

// apart separates hooks from ordinary objects.
func apart(objects []*object) (ordinary, hooks []*object) {
	for _, o := range objects {
		if o.runs() {
			hooks = append(hooks, o)
		} else {
			ordinary = append(ordinary, o)
		}
	}
	return ordinary, hooks
}

// amongObjects are the hooks whose wave is one of the ordinary objects'.
func amongObjects(hooks []*object) []*object {
	return slices.DeleteFunc(slices.Clone(hooks), func(o *object) bool { return !slices.Contains(o.times, dialect.Sync) })
}

// hooksOf gives each hook its place and name. The name of one that the manifest leaves to be generated comes from the run, so that the
// same run finds it again.
func (p *Plan) hooksOf(objects []*object) []hook {
	var out []hook
	alike := map[string]int{}
	for _, o := range objects {
		hash := o.desired.Hash()
		alike[hash]++
		for _, phase := range o.times {
			h := hook{object: o, phase: phase, ref: o.ref}
			if prefix := o.obj.GetGenerateName(); prefix != "" && o.generated {
				h.ref.Name = prefix + digestOf(p.operation, string(phase), p.mask(o.ref, hash), strconv.Itoa(alike[hash]))[:10]
			}
			h.id = objectID("hook/"+string(phase), h.ref)
			out = append(out, h)
		}
	}
	slices.SortStableFunc(out, func(a, b hook) int { return compareOrder(a.wave, a.ref, b.wave, b.ref) })
	return out
}

// manifest is the object to make.
func (h *hook) manifest(operation string) *unstructured.Unstructured {
	obj := h.obj.DeepCopy()
	obj.SetName(h.ref.Name)
	obj.SetGenerateName("")
	notes := obj.GetAnnotations()
	if notes == nil {
		notes = map[string]string{}
	}
	notes[AnnotationOperation] = h.mark(operation)
	obj.SetAnnotations(notes)
	return obj
}

// mark tells the object of one run and phase from those of others. It begins with the run, and that with the set.
func (h *hook) mark(operation string) string { return operation + "/" + string(h.phase) }

// setOf is the part of an operation's ID that names the set.
func setOf(operation string) string {
	set, _, _ := strings.Cut(operation, "-")
	return set
}

// ahead are the hooks that the plan may still have to run.
func (p *Plan) ahead() []*object {
	var out []*object
	for _, h := range p.hooks {
		if run := p.ran(h.id); (run == nil || run.Outcome != HookHasSucceeded) && !slices.Contains(out, h.object) {
			out = append(out, h.object)
		}
	}
	return out
}

// checkHooks refuses hooks of which nobody could tell whether they have run.
func (e *Engine) checkHooks(hooks []hook) error {
	var faults []error
	for _, h := range hooks {
		if isSecret(h.ref) && len(e.opts.Key) == 0 {
			faults = append(faults, h.fault(errors.New("a hook that is a Secret needs Options.Key, without which no record can tell whether it ran with this content")))
		}
	}
	return errors.Join(faults...)
}

func (h *hook) deleted(when dialect.HookDelete) bool { return slices.Contains(h.asks.HookDelete, when) }

// identify finds out what the plan is about: the digest of what is desired, and whether the run that is recorded was for the same and
// is to be gone on with. It expects the objects prepared.
func (p *Plan) identify(trigger string, objects []*object) {
	parts := []string{trigger, fmt.Sprint(p.manner.Delete)}
	for _, o := range objects {
		if o.desired != nil {
			parts = append(parts, o.ref.String(), fmt.Sprint(o.asks.Phases), p.mask(o.ref, o.desired.Hash()))
		}
	}
	slices.Sort(parts[2:])
	p.wanted = digestOf(parts...)
	op := p.record.Operation
	if op != nil && op.Desired == p.wanted && !slices.ContainsFunc(op.Hooks, func(h HookRun) bool { return h.Outcome == HookHasFailed }) {
		p.operation, p.journal = op.ID, op.Hooks
		return
	}
	p.operation = digestOf(p.target.Inventory)[:8] + "-" + digestOf(p.target.Inventory, p.wanted, p.record.Version)[:32]
}

// due are the hooks that the plan has to run: those of a desired state, or an occasion, that was not brought about completely before.
func (p *Plan) due(hooks []hook, secrets bool) []hook {
	if p.record.Applied == p.wanted && !secrets && !p.manner.Delete {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(hooks), func(h hook) bool {
		run := p.ran(h.id)
		return h.phase == dialect.SyncFail || run != nil && run.Outcome == HookHasSucceeded
	})
}

// ran is what is recorded of a hook that the run, which this plan goes on with, has started.
func (p *Plan) ran(id string) *HookRun {
	for i := range p.journal {
		if p.journal[i].Step == id {
			return &p.journal[i]
		}
	}
	return nil
}

// digestOf tells lists of strings apart.
func digestOf(parts ...string) string {
	h := sha256.New()
	for _, s := range parts {
		fmt.Fprintf(h, "%d:", len(s))
		_, _ = io.WriteString(h, s)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// lacking names what a hook's pods need and the same plan only makes later.
func (b *builder) lacking(h hook) string {
	var names []string
	for _, r := range needs(h.obj) {
		if strings.HasPrefix(b.writes[r], string(Create)+"/") {
			names = append(names, r.String())
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; it needs " + strings.Join(names, " and ") + ", made only after it"
}
