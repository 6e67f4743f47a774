package clustertest_test

import (
	"context"
	"iter"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
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
}

// bent is a client with a defect. Its hooks may be nil.
type bent struct {
	cluster.Client
	before  func(r *request)
	object  func(obj *unstructured.Unstructured)
	written func(verb string, w *cluster.Written)
	fault   func(r request, err error) error
	kind    func(k *cluster.Kind)
	apply   func(c cluster.Client, ctx context.Context, r request) (*cluster.Written, error)
	list    func(seq iter.Seq2[*unstructured.Unstructured, error]) iter.Seq2[*unstructured.Unstructured, error]
	event   func(e cluster.Event) []cluster.Event
	// careless clients put the answer into the object that they were given.
	careless bool
}

var _ cluster.Client = bent{}

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
	return w, nil
}

func (b bent) Get(ctx context.Context, ref cluster.Ref, opts cluster.GetOptions) (*unstructured.Unstructured, error) {
	obj, err := b.Client.Get(ctx, ref, opts)
	if err != nil {
		return &unstructured.Unstructured{Object: map[string]any{}}, b.fail(request{verb: "get"}, err)
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
		for event, err := range b.Client.Watch(ctx, sel) {
			if err != nil {
				if err = b.fail(r, err); err != nil {
					yield(cluster.Event{}, err)
				}
				return
			}
			b.show(event.Object)
			events := []cluster.Event{event}
			if b.event != nil {
				events = b.event(event)
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
		return k, b.fail(request{verb: "kind"}, err)
	}
	if b.kind != nil {
		b.kind(&k)
	}
	return k, nil
}

func (b bent) Apply(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	r := request{verb: "apply", object: obj.DeepCopy(), write: &opts}
	b.prepare(&r)
	if b.apply != nil {
		return b.apply(b.Client, ctx, r)
	}
	w, err := b.Client.Apply(ctx, r.object, opts)
	return b.answer(r, w, err)
}

func (b bent) Create(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	r := request{verb: "create", object: obj.DeepCopy(), write: &opts}
	b.prepare(&r)
	w, err := b.Client.Create(ctx, r.object, opts)
	if b.careless && err == nil {
		obj.Object = w.Object.DeepCopy().Object
	}
	return b.answer(r, w, err)
}

func (b bent) Replace(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	r := request{verb: "replace", object: obj.DeepCopy(), write: &opts}
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
