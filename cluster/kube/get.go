package kube

import (
	"context"
	"net/http"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Get reads one object. It always asks for the most recent state, which is not older than any AtLeast.
func (c *Client) Get(ctx context.Context, ref cluster.Ref, opts cluster.GetOptions) (*unstructured.Unstructured, error) {
	at, err := c.locate(ctx, "get", ref, opts.Version)
	if err != nil {
		return nil, err
	}
	got, err := c.send(ctx, at, call{op: "get", ref: ref, method: http.MethodGet, path: at.path("")})
	if err != nil {
		return nil, err
	}
	obj, err := decode(got.body)
	if err != nil {
		return nil, &cluster.Error{Op: "get", Ref: ref, Code: got.code, Err: err}
	}
	return obj, nil
}
