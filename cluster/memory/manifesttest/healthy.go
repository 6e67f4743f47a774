package manifesttest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/health"
)

// RequireHealthy fails the test with every applied object that is not healthy: its status, the reason, what to do, and which
// of the objects that it owns are the cause. Call [Cluster.Settle] first when anything waits.
//
// Suspended is what a manifest asked for, and passes. A custom resource without a status passes as well and is logged,
// since nothing here plays its controller; give it a status through [Cluster.Server], or a rule in [Options.Health], to
// have it judged. An APIService is not healthy, since the pods behind it run nothing; [Options.Health] can say otherwise.
func (c *Cluster) RequireHealthy(t testing.TB) {
	t.Helper()
	var failures []string
	unjudged := map[string]int{}
	members := c.members()
	for _, m := range members {
		live, err := c.read(t.Context(), m)
		if err != nil {
			failures = append(failures, fmt.Sprintf("%s cannot be read: %v", m.title(), err))
			continue
		}
		result, err := c.health.Check(live)
		switch {
		case err != nil:
			failures = append(failures, fmt.Sprintf("%s cannot be judged: %v", m.title(), err))
		case result.Status == health.Healthy, result.Status == health.Suspended:
		case result.Status == health.Unknown && result.Reason == health.ReasonNoStatus:
			unjudged[m.ref.GroupKind().String()]++
		default:
			failures = append(failures, fmt.Sprintf("%s is %s", m.title(), verdict(result))+c.causes(t, live))
		}
	}
	if len(unjudged) > 0 {
		t.Logf("not judged, since nothing here plays a controller for their kinds: %s", counts(unjudged))
	}
	if len(failures) > 0 {
		t.Fatalf("%d of %d objects are not healthy:\n  - %s", len(failures), len(members), strings.Join(failures, "\n  - "))
	}
}

// counts returns "2 Bear.example.org, 1 Toy.example.org" in the order of the names.
func counts(of map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(of)) {
		parts = append(parts, fmt.Sprintf("%d %s", of[name], name))
	}
	return strings.Join(parts, ", ")
}

// verdict returns "Degraded (ImagePullBackOff): message".
func verdict(r health.Result) string {
	text := string(r.Status)
	if r.Reason != "" {
		text += " (" + r.Reason + ")"
	}
	if r.Message != "" {
		text += ": " + indented(r.Message, "      ")
	}
	return text
}

// causes lists the unhealthy objects that obj owns, level by level, each on a line of its own.
func (c *Cluster) causes(t testing.TB, obj *unstructured.Unstructured) string {
	if obj == nil {
		return ""
	}
	owned, err := c.owned(t.Context(), obj)
	if err != nil {
		return fmt.Sprintf("\n      (what it owns cannot be listed: %v)", err)
	}
	var b strings.Builder
	var walk func(owner *unstructured.Unstructured, indent string)
	walk = func(owner *unstructured.Unstructured, indent string) {
		for _, child := range owned[owner.GetUID()] {
			result, err := c.health.Check(child)
			if err != nil || result.Status == health.Healthy || result.Reason == health.ReasonNoStatus {
				continue
			}
			fmt.Fprintf(&b, "\n%s%s is %s", indent, cluster.RefOf(child), verdict(result))
			walk(child, indent+"  ")
		}
	}
	walk(obj, "      ")
	return b.String()
}
