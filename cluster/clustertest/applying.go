package clustertest

import (
	"errors"
	"fmt"

	"github.com/setpoint-dev/setpoint/cluster"
)

var applying = []Rule{
	{"apply/creates", "An apply of what is not there creates it (KEP-555, Server-side apply).", func(s *scene) {
		written, err := s.client.Apply(s.ctx, s.object(configMap, "a", "x: '1'"), by("us"))
		s.NoError(err)
		s.True(written.Created)
		s.Equal("1", at(s.get(written.Object), "data.x"))
	}},
	{"apply/needs-a-manager", "An apply names its field manager (Kubernetes docs, Server-Side Apply: fieldManager is required).", func(s *scene) {
		s.Error(s.tryApply(cluster.WriteOptions{}, configMap, "a", "x: '1'"))
	}},
	{"apply/again-is-no-write", "The same apply again keeps the resourceVersion (Kubernetes docs, Server-Side Apply; a no-op keeps managedFields' times).", func(s *scene) {
		first := s.apply("us", configMap, "a", "x: '1'")
		s.Equal(first.Object, s.apply("us", configMap, "a", "x: '1'").Object)
		s.unchanged(first)
	}},
	{"apply/unchanged-is-reported", "With the resourceVersion as precondition, an apply that changes nothing reports so (cluster.Written).", func(s *scene) {
		first := s.apply("us", configMap, "a", "x: '1'")
		opts := cluster.WriteOptions{Manager: "us", ResourceVersion: first.GetResourceVersion()}
		written, err := s.client.Apply(s.ctx, s.object(configMap, "a", "x: '1'"), opts)
		s.NoError(err)
		s.False(written.Changed)
		written, err = s.client.Apply(s.ctx, s.object(configMap, "a", "x: '2'"), opts)
		s.NoError(err)
		s.True(written.Changed)
		s.False(written.Created)
	}},
	{"apply/conflict-names-owner-and-field", "Another value for a field that another manager applied is a conflict that names both (Kubernetes docs, Server-Side Apply, Conflicts).", func(s *scene) {
		s.apply("helm", configMap, "a", "x: '1'")
		s.Equal([]cluster.FieldConflict{{Manager: "helm", Operation: "Apply", Field: ".data.x"}}, s.conflict(s.tryApply(by("us"), configMap, "a", "x: '2'")))
	}},
	{"apply/conflict-names-all", "A conflict names every owner and every field (Kubernetes docs, Server-Side Apply, Conflicts).", func(s *scene) {
		s.apply("one", configMap, "a", "x: '1', j: '1'")
		s.apply("two", configMap, "a", "z: '1'")
		s.ElementsMatch([]cluster.FieldConflict{
			{Manager: "one", Operation: "Apply", Field: ".data.x"}, {Manager: "one", Operation: "Apply", Field: ".data.j"}, {Manager: "two", Operation: "Apply", Field: ".data.z"},
		}, s.conflict(s.tryApply(by("us"), configMap, "a", "x: '2', j: '2', z: '2'")))
	}},
	{"apply/conflict-writes-nothing", "An apply in conflict writes none of its fields (Kubernetes docs, Server-Side Apply, Conflicts).", func(s *scene) {
		obj := s.apply("helm", configMap, "a", "x: '1'")
		s.conflict(s.tryApply(by("us"), configMap, "a", "x: '2', j: '2'"))
		s.unchanged(obj)
	}},
	{"apply/conflict-is-no-staleness", "A conflict over fields is not ErrConflict, which means a precondition, and is not to be retried (cluster.ConflictError).", func(s *scene) {
		s.apply("helm", configMap, "a", "x: '1'")
		err := s.tryApply(by("us"), configMap, "a", "x: '2'")
		s.conflict(err)
		s.NotErrorIs(err, cluster.ErrConflict)
		s.False(cluster.Retryable(err))
	}},
	{"apply/conflict-with-an-update", "A field that was changed by an update belongs to the updater (Kubernetes docs, Server-Side Apply, Field management).", func(s *scene) {
		obj := s.apply("us", configMap, "a", "x: '1'")
		s.patch(obj, cluster.Patch{Type: mergePatch, Data: []byte(`{"data":{"x":"2"}}`)}, by("editor"))
		s.Equal([]cluster.FieldConflict{{Manager: "editor", Operation: "Update", Field: ".data.x"}}, s.conflict(s.tryApply(by("us"), configMap, "a", "x: '3'")))
	}},
	{"apply/operations-are-apart", "The entries of one manager for Apply and for Update are two owners (Kubernetes docs, Server-Side Apply, Operations and managers).", func(s *scene) {
		obj := s.apply("us", configMap, "a", "x: '1'")
		s.patch(obj, cluster.Patch{Type: mergePatch, Data: []byte(`{"data":{"x":"2"}}`)}, by("us"))
		s.Equal([]cluster.FieldConflict{{Manager: "us", Operation: "Update", Field: ".data.x"}}, s.conflict(s.tryApply(by("us"), configMap, "a", "x: '3'")))
	}},
	{"apply/force", "By force an apply takes the field and its value over (Kubernetes docs, Server-Side Apply, Conflicts: overwrite value, become sole manager).", func(s *scene) {
		s.apply("helm", configMap, "a", "x: '1', j: '1'")
		written, err := s.client.Apply(s.ctx, s.object(configMap, "a", "x: '2'"), force("us"))
		s.NoError(err)
		s.Equal(map[string]any{"x": "2", "j": "1"}, at(written.Object, "data"))
		s.True(owns(written.Object, "us", "Apply", "f:data", "f:x"))
		s.False(owns(written.Object, "helm", "Apply", "f:data", "f:x"))
		s.True(owns(written.Object, "helm", "Apply", "f:data", "f:j"), "the rest stays with its owner")
	}},
	{"apply/same-value-is-shared", "Two managers that apply the same value share the field (Kubernetes docs, Server-Side Apply, Conflicts: become shared manager).", func(s *scene) {
		s.apply("helm", configMap, "a", "x: '1'")
		obj := s.apply("us", configMap, "a", "x: '1'")
		s.True(owns(obj, "helm", "Apply", "f:data", "f:x"))
		s.True(owns(obj, "us", "Apply", "f:data", "f:x"))
		s.Len(s.conflict(s.tryApply(by("us"), configMap, "a", "x: '2'")), 1)
	}},
	{"apply/removes-what-it-drops", "A field that a manager owned alone and no longer applies is removed (Kubernetes docs, Server-Side Apply, Field management).", func(s *scene) {
		s.apply("us", configMap, "a", "x: '1', j: '1'")
		s.Equal(map[string]any{"x": "1"}, at(s.apply("us", configMap, "a", "x: '1'"), "data"))
	}},
	{"apply/keeps-what-is-co-owned", "A dropped field that another manager owns too stays (Kubernetes docs, Server-Side Apply, Field management).", func(s *scene) {
		s.apply("us", configMap, "a", "x: '1', j: '1'")
		s.apply("helm", configMap, "a", "j: '1'")
		obj := s.apply("us", configMap, "a", "x: '1'")
		s.Equal(map[string]any{"x": "1", "j": "1"}, at(obj, "data"))
		s.False(owns(obj, "us", "Apply", "f:data", "f:j"), "only the ownership goes")
	}},
	{"apply/leaves-the-others", "What others own and an apply does not name stays (KEP-555).", func(s *scene) {
		s.config("a", "x: '1'")
		s.Equal(map[string]any{"x": "1", "j": "1"}, at(s.apply("us", configMap, "a", "j: '1'"), "data"))
	}},
	{"apply/of-nothing-gives-up-all", "An apply of the bare identity removes the manager's fields, and not the object (Kubernetes docs, Server-Side Apply, Transferring ownership).", func(s *scene) {
		s.apply("helm", configMap, "a", "j: '1'")
		s.apply("us", configMap, "a", "x: '1'")
		obj := s.apply("us", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}")
		s.Equal(map[string]any{"j": "1"}, at(obj, "data"))
		s.False(owns(obj, "us", "Apply", "f:data"))
	}},
	{"apply/null-is-not-removal", "A field is removed by leaving it out; a dropped label of another manager stays (Kubernetes docs, Server-Side Apply).", func(s *scene) {
		s.apply("helm", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {l: v}}}")
		s.Equal(map[string]string{"l": "v", "m": "v"}, s.apply("us", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {m: v}}}").GetLabels())
	}},
	{"apply/stale-resourceVersion", "An apply at an old resourceVersion is ErrConflict, even by force (Kubernetes API Conventions, Concurrency control).", func(s *scene) {
		old := s.apply("us", configMap, "a", "x: '1'")
		now := s.merge(old, `{"data":{"j":"2"}}`)
		opts := force("us")
		opts.ResourceVersion = old.GetResourceVersion()
		s.ErrorIs(s.tryApply(opts, configMap, "a", "x: '2'"), cluster.ErrConflict)
		s.unchanged(now)
	}},
	{"apply/foreign-uid", "An apply for another UID is ErrConflict, not an immutable field (cluster.WriteOptions).", func(s *scene) {
		obj := s.apply("us", configMap, "a", "x: '1'")
		opts := force("us")
		opts.UID = "11111111-1111-1111-1111-111111111111"
		err := s.tryApply(opts, configMap, "a", "x: '2'")
		s.ErrorIs(err, cluster.ErrConflict)
		var invalid *cluster.InvalidError
		s.NotErrorAs(err, &invalid)
		s.unchanged(obj)
	}},
	{"apply/absent-creates", "An apply on condition that there is no object creates it (cluster.WriteOptions.Absent).", func(s *scene) {
		written, err := s.client.Apply(s.ctx, s.object(configMap, "a", "x: '1'"), cluster.WriteOptions{Manager: "us", Absent: true})
		s.NoError(err)
		s.True(written.Created)
		s.Equal("1", at(s.get(written.Object), "data.x"))
		s.True(owns(written.Object, "us", "Apply", "f:data", "f:x"))
	}},
	{"apply/absent-refuses", "An apply on condition that there is no object leaves one that there is alone, its own manager's too and by force too (cluster.WriteOptions.Absent).", func(s *scene) {
		obj := s.apply("us", configMap, "a", "x: '1'")
		for _, opts := range []cluster.WriteOptions{{Manager: "us", Absent: true}, {Manager: "us", Absent: true, Force: true}, {Manager: "other", Absent: true, Force: true}} {
			err := s.tryApply(opts, configMap, "a", "j: '2'")
			var conflict *cluster.ConflictError
			if !errors.As(err, &conflict) {
				s.ErrorIs(err, cluster.ErrConflict)
			}
			s.False(cluster.Retryable(err))
			s.unchanged(obj)
		}
	}},
	{"apply/absent-once", "Of many applies on condition that there is no object, one creates it (cluster.WriteOptions.Absent).", func(s *scene) {
		obj := s.object(configMap, "a", "x: '1'")
		won := 0
		for _, err := range s.together(8, func(i int) error {
			_, err := s.client.Apply(s.ctx, obj.DeepCopy(), cluster.WriteOptions{Manager: fmt.Sprint("m", i), Absent: true})
			return err
		}) {
			if err == nil {
				won++
				continue
			}
			s.ErrorIs(err, cluster.ErrConflict)
		}
		s.Equal(1, won)
		s.Len(s.get(obj).GetManagedFields(), 1)
	}},
	{"apply/precondition-never-creates", "An apply for a UID or a resourceVersion does not create (cluster.WriteOptions).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		s.remove(obj, cluster.DeleteOptions{})
		for _, opts := range []cluster.WriteOptions{{Manager: "us", UID: obj.GetUID()}, {Manager: "us", ResourceVersion: obj.GetResourceVersion()}} {
			s.Error(s.tryApply(opts, configMap, "a", "x: '1'"))
			s.absent(obj)
		}
	}},
}

