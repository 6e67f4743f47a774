package clustertest

import (
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
)

const (
	mergePatch     = types.MergePatchType
	jsonPatch      = types.JSONPatchType
	strategicPatch = types.StrategicMergePatchType
)

var patching = []Rule{
	{"patch/merge", "A merge patch sets values, removes by null and leaves the rest (RFC 7386).", func(s *scene) {
		obj := s.config("a", "x: '1', j: '2', z: '3'")
		got := s.merge(obj, `{"data":{"x":"9","j":null}}`)
		s.Equal(map[string]any{"x": "9", "z": "3"}, at(got, "data"))
		s.Equal(got.Object, s.get(obj).Object)
	}},
	{"patch/merge-replaces-lists", "A merge patch knows no keys: a list is replaced whole (RFC 7386).", func(s *scene) {
		obj := s.create(podTemplate, "a", "{name: one, image: i}, {name: two, image: i}")
		got := s.merge(obj, `{"template":{"spec":{"containers":[{"name":"three","image":"i"}]}}}`)
		s.Equal([]any{"three"}, each(got, "template.spec.containers", "name"))
	}},
	{"patch/json", "A JSON patch is a sequence of operations (RFC 6902).", func(s *scene) {
		obj := s.config("a", "x: '1', j: '2'")
		got := s.patch(obj, cluster.Patch{Type: jsonPatch, Data: []byte(`[{"op":"replace","path":"/data/x","value":"9"},{"op":"remove","path":"/data/j"},{"op":"add","path":"/data/z","value":"3"},{"op":"copy","from":"/data/z","path":"/data/w"}]`)}, by("test"))
		s.Equal(map[string]any{"x": "9", "z": "3", "w": "3"}, at(got, "data"))
	}},
	{"patch/json-test", "A JSON patch whose test does not hold changes nothing (RFC 6902, 4.6).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		s.Error(s.tryPatch(obj, jsonPatch, `[{"op":"replace","path":"/data/x","value":"9"},{"op":"test","path":"/data/x","value":"1"}]`))
		s.unchanged(obj)
	}},
	{"patch/json-missing-path", "A JSON patch of a path that is not there is refused (RFC 6902, 4.2).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		s.Error(s.tryPatch(obj, jsonPatch, `[{"op":"remove","path":"/data/nonesuch"}]`))
		s.unchanged(obj)
	}},
	{"patch/strategic-merges-by-key", "A strategic merge patch merges containers by name (Kubernetes docs, Update API Objects in Place Using kubectl patch).", func(s *scene) {
		obj := s.create(podTemplate, "a", "{name: one, image: i}")
		got := s.patch(obj, cluster.Patch{Type: strategicPatch, Data: []byte(`{"template":{"spec":{"containers":[{"name":"two","image":"j"},{"name":"one","image":"k"}]}}}`)}, by("test"))
		images := map[any]any{}
		for _, c := range list(got, "template.spec.containers") {
			images[c.(map[string]any)["name"]] = c.(map[string]any)["image"]
		}
		s.Equal(map[any]any{"one": "k", "two": "j"}, images)
	}},
	{"patch/strategic-delete", "The directive $patch: delete removes the element with the key (Kubernetes docs, strategic merge patch directives).", func(s *scene) {
		obj := s.create(podTemplate, "a", "{name: one, image: i}, {name: two, image: i}")
		got := s.patch(obj, cluster.Patch{Type: strategicPatch, Data: []byte(`{"template":{"spec":{"containers":[{"name":"one","$patch":"delete"}]}}}`)}, by("test"))
		s.Equal([]any{"two"}, each(got, "template.spec.containers", "name"))
	}},
	{"patch/absent", "A patch of what is not there is ErrNotFound (Kubernetes API Concepts, PATCH).", func(s *scene) {
		obj := s.object(mine, "a")
		s.ErrorIs(s.tryPatch(obj, mergePatch, `{"data":{"x":"1"}}`), cluster.ErrNotFound)
		s.absent(obj)
	}},
	{"patch/malformed", "A patch that cannot be read is refused (Kubernetes API Concepts, PATCH).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		s.Error(s.tryPatch(obj, mergePatch, `{"data":`))
		s.Error(s.tryPatch(obj, jsonPatch, `{"op":"remove"}`))
		s.unchanged(obj)
	}},
	{"patch/no-renaming", "A patch cannot rename an object (Kubernetes API Conventions, Metadata: name cannot be updated).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		s.Error(s.tryPatch(obj, mergePatch, `{"metadata":{"name":"b"}}`))
		s.unchanged(obj)
	}},
	{"patch/uid-precondition", "A patch for another UID is ErrConflict and writes nothing (cluster.WriteOptions).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		p := cluster.Patch{Type: mergePatch, Data: []byte(`{"data":{"x":"2"}}`)}
		_, err := s.client.Patch(s.ctx, cluster.RefOf(obj), p, cluster.WriteOptions{Manager: "test", UID: "11111111-1111-1111-1111-111111111111"})
		s.ErrorIs(err, cluster.ErrConflict)
		s.unchanged(obj)
		_, err = s.client.Patch(s.ctx, cluster.RefOf(obj), p, cluster.WriteOptions{Manager: "test", UID: obj.GetUID()})
		s.NoError(err)
	}},
	{"patch/resourceVersion-precondition", "A patch at an old resourceVersion is ErrConflict and writes nothing (Kubernetes API Concepts, PATCH; cluster.WriteOptions).", func(s *scene) {
		old := s.config("a", "x: '1'")
		now := s.merge(old, `{"data":{"x":"2"}}`)
		_, err := s.client.Patch(s.ctx, cluster.RefOf(old), cluster.Patch{Type: mergePatch, Data: []byte(`{"data":{"x":"3"}}`)}, cluster.WriteOptions{Manager: "test", ResourceVersion: old.GetResourceVersion()})
		s.ErrorIs(err, cluster.ErrConflict)
		s.unchanged(now)
	}},
	{"patch/no-change-no-write", "A patch that changes nothing keeps the resourceVersion (Kubernetes API Concepts, Resource versions).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		s.Equal(obj.GetResourceVersion(), s.merge(obj, `{"data":{"x":"1"}}`).GetResourceVersion())
	}},
}
