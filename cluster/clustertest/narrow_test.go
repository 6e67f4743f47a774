package clustertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
)

// These defects are narrow: each breaks one promise and leaves what is around it.
func init() {
	for _, more := range []map[string]bent{accepting, forgetting, misreporting, hiding, misdefining, mishearing} {
		maps.Copy(defects, more)
	}
}

// accepts is a client that takes some refusals for success.
func accepts(match func(r request, err error) bool) bent {
	return bent{fault: func(r request, err error) error {
		if match(r, err) {
			return nil
		}
		return err
	}}
}

// acceptsInvalid takes an invalid object of a kind for a valid one, for one field. Without a verb it does so in each.
func acceptsInvalid(verb, kind, at string) bent {
	return accepts(func(r request, err error) bool {
		var invalid *cluster.InvalidError
		return (verb == "" || verb == r.verb) && kind == r.kind() && !r.dryRun() && errors.As(err, &invalid) &&
			slices.ContainsFunc(invalid.Causes, func(c cluster.Cause) bool { return c.Field == at })
	})
}

// acceptsError takes an error that a verb comes back with for success.
func acceptsError(verb string, target error) bent {
	return accepts(func(r request, err error) bool { return r.verb == verb && !r.dryRun() && errors.Is(err, target) })
}

// acceptsConflict takes a conflict for success.
func acceptsConflict(match func(r request, c cluster.FieldConflict) bool) bent {
	return accepts(func(r request, err error) bool {
		var conflict *cluster.ConflictError
		return errors.As(err, &conflict) && slices.ContainsFunc(conflict.Conflicts, func(c cluster.FieldConflict) bool { return match(r, c) })
	})
}

// acceptsPatch takes the refusal of a patch that matches for success.
func acceptsPatch(match func(p cluster.Patch) bool) bent {
	return accepts(func(r request, _ error) bool { return r.patch != nil && !r.dryRun() && match(*r.patch) })
}

func isConflict(err error) bool {
	var conflict *cluster.ConflictError
	return errors.As(err, &conflict)
}

