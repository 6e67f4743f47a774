package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	discovery "k8s.io/api/apidiscovery/v2"

	"github.com/setpoint-dev/setpoint/cluster"
)

// mediaDiscovery asks for aggregated discovery, in the form of Kubernetes 1.30 or of 1.27 or of those before.
const mediaDiscovery = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList," +
	"application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json"

// group is what discovery says about one group: its versions, the preferred one first.
type group []groupVersion

// groupVersion is one version of a group.
type groupVersion struct {
	version string
	// stale is why the kinds are not known, nil when they are.
	stale error
	kinds map[string]resource
}

// resource is a kind at one version.
type resource struct {
	plural        string
	namespaced    bool
	status, scale bool
}

// Kind describes a kind as the server serves it. The error is an [*cluster.Error] that matches [cluster.ErrNoKind], or
// holds a [*cluster.DiscoveryError] when the kind could be in a group version that cannot be learned now.
func (c *Client) Kind(ctx context.Context, group, kind string) (cluster.Kind, error) {
	return c.resolve(ctx, "discover", cluster.Ref{Group: group, Kind: kind}, "")
}

// resolve finds the kind of ref and makes sure that it is served at version, unless that is empty.
func (c *Client) resolve(ctx context.Context, op string, ref cluster.Ref, version string) (cluster.Kind, error) {
	found, err := c.directory(ref.Group).find(ctx, c.discover, ref.Group, ref.Kind, version)
	if err != nil {
		return cluster.Kind{}, &cluster.Error{Op: op, Ref: ref, Err: err}
	}
	return found, nil
}

// directory returns the one that knows group.
func (c *Client) directory(group string) *directory {
	if group == "" {
		return &c.core
	}
	return &c.named
}

// discover is a [fetch].
func (c *Client) discover(ctx context.Context, path, etag string) (map[string]group, string, error) {
	got, err := c.root().do(ctx, call{op: "get", ref: cluster.Ref{Kind: path}, method: http.MethodGet, path: path, accept: mediaDiscovery, etag: etag})
	if err != nil {
		return nil, "", bare(err)
	}
	if got.code == http.StatusNotModified {
		return nil, etag, nil
	}
	if !strings.Contains(got.header.Get("Content-Type"), "as=APIGroupDiscoveryList") {
		groups, err := c.discoverEach(ctx, path, got.body)
		return groups, "", err
	}
	var list discovery.APIGroupDiscoveryList
	if err := json.Unmarshal(got.body, &list); err != nil {
		return nil, "", fmt.Errorf("read the discovery document %s: %w", path, err)
	}
	groups := make(map[string]group, len(list.Items))
	for _, item := range list.Items {
		var g group
		for _, v := range item.Versions {
			g = append(g, aggregated(item.Name, v))
		}
		groups[item.Name] = g
	}
	return groups, got.header.Get("ETag"), nil
}

// aggregated translates one version of the aggregated document.
func aggregated(group string, v discovery.APIVersionDiscovery) groupVersion {
	gv := groupVersion{version: v.Version, kinds: map[string]resource{}}
	if v.Freshness == discovery.DiscoveryFreshnessStale {
		gv.stale = staleness(group, v.Version)
	}
	readable := map[string]bool{}
	for _, r := range v.Resources {
		if r.ResponseKind == nil || r.ResponseKind.Kind == "" {
			continue
		}
		// Some servers answer several resources with one kind; the first that can be read is the kind's own.
		name, reads := r.ResponseKind.Kind, slices.Contains(r.Verbs, "get")
		if _, ok := gv.kinds[name]; ok && (readable[name] || !reads) {
			continue
		}
		readable[name] = reads
		has := func(sub string) bool {
			return slices.ContainsFunc(r.Subresources, func(s discovery.APISubresourceDiscovery) bool { return s.Subresource == sub })
		}
		gv.kinds[name] = resource{
			plural: r.Resource, namespaced: r.Scope == discovery.ScopeNamespace, status: has("status"), scale: has("scale"),
		}
	}
	return gv
}

// staleness is the fault of a group version that the server cannot describe now.
func staleness(name, version string) error {
	return fmt.Errorf("%w: the server cannot list the kinds of %s now; see its APIService", cluster.ErrUnavailable, groupVersionName(name, version))
}

// lookup finds a kind. Version empty means any. The kind comes back with an error that matches [cluster.ErrNoKind] or a
// [*cluster.DiscoveryError] when it is not known, or not at that version; with a zero kind when it is not known at all.
func lookup(groups map[string]group, name, kind, version string) (cluster.Kind, error) {
	g, ok := groups[name]
	if !ok || len(g) == 0 {
		return cluster.Kind{}, fmt.Errorf("%w: the cluster serves no group %s", cluster.ErrNoKind, nameOf(name))
	}
	k := cluster.Kind{Group: name}
	var stale error
	var served []string
	for _, gv := range g {
		if gv.stale != nil {
			if stale == nil || gv.version == version {
				stale = gv.stale
			}
			continue
		}
		served = append(served, groupVersionName(name, gv.version))
		r, ok := gv.kinds[kind]
		if !ok {
			continue
		}
		if k.Kind == "" {
			k.Kind, k.Resource, k.Namespaced, k.Status, k.Scale = kind, r.plural, r.namespaced, r.status, r.scale
		}
		k.Versions = append(k.Versions, gv.version)
	}
	switch {
	case k.Kind != "" && (version == "" || k.Serves(version)):
		return k, nil
	case k.Kind == "" && stale != nil, hasStale(g, version):
		return k, &cluster.DiscoveryError{Group: name, Err: stale}
	case k.Kind == "":
		return k, fmt.Errorf("%w in %s", cluster.ErrNoKind, strings.Join(served, ", "))
	}
	return k, fmt.Errorf("%w at %s: it is served at %s", cluster.ErrNoKind, groupVersionName(name, version), strings.Join(k.Versions, ", "))
}

// hasStale says whether g has that version, and cannot say what is in it.
func hasStale(g group, version string) bool {
	return slices.ContainsFunc(g, func(gv groupVersion) bool { return gv.version == version && gv.stale != nil })
}

// groupVersionName returns "apps/v1", and "v1" for the core group.
func groupVersionName(group, version string) string {
	if group == "" {
		return version
	}
	return group + "/" + version
}

// nameOf returns the group's name for a message.
func nameOf(group string) string {
	if group == "" {
		return "core"
	}
	return group
}
