package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Patch changes one object. Preconditions go into the patch: as metadata of a merge patch, as leading operations of a JSON
// patch. An apply goes through [Client.Apply].
func (c *Client) Patch(ctx context.Context, ref cluster.Ref, p cluster.Patch, opts cluster.WriteOptions) (*cluster.Written, error) {
	at, err := c.locate(ctx, "patch", ref, p.Version)
	if err != nil {
		return nil, err
	}
	data, err := conditional(p, opts)
	if err == nil && p.Subresource != "" && len(rest.IsValidPathSegmentName(p.Subresource)) > 0 {
		err = fmt.Errorf("%q is not the name of a subresource", p.Subresource)
	}
	if err != nil {
		return nil, &cluster.Error{Op: "patch", Ref: ref, Err: err}
	}
	return c.commit(ctx, at, call{
		op: "patch", ref: ref, method: http.MethodPatch, path: at.path(p.Subresource), query: written(opts),
		contentType: string(p.Type), body: data, mask: maskOfPatch(ref, p),
	}, opts)
}

// conditional returns the patch's data with the preconditions of opts.
func conditional(p cluster.Patch, opts cluster.WriteOptions) ([]byte, error) {
	switch p.Type {
	case types.MergePatchType, types.StrategicMergePatchType, types.JSONPatchType:
	case types.ApplyYAMLPatchType, types.ApplyCBORPatchType:
		return nil, errors.New("an apply is not a patch here; use Apply")
	default:
		return nil, fmt.Errorf("unknown patch type %q", p.Type)
	}
	if opts.UID == "" && opts.ResourceVersion == "" {
		return p.Data, nil
	}
	if p.Type == types.JSONPatchType {
		var operations []any
		if err := json.Unmarshal(p.Data, &operations); err != nil {
			return nil, fmt.Errorf("read the patch: %w", err)
		}
		var conditions []any
		// A replaced value is checked by the server as that of an update is; a failed "test" would be told as a bad patch.
		for _, c := range []struct{ path, value string }{{"uid", string(opts.UID)}, {"resourceVersion", opts.ResourceVersion}} {
			if c.value != "" {
				conditions = append(conditions, map[string]any{"op": "replace", "path": "/metadata/" + c.path, "value": c.value})
			}
		}
		return json.Marshal(append(conditions, operations...))
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(p.Data, &fields); err != nil {
		return nil, fmt.Errorf("read the patch: %w", err)
	}
	metadata := map[string]json.RawMessage{}
	if old, ok := fields["metadata"]; ok {
		if err := json.Unmarshal(old, &metadata); err != nil {
			return nil, fmt.Errorf("read the patch's metadata: %w", err)
		}
	}
	if fields == nil || metadata == nil {
		return nil, errors.New("a patch that says null cannot carry a precondition")
	}
	for _, c := range []struct{ field, value string }{{"uid", string(opts.UID)}, {"resourceVersion", opts.ResourceVersion}} {
		if c.value != "" {
			metadata[c.field], _ = json.Marshal(c.value)
		}
	}
	fields["metadata"], _ = json.Marshal(metadata)
	return json.Marshal(fields)
}