var accepting = map[string]bent{
	"accepts-any-name":               acceptsInvalid("create", "ConfigMap", "metadata.name"),
	"accepts-dots-in-services":       acceptsInvalid("create", "Service", "metadata.name"),
	"accepts-dots-in-namespaces":     acceptsInvalid("create", "Namespace", "metadata.name"),
	"accepts-any-label":              acceptsInvalid("create", "ConfigMap", "metadata.labels"),
	"accepts-any-label-in-a-patch":   acceptsInvalid("patch", "ConfigMap", "metadata.labels"),
	"accepts-any-annotation":         acceptsInvalid("create", "ConfigMap", "metadata.annotations"),
	"accepts-two-controllers":        acceptsInvalid("create", "ConfigMap", "metadata.ownerReferences"),
	"accepts-any-key":                acceptsInvalid("create", "ConfigMap", "data[no/slash]"),
	"accepts-any-key-in-secrets":     acceptsInvalid("create", "Secret", "data[no/slash]"),
	"accepts-services-without-ports": acceptsInvalid("create", "Service", "spec.ports"),
	"accepts-ports-of-one-name":      acceptsInvalid("create", "Service", "spec.ports[1].name"),
	"accepts-any-template":           acceptsInvalid("create", "Deployment", "spec.template.metadata.labels"),
	"accepts-negative-replicas":      acceptsInvalid("create", "Deployment", "spec.replicas"),
	"accepts-any-definition-name":    acceptsInvalid("create", "CustomResourceDefinition", "metadata.name"),
	"accepts-new-finalizers":         acceptsInvalid("patch", "ConfigMap", "metadata.finalizers"),
	"changes-immutable-configs":      acceptsInvalid("patch", "ConfigMap", "data"),
	"changes-immutable-secrets":      acceptsInvalid("patch", "Secret", "data"),
	"changes-secret-types":           acceptsInvalid("patch", "Secret", "type"),
	"changes-selectors":              acceptsInvalid("apply", "Deployment", "spec.selector"),
	"changes-claims":                 acceptsInvalid("patch", "PersistentVolumeClaim", "spec"),
	"changes-roles":                  acceptsInvalid("patch", "RoleBinding", "roleRef"),
	"changes-cluster-addresses": accepts(func(r request, _ error) bool {
		return r.verb == "patch" && r.kind() == "Service" && r.write.Validation == ""
	}),
	"changes-job-templates":           accepts(func(r request, _ error) bool { return r.verb == "apply" && r.kind() == "Job" }),
	"replaces-things-unconditionally": acceptsInvalid("replace", "Thing", "metadata.resourceVersion"),
	"accepts-any-type": accepts(func(r request, err error) bool {
		var invalid *cluster.InvalidError
		return r.kind() == "Thing" && errors.As(err, &invalid) && slices.ContainsFunc(invalid.Causes, func(c cluster.Cause) bool { return c.Type == "FieldValueTypeInvalid" })
	}),
	"accepts-any-type-of-data": accepts(func(r request, err error) bool {
		var e *cluster.Error
		return r.verb == "create" && r.kind() == "ConfigMap" && errors.As(err, &e) && e.Code == 400
	}),
	"accepts-true-for-a-number": accepts(func(r request, err error) bool { return r.verb == "apply" && r.kind() == "Thing" && !isConflict(err) }),
	"accepts-duplicate-keys": accepts(func(r request, err error) bool {
		return r.verb == "apply" && r.kind() == "PodTemplate" && !isConflict(err)
	}),
	"accepts-paths-without-type": accepts(func(r request, _ error) bool { return r.kind() == "Ingress" }),
	"accepts-no-name": accepts(func(r request, _ error) bool {
		return r.verb == "create" && r.object.GetName() == "" && r.object.GetGenerateName() == ""
	}),
	"accepts-taken-names":            acceptsError("create", cluster.ErrAlreadyExists),
	"accepts-taken-names-in-dry-run": accepts(func(r request, err error) bool { return r.dryRun() && errors.Is(err, cluster.ErrAlreadyExists) }),
	"accepts-anything-in-dry-run": accepts(func(r request, err error) bool {
		var invalid *cluster.InvalidError
		return r.dryRun() && errors.As(err, &invalid)
	}),
	"no-conflicts-in-dry-run":      accepts(func(r request, err error) bool { return r.dryRun() && isConflict(err) }),
	"replaces-nothing":             acceptsError("replace", cluster.ErrNotFound),
	"patches-what-is-not-there":    acceptsError("patch", cluster.ErrNotFound),
	"deletes-what-is-not-there":    acceptsError("delete", cluster.ErrNotFound),
	"creates-in-no-namespace":      acceptsError("create", cluster.ErrNotFound),
	"creates-in-ending-namespaces": acceptsError("create", cluster.ErrForbidden),
	"renames-by-patch":             acceptsPatch(func(p cluster.Patch) bool { return strings.Contains(string(p.Data), `"name":"b"`) }),
	"removes-what-is-not-there":    acceptsPatch(func(p cluster.Patch) bool { return strings.Contains(string(p.Data), "/nonesuch") }),
	"reads-any-patch": acceptsPatch(func(p cluster.Patch) bool {
		return !json.Valid(p.Data) || p.Type == types.JSONPatchType && p.Data[0] == '{'
	}),
	"merges-things-strategically": accepts(func(r request, _ error) bool {
		return r.patch != nil && r.patch.Type == types.StrategicMergePatchType && r.ref.Kind == "Thing"
	}),
	"takes-from-updaters": acceptsConflict(func(_ request, c cluster.FieldConflict) bool { return c.Manager == "editor" }),
	"takes-from-its-own-updates": acceptsConflict(func(r request, c cluster.FieldConflict) bool {
		return c.Operation == "Update" && c.Manager == r.write.Manager
	}),
	"takes-from-scalers":    acceptsConflict(func(_ request, c cluster.FieldConflict) bool { return c.Subresource == "scale" }),
	"takes-what-was-before": acceptsConflict(func(_ request, c cluster.FieldConflict) bool { return c.Manager == "before-first-apply" }),
	"shares-images":         acceptsConflict(func(_ request, c cluster.FieldConflict) bool { return strings.HasSuffix(c.Field, ".image") }),
	"shares-args":           acceptsConflict(func(_ request, c cluster.FieldConflict) bool { return strings.HasSuffix(c.Field, ".args") }),
	"shares-selectors":      acceptsConflict(func(_ request, c cluster.FieldConflict) bool { return c.Field == ".spec.selector" }),
	"shares-things":         acceptsConflict(func(r request, c cluster.FieldConflict) bool { return r.kind() == "Thing" && c.Manager == "one" }),
	"knows-every-kind":      accepts(func(r request, _ error) bool { return r.verb == "kind" && r.ref.Kind == "Nonesuch" }),
	"knows-every-group":     accepts(func(r request, _ error) bool { return r.verb == "kind" && strings.HasPrefix(r.ref.Group, "nonesuch") }),
	"mixes-groups":          accepts(func(r request, _ error) bool { return r.verb == "kind" && r.ref == cluster.Ref{Kind: "Deployment"} }),
	"serves-every-version":  accepts(func(r request, _ error) bool { return r.get != nil && r.get.Version == "v9" }),
	"reads-any-selector":    accepts(func(r request, _ error) bool { return r.verb == "list" && strings.HasSuffix(r.sel.Labels, "(web") }),
	"ends-watches-in-silence": accepts(func(r request, err error) bool {
		return r.verb == "watch" && r.kind() == "Thing" && errors.Is(err, cluster.ErrNoKind) && !strings.HasPrefix(r.sel.Group, "nonesuch")
	}),
	"writes-where-there-is-nothing": accepts(func(r request, _ error) bool { return r.patch != nil && r.patch.Subresource == "status" }),
	"sees-other-namespaces": {fault: func(r request, err error) error {
		if r.verb == "get" && errors.Is(err, cluster.ErrNotFound) && strings.HasPrefix(r.ref.Namespace, "rule-") && r.ref.Name == "a" && r.get.Version == "" && r.ref.Kind == "ConfigMap" {
			return errors.New("there is one elsewhere")
		}
		return err
	}},
	"kinds-are-objects": {fault: func(r request, err error) error {
		if r.verb == "patch" && errors.Is(err, cluster.ErrNoKind) {
			return &cluster.Error{Op: "patch", Ref: r.ref, Code: 404, Err: cluster.ErrNotFound}
		}
		return err
	}},
	"names-one-owner": {fault: func(_ request, err error) error {
		var conflict *cluster.ConflictError
		if errors.As(err, &conflict) && len(conflict.Conflicts) == 3 {
			conflict.Conflicts = conflict.Conflicts[:2]
		}
		return err
	}},
	"misnames-owners": {fault: func(_ request, err error) error {
		var conflict *cluster.ConflictError
		if errors.As(err, &conflict) && conflict.Conflicts[0].Manager == "helm" {
			conflict.Conflicts[0].Operation = "Update"
		}
		return err
	}},
	"names-one-fault": {fault: func(_ request, err error) error {
		var invalid *cluster.InvalidError
		if errors.As(err, &invalid) {
			invalid.Causes = invalid.Causes[:1]
		}
		return err
	}},
	"hides-the-cause": {fault: func(_ request, err error) error {
		if strings.Contains(err.Error(), "enough") && !strings.HasPrefix(err.Error(), "watch") {
			return errors.New("it is over")
		}
		return err
	}},
}

