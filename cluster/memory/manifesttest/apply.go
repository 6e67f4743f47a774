package manifesttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/redact"
)

// Apply applies objects by server-side apply under [Manager], and fails the test with every refusal when there are any.
// Lists stand for their items, an object with generateName is created, and a namespaced object without a namespace gets
// [Options.Namespace]. Objects are not changed.
//
// The order of the arguments does not matter: what the server reads when it admits others (namespaces, definitions,
// classes, limits, service accounts) comes first, and what was refused is tried again as long as anything gets further.
func (c *Cluster) Apply(t testing.TB, objects ...*unstructured.Unstructured) {
	t.Helper()
	if _, refused := c.apply(t.Context(), objects); len(refused) > 0 {
		t.Fatal(report(refused, "%d of %d objects were refused", len(refused), len(objects)))
	}
}

// desired is an object on its way to the server.
type desired struct {
	member
	// err is why the server does not have it.
	err error
}

// admits are the kinds that the server reads while it admits objects of other kinds, by group and kind.
var admits = []cluster.Ref{
	{Kind: "Namespace"},
	{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"},
	{Group: "scheduling.k8s.io", Kind: "PriorityClass"},
	{Group: "node.k8s.io", Kind: "RuntimeClass"},
	{Group: "storage.k8s.io", Kind: "StorageClass"},
	{Group: "networking.k8s.io", Kind: "IngressClass"},
	{Kind: "LimitRange"},
	{Kind: "ResourceQuota"},
	{Kind: "ServiceAccount"},
}

// apply applies objects and returns what the server has of them now, and what it refused.
func (c *Cluster) apply(ctx context.Context, objects []*unstructured.Unstructured) (done, refused []*desired) {
	todo, refused := c.prepare(objects)
	rank := func(d *desired) int {
		i := slices.Index(admits, cluster.Ref{Group: d.ref.Group, Kind: d.ref.Kind})
		if i < 0 {
			return len(admits)
		}
		return i
	}
	slices.SortStableFunc(todo, func(a, b *desired) int { return rank(a) - rank(b) })
	seen := map[cluster.Ref]*desired{}
	for {
		var left []*desired
		for _, d := range todo {
			if err := c.write(ctx, d, seen); err != nil {
				d.err = err
				left = append(left, d)
				continue
			}
			d.err = nil
			done = append(done, d)
		}
		if len(left) == 0 || len(left) == len(todo) {
			for _, d := range left {
				d.err = c.advise(ctx, d)
			}
			return done, append(refused, left...)
		}
		todo = left
	}
}

// prepare takes lists apart, and sets aside what is no object.
func (c *Cluster) prepare(objects []*unstructured.Unstructured) (todo, refused []*desired) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, obj := range objects {
		if obj == nil || obj.Object == nil {
			refused = append(refused, &desired{err: fmt.Errorf("object %d is empty", i+1)})
			continue
		}
		origin := c.origins[obj]
		add := func(obj *unstructured.Unstructured) {
			obj = obj.DeepCopy()
			todo = append(todo, &desired{member: member{ref: cluster.RefOf(obj), origin: origin, desired: obj}})
		}
		if !obj.IsList() {
			add(obj)
			continue
		}
		err := obj.EachListItem(func(item runtime.Object) error {
			add(item.(*unstructured.Unstructured))
			return nil
		})
		if err != nil {
			refused = append(refused, &desired{member: member{ref: cluster.RefOf(obj), origin: origin}, err: err})
		}
	}
	return todo, refused
}

// errTwice is refused here and not by the server, for which the second would change the first.
var errTwice = errors.New("is among the objects twice, also as")

// write sends one object to the server and notes it. seen holds what this call of apply has sent.
func (c *Cluster) write(ctx context.Context, d *desired, seen map[cluster.Ref]*desired) error {
	if err := c.place(ctx, d); err != nil {
		return err
	}
	if first := seen[d.ref]; first != nil && d.ref.Name != "" {
		return fmt.Errorf("%s %w %s", d.ref, errTwice, first.title())
	}
	var written *cluster.Written
	var err error
	if d.desired.GetName() == "" && d.desired.GetGenerateName() != "" {
		written, err = c.client.Create(ctx, d.desired, cluster.WriteOptions{Manager: Manager})
	} else {
		written, err = c.client.Apply(ctx, d.desired, cluster.WriteOptions{Manager: Manager})
	}
	if err != nil {
		return err
	}
	d.ref = cluster.RefOf(written.Object)
	d.warnings = written.Warnings
	seen[d.ref] = d
	c.mu.Lock()
	defer c.mu.Unlock()
	if m := c.find(d.ref); m != nil {
		*m = d.member
		return nil
	}
	m := d.member
	c.applied = append(c.applied, &m)
	return nil
}

// place gives a namespaced object a namespace.
func (c *Cluster) place(ctx context.Context, d *desired) error {
	kind, err := c.client.Kind(ctx, d.ref.Group, d.ref.Kind)
	if err != nil {
		return err
	}
	if kind.Namespaced && d.ref.Namespace == "" {
		d.desired.SetNamespace(c.namespace)
		d.ref.Namespace = c.namespace
	}
	return nil
}

// advise adds the next step to a refusal when there is a plain one.
func (c *Cluster) advise(ctx context.Context, d *desired) error {
	var conflict *cluster.ConflictError
	switch {
	case errors.Is(d.err, cluster.ErrNoKind):
		return fmt.Errorf("%w; add its CustomResourceDefinition to the objects", d.err)
	case errors.Is(d.err, cluster.ErrNotFound) && d.ref.Namespace != "":
		_, err := c.client.Get(ctx, cluster.Ref{Kind: "Namespace", Name: d.ref.Namespace}, cluster.GetOptions{})
		if errors.Is(err, cluster.ErrNotFound) {
			return fmt.Errorf("%w; add the Namespace to the objects, or name it in Options.Namespace", d.err)
		}
	case errors.As(d.err, &conflict):
		return fmt.Errorf("%w; leave the field to its owner", d.err)
	}
	return d.err
}

// report lists refusals, each with its place, under a headline.
func report(refused []*desired, headline string, args ...any) string {
	mask := maskOf(refused)
	var b strings.Builder
	fmt.Fprintf(&b, headline+":", args...)
	for _, d := range refused {
		place := ""
		if d.origin != (cluster.Origin{}) {
			place = d.origin.String() + ": "
		}
		fmt.Fprintf(&b, "\n  - %s%s", place, indented(mask.String(d.err.Error()), "    "))
	}
	return b.String()
}

// maskOf hides the values of the Secrets among objects.
func maskOf(all []*desired) *redact.Mask {
	var objects []*unstructured.Unstructured
	for _, d := range all {
		objects = append(objects, d.desired)
	}
	return redact.Of(objects...)
}

// indented makes the further lines of a text stand under its first.
func indented(text, by string) string { return strings.ReplaceAll(text, "\n", "\n"+by) }
