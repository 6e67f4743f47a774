package wire

import (
	"crypto/sha512"
	"fmt"
	"mime"
	"slices"
	"strings"

	discovery "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

const mediaAggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

// serveDiscovery answers what is served, in one document or in the older form of one per level.
func (c *call) serveDiscovery(path string) {
	catalog := c.core.Catalog()
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case path == "":
		sendJSON(c.w, metav1.RootPaths{Paths: rootPaths(catalog)})
	case len(parts) == 1 && c.wantsAggregated():
		list := aggregated(catalog, parts[0] == "api")
		data := mustJSON(list)
		c.sendRaw(mediaAggregated, fmt.Sprintf("%X", sha512.Sum512(data)), data)
	case path == "/api":
		sendJSON(c.w, &metav1.APIVersions{
			TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"},
			ServerAddressByClientCIDRs: []metav1.ServerAddressByClientCIDR{{ClientCIDR: "0.0.0.0/0", ServerAddress: c.r.Host}},
		})
	case path == "/apis":
		list := &metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: []metav1.APIGroup{}}
		for _, g := range catalog.Groups {
			if g.Name != "" {
				list.Groups = append(list.Groups, apiGroup(g))
			}
		}
		sendJSON(c.w, list)
	case parts[0] == "apis" && len(parts) == 2:
		c.serveGroup(catalog, parts[1])
	case parts[0] == "api" && len(parts) == 2:
		c.serveVersion(catalog, schema.GroupVersion{Version: parts[1]})
	case parts[0] == "apis" && len(parts) == 3:
		c.serveVersion(catalog, schema.GroupVersion{Group: parts[1], Version: parts[2]})
	default:
		sendError(c.w, format{}, errNoPath)
	}
}

// rootPaths lists the documents.
func rootPaths(catalog *apiserver.Catalog) []string {
	out := []string{
		"/api", "/api/v1", "/apis", "/apis/", "/healthz", "/healthz/ping", "/livez", "/livez/ping", "/openapi/v2", "/openapi/v3", "/openapi/v3/",
		"/readyz", "/readyz/ping", "/version",
	}
	for _, g := range catalog.Groups {
		if g.Name == "" {
			continue
		}
		out = append(out, "/apis/"+g.Name)
		for _, v := range g.Versions {
			out = append(out, "/apis/"+g.Name+"/"+v)
		}
	}
	slices.Sort(out)
	return out
}

// wantsAggregated reports whether the client likes the document in one piece better than the older form.
func (c *call) wantsAggregated() bool {
	for _, accept := range strings.Split(strings.Join(c.r.Header.Values("Accept"), ","), ",") {
		media, params, err := mime.ParseMediaType(strings.TrimSpace(accept))
		switch {
		case err != nil || media != mediaJSON:
		case params["as"] == "APIGroupDiscoveryList" && params["v"] == "v2":
			return true
		case params["as"] == "":
			return false
		}
	}
	return false
}

func apiGroup(g apiserver.Group) metav1.APIGroup {
	out := metav1.APIGroup{Name: g.Name}
	for _, v := range g.Versions {
		gv := schema.GroupVersion{Group: g.Name, Version: v}
		out.Versions = append(out.Versions, metav1.GroupVersionForDiscovery{GroupVersion: gv.String(), Version: v})
	}
	out.PreferredVersion = out.Versions[0]
	return out
}

func (c *call) serveGroup(catalog *apiserver.Catalog, name string) {
	i := slices.IndexFunc(catalog.Groups, func(g apiserver.Group) bool { return g.Name == name })
	if i < 0 {
		sendError(c.w, format{}, errNoPath)
		return
	}
	group := apiGroup(catalog.Groups[i])
	group.TypeMeta = metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}
	sendJSON(c.w, &group)
}

func (c *call) serveVersion(catalog *apiserver.Catalog, gv schema.GroupVersion) {
	served := catalog.Version(gv)
	switch {
	case catalog.IsStale(gv):
		sendError(c.w, format{}, unavailable())
	case len(served) == 0 && slices.ContainsFunc(catalog.Groups, func(g apiserver.Group) bool { return g.Name == gv.Group }):
		sendError(c.w, format{}, c.noResource())
	case len(served) == 0:
		sendError(c.w, format{}, errNoPath)
	default:
		list := &metav1.APIResourceList{
			TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: gv.String(),
		}
		if gv.Group == "" {
			list.APIVersion = "" // from before lists said it
		}
		for _, s := range served {
			list.APIResources = append(list.APIResources, s.Resources...)
		}
		sendJSON(c.w, list)
	}
}

// aggregated builds the one document (KEP-3352) of the core group or of all others.
func aggregated(catalog *apiserver.Catalog, core bool) *discovery.APIGroupDiscoveryList {
	list := &discovery.APIGroupDiscoveryList{
		TypeMeta: metav1.TypeMeta{Kind: "APIGroupDiscoveryList", APIVersion: discovery.SchemeGroupVersion.String()},
		Items:    []discovery.APIGroupDiscovery{},
	}
	for _, g := range catalog.Groups {
		if (g.Name == "") != core {
			continue
		}
		item := discovery.APIGroupDiscovery{ObjectMeta: metav1.ObjectMeta{Name: g.Name}}
		for _, v := range g.Versions {
			version := discovery.APIVersionDiscovery{Version: v, Freshness: discovery.DiscoveryFreshnessCurrent}
			if slices.Contains(g.Stale, v) {
				version.Freshness = discovery.DiscoveryFreshnessStale
			}
			for _, s := range catalog.Version(schema.GroupVersion{Group: g.Name, Version: v}) {
				version.Resources = append(version.Resources, resourceDiscovery(s))
			}
			item.Versions = append(item.Versions, version)
		}
		list.Items = append(list.Items, item)
	}
	return list
}

func resourceDiscovery(s *apiserver.Served) discovery.APIResourceDiscovery {
	own := s.Resources[0]
	out := discovery.APIResourceDiscovery{
		Resource: own.Name, ResponseKind: responseKind(s, own), Scope: discovery.ScopeCluster,
		SingularResource: own.SingularName, Verbs: own.Verbs, ShortNames: own.ShortNames, Categories: own.Categories,
	}
	if s.Namespaced {
		out.Scope = discovery.ScopeNamespace
	}
	for _, r := range s.Resources[1:] {
		_, sub, _ := strings.Cut(r.Name, "/")
		out.Subresources = append(out.Subresources, discovery.APISubresourceDiscovery{
			Subresource: sub, ResponseKind: responseKind(s, r), Verbs: r.Verbs,
		})
	}
	return out
}

func responseKind(s *apiserver.Served, r metav1.APIResource) *metav1.GroupVersionKind {
	kind := &metav1.GroupVersionKind{Group: r.Group, Version: r.Version, Kind: r.Kind}
	if kind.Version == "" && s.Custom != nil { // a built-in kind of its own group version says neither
		kind.Group, kind.Version = s.GVK.Group, s.GVK.Version
	}
	return kind
}