// lets returns a defect in what is asked by a verb.
func lets(verb string, change func(r *request)) bent {
	return bent{before: func(r *request) {
		if r.verb == verb {
			change(r)
		}
	}}
}

var forgetting = map[string]bent{
	"creates-in-dry-run":  lets("create", func(r *request) { r.write.DryRun = false }),
	"applies-in-dry-run":  lets("apply", func(r *request) { r.write.DryRun = false }),
	"forces-in-dry-run":   lets("apply", func(r *request) { r.write.DryRun = r.write.DryRun && !r.write.Force }),
	"replaces-in-dry-run": lets("replace", func(r *request) { r.write.DryRun = false }),
	"patches-in-dry-run":  lets("patch", func(r *request) { r.write.DryRun = false }),
	"deletes-in-dry-run":  lets("delete", func(r *request) { r.delete.DryRun = false }),
	"no-preconditions-in-dry-run": lets("apply", func(r *request) {
		if r.write.DryRun {
			r.write.ResourceVersion = ""
		}
	}),
	"replaces-any-uid":       lets("replace", func(r *request) { r.write.UID = "" }),
	"patches-any-uid":        lets("patch", func(r *request) { r.write.UID = "" }),
	"applies-to-any-uid":     lets("apply", func(r *request) { r.write.UID = "" }),
	"deletes-any-uid":        lets("delete", func(r *request) { r.delete.UID = "" }),
	"replaces-stale":         lets("replace", func(r *request) { r.object.SetResourceVersion("") }),
	"replaces-any-version":   lets("replace", func(r *request) { r.write.ResourceVersion = "" }),
	"patches-stale":          lets("patch", func(r *request) { r.write.ResourceVersion = "" }),
	"applies-stale":          lets("apply", func(r *request) { r.write.ResourceVersion = "" }),
	"deletes-stale":          lets("delete", func(r *request) { r.delete.ResourceVersion = "" }),
	"creates-with-a-version": lets("create", func(r *request) { r.object.SetResourceVersion("") }),
	"needs-a-version": lets("replace", func(r *request) {
		if r.object.GetResourceVersion() == "" && r.write.ResourceVersion == "" && r.write.UID == "" && !r.write.DryRun && r.kind() == "ConfigMap" {
			r.write.ResourceVersion = "1"
		}
	}),
	"forgets-absent":          lets("apply", func(r *request) { r.write.Absent = false }),
	"forgets-absent-by-force": lets("apply", func(r *request) { r.write.Absent = r.write.Absent && !r.write.Force }),
	"needs-no-manager": lets("apply", func(r *request) {
		if r.write.Manager == "" {
			r.write.Manager = "somebody"
		}
	}),
	"stamps-every-replace": lets("replace", func(r *request) { stamp(r.object) }),
	"lax-create": lets("create", func(r *request) {
		if r.write.Validation == cluster.ValidationStrict && r.kind() != "Thing" {
			r.write.Validation = cluster.ValidationWarn
		}
	}),
	"lax-create-of-things": lets("create", func(r *request) {
		if r.kind() == "Thing" {
			r.write.Validation = ""
		}
	}),
	"lax-replace": lets("replace", func(r *request) { r.write.Validation = "" }),
	"lax-patch":   lets("patch", func(r *request) { r.write.Validation = "" }),
	"warns-of-what-is-ignored": lets("create", func(r *request) {
		if r.write.Validation == cluster.ValidationIgnore {
			r.write.Validation = cluster.ValidationWarn
		}
	}),
	"ignores-by-default": lets("create", func(r *request) {
		if r.write.Validation == cluster.ValidationDefault {
			r.write.Validation = cluster.ValidationIgnore
		}
	}),
	"tests-nothing":  lets("patch", func(r *request) { r.without(`"op":"test"`) }),
	"copies-nothing": lets("patch", func(r *request) { r.without(`"op":"copy"`) }),
	"removes-no-data": lets("patch", func(r *request) {
		var p map[string]map[string]any
		if r.patch.Type != types.MergePatchType || json.Unmarshal(r.patch.Data, &p) != nil || p["data"] == nil {
			return
		}
		maps.DeleteFunc(p["data"], func(_ string, v any) bool { return v == nil })
		r.patch.Data, _ = json.Marshal(p)
	}),
	"orphans-die": lets("delete", func(r *request) {
		if r.delete.Propagation == cluster.PropagationOrphan {
			r.delete.Propagation = cluster.PropagationBackground
		}
	}),
	"no-foreground": lets("delete", func(r *request) {
		if r.delete.Propagation == cluster.PropagationForeground {
			r.delete.Propagation = cluster.PropagationBackground
		}
	}),
	"whole-lists":   lets("list", func(r *request) { r.sel.MetadataOnly = false }),
	"whole-watches": lets("watch", func(r *request) { r.sel.MetadataOnly = false }),
	"watches-all":   lets("watch", func(r *request) { r.sel.Namespace = "" }),
	"watches-names": lets("watch", func(r *request) {
		if r.sel.Labels != "" {
			r.sel.Fields = ""
		}
	}),
	"in-and-notin":          lets("list", func(r *request) { r.sel.Labels = strings.ReplaceAll(r.sel.Labels, " notin ", " in ") }),
	"differs-only-if-there": lets("list", func(r *request) { r.sel.Labels = strings.ReplaceAll(r.sel.Labels, "zone!=x", "zone,zone!=x") }),
	"no-other-name":         lets("list", func(r *request) { r.sel.Fields = strings.ReplaceAll(r.sel.Fields, "!=b", "=b") }),
	"ignores-unknown-fields": lets("list", func(r *request) {
		if strings.HasPrefix(r.sel.Fields, "data.") {
			r.sel.Fields = ""
		}
	}),
	"writes-in-conflict": {apply: func(c cluster.Client, ctx context.Context, r request) (*cluster.Written, error) {
		w, err := c.Apply(ctx, r.object, *r.write)
		if isConflict(err) && !r.write.DryRun {
			forced := *r.write
			forced.Force = true
			_, _ = c.Apply(ctx, r.object, forced)
		}
		return w, err
	}},
	"never-removes-data": {apply: func(c cluster.Client, ctx context.Context, r request) (*cluster.Written, error) {
		if live, err := c.Get(ctx, r.ref, cluster.GetOptions{}); err == nil && r.kind() == "ConfigMap" && !r.write.DryRun && !r.write.Absent {
			data, _, _ := unstructured.NestedMap(r.object.Object, "data")
			all, _, _ := unstructured.NestedMap(live.Object, "data")
			if len(data) == 1 && len(all) == 2 && all["x"] == data["x"] {
				_ = unstructured.SetNestedMap(r.object.Object, all, "data")
			}
		}
		return c.Apply(ctx, r.object, *r.write)
	}},
}

