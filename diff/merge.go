package diff

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/structured-merge-diff/v4/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v4/merge"
	"sigs.k8s.io/structured-merge-diff/v4/typed"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

// merged is what the merge of an apply comes to, before the server stores it.
type merged struct {
	content   map[string]any
	conflicts []cluster.FieldConflict
	// settled says that our manager owns what it would own afterwards.
	settled bool
}

// serverFields are the fields that no manager owns, because an apply must state them or the server writes them.
var serverFields = fieldpath.NewSet(
	fieldpath.MakePathOrDie("apiVersion"),
	fieldpath.MakePathOrDie("kind"),
	fieldpath.MakePathOrDie("metadata"),
	fieldpath.MakePathOrDie("metadata", "name"),
	fieldpath.MakePathOrDie("metadata", "namespace"),
	fieldpath.MakePathOrDie("metadata", "creationTimestamp"),
	fieldpath.MakePathOrDie("metadata", "selfLink"),
	fieldpath.MakePathOrDie("metadata", "uid"),
	fieldpath.MakePathOrDie("metadata", "clusterName"),
	fieldpath.MakePathOrDie("metadata", "generation"),
	fieldpath.MakePathOrDie("metadata", "managedFields"),
	fieldpath.MakePathOrDie("metadata", "resourceVersion"),
)

// mergeApply merges as a server does for an apply: without force, to learn of conflicts, and with force when there are some.
// There is no conflict over the fields that are left to us.
func mergeApply(d *Desired, live *typed.TypedValue, m *managed, left *fieldpath.Set, conv merge.Converter) (*merged, error) {
	updater := (&merge.UpdaterBuilder{Converter: conv, ReturnInputOnNoop: true}).BuildUpdater()
	version := fieldpath.APIVersion(d.obj.GetAPIVersion())
	out := &merged{}
	result, sets, err := updater.Apply(live, d.typed, version, m.copySets(), self, false)
	var conflicts merge.Conflicts
	if errors.As(err, &conflicts) {
		conflicts = slices.DeleteFunc(conflicts, func(c merge.Conflict) bool { return left.Has(c.Path) })
		out.conflicts = fieldConflicts(conflicts, m)
		result, sets, err = updater.Apply(live, d.typed, version, m.copySets(), self, true)
	}
	if err != nil {
		return nil, err
	}
	if result == nil {
		result = live
	}
	content, ok := result.AsValue().Unstructured().(map[string]any)
	if !ok {
		return nil, errors.New("the merge did not come to an object")
	}
	out.content = content
	owned := fieldpath.NewSet()
	if s, ok := sets[self]; ok {
		owned = s.Set().Difference(serverFields)
	}
	out.settled = m.settled(owned, version)
	return out, nil
}

func fieldConflicts(in merge.Conflicts, m *managed) []cluster.FieldConflict {
	var out []cluster.FieldConflict
	for _, c := range in {
		o := m.owners[c.Manager]
		out = append(out, cluster.FieldConflict{Manager: o.Manager, Operation: o.Operation, Subresource: o.Subresource, Field: c.Path.String()})
	}
	sortConflicts(out)
	return out
}

func sortConflicts(conflicts []cluster.FieldConflict) {
	slices.SortFunc(conflicts, func(a, b cluster.FieldConflict) int {
		if c := strings.Compare(a.Field, b.Field); c != 0 {
			return c
		}
		return compareOwners(Owner{Manager: a.Manager, Operation: a.Operation, Subresource: a.Subresource}, Owner{Manager: b.Manager, Operation: b.Operation, Subresource: b.Subresource})
	})
}

// errNoVersion stands for a version that the server does not serve; it drops the entries of such versions.
var errNoVersion = errors.New("no such version")

// converter types an object at another version of its kind as if the versions differed in their name only.
type converter struct {
	set  *schema.Set
	kind *schema.Kind
	// drop treats every other version as one that is not served.
	drop bool
	// failed holds the versions at which the object could not be typed.
	failed map[fieldpath.APIVersion]bool
}

// Convert returns the object at the version.
func (c *converter) Convert(v *typed.TypedValue, version fieldpath.APIVersion) (*typed.TypedValue, error) {
	content, ok := v.AsValue().Unstructured().(map[string]any)
	if !ok || content["apiVersion"] == string(version) {
		return v, nil
	}
	own := c.kind.GVK.GroupVersion().String()
	if c.kind.Converts && string(version) != own {
		return c.renamed(content, version)
	}
	if c.drop && string(version) != own {
		return nil, errNoVersion
	}
	k := c.kind
	if string(version) != own {
		k = kindAt(c.set, c.kind, version)
	}
	if k == nil {
		c.failed[version] = true
		return nil, errNoVersion
	}
	content = without(content, "apiVersion")
	content["apiVersion"] = string(version)
	out, err := k.Type.FromUnstructured(content, typed.AllowDuplicates)
	if err != nil {
		c.failed[version] = true
		return nil, errNoVersion
	}
	return out, nil
}

// renamed returns the content at another version of a custom resource whose versions differ in their name only. The errors are
// those with which the server refuses the apply.
func (c *converter) renamed(content map[string]any, version fieldpath.APIVersion) (*typed.TypedValue, error) {
	gv, err := apischema.ParseGroupVersion(string(version))
	if err != nil {
		return nil, err
	}
	k, known := c.kind.At(gv.Version)
	if k == nil && !known {
		c.failed[version] = true
		return nil, errNoVersion
	}
	if k == nil || gv.Group != c.kind.GVK.Group {
		return nil, fmt.Errorf("a server refuses it: a manager owns fields at %s, which is no version of the definition", version)
	}
	content = without(content, "")
	content["apiVersion"] = string(version)
	out, err := k.Type.FromUnstructured(content)
	if err != nil {
		path, cause, _ := explain(err, k, &unstructured.Unstructured{Object: content})
		return nil, fmt.Errorf("a server refuses it: a manager owns fields at %s, where the object does not fit: %s: %w", version, path, cause)
	}
	return out, nil
}

// IsMissingVersionError recognises what Convert returns.
func (c *converter) IsMissingVersionError(err error) bool { return errors.Is(err, errNoVersion) }

func kindAt(set *schema.Set, k *schema.Kind, version fieldpath.APIVersion) *schema.Kind {
	gv, err := apischema.ParseGroupVersion(string(version))
	if err != nil {
		return nil
	}
	if found := set.Kinds(gv.WithKind(k.GVK.Kind)); len(found) > 0 {
		return found[0]
	}
	return nil
}