var owning = []Rule{
	{"own/applied-fields", "An apply's entry holds the fields of its object, and none besides (Kubernetes docs, Server-Side Apply, managedFields).", func(s *scene) {
		obj := s.apply("us", service, "a", "{port: 80}")
		s.True(owns(obj, "us", "Apply", "f:spec", "f:ports", `k:{"port":80,"protocol":"TCP"}`, "f:port"))
		s.False(owns(obj, "us", "Apply", "f:spec", "f:type"), "a default is nobody's")
		s.False(owns(obj, "us", "Apply", "f:metadata", "f:name"), "identity is nobody's")
	}},
	{"own/updated-fields", "A create or update owns the fields that it changed, as Update (Kubernetes docs, Server-Side Apply, Operations and managers).", func(s *scene) {
		obj := s.config("a", "x: '1', j: '1'")
		s.True(owns(obj, "test", "Update", "f:data", "f:x"))
		obj = s.patch(obj, cluster.Patch{Type: mergePatch, Data: []byte(`{"data":{"x":"2","j":"1"}}`)}, by("editor"))
		s.True(owns(obj, "editor", "Update", "f:data", "f:x"))
		s.False(owns(obj, "test", "Update", "f:data", "f:x"), "who changes a field by update owns it alone")
		s.False(owns(obj, "editor", "Update", "f:data", "f:j"), "a value that stays is not taken")
		s.True(owns(obj, "test", "Update", "f:data", "f:j"))
	}},
	{"own/update-takes-from-apply", "An update that changes an applied field takes it from the applier (Kubernetes docs, Server-Side Apply, Field management).", func(s *scene) {
		obj := s.merge(s.apply("us", configMap, "a", "x: '1'"), `{"data":{"x":"2"}}`)
		s.False(owns(obj, "us", "Apply", "f:data", "f:x"))
		s.True(owns(obj, "test", "Update", "f:data", "f:x"))
	}},
	{"own/removed-fields", "A field that an update removes is in nobody's entry (Kubernetes docs, Server-Side Apply, Field management).", func(s *scene) {
		obj := s.merge(s.apply("us", configMap, "a", "x: '1', j: '1'"), `{"data":{"x":null}}`)
		s.False(owns(obj, "us", "Apply", "f:data", "f:x"))
		s.True(owns(obj, "us", "Apply", "f:data", "f:j"))
	}},
	{"own/cleared", "One empty entry in managedFields clears them all (Kubernetes docs, Server-Side Apply, Clearing managedFields).", func(s *scene) {
		obj := s.apply("us", configMap, "a", "x: '1'")
		s.Empty(s.merge(obj, `{"metadata":{"managedFields":[{}]}}`).GetManagedFields())
	}},
	{"own/before-the-first-apply", "What nobody's entry has belongs to before-first-apply when the first apply comes (Kubernetes docs, Server-Side Apply; KEP-555, objects without managedFields).", func(s *scene) {
		s.merge(s.apply("helm", configMap, "a", "x: '1'"), `{"metadata":{"managedFields":[{}]}}`)
		s.Equal([]cluster.FieldConflict{{Manager: "before-first-apply", Operation: "Update", Field: ".data.x"}}, s.conflict(s.tryApply(by("us"), configMap, "a", "x: '2'")))
	}},
	{"own/managers-keep-their-version", "An entry says at which apiVersion its fields are written (Kubernetes docs, Server-Side Apply, managedFields).", func(s *scene) {
		for _, entry := range s.apply("us", policy, "a", "Ingress").GetManagedFields() {
			s.Equal("networking.k8s.io/v1", entry.APIVersion)
			s.Equal("FieldsV1", entry.FieldsType)
			s.NotNil(entry.Time)
		}
	}},
}
