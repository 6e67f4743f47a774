package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/redact"
)

// neverVersion is a resourceVersion that no object has: the store counts its writes, and 1 is its state before the first.
const neverVersion = "1"

// Apply writes obj by server-side apply. With a resourceVersion but no UID among the preconditions it reads the object
// first, since a server checks a resourceVersion only against an object that is there and would create a missing one. That is
// also how Absent works: it sends a resourceVersion that no object has.
func (c *Client) Apply(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	ref, err := refOf("apply", obj)
	if err != nil {
		return nil, err
	}
	if opts.Manager == "" {
		return nil, &cluster.Error{Op: "apply", Ref: ref, Err: errors.New("no field manager; set WriteOptions.Manager")}
	}
	at, err := c.locate(ctx, "apply", ref, versionOf(obj))
	if err != nil {
		return nil, err
	}
	if opts.ResourceVersion != "" && opts.UID == "" && !opts.Absent {
		if opts.UID, err = c.uidAt(ctx, "apply", at, ref, opts.ResourceVersion); err != nil {
			return nil, err
		}
	}
	if opts.Absent {
		if opts.UID != "" || opts.ResourceVersion != "" {
			return nil, &cluster.Error{Op: "apply", Ref: ref, Err: fmt.Errorf("%w: an absent object has neither UID nor resourceVersion", cluster.ErrConflict)}
		}
		obj = under(obj, cluster.WriteOptions{ResourceVersion: neverVersion})
	}
	query := written(opts)
	if opts.Force {
		query.Set("force", "true")
	}
	return c.write(ctx, at, call{
		op: "apply", ref: ref, method: http.MethodPatch, path: at.path(""), query: query,
		contentType: "application/apply-patch+yaml",
	}, under(obj, opts), opts)
}

// uidAt returns the UID of the object, which must be at that resourceVersion unless that is empty.
func (c *Client) uidAt(ctx context.Context, op string, at target, ref cluster.Ref, version string) (uid types.UID, err error) {
	got, err := c.send(ctx, at, call{op: op, ref: ref, method: http.MethodGet, path: at.path(""), accept: mediaPartial})
	if err != nil {
		return "", unmet(err, version != "")
	}
	obj, err := decode(got.body)
	if err != nil {
		return "", &cluster.Error{Op: op, Ref: ref, Code: got.code, Err: err}
	}
	if now := obj.GetResourceVersion(); version != "" && now != version {
		return "", &cluster.Error{Op: op, Ref: ref, Code: http.StatusConflict, Err: fmt.Errorf("%w: it is at resourceVersion %s", cluster.ErrConflict, now)}
	}
	return obj.GetUID(), nil
}

// Create stores a new object. An object with metadata.generateName may leave its name to the server. A precondition cannot
// be met by an object that does not exist and makes the error match [cluster.ErrConflict].
func (c *Client) Create(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	ref, err := refOf("create", obj)
	if err != nil {
		return nil, err
	}
	if opts.UID != "" || opts.ResourceVersion != "" {
		return nil, &cluster.Error{Op: "create", Ref: ref, Err: fmt.Errorf("%w: a create cannot have a precondition", cluster.ErrConflict)}
	}
	locate := c.locate
	if ref.Name == "" && obj.GetGenerateName() != "" {
		locate = c.collection
	}
	at, err := locate(ctx, "create", ref, versionOf(obj))
	if err != nil {
		return nil, err
	}
	at.name = ""
	return c.write(ctx, at, call{
		op: "create", ref: ref, method: http.MethodPost, path: at.path(""), query: written(opts), contentType: mediaJSON,
	}, obj, opts)
}

