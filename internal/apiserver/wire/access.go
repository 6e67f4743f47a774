package wire

import (
	"errors"
	"fmt"
	"strings"

	authentication "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Access is something that somebody wants to do.
type Access struct {
	User authentication.UserInfo
	// Verb is the word of the authorization API; for paths that name no resource it is the method in lower case.
	Verb string
	// Group, Version, Resource, Subresource, Namespace and Name say to what; all are empty for other paths.
	Group, Version, Resource, Subresource, Namespace, Name string
	// Path is what is asked for when it is no resource.
	Path string
}

// Authorize decides about an access. The reason is told to whoever is refused.
type Authorize func(a Access) (allowed bool, reason string)

// access is what a request wants to do.
func (c *call) access() Access {
	t := c.target
	a := Access{
		User: identity(c.r.Header), Verb: c.verb, Group: t.gvr.Group, Version: t.gvr.Version, Resource: t.gvr.Resource,
		Subresource: t.subresource, Namespace: t.namespace, Name: t.name,
	}
	if a.Resource == "" {
		a.Path = c.r.URL.Path
		return a
	}
	if own := a.Group == "" && a.Resource == "namespaces"; own && a.Namespace == "" {
		a.Namespace = a.Name
	}
	if a.Name == "" && a.Verb != "create" {
		if selector, err := fields.ParseSelector(c.query.Get("fieldSelector")); err == nil {
			a.Name, _ = selector.RequiresExactMatch("metadata.name")
		}
	}
	return a
}

// mayNot answers a request that is not allowed, and reports whether it was one.
func (c *call) mayNot() bool {
	if c.Authorize == nil {
		return false
	}
	a := c.access()
	allowed, reason := c.Authorize(a)
	if allowed {
		return false
	}
	c.w.Header().Set("X-Content-Type-Options", "nosniff")
	sendError(c.w, c.acceptable(), forbidden(a, reason))
	return true
}

// acceptable is how an error is written before it is known what the request is about.
func (c *call) acceptable() format {
	f, err := negotiate(c.r, offer{protobuf: true})
	if err != nil {
		return format{}
	}
	f.as = ""
	return f
}

// escaped keeps an error from looking like HTML.
var escaped = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// forbidden is the error for an access that is not allowed.
func forbidden(a Access, reason string) error {
	message := fmt.Sprintf("User %q cannot %s path %q", a.User.Username, a.Verb, a.Path)
	if a.Resource != "" {
		resource := a.Resource
		if a.Subresource != "" {
			resource += "/" + a.Subresource
		}
		message = fmt.Sprintf("User %q cannot %s resource %q in API group %q at the cluster scope", a.User.Username, a.Verb, resource, a.Group)
		if a.Namespace != "" {
			message = fmt.Sprintf("User %q cannot %s resource %q in API group %q in the namespace %q", a.User.Username, a.Verb, resource, a.Group, a.Namespace)
		}
	}
	message = escaped.Replace(message)
	if reason != "" {
		message += ": " + reason
	}
	return apierrors.NewForbidden(schema.GroupResource{Group: a.Group, Resource: a.Resource}, a.Name, errors.New(message))
}

// decide answers a review: without an Authorize everything is allowed.
func (h *Handler) decide(a Access) map[string]any {
	if h.Authorize == nil {
		return map[string]any{"allowed": true}
	}
	allowed, reason := h.Authorize(a)
	status := map[string]any{"allowed": allowed}
	if reason != "" {
		status["reason"] = reason
	}
	return status
}
