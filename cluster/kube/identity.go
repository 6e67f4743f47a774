package kube

import (
	"errors"
	"maps"
	"net/http"
	"slices"

	"k8s.io/client-go/transport"
)

// Identity is whom requests are made for by impersonation
// (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation). The client's own identity
// needs the right to impersonate it.
type Identity struct {
	// User is the user name, "system:serviceaccount:<namespace>:<name>" for a service account. It is required.
	User string
	// UID is the user's unique ID, and may be empty.
	UID string
	// Groups are the user's groups. The server adds those of a service account when none are given.
	Groups []string
	// Extra is passed to authorisers and admission.
	Extra map[string][]string
}

// As returns a client that impersonates id and shares connections, discovery and OpenAPI documents with c; what they share
// is read under the identity of the configuration. An identity without a user fails every request, since falling
// back to c's own identity could lend its rights to somebody who has none.
func (c *Client) As(id Identity) *Client {
	base := c.http.Transport
	if base == nil {
		base = http.DefaultTransport
	}
	var rt http.RoundTripper = nobody{}
	if id.User != "" {
		rt = transport.NewImpersonatingRoundTripper(transport.ImpersonationConfig{
			UserName: id.User, UID: id.UID, Groups: slices.Clone(id.Groups), Extra: maps.Clone(id.Extra),
		}, base)
	}
	return &Client{shared: c.shared, http: &http.Client{Transport: rt, CheckRedirect: c.http.CheckRedirect}}
}

// errNobody is the fault of an [Identity] without a user.
var errNobody = errors.New("the identity to impersonate names no user; set Identity.User")

// nobody refuses every request.
type nobody struct{}

// RoundTrip returns errNobody.
func (nobody) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return nil, errNobody
}
