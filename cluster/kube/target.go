package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster"
)

// target is an object or a collection, resolved to its place on the server.
type target struct {
	kind    cluster.Kind
	version string
	// namespace and name as they stand in the path; an empty name is the collection.
	namespace, name string
}

// locate resolves ref to one object, at version or at the preferred one.
func (c *Client) locate(ctx context.Context, op string, ref cluster.Ref, version string) (target, error) {
	at, err := c.collection(ctx, op, ref, version)
	if err != nil {
		return target{}, err
	}
	// An empty name would turn the path into that of the whole collection.
	if ref.Name == "" {
		return target{}, &cluster.Error{Op: op, Ref: ref, Err: missing("metadata.name", "the object has no name")}
	}
	if faults := rest.IsValidPathSegmentName(ref.Name); len(faults) > 0 {
		return target{}, &cluster.Error{Op: op, Ref: ref, Err: missing("metadata.name", fmt.Sprintf("the name %q %s", ref.Name, strings.Join(faults, " and ")))}
	}
	at.name = ref.Name
	return at, nil
}

// collection resolves ref to the place where its object is listed and created.
func (c *Client) collection(ctx context.Context, op string, ref cluster.Ref, version string) (target, error) {
	kind, err := c.resolve(ctx, op, ref, version)
	if err != nil {
		return target{}, err
	}
	at := target{kind: kind, version: version, namespace: ref.Namespace}
	if at.version == "" {
		at.version = kind.Versions[0]
	}
	switch {
	case kind.Namespaced && ref.Namespace == "":
		err = missing("metadata.namespace", "the kind is namespaced and the object names no namespace")
	case !kind.Namespaced && ref.Namespace != "":
		err = missing("metadata.namespace", "the kind is not namespaced")
	case kind.Namespaced:
		err = validNamespace(ref.Namespace)
	}
	if err != nil {
		return target{}, &cluster.Error{Op: op, Ref: ref, Err: err}
	}
	return at, nil
}

// validNamespace refuses what would lead out of its place in a path.
func validNamespace(namespace string) error {
	if faults := rest.IsValidPathSegmentName(namespace); len(faults) > 0 {
		return missing("metadata.namespace", fmt.Sprintf("the namespace %q %s", namespace, strings.Join(faults, " and ")))
	}
	return nil
}

// missing is the fault of an object that cannot be addressed.
func missing(field, message string) error {
	return &cluster.InvalidError{Message: message, Causes: []cluster.Cause{{Type: "FieldValueInvalid", Field: field, Message: message}}}
}

// path returns the request path, with a subresource unless that is empty.
func (t target) path(subresource string) string {
	var b strings.Builder
	b.WriteString("/apis/")
	if t.kind.Group == "" {
		b.Reset()
		b.WriteString("/api/")
	}
	b.WriteString(groupVersionName(t.kind.Group, t.version))
	if t.namespace != "" {
		b.WriteString("/namespaces/" + t.namespace)
	}
	b.WriteString("/" + t.kind.Resource)
	if t.name != "" {
		b.WriteString("/" + t.name)
	}
	if subresource != "" {
		b.WriteString("/" + subresource)
	}
	return b.String()
}

// apiVersion returns the version that objects at t state.
func (t target) apiVersion() string { return groupVersionName(t.kind.Group, t.version) }

// versionOf returns the version in obj's apiVersion.
func versionOf(obj *unstructured.Unstructured) string {
	version := obj.GetAPIVersion()
	return version[strings.LastIndex(version, "/")+1:]
}

// send performs a call on an object or a collection.
func (c *Client) send(ctx context.Context, at target, call call) (*answer, error) {
	got, err := c.do(ctx, call)
	if err != nil && errors.Is(err, errUnserved) {
		return nil, c.unserved(ctx, at, call)
	}
	return got, err
}

// unserved finds out why a kind that was discovered is not served at its path: it may be gone, and then the error matches
// [cluster.ErrNoKind], or its discovery and its serving are not in step yet.
func (c *Client) unserved(ctx context.Context, at target, call call) error {
	if err := c.directory(at.kind.Group).renew(ctx, c.discover); err != nil {
		return &cluster.Error{Op: call.op, Ref: call.ref, Err: err}
	}
	if _, err := c.resolve(ctx, call.op, call.ref, at.version); err != nil {
		return err
	}
	return &cluster.Error{
		Op: call.op, Ref: call.ref, Code: http.StatusNotFound,
		Err: fmt.Errorf("%w: %s is announced and not served yet", cluster.ErrUnavailable, at.path("")),
	}
}
