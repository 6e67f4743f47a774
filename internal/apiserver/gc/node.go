package gc

import (
	"cmp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// node is what the collector remembers of an object.
type node struct {
	kind            schema.GroupVersionKind
	namespaced      bool
	namespace, name string
	uid             types.UID
	owners          []metav1.OwnerReference
}

// nodeOf clones what it takes out of the object, the strings of which share the memory of all of it.
func nodeOf(change apiserver.Change) *node {
	obj := change.Object
	n := &node{
		kind: change.Kind.GVK(), namespaced: change.Kind.Namespaced, namespace: strings.Clone(obj.GetNamespace()),
		name: strings.Clone(obj.GetName()), uid: types.UID(strings.Clone(string(obj.GetUID()))), owners: obj.GetOwnerReferences(),
	}
	for i := range n.owners {
		o := &n.owners[i]
		o.APIVersion, o.Kind, o.Name = strings.Clone(o.APIVersion), strings.Clone(o.Kind), strings.Clone(o.Name)
		o.UID = types.UID(strings.Clone(string(o.UID)))
	}
	return n
}

func (n *node) blocks(owner types.UID) bool {
	return slices.ContainsFunc(n.owners, func(r metav1.OwnerReference) bool {
		return r.UID == owner && r.BlockOwnerDeletion != nil && *r.BlockOwnerDeletion
	})
}

// graph is the owner references of all objects.
type graph struct {
	nodes      map[types.UID]*node
	dependents map[types.UID]map[types.UID]*node // by the owner's UID, whether the owner exists or not
}

func newGraph() *graph {
	return &graph{nodes: map[types.UID]*node{}, dependents: map[types.UID]map[types.UID]*node{}}
}

// put records the newest state of an object and returns the one before.
func (g *graph) put(n *node) (before *node) {
	before = g.remove(n.uid)
	g.nodes[n.uid] = n
	for _, owner := range n.owners {
		if g.dependents[owner.UID] == nil {
			g.dependents[owner.UID] = map[types.UID]*node{}
		}
		g.dependents[owner.UID][n.uid] = n
	}
	return before
}

func (g *graph) remove(uid types.UID) *node {
	n := g.nodes[uid]
	if n == nil {
		return nil
	}
	delete(g.nodes, uid)
	for _, owner := range n.owners {
		delete(g.dependents[owner.UID], uid)
		if len(g.dependents[owner.UID]) == 0 {
			delete(g.dependents, owner.UID)
		}
	}
	return n
}

// of returns the dependents of an owner in a fixed order.
func (g *graph) of(owner types.UID) []*node {
	var all []*node
	for _, n := range g.dependents[owner] {
		all = append(all, n)
	}
	slices.SortFunc(all, func(a, b *node) int {
		return cmp.Or(cmp.Compare(a.kind.Group, b.kind.Group), cmp.Compare(a.kind.Kind, b.kind.Kind),
			cmp.Compare(a.namespace, b.namespace), cmp.Compare(a.name, b.name), cmp.Compare(a.uid, b.uid))
	})
	return all
}
