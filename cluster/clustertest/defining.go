package clustertest

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

// definition is a CustomResourceDefinition of the kind Thing in a group, with the schema of spec and what else its
// versions have.
const definition = "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: things.%[1]s}, spec: {group: %[1]s, scope: Namespaced, names: {plural: things, kind: Thing}, versions: [" +
	"{name: v1, served: true, storage: true, %[3]s schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {%[2]s}}, status: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}}," +
	"{name: v2, served: true, storage: false, %[3]s schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {%[2]s}}, status: {type: object, x-kubernetes-preserve-unknown-fields: true}}}}}]}}"

// define installs the kind Thing with a schema of its spec and with subresources, and returns its group.
func (s *scene) define(properties, subresources string) string {
	group := unique("g") + ".example.com"
	if subresources != "" {
		subresources = "subresources: {" + subresources + "},"
	}
	s.cluster(fmt.Sprintf(definition, group, properties, subresources))
	s.eventually(func() bool {
		err := s.tryList(cluster.Selector{Group: group, Version: "v2", Kind: "Thing", Namespace: s.namespace()})
		if errors.Is(err, cluster.ErrNoKind) || errors.Is(err, cluster.ErrNotFound) {
			return false
		}
		s.NoError(err)
		return true
	})
	return group
}

// thing describes a Thing.
func thing(group, spec string) string {
	return fmt.Sprintf("{apiVersion: %s/v1, kind: Thing, metadata: {name: a}, spec: {%s}}", group, spec)
}

// make creates a Thing. A definition that was just accepted may be unknown to part of the server for a moment.
func (s *scene) make(group, spec string) *unstructured.Unstructured {
	return s.create("%s", thing(group, spec))
}

