package clustertest_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
)

// defects are the mutants, by what is wrong with them.
var defects = map[string]bent{
	"forgets-dry-run": {before: func(r *request) {
		if r.write != nil {
			r.write.DryRun = false
		}
		if r.delete != nil {
			r.delete.DryRun = false
		}
	}},
	"dry-runs-only": {before: func(r *request) {
		if r.write != nil && (r.object == nil || r.object.GetKind() != "Namespace") {
			r.write.DryRun = true
		}
	}},
	"forces-always": {before: onWrite("apply", func(o *cluster.WriteOptions) { o.Force = true })},
	"never-forces":  {before: onWrite("apply", func(o *cluster.WriteOptions) { o.Force = false })},
	"forgets-uid": {before: func(r *request) {
		if r.write != nil {
			r.write.UID = ""
		}
		if r.delete != nil {
			r.delete.UID = ""
		}
	}},
	"forgets-resourceVersion": {before: func(r *request) {
		if r.write != nil {
			r.write.ResourceVersion = ""
		}
		if r.delete != nil {
			r.delete.ResourceVersion = ""
		}
		if r.object != nil {
			r.object.SetResourceVersion("")
		}
	}},
	"never-validates": {before: func(r *request) {
		if r.write != nil {
			r.write.Validation = cluster.ValidationIgnore
		}
	}},
	"always-strict": {before: func(r *request) {
		if r.write != nil {
			r.write.Validation = cluster.ValidationStrict
		}
	}},
	"one-manager": {before: func(r *request) {
		if r.write != nil {
			r.write.Manager = "same"
		}
	}},
	"renames-managers": {before: onWrite("apply", func(o *cluster.WriteOptions) { o.Manager += "x" })},
	"forgets-labels": {before: onSelector(func(s *cluster.Selector) {
		s.Labels = strings.Split(s.Labels, ",")[0]
	})},
	"forgets-all-labels": {before: onSelector(func(s *cluster.Selector) { s.Labels = "" })},
	"forgets-fields":     {before: onSelector(func(s *cluster.Selector) { s.Fields = "" })},
	"every-namespace":    {before: onSelector(func(s *cluster.Selector) { s.Namespace = "" })},
	"default-namespace": {before: onSelector(func(s *cluster.Selector) {
		if s.Namespace == "" {
			s.Namespace = "default"
		}
	})},
	"whole-objects":  {before: onSelector(func(s *cluster.Selector) { s.MetadataOnly = false })},
	"metadata-alone": {before: onSelector(func(s *cluster.Selector) { s.MetadataOnly = true })},
	"drops-finalizers": {before: func(r *request) {
		if r.object != nil {
			r.object.SetFinalizers(nil)
		}
	}},
	"drops-owners": {before: func(r *request) {
		if r.object != nil {
			r.object.SetOwnerReferences(nil)
		}
	}},
	"background-only": {before: func(r *request) {
		if r.delete != nil {
			r.delete.Propagation = cluster.PropagationBackground
		}
	}},
	"orphans-only": {before: func(r *request) {
		if r.delete != nil {
			r.delete.Propagation = cluster.PropagationOrphan
		}
	}},
	"forgets-subresources": {before: func(r *request) {
		if r.patch != nil {
			r.patch.Subresource = ""
		}
	}},
	"merge-is-strategic":  {before: onPatch(types.MergePatchType, func(p *cluster.Patch) { p.Type = types.StrategicMergePatchType })},
	"strategic-is-merge":  {before: onPatch(types.StrategicMergePatchType, func(p *cluster.Patch) { p.Type = types.MergePatchType })},
	"patches-nothing":     {before: onPatch(types.JSONPatchType, func(p *cluster.Patch) { p.Data = []byte(`[]`) })},
	"merges-nothing":      {before: onPatch(types.MergePatchType, func(p *cluster.Patch) { p.Data = []byte(`{}`) })},
	"touches-every-patch": {before: onPatch(types.MergePatchType, func(p *cluster.Patch) { p.Data = touched(p.Data) })},
	"stamps-every-write": {before: func(r *request) {
		if r.object != nil && r.verb != "create" {
			stamp(r.object)
		}
	}},
	"generates-one-name": {before: func(r *request) {
		if r.verb == "create" && r.object.GetGenerateName() != "" {
			r.object.SetName("fixed")
		}
	}},
	"apply-is-replace": {apply: func(c cluster.Client, ctx context.Context, r request) (*cluster.Written, error) {
		w, err := c.Replace(ctx, r.object, *r.write)
		if errors.Is(err, cluster.ErrNotFound) {
			return c.Create(ctx, r.object, *r.write)
		}
		return w, err
	}},
	"refuses-nothing": {fault: func(r request, err error) error {
		if r.verb == "list" && errors.Is(err, cluster.ErrNoKind) {
			return err
		}
		return nil
	}},
	"untyped-errors": {fault: func(r request, err error) error {
		if r.verb == "list" && errors.Is(err, cluster.ErrNoKind) {
			return err
		}
		return errors.New(err.Error())
	}},
	"one-sentinel": {fault: func(r request, err error) error {
		if r.verb == "list" {
			return err
		}
		return fmt.Errorf("%w: %w", cluster.ErrConflict, err)
	}},
	"errors-tell-all": {fault: func(r request, err error) error {
		if r.object == nil {
			return err
		}
		return fmt.Errorf("%w in %v", err, r.object.Object)
	}},
	"always-retryable": {fault: func(_ request, err error) error { return fmt.Errorf("%w: %w", err, cluster.ErrUnavailable) }},
	"forgets-causes": {fault: func(_ request, err error) error {
		var invalid *cluster.InvalidError
		if errors.As(err, &invalid) {
			invalid.Causes = nil
		}
		var conflict *cluster.ConflictError
		if errors.As(err, &conflict) {
			conflict.Conflicts = conflict.Conflicts[:1]
			conflict.Conflicts[0].Manager = ""
		}
		return err
	}},
	"wrong-code":     {fault: onError(func(e *cluster.Error) { e.Code = 500 })},
	"wrong-verb":     {fault: onError(func(e *cluster.Error) { e.Op = "do" })},
	"hides-warnings": {written: func(_ string, w *cluster.Written) { w.Warnings = nil }},
	"warns-always":   {written: func(_ string, w *cluster.Written) { w.Warnings = append(w.Warnings, "beware") }},
	"always-changed": {written: func(_ string, w *cluster.Written) { w.Changed, w.Created = true, true }},
	"never-changed":  {written: func(_ string, w *cluster.Written) { w.Changed, w.Created = false, false }},
	"scope-reversed": {kind: func(k *cluster.Kind) { k.Namespaced = !k.Namespaced }},
	"misreads-discovery": {kind: func(k *cluster.Kind) {
		k.Status, k.Scale, k.Versions = !k.Status, !k.Scale, nil
	}},
	"first-page-only": {list: func(seq iter.Seq2[*unstructured.Unstructured, error]) iter.Seq2[*unstructured.Unstructured, error] {
		return func(yield func(*unstructured.Unstructured, error) bool) {
			n := 0
			for obj, err := range seq {
				if n++; n > 7 || !yield(obj, err) {
					return
				}
			}
		}
	}},
	"lists-once": {list: func(seq iter.Seq2[*unstructured.Unstructured, error]) iter.Seq2[*unstructured.Unstructured, error] {
		used := false
		return func(yield func(*unstructured.Unstructured, error) bool) {
			if !used {
				used = true
				seq(yield)
			}
		}
	}},
	"lists-nothing": {list: func(seq iter.Seq2[*unstructured.Unstructured, error]) iter.Seq2[*unstructured.Unstructured, error] {
		return func(yield func(*unstructured.Unstructured, error) bool) {
			for _, err := range seq {
				if err != nil {
					yield(nil, err)
				}
				return
			}
		}
	}},
	"lists-a-ghost": {list: func(seq iter.Seq2[*unstructured.Unstructured, error]) iter.Seq2[*unstructured.Unstructured, error] {
		return func(yield func(*unstructured.Unstructured, error) bool) {
			for obj, err := range seq {
				if !yield(obj, err) {
					return
				}
			}
			ghost := &unstructured.Unstructured{Object: map[string]any{}}
			ghost.SetName("ghost")
			yield(ghost, nil)
		}
	}},
	"synced-first": {event: func(e cluster.Event) []cluster.Event {
		if e.Type == cluster.Synced {
			return nil
		}
		return []cluster.Event{{Type: cluster.Synced}, e}
	}},
	"synced-twice": {event: func(e cluster.Event) []cluster.Event {
		if e.Type == cluster.Added {
			return []cluster.Event{e, {Type: cluster.Synced}}
		}
		return []cluster.Event{e}
	}},
	"tells-twice": {event: func(e cluster.Event) []cluster.Event { return []cluster.Event{e, e} }},
	"adds-only":   {event: onEvent(cluster.Modified, func(e *cluster.Event) { e.Type = cluster.Added })},
	"never-deleted": {event: onEvent(cluster.Deleted, func(e *cluster.Event) {
		e.Type = cluster.Modified
	})},
	"forgets-the-last-state": {event: onEvent(cluster.Deleted, func(e *cluster.Event) {
		e.Object = &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": e.Object.GetName()}}}
	})},
	"mute-about-the-end": {fault: func(r request, err error) error {
		if r.verb == "watch" {
			return nil
		}
		return err
	}},
	"constant-resourceVersion": {object: func(obj *unstructured.Unstructured) { obj.SetResourceVersion("1") }},
	"constant-generation":      {object: func(obj *unstructured.Unstructured) { obj.SetGeneration(1) }},
	"no-generation":            {object: func(obj *unstructured.Unstructured) { obj.SetGeneration(0) }},
	"no-managedFields":         {object: func(obj *unstructured.Unstructured) { obj.SetManagedFields(nil) }},
	"no-uid":                   {object: func(obj *unstructured.Unstructured) { obj.SetUID("") }},
	"no-labels":                {object: func(obj *unstructured.Unstructured) { obj.SetLabels(nil) }},
	"no-defaults":              {object: removed("spec.type", "spec.policyTypes", "spec.replicas", "spec.clusterIP", "type", "template.spec.restartPolicy", "spec.ports", "spec.x")},
	"no-data":                  {object: removed("data", "spec.containers", "spec.template", "template.spec.containers", "status")},
	"prunes-nothing":           {before: onDefinition(func(s map[string]any) { s["x-kubernetes-preserve-unknown-fields"] = true })},
	"no-schema":                {before: onDefinition(func(s map[string]any) { delete(s, "properties"); s["x-kubernetes-preserve-unknown-fields"] = true })},
	"no-markers":               {before: onDefinition(func(s map[string]any) { strip(s) })},
	"defines-no-subresources": {before: func(r *request) {
		if versions := versions(r.object); versions != nil {
			for _, v := range versions {
				delete(v.(map[string]any), "subresources")
			}
		}
	}},
	"defines-a-status": {before: func(r *request) {
		for _, v := range versions(r.object) {
			v.(map[string]any)["subresources"] = map[string]any{"status": map[string]any{}}
		}
	}},
	"storage-leaks": {object: func(obj *unstructured.Unstructured) {
		if strings.HasSuffix(obj.GetAPIVersion(), "/v2") {
			obj.SetAPIVersion(strings.TrimSuffix(obj.GetAPIVersion(), "2") + "1")
		}
	}},
	"deletes-nothing": {before: func(r *request) {
		if r.verb == "delete" {
			r.delete.DryRun = true
		}
	}},
	"keeps-namespaces-and-definitions": {before: func(r *request) {
		if r.verb == "delete" && (r.ref.Kind == "Namespace" || r.ref.Kind == "CustomResourceDefinition") {
			r.delete.UID = "22222222-2222-2222-2222-222222222222"
		}
	}},
	"sees-a-ghost": {event: func(e cluster.Event) []cluster.Event {
		if e.Type != cluster.Synced {
			return []cluster.Event{e}
		}
		ghost := &unstructured.Unstructured{Object: map[string]any{}}
		ghost.SetName("ghost")
		return []cluster.Event{{Type: cluster.Added, Object: ghost}, e}
	}},
	"writes-into-its-argument": {careless: true},
	"one-version-for-all-entries": {object: func(obj *unstructured.Unstructured) {
		entries := obj.GetManagedFields()
		for i := range entries {
			entries[i].APIVersion = "v1"
		}
		obj.SetManagedFields(entries)
	}},
}
