package clustertest

import (
	"context"
	"iter"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Call is a call of a method of [cluster.Client], for [Funcs].Around.
type Call struct {
	// Method is the method's name, such as "Apply".
	Method string
	// Ref is the object; of a list or watch its kind and namespace, of Kind the kind, of OpenAPI the group alone.
	Ref cluster.Ref
	// DryRun says that a write stores nothing.
	DryRun bool
}

// Writes reports whether the call is one that may change what is stored.
func (c Call) Writes() bool {
	switch c.Method {
	case "Apply", "Create", "Replace", "Patch", "Delete":
		return !c.DryRun
	}
	return false
}

// Funcs stand between a test's subject and a client: one for each method, which is called in its place with the client behind
// it, next, and may call that, change what goes in and comes out, fail, count or wait. Nil calls next. [Funcs.Wrap] makes a
// client of them; wrapped clients wrap again, and the one that was wrapped last is asked first.
type Funcs struct {
	// Around is called for every call, outside the functions below; send makes the call and returns its error. The error of
	// Around is the caller's: what send answered then is dropped. Of a list or watch send returns when the stream ends, by
	// itself or because the caller leaves, and the error of Around ends the stream.
	Around func(ctx context.Context, call Call, send func() error) error

	Get     func(ctx context.Context, next cluster.Client, ref cluster.Ref, opts cluster.GetOptions) (*unstructured.Unstructured, error)
	List    func(ctx context.Context, next cluster.Client, sel cluster.Selector) iter.Seq2[*unstructured.Unstructured, error]
	Watch   func(ctx context.Context, next cluster.Client, sel cluster.Selector) iter.Seq2[cluster.Event, error]
	Kind    func(ctx context.Context, next cluster.Client, group, kind string) (cluster.Kind, error)
	Apply   func(ctx context.Context, next cluster.Client, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error)
	Create  func(ctx context.Context, next cluster.Client, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error)
	Replace func(ctx context.Context, next cluster.Client, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error)
	Patch   func(ctx context.Context, next cluster.Client, ref cluster.Ref, p cluster.Patch, opts cluster.WriteOptions) (*cluster.Written, error)
	Delete  func(ctx context.Context, next cluster.Client, ref cluster.Ref, opts cluster.DeleteOptions) error
	// OpenAPI is asked only when the client is a [cluster.OpenAPI].
	OpenAPI func(ctx context.Context, next cluster.OpenAPI, group, version string) (doc []byte, hash string, err error)
}

// Wrap returns a client that calls f in front of c. It is a [cluster.OpenAPI] when c is one. It is as safe for concurrent use as
// c and the functions are.
func (f Funcs) Wrap(c cluster.Client) cluster.Client {
	w := wrapped{next: c, funcs: f}
	if documents, ok := c.(cluster.OpenAPI); ok {
		return documented{wrapped: w, next: documents}
	}
	return w
}

// wrapped is a client behind functions.
type wrapped struct {
	next  cluster.Client
	funcs Funcs
}

var (
	_ cluster.Client  = wrapped{}
	_ cluster.OpenAPI = documented{}
)

func (w wrapped) around(ctx context.Context, call Call, send func() error) error {
	if w.funcs.Around == nil {
		return send()
	}
	return w.funcs.Around(ctx, call, send)
}

func (w wrapped) Get(ctx context.Context, ref cluster.Ref, opts cluster.GetOptions) (*unstructured.Unstructured, error) {
	return answer(ctx, w, Call{Method: "Get", Ref: ref}, func() (*unstructured.Unstructured, error) {
		if w.funcs.Get != nil {
			return w.funcs.Get(ctx, w.next, ref, opts)
		}
		return w.next.Get(ctx, ref, opts)
	})
}

func (w wrapped) List(ctx context.Context, sel cluster.Selector) iter.Seq2[*unstructured.Unstructured, error] {
	return through(ctx, w, Call{Method: "List", Ref: refOf(sel)}, func() iter.Seq2[*unstructured.Unstructured, error] {
		if w.funcs.List != nil {
			return w.funcs.List(ctx, w.next, sel)
		}
		return w.next.List(ctx, sel)
	})
}

func (w wrapped) Watch(ctx context.Context, sel cluster.Selector) iter.Seq2[cluster.Event, error] {
	return through(ctx, w, Call{Method: "Watch", Ref: refOf(sel)}, func() iter.Seq2[cluster.Event, error] {
		if w.funcs.Watch != nil {
			return w.funcs.Watch(ctx, w.next, sel)
		}
		return w.next.Watch(ctx, sel)
	})
}

func (w wrapped) Kind(ctx context.Context, group, kind string) (cluster.Kind, error) {
	return answer(ctx, w, Call{Method: "Kind", Ref: cluster.Ref{Group: group, Kind: kind}}, func() (cluster.Kind, error) {
		if w.funcs.Kind != nil {
			return w.funcs.Kind(ctx, w.next, group, kind)
		}
		return w.next.Kind(ctx, group, kind)
	})
}

func (w wrapped) Apply(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	return answer(ctx, w, Call{"Apply", cluster.RefOf(obj), opts.DryRun}, func() (*cluster.Written, error) {
		if w.funcs.Apply != nil {
			return w.funcs.Apply(ctx, w.next, obj, opts)
		}
		return w.next.Apply(ctx, obj, opts)
	})
}

func (w wrapped) Create(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	return answer(ctx, w, Call{"Create", cluster.RefOf(obj), opts.DryRun}, func() (*cluster.Written, error) {
		if w.funcs.Create != nil {
			return w.funcs.Create(ctx, w.next, obj, opts)
		}
		return w.next.Create(ctx, obj, opts)
	})
}

func (w wrapped) Replace(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	return answer(ctx, w, Call{"Replace", cluster.RefOf(obj), opts.DryRun}, func() (*cluster.Written, error) {
		if w.funcs.Replace != nil {
			return w.funcs.Replace(ctx, w.next, obj, opts)
		}
		return w.next.Replace(ctx, obj, opts)
	})
}

func (w wrapped) Patch(ctx context.Context, ref cluster.Ref, p cluster.Patch, opts cluster.WriteOptions) (*cluster.Written, error) {
	return answer(ctx, w, Call{"Patch", ref, opts.DryRun}, func() (*cluster.Written, error) {
		if w.funcs.Patch != nil {
			return w.funcs.Patch(ctx, w.next, ref, p, opts)
		}
		return w.next.Patch(ctx, ref, p, opts)
	})
}

func (w wrapped) Delete(ctx context.Context, ref cluster.Ref, opts cluster.DeleteOptions) error {
	return w.around(ctx, Call{"Delete", ref, opts.DryRun}, func() error {
		if w.funcs.Delete != nil {
			return w.funcs.Delete(ctx, w.next, ref, opts)
		}
		return w.next.Delete(ctx, ref, opts)
	})
}

// documented is a wrapped client that hands out documents.
type documented struct {
	wrapped
	next cluster.OpenAPI
}

func (d documented) OpenAPI(ctx context.Context, group, version string) (doc []byte, hash string, err error) {
	err = d.around(ctx, Call{Method: "OpenAPI", Ref: cluster.Ref{Group: group}}, func() (err error) {
		if d.funcs.OpenAPI != nil {
			doc, hash, err = d.funcs.OpenAPI(ctx, d.next, group, version)
		} else {
			doc, hash, err = d.next.OpenAPI(ctx, group, version)
		}
		return err
	})
	if err != nil {
		return nil, "", err
	}
	return doc, hash, nil
}

// answer makes a call that has one answer.
func answer[T any](ctx context.Context, w wrapped, call Call, send func() (T, error)) (out T, err error) {
	err = w.around(ctx, call, func() (err error) {
		out, err = send()
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return out, nil
}

// through makes a call that has a stream of answers.
func through[T any](ctx context.Context, w wrapped, call Call, send func() iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		left := false
		err := w.around(ctx, call, func() error {
			for value, err := range send() {
				if err != nil {
					return err
				}
				if !yield(value, nil) {
					left = true
					return nil
				}
			}
			return nil
		})
		if err != nil && !left {
			var none T
			yield(none, err)
		}
	}
}

// refOf is what a selector is about.
func refOf(sel cluster.Selector) cluster.Ref {
	return cluster.Ref{Group: sel.Group, Kind: sel.Kind, Namespace: sel.Namespace}
}
