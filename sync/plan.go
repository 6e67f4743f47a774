package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/health"
	"github.com/setpoint-dev/setpoint/sync/dialect"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Plan is what has to be done to reach a desired state. [Engine.Plan] makes one, [Engine.Run] carries it out. It is
// read-only.
type Plan struct {
	revision string
	target   Target
	digest   string
	steps    []Step
	objects  []*object
	// hooks are all of them, whether or not they are due; hooked says that there are some that a run which goes well runs.
	hooks  []hook
	hooked bool
	// selective says that the plan is about some of the desired objects only.
	selective bool
	// wanted identifies the desired state, operation the run, and journal is what the run has done of its hooks before.
	wanted, operation string
	journal           []HookRun
	trigger           string
	byRef             map[cluster.Ref]*object
	// record is the inventory's as it was loaded; dropped are the members that are known not to be ours any longer.
	record  *Record
	dropped map[cluster.Ref]bool
	// dirty says that the record has to be written even if nothing else is.
	dirty bool
	// manner is how the steps are carried out, as far as the steps do not say.
	manner manner
	key    []byte
}

// Plan compares the desired state with the cluster and the record, and changes nothing: the only writes that it sends are
// dry runs. The error joins an [*Error] for every object at fault.
func (e *Engine) Plan(ctx context.Context, d Desired) (*Plan, error) { return e.plan(ctx, d, false) }

// plan plans to reach a desired state, or to delete the whole set. What is known of the cluster's kinds may be older than a definition
// that went; having met that, the client knows better.
func (e *Engine) plan(ctx context.Context, d Desired, deleting bool) (*Plan, error) {
	p, err := e.planOnce(ctx, d, deleting)
	if errors.Is(err, cluster.ErrNoKind) && ctx.Err() == nil {
		return e.planOnce(ctx, d, deleting)
	}
	return p, err
}

func (e *Engine) planOnce(ctx context.Context, d Desired, deleting bool) (*Plan, error) {
	record, err := retryValue(ctx, e, func() (*Record, error) { return e.inv.Load(ctx) })
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	m, err := marksOf(e.inv)
	if err != nil {
		return nil, err
	}
	target, err := e.target(ctx, m)
	if err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	phases := syncPhases
	if deleting {
		phases, d = deletePhases, e.onlyHooks(d, deletePhases)
		if len(record.Members) == 0 && record.Operation == nil {
			d.Objects = nil // What is gone needs no more hooks.
		}
	}
	all, err := e.resolve(ctx, d, phases)
	if err != nil {
		return nil, err
	}
	if err := e.prepare(ctx, all); err != nil {
		return nil, err
	}
	objects, hooks := apart(all)
	if err := d.Only.choose(objects); err != nil {
		return nil, err
	}
	if !d.Only.all() {
		d.Complete, hooks = false, nil
	}
	members, err := e.departed(ctx, record, objects)
	if err != nil {
		return nil, err
	}
	found, err := e.read(ctx, e.versions(objects, members), m.labels)
	if err != nil {
		return nil, place(objects, err)
	}
	if err := e.compare(ctx, objects, found, m); err != nil {
		return nil, err
	}
	p := &Plan{revision: d.Revision, target: target, objects: objects, record: record, dropped: map[cluster.Ref]bool{}, key: e.opts.Key,
		manner: manner{Force: e.opts.Force, Propagation: e.opts.Propagation, Delete: deleting}, selective: !d.Only.all(), trigger: d.Trigger}
	p.identify(d.Trigger, all)
	p.hooks = p.hooksOf(hooks)
	if err := e.checkHooks(p.hooks); err != nil {
		return nil, err
	}
	if err := e.checkNamespaces(ctx, append(slices.Clone(objects), p.ahead()...)); err != nil {
		return nil, err
	}
	settleWaves(append(slices.Clone(objects), amongObjects(hooks)...))
	sortObjects(objects)
	if err := errors.Join(checkDependencies(objects, hooks)...); err != nil {
		return nil, err
	}
	p.hooked = !deleting && slices.ContainsFunc(p.hooks, func(h hook) bool { return h.phase != dialect.SyncFail })
	p.byRef = make(map[cluster.Ref]*object, len(objects))
	for _, o := range objects {
		p.byRef[o.ref] = o
	}
	candidates := e.candidates(d, objects, hooks, members, found, m, deleting)
	if deleting {
		err = endingNamespaces(p.hooks, candidates)
	} else {
		err = e.guard(record, objects, candidates)
	}
	if err != nil {
		return nil, err
	}
	e.build(p, candidates)
	p.dirty = !slices.Equal(record.Members, p.members(nil)) || record.Operation != nil && !p.selective ||
		!p.hooked && !p.selective && record.Applied != ""
	if p.digest, err = p.sum(); err != nil {
		return nil, fmt.Errorf("plan: %w", err)
	}
	return p, nil
}

// Steps returns the steps in the order in which they are listed. It is the order of starting as far as needs allow.
func (p *Plan) Steps() []Step { return slices.Clone(p.steps) }

// Empty reports whether a run would write nothing at all, the record included.
func (p *Plan) Empty() bool {
	return !p.dirty && !slices.ContainsFunc(p.steps, func(s Step) bool { return s.Action.Writes() && s.Phase != dialect.SyncFail })
}