// Replace stores obj in place of the object of the same name. Without a resourceVersion in opts or obj it is
// unconditional, which some kinds, custom resources among them, refuse. An obj without a UID costs a read: for some kinds,
// Service among them, a server would create what is not there unless a UID forbids it.
func (c *Client) Replace(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	ref, err := refOf("replace", obj)
	if err != nil {
		return nil, err
	}
	at, err := c.locate(ctx, "replace", ref, versionOf(obj))
	if err != nil {
		return nil, err
	}
	opts.UID = cmp.Or(opts.UID, obj.GetUID())
	opts.ResourceVersion = cmp.Or(opts.ResourceVersion, obj.GetResourceVersion())
	if opts.UID == "" {
		if opts.UID, err = c.uidAt(ctx, "replace", at, ref, opts.ResourceVersion); err != nil {
			return nil, err
		}
	}
	return c.write(ctx, at, call{
		op: "replace", ref: ref, method: http.MethodPut, path: at.path(""), query: written(opts), contentType: mediaJSON,
	}, under(obj, opts), opts)
}

// refOf returns the identity of an object to write.
func refOf(op string, obj *unstructured.Unstructured) (cluster.Ref, error) {
	if obj == nil {
		return cluster.Ref{}, &cluster.Error{Op: op, Err: missing("", "there is no object")}
	}
	ref := cluster.RefOf(obj)
	if ref.Kind == "" || obj.GetAPIVersion() == "" {
		return ref, &cluster.Error{Op: op, Ref: ref, Err: missing("", "the object names no kind or apiVersion")}
	}
	return ref, nil
}

// write sends obj.
func (c *Client) write(ctx context.Context, at target, call call, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	body, err := json.Marshal(obj.Object)
	if err != nil {
		return nil, &cluster.Error{Op: call.op, Ref: call.ref, Err: fmt.Errorf("encode the object: %w", err)}
	}
	call.body = body
	call.mask = redact.Of(obj)
	return c.commit(ctx, at, call, opts)
}

// commit performs a write and reads what the server says of it.
func (c *Client) commit(ctx context.Context, at target, call call, opts cluster.WriteOptions) (*cluster.Written, error) {
	got, err := c.send(ctx, at, call)
	if err != nil {
		return nil, unmet(err, opts.UID != "" || opts.ResourceVersion != "")
	}
	stored, err := decode(got.body)
	if err != nil {
		return nil, &cluster.Error{Op: call.op, Ref: call.ref, Code: got.code, Err: err}
	}
	return &cluster.Written{
		Object:  stored,
		Created: got.code == http.StatusCreated,
		// A dry run answers with the stored resourceVersion whatever it would change.
		Changed:  opts.DryRun || opts.ResourceVersion == "" || stored.GetResourceVersion() != opts.ResourceVersion,
		Warnings: got.warnings,
	}, nil
}

// unmet makes the error of a conditional write to an object that is not there match [cluster.ErrConflict] as well.
func unmet(err error, conditional bool) error {
	var e *cluster.Error
	if conditional && errors.Is(err, cluster.ErrNotFound) && errors.As(err, &e) {
		e.Err = fmt.Errorf("%w: %w", cluster.ErrConflict, e.Err)
	}
	return err
}

// written returns the query of a write.
func written(opts cluster.WriteOptions) url.Values {
	query := url.Values{}
	if opts.Manager != "" {
		query.Set("fieldManager", opts.Manager)
	}
	if opts.DryRun {
		query.Set("dryRun", "All")
	}
	if opts.Validation != cluster.ValidationDefault {
		query.Set("fieldValidation", string(opts.Validation))
	}
	return query
}

// under returns obj with the preconditions of opts in its metadata. obj is not changed.
func under(obj *unstructured.Unstructured, opts cluster.WriteOptions) *unstructured.Unstructured {
	if opts.UID == "" && opts.ResourceVersion == "" {
		return obj
	}
	content := maps.Clone(obj.Object)
	metadata, _, _ := unstructured.NestedFieldNoCopy(content, "metadata")
	fields, _ := metadata.(map[string]any)
	fields = maps.Clone(fields)
	content["metadata"] = fields
	if opts.UID != "" {
		fields["uid"] = string(opts.UID)
	}
	if opts.ResourceVersion != "" {
		fields["resourceVersion"] = opts.ResourceVersion
	}
	return &unstructured.Unstructured{Object: content}
}
