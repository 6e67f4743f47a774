package live

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Apply writes through the client behind the view.
func (v *View) Apply(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	return v.write("apply", refOf(obj), opts, func() (*cluster.Written, error) { return v.client.Apply(ctx, obj, opts) })
}

// Create writes through the client behind the view.
func (v *View) Create(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	return v.write("create", refOf(obj), opts, func() (*cluster.Written, error) { return v.client.Create(ctx, obj, opts) })
}

// Replace writes through the client behind the view.
func (v *View) Replace(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	return v.write("replace", refOf(obj), opts, func() (*cluster.Written, error) { return v.client.Replace(ctx, obj, opts) })
}

// Patch writes through the client behind the view.
func (v *View) Patch(ctx context.Context, ref cluster.Ref, p cluster.Patch, opts cluster.WriteOptions) (*cluster.Written, error) {
	return v.write("patch", ref, opts, func() (*cluster.Written, error) { return v.client.Patch(ctx, ref, p, opts) })
}

// refOf is [cluster.RefOf] for any argument; the client behind the view reports what is wrong with it.
func refOf(obj *unstructured.Unstructured) cluster.Ref {
	if obj == nil {
		return cluster.Ref{}
	}
	return cluster.RefOf(obj)
}

// write performs a write and notes it.
func (v *View) write(op string, ref cluster.Ref, opts cluster.WriteOptions, perform func() (*cluster.Written, error)) (*cluster.Written, error) {
	if err := v.open(op, ref); err != nil {
		return nil, err
	}
	w, err := perform()
	switch {
	case opts.DryRun:
	case err == nil:
		if ref.Name == "" {
			ref.Name = w.Object.GetName()
		}
		v.note(ref, left(w.Object))
	case unclear(err):
		v.note(ref, &note{unknown: true})
	}
	return w, err
}

// unclear says whether a request that failed with err may have been executed all the same.
func unclear(err error) bool {
	var e *cluster.Error
	var invalid *cluster.InvalidError
	if !errors.As(err, &e) || errors.As(err, &invalid) || errors.Is(err, cluster.ErrNoKind) {
		return false
	}
	return e.Code == 0 || e.Code >= 500
}

// note tells those who follow the object's kind of a write.
func (v *View) note(ref cluster.Ref, n *note) {
	key := types.NamespacedName{Namespace: ref.Namespace, Name: ref.Name}
	for _, f := range v.covering(ref) {
		f.wrote(key, n)
	}
}

// covering returns those who follow the object's kind.
func (v *View) covering(ref cluster.Ref) []*follow {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []*follow
	for s, f := range v.follows {
		if s.group == ref.Group && s.kind == ref.Kind && (s.namespace == "" || s.namespace == ref.Namespace) {
			out = append(out, f)
		}
	}
	return out
}