// Revision is [Desired.Revision].
func (p *Plan) Revision() string { return p.revision }

// Digest identifies what the plan does to which target: equal plans have equal digests, whenever they are made. Without
// [Options].Key it does not cover the content of Secrets.
func (p *Plan) Digest() string { return p.digest }

// Target says what the plan is for.
func (p *Plan) Target() Target { return p.target }

// Health returns the health of every desired object when the plan was made; [health.Missing] for those that did not exist.
func (p *Plan) Health() map[cluster.Ref]health.Result {
	out := make(map[cluster.Ref]health.Result, len(p.objects))
	for _, o := range p.objects {
		if o.skip == "" {
			out[o.ref] = o.health
		}
	}
	return out
}

// prepare learns the schemas and freezes the objects.
func (e *Engine) prepare(ctx context.Context, objects []*object) error {
	var faults []error
	versions := map[schema.GroupVersion]bool{}
	var list []schema.GroupVersion
	for _, o := range objects {
		if isCRD(o.ref) {
			if err := e.opts.Schemas.AddCRD(o.obj); err != nil {
				faults = append(faults, o.fault(err))
			}
		}
		gv := o.obj.GroupVersionKind().GroupVersion()
		if !o.unserved && !versions[gv] {
			versions[gv] = true
			list = append(list, gv)
		}
	}
	if err := e.retry(ctx, func() error { return e.opts.Schemas.Load(ctx, list...) }); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("plan: %w", err)
		}
		// A kind without a schema compares as unsure, and the server is asked.
		e.opts.Logger.WarnContext(ctx, "schemas could not be loaded", "error", err)
	}
	for _, o := range objects {
		if o.skip != "" {
			continue
		}
		d, err := e.comparer.Prepare(o.obj)
		if err != nil {
			faults = append(faults, o.fault(err))
			continue
		}
		o.desired = d
	}
	return errors.Join(faults...)
}

// versions says what to read, at which version.
func (e *Engine) versions(objects []*object, members []member) map[cluster.Ref]string {
	out := map[cluster.Ref]string{}
	for _, o := range objects {
		if o.skip == "" && o.readAt != "" {
			out[o.ref] = o.readAt
		}
	}
	for _, m := range members {
		if m.err == nil {
			out[m.Ref] = m.version
		}
	}
	return out
}

// compare sets each object's live side and comparison.
func (e *Engine) compare(ctx context.Context, objects []*object, found lives, m marks) error {
	faults := make([]error, len(objects))
	ending := map[string]bool{}
	for ref, live := range found {
		if ref.GroupKind() == (schema.GroupKind{Kind: "Namespace"}) && live.GetDeletionTimestamp() != nil {
			ending[ref.Name] = true
		}
	}
	var eg errgroup.Group
	eg.SetLimit(e.opts.Concurrency)
	for i, o := range objects {
		if o.skip != "" {
			continue
		}
		o.ending = ending[o.ref.Namespace]
		eg.Go(func() error {
			if err := e.compareOne(ctx, o, found[o.ref], m); err != nil {
				faults[i] = o.fault(err)
			}
			return nil
		})
	}
	_ = eg.Wait()
	return errors.Join(faults...)
}

func (e *Engine) compareOne(ctx context.Context, o *object, live *unstructured.Unstructured, m marks) (err error) {
	o.live = live
	if o.health, err = e.opts.Health.Check(live); err != nil {
		return err
	}
	if live != nil {
		if o.asks.Apply == dialect.CreateOnly && !o.terminating() {
			o.leave = "it exists, and " + o.asks.Because
		} else if other := m.foreign(live); other != "" {
			return fmt.Errorf("%w: the live object has %s", ErrForeign, other)
		}
	}
	against := live
	if o.terminating() || o.unserved {
		// What is on its way out does not count, and what was read at another version cannot be compared.
		against = nil
	}
	if o.comparison, err = e.comparer.Compare(o.desired, against); err != nil {
		return err
	}
	if o.leave != "" || !e.doubtful(o.comparison) {
		return nil
	}
	return e.confirm(ctx, o)
}

// checkNamespaces finds objects that could never be created because nothing makes their namespace.
func (e *Engine) checkNamespaces(ctx context.Context, objects []*object) error {
	known := map[string]bool{}
	for _, o := range objects {
		before := !o.asks.Hook() || slices.Contains(o.asks.Phases, dialect.PreSync)
		if o.skip == "" && before && o.ref.GroupKind() == (schema.GroupKind{Kind: "Namespace"}) {
			known[o.ref.Name] = true
		}
		if o.live != nil && o.ref.Namespace != "" {
			known[o.ref.Namespace] = true
		}
	}
	var faults []error
	for _, o := range objects {
		ns := o.ref.Namespace
		if ns == "" || o.skip != "" {
			continue
		}
		there, asked := known[ns]
		if !asked {
			live, err := e.get(ctx, cluster.Ref{Kind: "Namespace", Name: ns}, "v1")
			// Who may not read namespaces may still write into one.
			there = live != nil || errors.Is(err, cluster.ErrForbidden)
			if err != nil && !there {
				return fmt.Errorf("plan: %w", err)
			}
			known[ns] = there
		}
		if !there {
			faults = append(faults, o.fault(fmt.Errorf("%w %s does not exist and is not among the desired objects", ErrNamespace, ns)))
		}
	}
	return errors.Join(faults...)
}