// without takes the operations that have some text out of a JSON patch.
func (r *request) without(text string) {
	var operations []json.RawMessage
	if r.patch.Type != types.JSONPatchType || json.Unmarshal(r.patch.Data, &operations) != nil {
		return
	}
	r.patch.Data, _ = json.Marshal(slices.DeleteFunc(operations, func(o json.RawMessage) bool { return strings.Contains(string(o), text) }))
}

// answers is a defect in what is answered to writes by a verb to a kind; an empty kind means every kind.
func answers(verb, kind string, change func(r request, w *cluster.Written)) bent {
	return bent{answered: func(r request, w *cluster.Written) {
		if r.verb == verb && (kind == "" || r.kind() == kind) {
			change(r, w)
		}
	}}
}

// remembers is a defect that shows in later reads of an object that something was tried on.
func remembers(trigger func(r *request) bool, change func(obj *unstructured.Unstructured)) bent {
	var touched sync.Map
	return bent{
		before: func(r *request) {
			if trigger(r) {
				touched.Store(r.ref, true)
			}
		},
		got: func(r request, obj *unstructured.Unstructured) {
			if _, ok := touched.Load(r.ref); ok {
				change(obj)
			}
		},
	}
}

func patchHas(text string) func(r *request) bool {
	return func(r *request) bool { return r.patch != nil && strings.Contains(string(r.patch.Data), text) }
}

