package sync

import (
	"context"
	"errors"
	"reflect"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// maxConfirmed bounds the answers that an engine keeps. Past it, all are forgotten and asked for again.
const maxConfirmed = 20_000

// confirmKey is what an answer depends on: as long as neither the desired nor the live object changes, it holds.
type confirmKey struct {
	ref             cluster.Ref
	hash            string
	uid             types.UID
	resourceVersion string
}

// confirm has the server say what an apply would do, and puts its verdict in place of the comparison's own.
func (e *Engine) confirm(ctx context.Context, o *object) error {
	key := confirmKey{o.ref, o.desired.Hash(), o.live.GetUID(), o.live.GetResourceVersion()}
	e.mu.Lock()
	verdict, ok := e.confirmed[key]
	e.mu.Unlock()
	if !ok {
		var err error
		if verdict, err = e.dryRun(ctx, o); err != nil {
			return err
		}
		if o.note == "" {
			e.mu.Lock()
			if len(e.confirmed) >= maxConfirmed {
				clear(e.confirmed)
			}
			e.confirmed[key] = verdict
			e.mu.Unlock()
		}
	}
	c := *o.comparison
	c.Verdict = verdict
	o.comparison = &c
	return nil
}

// dryRun applies without storing. A refusal is no fault of the plan: the step is planned, and shows what the server said.
func (e *Engine) dryRun(ctx context.Context, o *object) (diff.Verdict, error) {
	w, err := retryValue(ctx, e, func() (*cluster.Written, error) {
		return e.client.Apply(ctx, o.comparison.Object(), cluster.WriteOptions{Manager: e.opts.Manager, Force: e.opts.Force, DryRun: true, Validation: o.asks.Validation})
	})
	var conflict *cluster.ConflictError
	var invalid *cluster.InvalidError
	switch {
	case errors.As(err, &conflict):
		o.note = conflict.Error()
		return diff.Conflict, nil
	case errors.As(err, &invalid), errors.Is(err, cluster.ErrForbidden):
		o.note = err.Error()
		return diff.Unsure, nil
	case err != nil:
		return "", err
	}
	switch {
	case !reflect.DeepEqual(content(o.live), content(w.Object)):
		return diff.Differs, nil
	case !reflect.DeepEqual(owned(o.live, e.opts.Manager), owned(w.Object, e.opts.Manager)):
		return diff.Adopt, nil
	}
	return diff.Same, nil
}

// content is an object without what the server keeps about it and what controllers say of it.
func content(obj *unstructured.Unstructured) map[string]any {
	out := make(map[string]any, len(obj.Object))
	for k, v := range obj.Object {
		if k != "status" {
			out[k] = v
		}
	}
	if meta, ok := out["metadata"].(map[string]any); ok {
		kept := make(map[string]any, len(meta))
		for k, v := range meta {
			switch k {
			case "managedFields", "resourceVersion", "generation":
			default:
				kept[k] = v
			}
		}
		out["metadata"] = kept
	}
	return out
}

// owned is the set of fields that the manager's applies own, nil when there were none.
func owned(obj *unstructured.Unstructured, manager string) map[string]any {
	entries, _, _ := unstructured.NestedSlice(obj.Object, "metadata", "managedFields")
	for _, e := range entries {
		m, ok := e.(map[string]any)
		if ok && m["manager"] == manager && m["operation"] == "Apply" && (m["subresource"] == nil || m["subresource"] == "") {
			fields, _ := m["fieldsV1"].(map[string]any)
			if fields == nil {
				fields = map[string]any{}
			}
			return fields
		}
	}
	return nil
}
