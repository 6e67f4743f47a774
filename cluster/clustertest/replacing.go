package clustertest

import "github.com/setpoint-dev/setpoint/cluster"

var replacing = []Rule{
	{"replace/stale-resourceVersion", "A replace at an old resourceVersion is ErrConflict and writes nothing (Kubernetes API Conventions, Concurrency control and consistency).", func(s *scene) {
		old := s.config("a", "x: '1'")
		now := s.merge(old, `{"data":{"x":"2"}}`)
		_, err := s.client.Replace(s.ctx, old, by("test"))
		s.ErrorIs(err, cluster.ErrConflict)
		s.unchanged(now)
	}},
	{"replace/precondition-by-option", "The resourceVersion of the options is a precondition as the object's own is (cluster.WriteOptions).", func(s *scene) {
		old := s.config("a", "x: '1'")
		now := s.merge(old, `{"data":{"x":"2"}}`)
		want := s.object("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: '3'}}")
		_, err := s.client.Replace(s.ctx, want, cluster.WriteOptions{Manager: "test", ResourceVersion: old.GetResourceVersion()})
		s.ErrorIs(err, cluster.ErrConflict)
		s.unchanged(now)
		_, err = s.client.Replace(s.ctx, want, cluster.WriteOptions{Manager: "test", ResourceVersion: now.GetResourceVersion()})
		s.NoError(err)
	}},
	{"replace/foreign-uid", "A replace for another UID is ErrConflict and writes nothing (Kubernetes API Conventions, Metadata: uid).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		want := s.object("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: '3'}}")
		_, err := s.client.Replace(s.ctx, want, cluster.WriteOptions{Manager: "test", UID: "11111111-1111-1111-1111-111111111111"})
		s.ErrorIs(err, cluster.ErrConflict)
		s.unchanged(obj)
	}},
	{"replace/unconditional", "A ConfigMap may be replaced without a resourceVersion (Kubernetes API Conventions, PUT without resourceVersion).", func(s *scene) {
		s.config("a", "x: '1'")
		got := s.replace(s.object("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: '3'}}"))
		s.Equal("3", at(got, "data.x"))
	}},
	{"replace/absent", "A replace of what is not there is ErrNotFound and creates nothing (Kubernetes API Concepts, PUT).", func(s *scene) {
		obj := s.object(mine, "a")
		_, err := s.client.Replace(s.ctx, obj, by("test"))
		s.ErrorIs(err, cluster.ErrNotFound)
		s.absent(obj)
	}},
	{"replace/drops-what-is-left-out", "A replace is of the whole object (Kubernetes API Concepts, PUT).", func(s *scene) {
		obj := s.create("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {l: v}}, data: {x: '1', j: '2'}}")
		got := s.replace(s.object("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: '1'}}"))
		s.Equal(map[string]any{"x": "1"}, at(got, "data"))
		s.Empty(got.GetLabels())
		s.Equal(obj.GetUID(), got.GetUID(), "the object stays the same one")
		s.Equal(obj.GetCreationTimestamp(), got.GetCreationTimestamp())
	}},
	{"replace/no-change-no-write", "A replace that changes nothing keeps the resourceVersion (Kubernetes API Concepts, Resource versions).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		written, err := s.client.Replace(s.ctx, obj, by("test"))
		s.NoError(err)
		s.Equal(obj.GetResourceVersion(), written.Object.GetResourceVersion())
		s.False(written.Changed)
	}},
	{"replace/every-write-a-new-resourceVersion", "Each change gives another resourceVersion (Kubernetes API Concepts, Resource versions).", func(s *scene) {
		obj := s.config("a", "x: '0'")
		seen := map[string]bool{obj.GetResourceVersion(): true}
		for _, x := range []string{"1", "0", "1"} {
			s.NoError(setField(obj, x, "data", "x"))
			obj = s.replace(obj)
			s.NotContains(seen, obj.GetResourceVersion())
			seen[obj.GetResourceVersion()] = true
		}
	}},
}
