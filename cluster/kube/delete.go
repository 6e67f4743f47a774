package kube

import (
	"context"
	"encoding/json"
	"net/http"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Delete asks for the deletion of one object.
func (c *Client) Delete(ctx context.Context, ref cluster.Ref, opts cluster.DeleteOptions) error {
	at, err := c.locate(ctx, "delete", ref, "")
	if err != nil {
		return err
	}
	how := metav1.DeleteOptions{
		TypeMeta:           metav1.TypeMeta{APIVersion: "v1", Kind: "DeleteOptions"},
		GracePeriodSeconds: opts.GracePeriodSeconds,
	}
	if opts.UID != "" || opts.ResourceVersion != "" {
		how.Preconditions = &metav1.Preconditions{}
		if opts.UID != "" {
			how.Preconditions.UID = &opts.UID
		}
		if opts.ResourceVersion != "" {
			how.Preconditions.ResourceVersion = &opts.ResourceVersion
		}
	}
	if opts.Propagation != cluster.PropagationDefault {
		policy := metav1.DeletionPropagation(opts.Propagation)
		how.PropagationPolicy = &policy
	}
	if opts.DryRun {
		how.DryRun = []string{metav1.DryRunAll}
	}
	body, err := json.Marshal(how)
	if err != nil {
		return &cluster.Error{Op: "delete", Ref: ref, Err: err}
	}
	_, err = c.send(ctx, at, call{
		op: "delete", ref: ref, method: http.MethodDelete, path: at.path(""), contentType: mediaJSON, body: body,
	})
	return err
}
