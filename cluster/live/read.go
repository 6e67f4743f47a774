package live

import (
	"context"
	"errors"
	"iter"
	"net/http"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Get reads one object, from memory when its kind is followed.
func (v *View) Get(ctx context.Context, ref cluster.Ref, opts cluster.GetOptions) (*unstructured.Unstructured, error) {
	if err := v.open("get", ref); err != nil {
		return nil, err
	}
	kind, err := v.client.Kind(ctx, ref.Group, ref.Kind)
	if err != nil || ref.Name == "" || kind.Namespaced != (ref.Namespace != "") {
		return v.client.Get(ctx, ref, opts) // Whose error names what is wrong.
	}
	key := types.NamespacedName{Namespace: ref.Namespace, Name: ref.Name}
	var obj *unstructured.Unstructured
	var unsure func(*unstructured.Unstructured)
	served, err := v.answer(kind, opts.Version, ref.Namespace, false, func(f *follow) error {
		found, n, err := f.get(ctx, key, v.patience)
		obj, unsure = found, func(stored *unstructured.Unstructured) { f.verified(key, n, stored) }
		return err
	})
	switch {
	case errors.Is(err, ErrClosed), err != nil && ctx.Err() != nil:
		return nil, &cluster.Error{Op: "get", Ref: ref, Err: err}
	case errors.Is(err, errBehind):
		stored, err := v.client.Get(ctx, ref, opts)
		if err == nil || errors.Is(err, cluster.ErrNotFound) {
			unsure(stored)
		}
		return stored, err
	case !served, opts.AtLeast != "" && (obj == nil || !reached(obj.GetResourceVersion(), opts.AtLeast)):
		return v.client.Get(ctx, ref, opts)
	case obj == nil:
		return nil, &cluster.Error{Op: "get", Ref: ref, Code: http.StatusNotFound, Err: cluster.ErrNotFound}
	}
	return obj.DeepCopy(), nil
}

// List yields the selected objects, from memory when their kind is followed: then they are of one moment.
func (v *View) List(ctx context.Context, sel cluster.Selector) iter.Seq2[*unstructured.Unstructured, error] {
	return func(yield func(*unstructured.Unstructured, error) bool) {
		ref := cluster.Ref{Group: sel.Group, Kind: sel.Kind, Namespace: sel.Namespace}
		if err := v.open("list", ref); err != nil {
			yield(nil, err)
			return
		}
		objects, matches, served, err := v.memory(ctx, sel)
		if err != nil {
			yield(nil, &cluster.Error{Op: "list", Ref: ref, Err: err})
			return
		}
		if !served {
			v.client.List(ctx, sel)(yield)
			return
		}
		for _, obj := range objects {
			if !matches(obj) {
				continue
			}
			if sel.MetadataOnly {
				obj = &unstructured.Unstructured{Object: map[string]any{
					"apiVersion": obj.Object["apiVersion"], "kind": obj.Object["kind"], "metadata": obj.Object["metadata"],
				}}
			}
			if !yield(obj.DeepCopy(), nil) {
				return
			}
		}
	}
}

// memory answers a list. served is false when the server has to; the error is ErrClosed or ctx's.
func (v *View) memory(ctx context.Context, sel cluster.Selector) (objects []*unstructured.Unstructured, matches func(*unstructured.Unstructured) bool, served bool, err error) {
	matches, ok := matcher(sel)
	if !ok {
		return nil, nil, false, nil
	}
	kind, err := v.client.Kind(ctx, sel.Group, sel.Kind)
	if err != nil {
		return nil, nil, false, nil
	}
	namespace := sel.Namespace
	if !kind.Namespaced {
		namespace = ""
	}
	served, err = v.answer(kind, sel.Version, namespace, sel.MetadataOnly, func(f *follow) (err error) {
		if objects, err = f.list(ctx, namespace, v.patience); errors.Is(err, errBehind) {
			v.verify(ctx, f)
		}
		return err
	})
	if errors.Is(err, ErrClosed) || err != nil && ctx.Err() != nil {
		return nil, nil, false, err
	}
	return objects, matches, served, nil
}

// verify asks the server about the objects whose state waiting may not clear up. What it cannot learn it leaves.
func (v *View) verify(ctx context.Context, f *follow) {
	for key, n := range f.doubts() {
		ref := cluster.Ref{Group: f.scope.group, Kind: f.scope.kind, Namespace: key.Namespace, Name: key.Name}
		stored, err := v.client.Get(ctx, ref, cluster.GetOptions{Version: f.scope.version})
		if err == nil || errors.Is(err, cluster.ErrNotFound) {
			f.verified(key, n, stored)
		}
	}
}

// answer lets ask read from the memory that covers the namespace, and says whether it could. When all namespaces may not
// be watched, that one is; the error is why the memory had no answer.
func (v *View) answer(kind cluster.Kind, version, namespace string, metadataOnly bool, ask func(*follow) error) (served bool, err error) {
	if version == "" {
		version = kind.Versions[0]
	}
	if !kind.Serves(version) {
		return false, nil
	}
	scopes := []scope{{group: kind.Group, kind: kind.Kind, version: version, metadataOnly: metadataOnly}}
	if namespace != "" {
		narrow := scopes[0]
		narrow.namespace = namespace
		scopes = append(scopes, narrow)
	}
	for _, s := range scopes {
		f, fault := v.follow(s)
		if err = fault; fault == nil {
			err = ask(f)
		}
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, cluster.ErrForbidden) {
			break
		}
	}
	return false, err
}

// matcher returns what chooses objects as the server would, and false when only the server can.
func matcher(sel cluster.Selector) (func(*unstructured.Unstructured) bool, bool) {
	byLabel, err := labels.Parse(sel.Labels)
	if err != nil {
		return nil, false
	}
	byField, err := fields.ParseSelector(sel.Fields)
	if err != nil {
		return nil, false
	}
	for _, r := range byField.Requirements() {
		if r.Field != "metadata.name" && r.Field != "metadata.namespace" {
			return nil, false
		}
	}
	return func(obj *unstructured.Unstructured) bool {
		return byLabel.Matches(labels.Set(obj.GetLabels())) &&
			byField.Matches(fields.Set{"metadata.name": obj.GetName(), "metadata.namespace": obj.GetNamespace()})
	}, true
}