var misreporting = map[string]bent{
	"never-says-created":       answers("create", "", func(_ request, w *cluster.Written) { w.Created = false }),
	"apply-never-says-created": answers("apply", "", func(_ request, w *cluster.Written) { w.Created = false }),
	"replace-says-created":     answers("replace", "", func(_ request, w *cluster.Written) { w.Created = true }),
	"replace-says-changed":     answers("replace", "", func(_ request, w *cluster.Written) { w.Changed = true }),
	"apply-says-changed":       answers("apply", "", func(_ request, w *cluster.Written) { w.Changed = true }),
	"warns-of-good-things": answers("create", "Service", func(r request, w *cluster.Written) {
		if !strings.Contains(r.object.GetName(), "nonesuch") && len(w.Warnings) == 0 && r.write.Validation == cluster.ValidationWarn {
			w.Warnings = []string{"beware"}
		}
	}),
	"keeps-the-client's-uid": answers("create", "ConfigMap", func(r request, w *cluster.Written) {
		if r.object.GetUID() != "" {
			w.Object.SetUID(r.object.GetUID())
		}
	}),
	"keeps-the-client's-generation": answers("create", "NetworkPolicy", func(r request, w *cluster.Written) {
		if r.object.GetGeneration() != 0 {
			w.Object.SetGeneration(r.object.GetGeneration())
		}
	}),
	"starts-at-zero": answers("create", "NetworkPolicy", func(_ request, w *cluster.Written) { w.Object.SetGeneration(w.Object.GetGeneration() - 1) }),
	"counts-nothing": answers("apply", "NetworkPolicy", func(_ request, w *cluster.Written) { w.Object.SetGeneration(2) }),
	"counts-labels": answers("patch", "NetworkPolicy", func(r request, w *cluster.Written) {
		if strings.Contains(string(r.patch.Data), "labels") {
			w.Object.SetGeneration(w.Object.GetGeneration() + 1)
		}
	}),
	"counts-status": answers("patch", "Thing", func(r request, w *cluster.Written) {
		if r.patch.Subresource == "status" {
			w.Object.SetGeneration(w.Object.GetGeneration() + 1)
		}
	}),
	"no-default-in-dry-run": answers("create", "Service", func(r request, w *cluster.Written) {
		if r.dryRun() {
			removed("spec.ports")(w.Object)
		}
	}),
	"keeps-labels-on-replace": answers("replace", "ConfigMap", func(r request, w *cluster.Written) {
		if len(r.object.GetLabels()) == 0 {
			w.Object.SetLabels(map[string]string{"l": "v"})
		}
	}),
	"replaces-keep-the-version": answers("replace", "", func(_ request, w *cluster.Written) { w.Object.SetResourceVersion("7") }),
	"moves-the-cluster-address": answers("replace", "Service", func(_ request, w *cluster.Written) {
		_ = unstructured.SetNestedField(w.Object.Object, "192.0.2.1", "spec", "clusterIP")
	}),
	"forgets-the-rest": answers("apply", "ConfigMap", func(r request, w *cluster.Written) {
		applied, _, _ := unstructured.NestedMap(r.object.Object, "data")
		data, found, _ := unstructured.NestedMap(w.Object.Object, "data")
		if found && w.Object.GetManagedFields()[0].Operation == "Update" || len(w.Object.GetManagedFields()) > 1 && w.Object.GetManagedFields()[1].Operation == "Update" {
			maps.DeleteFunc(data, func(k string, _ any) bool { return applied[k] == nil })
			_ = unstructured.SetNestedMap(w.Object.Object, data, "data")
		}
	}),
	"repeats-elements": answers("apply", "Service", func(r request, w *cluster.Written) {
		ports, _, _ := unstructured.NestedSlice(w.Object.Object, "spec", "ports")
		if r.write.Manager == "two" && len(ports) == 1 {
			_ = unstructured.SetNestedSlice(w.Object.Object, append(ports, ports...), "spec", "ports")
		}
	}),
	"sorts-elements": answers("apply", "PodTemplate", func(_ request, w *cluster.Written) {
		containers, _, _ := unstructured.NestedSlice(w.Object.Object, "template", "spec", "containers")
		slices.SortFunc(containers, func(a, b any) int {
			return strings.Compare(a.(map[string]any)["name"].(string), b.(map[string]any)["name"].(string))
		})
		_ = unstructured.SetNestedSlice(w.Object.Object, containers, "template", "spec", "containers")
	}),
	"keeps-dropped-elements": answers("apply", "PodTemplate", func(_ request, w *cluster.Written) {
		containers, _, _ := unstructured.NestedSlice(w.Object.Object, "template", "spec", "containers")
		if len(containers) == 2 && w.Object.GetManagedFields()[0].Manager != w.Object.GetManagedFields()[len(w.Object.GetManagedFields())-1].Manager {
			_ = unstructured.SetNestedSlice(w.Object.Object, append(containers, map[string]any{"name": "d"}), "template", "spec", "containers")
		}
	}),
	"keeps-dropped-values": answers("apply", "PodTemplate", func(_ request, w *cluster.Written) {
		setEach(w.Object, "imagePullPolicy", func(v any) any {
			if v == "IfNotPresent" {
				return "Never"
			}
			return v
		}, "template", "spec", "containers")
	}),
	"quantities-are-text": answers("apply", "PodTemplate", func(_ request, w *cluster.Written) {
		containers, _, _ := unstructured.NestedSlice(w.Object.Object, "template", "spec", "containers")
		if containers[0].(map[string]any)["resources"] != nil && len(containers[0].(map[string]any)["resources"].(map[string]any)) > 0 {
			stamp(w.Object)
			w.Object.SetResourceVersion(w.Object.GetAnnotations()["touched"])
		}
	}),
	"one-finalizer": answers("apply", "ConfigMap", func(_ request, w *cluster.Written) {
		if f := w.Object.GetFinalizers(); len(f) == 2 {
			w.Object.SetFinalizers(f[:1])
		}
	}),
	"one-label": answers("apply", "ConfigMap", func(_ request, w *cluster.Written) {
		if l := w.Object.GetLabels(); len(l) == 2 {
			delete(l, "x")
			delete(l, "l")
			w.Object.SetLabels(l)
		}
	}),
	"ends-with-the-deletion": answers("patch", "ConfigMap", func(_ request, w *cluster.Written) {
		if w.Object.GetDeletionTimestamp() != nil && w.Object.Object["data"] != nil {
			_ = unstructured.SetNestedField(w.Object.Object, "1", "data", "x")
		}
	}),
	"creates-with-status": answers("create", "Thing", func(r request, w *cluster.Written) {
		if status, ok := r.object.Object["status"]; ok {
			w.Object.Object["status"] = status
		}
	}),
	"patches-the-status": answers("patch", "Thing", func(r request, w *cluster.Written) {
		if r.patch.Subresource == "" && strings.Contains(string(r.patch.Data), `"ok":false`) {
			_ = unstructured.SetNestedField(w.Object.Object, false, "status", "ok")
		}
	}),
	"status-patches-all": answers("patch", "Thing", func(r request, w *cluster.Written) {
		if r.patch.Subresource == "status" && strings.Contains(string(r.patch.Data), `"spec"`) {
			_ = unstructured.SetNestedField(w.Object.Object, "2", "spec", "x")
		}
	}),
	"reads-too-old": {got: func(r request, obj *unstructured.Unstructured) {
		if r.get.AtLeast != "" {
			removed("data")(obj)
		}
	}},
	"takes-deletions-back":  remembers(patchHas(`"deletionTimestamp":null`), func(obj *unstructured.Unstructured) { obj.SetDeletionTimestamp(nil) }),
	"changes-birthdays":     remembers(patchHas("creationTimestamp"), func(obj *unstructured.Unstructured) { obj.SetCreationTimestamp(metav1.Time{}) }),
	"deletes-on-the-second": remembers(func(r *request) bool { return r.verb == "delete" }, func(obj *unstructured.Unstructured) { stamp(obj) }),
	"scales-beside": remembers(func(r *request) bool { return r.patch != nil && r.patch.Subresource == "scale" }, func(obj *unstructured.Unstructured) {
		removed("spec.x")(obj)
	}),
	"no-deletionTimestamp":  {got: func(_ request, obj *unstructured.Unstructured) { obj.SetDeletionTimestamp(nil) }},
	"no-scale":              {kind: func(k *cluster.Kind) { k.Scale = k.Scale && k.Kind != "Deployment" }},
	"namespaced-namespaces": {kind: func(k *cluster.Kind) { k.Namespaced = k.Namespaced || k.Kind == "Namespace" }},
	"no-status-of-things":   {kind: func(k *cluster.Kind) { k.Status = k.Status && k.Kind != "Thing" }},
	"prefers-the-first":     {kind: func(k *cluster.Kind) { slices.Sort(k.Versions) }},
	"errors-without-code":   onVerbError("get", func(e *cluster.Error) { e.Code = 0 }),
	"errors-without-object": onVerbError("delete", func(e *cluster.Error) { e.Ref = cluster.Ref{} }),
	"invalid-without-code": onVerbError("create", func(e *cluster.Error) {
		if e.Code == 422 {
			e.Code = 400
		}
	}),
}

func onVerbError(verb string, change func(*cluster.Error)) bent {
	return bent{fault: func(r request, err error) error {
		var e *cluster.Error
		if r.verb == verb && errors.As(err, &e) {
			change(e)
		}
		return err
	}}
}
