package manifesttest

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

// holders say what is lost with an object of a kind, by group and kind; empty when nothing is.
var holders = map[cluster.Ref]func(ctx context.Context, c *Cluster, obj *unstructured.Unstructured) string{
	{Kind: "PersistentVolumeClaim"}: claimData,
	{Kind: "PersistentVolume"}:      volumeData,
	{Group: "apps", Kind: "StatefulSet"}: func(_ context.Context, _ *Cluster, obj *unstructured.Unstructured) string {
		return statefulData(obj)
	},
	{Kind: "Namespace"}: func(context.Context, *Cluster, *unstructured.Unstructured) string {
		return "everything in the namespace goes with it, also what is in no manifest"
	},
	{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition"}: definitionData,
}

// dataOf says what is lost with an object, as the end of a sentence; empty when nothing is.
func (c *Cluster) dataOf(ctx context.Context, obj *unstructured.Unstructured) string {
	if c.holds != nil {
		if what := c.holds(obj.DeepCopy()); what != "" {
			return "it holds " + what
		}
	}
	gk := obj.GroupVersionKind()
	if rule := holders[cluster.Ref{Group: gk.Group, Kind: gk.Kind}]; rule != nil {
		return rule(ctx, c, obj)
	}
	return ""
}

func claimData(ctx context.Context, c *Cluster, obj *unstructured.Unstructured) string {
	name, _, _ := unstructured.NestedString(obj.Object, "spec", "volumeName")
	if name == "" {
		return "a claim holds data"
	}
	volume, err := c.client.Get(ctx, cluster.Ref{Kind: "PersistentVolume", Name: name}, cluster.GetOptions{})
	if errors.Is(err, cluster.ErrNotFound) {
		return "a claim holds data"
	}
	if err != nil {
		return fmt.Sprintf("its volume cannot be read: %v", err)
	}
	return "its volume holds data: " + volumeData(ctx, c, volume)
}

func volumeData(_ context.Context, _ *Cluster, obj *unstructured.Unstructured) string {
	switch policy, _, _ := unstructured.NestedString(obj.Object, "spec", "persistentVolumeReclaimPolicy"); policy {
	case "Delete":
		return "with the reclaim policy Delete the storage is deleted"
	case "Retain":
		return "with the reclaim policy Retain the storage stays, and nothing leads to it any longer"
	default:
		return fmt.Sprintf("with the reclaim policy %s the storage is lost", policy)
	}
}

// statefulData judges a StatefulSet that is deleted. Its claims stay by default, for a person to find
// (StatefulSet docs, PersistentVolumeClaim retention).
func statefulData(obj *unstructured.Unstructured) string {
	templates, _, _ := unstructured.NestedSlice(obj.Object, "spec", "volumeClaimTemplates")
	if len(templates) == 0 {
		return ""
	}
	if retention(obj, "whenDeleted") == "Delete" {
		return "its claims are deleted with it, as persistentVolumeClaimRetentionPolicy.whenDeleted says"
	}
	return "its claims stay behind with their data, and nothing manages them any longer"
}

func retention(obj *unstructured.Unstructured, when string) string {
	policy, _, _ := unstructured.NestedString(obj.Object, "spec", "persistentVolumeClaimRetentionPolicy", when)
	return policy
}

func definitionData(ctx context.Context, c *Cluster, obj *unstructured.Unstructured) string {
	group, _, _ := unstructured.NestedString(obj.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(obj.Object, "spec", "names", "kind")
	stored := 0
	for _, err := range c.client.List(ctx, cluster.Selector{Group: group, Kind: kind, MetadataOnly: true}) {
		if err != nil {
			break // The sentence holds without the number.
		}
		stored++
	}
	if stored == 0 {
		return fmt.Sprintf("every %s in a cluster goes with it", kind)
	}
	return fmt.Sprintf("every %s goes with it (here %d)", kind, stored)
}

// shrunk finds a StatefulSet whose claims go because it has fewer replicas.
func (u *upgrade) shrunk(d *desired) {
	old := u.live[d.ref]
	if old == nil || d.ref.GroupKind().String() != "StatefulSet.apps" || retention(d.desired, "whenScaled") != "Delete" {
		return
	}
	templates, _, _ := unstructured.NestedSlice(old.Object, "spec", "volumeClaimTemplates")
	was, _, _ := unstructured.NestedInt64(old.Object, "spec", "replicas")
	is, ok, _ := unstructured.NestedInt64(d.desired.Object, "spec", "replicas")
	if !ok {
		if _, had, _ := unstructured.NestedInt64(u.before[d.ref].desired.Object, "spec", "replicas"); !had {
			return // It is somebody else's to say.
		}
		is = 1 // the server's default for what is given up
	}
	if is < was && len(templates) > 0 {
		u.find("%s shrinks from %d to %d replicas, and the claims of the others are deleted, as persistentVolumeClaimRetentionPolicy.whenScaled says\n"+
			"      set it to Retain, or leave the set out of the old revision to accept the loss", d.title(), was, is)
	}
}
