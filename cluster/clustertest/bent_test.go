package clustertest_test

import (
	"context"
	"iter"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/clustertest"
)

// request is a call on its way to the client. Fields that the verb does not have are nil.
type request struct {
	verb   string
	ref    cluster.Ref
	object *unstructured.Unstructured
	patch  *cluster.Patch
	write  *cluster.WriteOptions
	delete *cluster.DeleteOptions
	sel    *cluster.Selector
	get    *cluster.GetOptions
}

// kind is the kind that the call is about.
func (r request) kind() string {
	switch {
	case r.object != nil:
		return r.object.GetKind()
	case r.sel != nil:
		return r.sel.Kind
	}
	return r.ref.Kind
}

// dryRun says that the call stores nothing.
func (r request) dryRun() bool {
	return r.write != nil && r.write.DryRun || r.delete != nil && r.delete.DryRun
}

// bent is a client with a defect. Its hooks may be nil.
type bent struct {
	cluster.Client
	before  func(r *request)
	object  func(obj *unstructured.Unstructured)
	written func(verb string, w *cluster.Written)
	// answered and got see the answer to a write and to a get with what was asked.
	answered func(r request, w *cluster.Written)
	got      func(r request, obj *unstructured.Unstructured)
	fault    func(r request, err error) error
	kind     func(k *cluster.Kind)
	apply    func(c cluster.Client, ctx context.Context, r request) (*cluster.Written, error)
	list     func(seq iter.Seq2[*unstructured.Unstructured, error]) iter.Seq2[*unstructured.Unstructured, error]
	event    func(e cluster.Event) []cluster.Event
	// afterCut is for the events of a watch after it was cut for the first time.
	afterCut func(e cluster.Event) []cluster.Event
	// endless clients do not say why a watch ends once it was cut.
	endless bool
	cuts    *atomic.Int64
	// careless clients put the answer into the object that they were given.
	careless bool
}

var (
	_ cluster.Client     = bent{}
	_ clustertest.Cutter = bent{}
)

// Cut cuts the watches of the client behind.
func (b bent) Cut(expire bool) (restore func()) {
	b.cuts.Add(1)
	return b.Client.(clustertest.Cutter).Cut(expire)
}

func (b bent) prepare(r *request) {
	if b.before != nil {
		b.before(r)
	}
}

func (b bent) show(obj *unstructured.Unstructured) *unstructured.Unstructured {
	if b.object != nil && obj != nil {
		b.object(obj)
	}
	return obj
}

// fail returns the fault that the defect makes of err, nil when it makes none.
func (b bent) fail(r request, err error) error {
	if b.fault != nil && err != nil {
		return b.fault(r, err)
	}
	return err
}

func (b bent) answer(r request, w *cluster.Written, err error) (*cluster.Written, error) {
	if err != nil {
		if err = b.fail(r, err); err != nil {
			return nil, err
		}
		obj := r.object
		if obj == nil {
			obj = &unstructured.Unstructured{Object: map[string]any{}}
		}
		w = &cluster.Written{Object: obj}
	}
	b.show(w.Object)
	if b.written != nil {
		b.written(r.verb, w)
	}
	if b.answered != nil {
		b.answered(r, w)
	}
	return w, nil
}

func (b bent) Get(ctx context.Context, ref cluster.Ref, opts cluster.GetOptions) (*unstructured.Unstructured, error) {
	r := request{verb: "get", ref: ref, get: &opts}
	b.prepare(&r)
	obj, err := b.Client.Get(ctx, ref, opts)
	if err != nil {
		return &unstructured.Unstructured{Object: map[string]any{}}, b.fail(r, err)
	}
	if b.got != nil {
		b.got(r, obj)
	}
	return b.show(obj), nil
}

func (b bent) List(ctx context.Context, sel cluster.Selector) iter.Seq2[*unstructured.Unstructured, error] {
	r := request{verb: "list", sel: &sel}
	b.prepare(&r)
	seq := func(yield func(*unstructured.Unstructured, error) bool) {
		for obj, err := range b.Client.List(ctx, sel) {
			if err != nil {
				if err = b.fail(r, err); err == nil {
					return
				}
			}
			if !yield(b.show(obj), err) {
				return
			}
		}
	}
	if b.list != nil {
		return b.list(seq)
	}
	return seq
}

func (b bent) Watch(ctx context.Context, sel cluster.Selector) iter.Seq2[cluster.Event, error] {
	r := request{verb: "watch", sel: &sel}
	b.prepare(&r)
	return func(yield func(cluster.Event, error) bool) {
		before := b.cuts.Load()
		for event, err := range b.Client.Watch(ctx, sel) {
			if err != nil {
				if err = b.fail(r, err); err != nil && !(b.endless && b.cuts.Load() > before) {
					yield(cluster.Event{}, err)
				}
				return
			}
			b.show(event.Object)
			events := []cluster.Event{event}
			if b.event != nil {
				events = b.event(event)
			}
			if b.afterCut != nil && b.cuts.Load() > before {
				events = b.afterCut(event)
			}
			for _, event := range events {
				if !yield(event, nil) {
					return
				}
			}
		}
	}
}

func (b bent) Kind(ctx context.Context, group, kind string) (cluster.Kind, error) {
	k, err := b.Client.Kind(ctx, group, kind)
	if err != nil {
		return k, b.fail(request{verb: "kind", ref: cluster.Ref{Group: group, Kind: kind}}, err)
	}
	if b.kind != nil {
		b.kind(&k)
	}
	return k, nil
}

func (b bent) Apply(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	r := request{verb: "apply", ref: cluster.RefOf(obj), object: obj.DeepCopy(), write: &opts}
	b.prepare(&r)
	if b.apply != nil {
		return b.apply(b.Client, ctx, r)
	}
	w, err := b.Client.Apply(ctx, r.object, opts)
	return b.answer(r, w, err)
}

func (b bent) Create(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	r := request{verb: "create", ref: cluster.RefOf(obj), object: obj.DeepCopy(), write: &opts}
	b.prepare(&r)
	w, err := b.Client.Create(ctx, r.object, opts)
	if b.careless && err == nil {
		obj.Object = w.Object.DeepCopy().Object
	}
	return b.answer(r, w, err)
}

func (b bent) Replace(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	r := request{verb: "replace", ref: cluster.RefOf(obj), object: obj.DeepCopy(), write: &opts}
	b.prepare(&r)
	w, err := b.Client.Replace(ctx, r.object, opts)
	return b.answer(r, w, err)
}

func (b bent) Patch(ctx context.Context, ref cluster.Ref, p cluster.Patch, opts cluster.WriteOptions) (*cluster.Written, error) {
	r := request{verb: "patch", ref: ref, patch: &p, write: &opts}
	b.prepare(&r)
	w, err := b.Client.Patch(ctx, ref, p, opts)
	return b.answer(r, w, err)
}

func (b bent) Delete(ctx context.Context, ref cluster.Ref, opts cluster.DeleteOptions) error {
	r := request{verb: "delete", ref: ref, delete: &opts}
	b.prepare(&r)
	return b.fail(r, b.Client.Delete(ctx, ref, opts))
}