var definitions = []Rule{
	{"define/served", "The kind of an accepted definition is served and discovered (Kubernetes docs, Custom Resources).", func(s *scene) {
		group := s.define("x: {type: string}", "status: {}")
		kind, err := s.client.Kind(s.ctx, group, "Thing")
		s.NoError(err)
		s.Equal("things", kind.Resource)
		s.True(kind.Namespaced)
		s.True(kind.Status)
		s.False(kind.Scale)
		s.Equal("1", at(s.make(group, "x: '1'"), "spec.x"))
	}},
	{"define/versions", "One object is served at every version of its kind (Kubernetes docs, Versions in CustomResourceDefinitions).", func(s *scene) {
		group := s.define("x: {type: string}", "")
		obj := s.make(group, "x: '1'")
		got, err := s.client.Get(s.ctx, cluster.RefOf(obj), cluster.GetOptions{Version: "v2"})
		s.NoError(err)
		s.Equal(group+"/v2", got.GetAPIVersion())
		s.Equal(obj.GetUID(), got.GetUID())
		s.Equal("1", at(got, "spec.x"))
		kind, err := s.client.Kind(s.ctx, group, "Thing")
		s.NoError(err)
		s.Equal([]string{"v2", "v1"}, kind.Versions, "the highest version is preferred")
	}},
	{"define/removed", "With the definition its objects go, and the kind (Kubernetes docs, Extend with CustomResourceDefinitions, delete).", func(s *scene) {
		group := s.define("x: {type: string}", "")
		s.make(group, "x: '1'")
		s.NoError(s.client.Delete(s.ctx, cluster.Ref{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition", Name: "things." + group}, cluster.DeleteOptions{}))
		s.eventually(func() bool {
			return errors.Is(s.tryList(cluster.Selector{Group: group, Kind: "Thing", Namespace: s.namespace()}), cluster.ErrNoKind)
		})
	}},
	{"define/removed-ends-watches", "A watch of a kind whose definition goes sees its objects deleted, and ends with ErrNoKind (cluster.Watcher; cluster.ErrNoKind).", func(s *scene) {
		group := s.define("x: {type: string}", "")
		s.make(group, "x: '1'")
		w := s.watch(cluster.Selector{Group: group, Kind: "Thing", Namespace: s.namespace()})
		s.Len(w.synced(), 1)
		s.NoError(s.client.Delete(s.ctx, cluster.Ref{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition", Name: "things." + group}, cluster.DeleteOptions{}))
		w.expect(cluster.Deleted, "a")
		_, err, ok := w.pull()
		s.True(ok)
		s.ErrorIs(err, cluster.ErrNoKind)
	}},
	{"define/name-is-plural-and-group", "A definition's name is its plural and its group (Kubernetes API, CustomResourceDefinition).", func(s *scene) {
		group := unique("g") + ".example.com"
		crd := parse(fmt.Sprintf(definition, group, "x: {type: string}", ""))
		crd.SetName("others." + group)
		_, err := s.client.Create(s.ctx, crd, by("test"))
		s.invalid(err, "metadata.name")
	}},
	{"define/needs-a-schema", "A definition has a structural schema (Kubernetes docs, Specifying a structural schema).", func(s *scene) {
		crd := parse(fmt.Sprintf(definition, unique("g")+".example.com", "x: {}", ""))
		_, err := s.client.Create(s.ctx, crd, by("test"))
		if err == nil {
			s.later(func(ctx context.Context) { _ = s.client.Delete(ctx, cluster.RefOf(crd), cluster.DeleteOptions{}) })
		}
		s.invalid(err, "")
	}},
	{"define/replace-needs-resourceVersion", "An object of a defined kind is not replaced unconditionally (Kubernetes API Conventions, Concurrency control).", func(s *scene) {
		group := s.define("x: {type: string}", "")
		s.make(group, "x: '1'")
		_, err := s.client.Replace(s.ctx, s.object("%s", thing(group, "x: '2'")), by("test"))
		s.invalid(err, "metadata.resourceVersion")
	}},
	{"define/no-strategic-merge", "Strategic merge patches are for built-in kinds only (Kubernetes docs, Custom Resources, feature table).", func(s *scene) {
		group := s.define("x: {type: string}", "")
		obj := s.make(group, "x: '1'")
		s.Error(s.tryPatch(obj, strategicPatch, `{"spec":{"x":"2"}}`))
		s.unchanged(obj)
	}},
	{"define/apply", "A defined kind is applied as a built-in one is (KEP-555).", func(s *scene) {
		group := s.define("x: {type: string}, j: {type: string}", "")
		s.apply("one", "%s", thing(group, "x: '1'"))
		obj := s.apply("two", "%s", thing(group, "j: '1'"))
		s.Equal(map[string]any{"x": "1", "j": "1"}, at(obj, "spec"))
		s.Equal([]cluster.FieldConflict{{Manager: "one", Operation: "Apply", Field: ".spec.x"}}, s.conflict(s.tryApply(by("two"), "%s", thing(group, "x: '2'"))))
	}},
	{"define/generation", "A defined kind's generation rises with everything but metadata (Kubernetes docs, Custom Resources, generation).", func(s *scene) {
		group := s.define("x: {type: string}", "")
		obj := s.make(group, "x: '1'")
		s.EqualValues(1, obj.GetGeneration())
		s.EqualValues(1, s.merge(obj, `{"metadata":{"labels":{"l":"v"}}}`).GetGeneration())
		s.EqualValues(2, s.merge(obj, `{"spec":{"x":"2"}}`).GetGeneration())
	}},
}

var definedSchemas = []Rule{
	{"schema/prunes", "Fields that the schema does not have are dropped (Kubernetes docs, CustomResourceDefinitions, field pruning).", func(s *scene) {
		group := s.define("x: {type: string}", "")
		s.Equal(map[string]any{"x": "1"}, at(s.make(group, "x: '1', j: '2'"), "spec"))
	}},
	{"schema/preserves", "With x-kubernetes-preserve-unknown-fields they are kept (Kubernetes docs, CustomResourceDefinitions, controlling pruning).", func(s *scene) {
		group := s.define("x: {type: object, x-kubernetes-preserve-unknown-fields: true}", "")
		s.Equal(map[string]any{"j": "2"}, at(s.make(group, "x: {j: '2'}"), "spec.x"))
	}},
	{"schema/defaults", "Defaults of the schema are filled in (Kubernetes docs, CustomResourceDefinitions, defaulting).", func(s *scene) {
		group := s.define("x: {type: string, default: d}, j: {type: integer, default: 3}", "")
		s.Equal(map[string]any{"x": "d", "j": int64(5)}, at(s.make(group, "j: 5"), "spec"))
	}},
	{"schema/types", "A value of another type is refused at its place (Kubernetes docs, CustomResourceDefinitions, validation).", func(s *scene) {
		group := s.define("x: {type: integer}", "")
		s.invalid(s.tryCreate("%s", thing(group, "x: one")), "spec.x")
	}},
	{"schema/bounds", "Minimum, pattern and enum are checked, and every fault named (Kubernetes docs, CustomResourceDefinitions, validation).", func(s *scene) {
		group := s.define("x: {type: integer, minimum: 1}, j: {type: string, pattern: '^a+$'}, z: {type: string, enum: [p, q]}", "")
		err := s.tryCreate("%s", thing(group, "x: 0, j: b, z: r"))
		for _, field := range []string{"spec.x", "spec.j", "spec.z"} {
			s.invalid(err, field)
		}
		s.make(group, "x: 1, j: aa, z: q")
	}},
	{"schema/required", "A required field that is missing is named (Kubernetes docs, CustomResourceDefinitions, validation).", func(s *scene) {
		group := s.define("x: {type: object, required: [j], properties: {j: {type: string}}}", "")
		s.invalid(s.tryCreate("%s", thing(group, "x: {}")), "spec.x.j")
	}},
	{"schema/strict", "Unknown fields of a defined kind are refused under Strict (KEP-2885).", func(s *scene) {
		group := s.define("x: {type: string}", "")
		_, err := s.createWith(cluster.ValidationStrict, thing(group, "x: '1', nonesuch: '2'"))
		s.ErrorContains(err, "nonesuch")
	}},
	{"schema/int-or-string", "x-kubernetes-int-or-string takes both (Kubernetes docs, CustomResourceDefinitions).", func(s *scene) {
		group := s.define("x: {x-kubernetes-int-or-string: true}, j: {x-kubernetes-int-or-string: true}", "")
		s.Equal(map[string]any{"x": int64(1), "j": "1%"}, at(s.make(group, "x: 1, j: '1%'"), "spec"))
		other := thing(group, "x: true")
		s.Error(s.tryApply(by("us"), "%s", other))
	}},
	{"schema/list-map", "x-kubernetes-list-type: map merges by its keys (KEP-555).", func(s *scene) {
		group := s.define("x: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [k], items: {type: object, required: [k], properties: {k: {type: string}}}}", "")
		s.apply("one", "%s", thing(group, "x: [{k: a}]"))
		s.ElementsMatch([]any{"a", "b"}, each(s.apply("two", "%s", thing(group, "x: [{k: b}]")), "spec.x", "k"))
	}},
	{"schema/list-map-duplicates", "Two elements of one key are refused (Kubernetes docs, CustomResourceDefinitions, merge strategy).", func(s *scene) {
		group := s.define("x: {type: array, x-kubernetes-list-type: map, x-kubernetes-list-map-keys: [k], items: {type: object, required: [k], properties: {k: {type: string}}}}", "")
		s.invalid(s.tryCreate("%s", thing(group, "x: [{k: a}, {k: a}]")), "spec.x[1]")
	}},
	{"schema/set", "x-kubernetes-list-type: set merges by value (KEP-555).", func(s *scene) {
		group := s.define("x: {type: array, x-kubernetes-list-type: set, items: {type: string}}", "")
		s.apply("one", "%s", thing(group, "x: [a]"))
		s.ElementsMatch([]any{"a", "b"}, list(s.apply("two", "%s", thing(group, "x: [b]")), "spec.x"))
	}},
	{"schema/list-is-atomic", "A list without a type is atomic in a defined kind (KEP-555).", func(s *scene) {
		group := s.define("x: {type: array, items: {type: string}}", "")
		s.apply("one", "%s", thing(group, "x: [a]"))
		s.Equal([]cluster.FieldConflict{{Manager: "one", Operation: "Apply", Field: ".spec.x"}}, s.conflict(s.tryApply(by("two"), "%s", thing(group, "x: [b]"))))
	}},
	{"schema/map-type-atomic", "x-kubernetes-map-type: atomic gives a structure one owner (KEP-555).", func(s *scene) {
		group := s.define("x: {type: object, x-kubernetes-map-type: atomic, additionalProperties: {type: string}}", "")
		s.apply("one", "%s", thing(group, "x: {a: b}"))
		s.Equal([]cluster.FieldConflict{{Manager: "one", Operation: "Apply", Field: ".spec.x"}}, s.conflict(s.tryApply(by("two"), "%s", thing(group, "x: {c: d}"))))
	}},
	{"schema/null", "A null for a field that is not nullable is dropped (Kubernetes docs, CustomResourceDefinitions, defaulting and nullable).", func(s *scene) {
		group := s.define("x: {type: string, default: d}, j: {type: string, nullable: true}", "")
		obj := s.make(group, "x: null, j: null")
		s.Equal(map[string]any{"x": "d", "j": nil}, at(obj, "spec"))
	}},
}

var subresources = []Rule{
	{"status/not-by-create", "A create drops the status of a kind with that subresource (Kubernetes API Conventions, Spec and Status).", func(s *scene) {
		group := s.define("x: {type: string}", "status: {}")
		s.Nil(at(s.create("{apiVersion: %s/v1, kind: Thing, metadata: {name: a}, spec: {x: '1'}, status: {ok: true}}", group), "status"))
	}},
	{"status/not-by-the-object", "A write to the object leaves the status (Kubernetes API Conventions, Spec and Status).", func(s *scene) {
		group := s.define("x: {type: string}", "status: {}")
		obj := s.make(group, "x: '1'")
		s.setStatus(obj, `{"status":{"ok":true}}`)
		got := s.merge(obj, `{"spec":{"x":"2"},"status":{"ok":false}}`)
		s.Equal("2", at(got, "spec.x"))
		s.Equal(true, at(got, "status.ok"))
	}},
	{"status/only-the-status", "A write to the status leaves the rest and the generation (Kubernetes API Conventions, Spec and Status).", func(s *scene) {
		group := s.define("x: {type: string}", "status: {}")
		got := s.setStatus(s.make(group, "x: '1'"), `{"spec":{"x":"2"},"status":{"ok":true}}`)
		s.Equal("1", at(got, "spec.x"))
		s.Equal(true, at(got, "status.ok"))
		s.EqualValues(1, got.GetGeneration())
	}},
	{"status/owned-apart", "An entry of managedFields says that it was written through status (KEP-2155).", func(s *scene) {
		group := s.define("x: {type: string}", "status: {}")
		got := s.setStatus(s.make(group, "x: '1'"), `{"status":{"ok":true}}`)
		found := ""
		for _, entry := range got.GetManagedFields() {
			if entry.Manager == "controller" {
				found = entry.Subresource
			}
		}
		s.Equal("status", found)
	}},
	{"status/part-of-the-object-otherwise", "Without the subresource, status is a field like others (Kubernetes docs, CustomResourceDefinitions, status subresource).", func(s *scene) {
		group := s.define("x: {type: string}", "")
		obj := s.create("{apiVersion: %s/v1, kind: Thing, metadata: {name: a}, status: {ok: true}}", group)
		s.Equal(true, at(obj, "status.ok"))
		p := cluster.Patch{Type: mergePatch, Data: []byte(`{"status":{"ok":false}}`), Subresource: "status"}
		_, err := s.client.Patch(s.ctx, cluster.RefOf(obj), p, by("controller"))
		s.Error(err, "there is no subresource to write to")
	}},
	{"scale/sets-the-replicas", "A write to scale sets the replicas where the definition says (Kubernetes docs, CustomResourceDefinitions, scale subresource).", func(s *scene) {
		group := s.define("replicas: {type: integer}, x: {type: string}", "scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}, status: {}")
		obj := s.make(group, "replicas: 1, x: '1'")
		_, err := s.client.Patch(s.ctx, cluster.RefOf(obj), cluster.Patch{Type: mergePatch, Data: []byte(`{"spec":{"replicas":3}}`), Subresource: "scale"}, by("scaler"))
		s.NoError(err)
		got := s.get(obj)
		s.Equal(map[string]any{"replicas": int64(3), "x": "1"}, at(got, "spec"))
		s.EqualValues(2, got.GetGeneration())
		kind, err := s.client.Kind(s.ctx, group, "Thing")
		s.NoError(err)
		s.True(kind.Scale)
	}},
	{"scale/takes-ownership", "Who scales owns the replicas (KEP-2155).", func(s *scene) {
		group := s.define("replicas: {type: integer}", "scale: {specReplicasPath: .spec.replicas, statusReplicasPath: .status.replicas}, status: {}")
		obj := s.apply("us", "%s", thing(group, "replicas: 1"))
		_, err := s.client.Patch(s.ctx, cluster.RefOf(obj), cluster.Patch{Type: mergePatch, Data: []byte(`{"spec":{"replicas":3}}`), Subresource: "scale"}, by("scaler"))
		s.NoError(err)
		conflicts := s.conflict(s.tryApply(by("us"), "%s", thing(group, "replicas: 2")))
		s.Equal([]cluster.FieldConflict{{Manager: "scaler", Operation: "Update", Subresource: "scale", Field: ".spec.replicas"}}, conflicts)
	}},
}

// setStatus writes through the status subresource.
func (s *scene) setStatus(obj *unstructured.Unstructured, patch string) *unstructured.Unstructured {
	return s.patch(obj, cluster.Patch{Type: mergePatch, Data: []byte(patch), Subresource: "status"}, by("controller"))
}
