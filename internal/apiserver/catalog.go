package apiserver

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
)

// Catalog is everything that a server serves at one moment. It does not change; a definition that comes or goes makes a new
// one.
type Catalog struct {
	// Served is ordered by group, version (the preferred one first) and resource.
	Served []*Served
	// Groups is the order in which groups are listed.
	Groups []Group

	byResource map[schema.GroupVersionResource]*Served
	byKind     map[schema.GroupVersionKind]*Served
	preferred  map[schema.GroupKind]*Served
	byName     map[schema.GroupResource]*Served
}

// Group is an API group with its versions, the preferred one first.
type Group struct {
	Name     string
	Versions []string
	// Stale lists versions that a backend should answer for and does not.
	Stale []string
}

// newCatalog lists what is served. stale are group versions without an answer.
func newCatalog(served []*Served, stale []schema.GroupVersion) *Catalog {
	c := &Catalog{
		Served:     slices.Clone(served),
		byResource: map[schema.GroupVersionResource]*Served{},
		byKind:     map[schema.GroupVersionKind]*Served{},
		preferred:  map[schema.GroupKind]*Served{},
		byName:     map[schema.GroupResource]*Served{},
	}
	slices.SortStableFunc(c.Served, func(a, b *Served) int {
		return cmp.Or(
			cmp.Compare(rank(a.GVK.Group), rank(b.GVK.Group)),
			strings.Compare(a.GVK.Group, b.GVK.Group),
			-version.CompareKubeAwareVersionStrings(a.GVK.Version, b.GVK.Version),
			strings.Compare(a.GVR.Resource, b.GVR.Resource),
		)
	})
	for _, s := range c.Served {
		c.byResource[s.GVR] = s
		c.byKind[s.GVK] = s
		if gk := s.GVK.GroupKind(); c.preferred[gk] == nil {
			c.preferred[gk] = s
			c.byName[s.GVR.GroupResource()] = s
		}
		c.addGroup(s.GVK.GroupVersion(), false)
	}
	for _, gv := range stale {
		c.addGroup(gv, true)
	}
	return c
}

// order is that of the release's own groups: the priorities of its APIServices (Kubernetes v1.37.1, cmd/kube-apiserver/app/aggregator.go).
var order = []string{
	"", "apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io", "authorization.k8s.io", "autoscaling", "batch",
	"certificates.k8s.io", "networking.k8s.io", "policy", "rbac.authorization.k8s.io", "storage.k8s.io",
	"admissionregistration.k8s.io", "apiextensions.k8s.io", "scheduling.k8s.io", "coordination.k8s.io", "node.k8s.io",
	"discovery.k8s.io", "resource.k8s.io", "flowcontrol.apiserver.k8s.io", "internal.apiserver.k8s.io", "storagemigration.k8s.io",
}

// rank puts the groups of definitions after the release's own.
func rank(group string) int {
	if i := slices.Index(order, group); i >= 0 {
		return i
	}
	return len(order)
}

func (c *Catalog) addGroup(gv schema.GroupVersion, stale bool) {
	i := slices.IndexFunc(c.Groups, func(g Group) bool { return g.Name == gv.Group })
	if i < 0 {
		i = len(c.Groups)
		c.Groups = append(c.Groups, Group{Name: gv.Group})
	}
	g := &c.Groups[i]
	if slices.Contains(g.Versions, gv.Version) {
		return
	}
	g.Versions = append(g.Versions, gv.Version)
	if stale {
		g.Stale = append(g.Stale, gv.Version)
	}
}

// Resource finds what a path names.
func (c *Catalog) Resource(gvr schema.GroupVersionResource) (*Served, bool) {
	s, ok := c.byResource[gvr]
	return s, ok
}

// Kind finds a kind; an empty version means the preferred one.
func (c *Catalog) Kind(gvk schema.GroupVersionKind) (*Served, bool) {
	if gvk.Version == "" {
		s, ok := c.preferred[gvk.GroupKind()]
		return s, ok
	}
	s, ok := c.byKind[gvk]
	return s, ok
}

// preferredResource finds a resource at the preferred version of its group.
func (c *Catalog) preferredResource(gr schema.GroupResource) (*Served, bool) {
	s, ok := c.byName[gr]
	return s, ok
}

// Version returns what is served of one group version.
func (c *Catalog) Version(gv schema.GroupVersion) []*Served {
	var out []*Served
	for _, s := range c.Served {
		if s.GVK.GroupVersion() == gv {
			out = append(out, s)
		}
	}
	return out
}

// HasBuiltinGroup reports whether a group is one of the release's own.
func (c *Catalog) HasBuiltinGroup(name string) bool {
	return slices.ContainsFunc(c.Served, func(s *Served) bool { return s.Custom == nil && s.GVK.Group == name })
}

// IsStale reports whether a group version is declared and has no answer.
func (c *Catalog) IsStale(gv schema.GroupVersion) bool {
	return slices.ContainsFunc(c.Groups, func(g Group) bool {
		return g.Name == gv.Group && slices.Contains(g.Stale, gv.Version)
	})
}
