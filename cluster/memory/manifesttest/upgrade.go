package manifesttest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/redact"
	"github.com/setpoint-dev/setpoint/sync/dialect"
)

// RequireUpgradable applies the objects of an old revision, lets them settle, and then does what a delivery tool does with
// the new one: it applies what is in it and deletes what has left it. The test fails with everything at once that such an
// upgrade trips over:
//
//   - a field that cannot change after creation and does, with its old and its new value. An object counts as held up by its
//     past when the server refuses the change and would accept the same object if there were none;
//   - an object that the server refuses either way;
//   - an object that holds data and is dropped, or scaled down with its claims. It is left in place.
//
// Data is held by PersistentVolumeClaims and PersistentVolumes, by StatefulSets with claim templates, by Namespaces and
// CustomResourceDefinitions for what is in them, and by what [Options.Holds] names. ConfigMaps and Secrets are no such
// holders: their text is in the manifests, and generators give them a new name with every change.
//
// An object that is dropped stays when the annotations of Argo CD, Flux or Helm ask for it, as it does with those tools. To
// accept a loss, or when the tool creates an object anew (a hook's Job), leave the object out of old.
//
// The cluster afterwards is that after the upgrade, so that [Cluster.RequireHealthy] judges the new revision. Clusters
// that other tests have applied to take part: what was applied before and is not in old stays.
func (c *Cluster) RequireUpgradable(t testing.TB, old, new []*unstructured.Unstructured) {
	t.Helper()
	before, refused := c.apply(t.Context(), old)
	if len(refused) > 0 {
		t.Fatal(report(refused, "%d of %d objects of the old revision were refused", len(refused), len(old)))
	}
	c.Settle(t)

	u := &upgrade{c: c, before: map[cluster.Ref]*desired{}, live: map[cluster.Ref]*unstructured.Unstructured{}}
	for _, d := range before {
		u.before[d.ref] = d
		live, err := c.read(t.Context(), d.member)
		if err != nil {
			t.Fatalf("read the old revision: %v", err)
		}
		u.live[d.ref] = live
	}
	after, refused := c.apply(t.Context(), new)
	for _, d := range after {
		u.shrunk(d)
	}
	for _, d := range refused {
		u.refusal(t.Context(), d)
	}
	u.drop(t.Context(), before, append(after, refused...))
	if len(u.findings) > 0 {
		mask := maskOf(append(append(before, after...), refused...))
		t.Fatalf("the upgrade of %d objects fails:\n  - %s", len(u.findings), mask.String(strings.Join(u.findings, "\n  - ")))
	}
	c.Settle(t)
}

// upgrade collects what stands in the way.
type upgrade struct {
	c      *Cluster
	before map[cluster.Ref]*desired
	// live is what was stored of the old revision before the new one came.
	live     map[cluster.Ref]*unstructured.Unstructured
	findings []string
}

func (u *upgrade) find(format string, args ...any) {
	u.findings = append(u.findings, fmt.Sprintf(format, args...))
}

// refusal explains why the server did not take an object of the new revision.
func (u *upgrade) refusal(ctx context.Context, d *desired) {
	old := u.before[d.ref]
	if old == nil || !u.c.heldUp(ctx, d.desired, d.err) {
		u.find("%s is refused: %s", d.title(), indented(d.err.Error(), "    "))
		return
	}
	var b strings.Builder
	for _, change := range u.c.immutable(ctx, old.desired, d.desired, u.live[d.ref], d.err) {
		show := text
		if redact.IsSecret(d.desired) && confidential(change.path) {
			show = func(any) string { return redact.Marker }
		}
		fmt.Fprintf(&b, "\n      %s: %s → %s", change.path, show(change.old), show(change.new))
	}
	u.find("%s cannot change in place:%s\n      the server says: %s\n      keep the old value, or recreate the object",
		d.title(), b.String(), indented(why(d.err), "      "))
}

// confidential says whether a path in a Secret leads to what it keeps.
func confidential(path string) bool {
	name, _, _ := strings.Cut(path, ".")
	name, _, _ = strings.Cut(name, "[")
	return name == "" || name == "data" || name == "stringData"
}

// why returns the causes of a refusal without the object's name, which stands before it.
func why(err error) string {
	var e *cluster.Error
	if errors.As(err, &e) {
		return e.Err.Error()
	}
	return err.Error()
}

// drop deletes what has left the desired state, besides what holds data: what came last goes first.
func (u *upgrade) drop(ctx context.Context, before, after []*desired) {
	kept := map[cluster.Ref]bool{}
	for _, d := range after {
		kept[d.ref] = true
	}
	dropped := slices.DeleteFunc(slices.Clone(before), func(d *desired) bool {
		return kept[d.ref] || d.desired.GetName() == "" || u.live[d.ref] == nil
	})
	for _, d := range slices.Backward(dropped) {
		live := u.live[d.ref]
		if asks, err := (dialect.Dialect{}).Read(live); err != nil || asks.Apply == dialect.Never || asks.Prune.Answer != dialect.Yes {
			u.c.forget(d.ref)
			continue
		}
		if what := u.c.dataOf(ctx, live); what != "" {
			u.find("%s is dropped, and %s\n      keep it in the new revision, or leave it out of the old one to accept the loss", d.title(), what)
			continue
		}
		err := u.c.client.Delete(ctx, d.ref, cluster.DeleteOptions{UID: live.GetUID(), Propagation: cluster.PropagationBackground})
		if err != nil && !errors.Is(err, cluster.ErrNotFound) {
			u.find("%s cannot be deleted: %v", d.title(), err)
			continue
		}
		u.c.forget(d.ref)
	}
}

// forget takes an object off the list of those that are meant to be there.
func (c *Cluster) forget(ref cluster.Ref) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, m := range c.applied {
		if m.ref == ref {
			c.applied = append(c.applied[:i], c.applied[i+1:]...)
			return
		}
	}
}
