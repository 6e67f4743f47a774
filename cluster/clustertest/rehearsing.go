package clustertest

import "github.com/setpoint-dev/setpoint/cluster"

// rehearsal returns the options of a dry run by a manager.
func rehearsal(manager string) cluster.WriteOptions {
	return cluster.WriteOptions{Manager: manager, DryRun: true}
}

var dryRunning = []Rule{
	{"dry-run/create", "A dry run of a create answers the object and stores nothing (KEP-576, Dry-run).", func(s *scene) {
		obj := s.object(configMap, "a", "x: '1'")
		written, err := s.client.Create(s.ctx, obj, rehearsal("us"))
		s.NoError(err)
		s.Equal("1", at(written.Object, "data.x"))
		s.NotEmpty(written.Object.GetUID())
		s.absent(obj)
	}},
	{"dry-run/apply-creates", "A dry run of an apply that would create stores nothing (KEP-576).", func(s *scene) {
		obj := s.object(configMap, "a", "x: '1'")
		written, err := s.client.Apply(s.ctx, obj, rehearsal("us"))
		s.NoError(err)
		s.True(owns(written.Object, "us", "Apply", "f:data", "f:x"))
		s.absent(obj)
	}},
	{"dry-run/apply", "A dry run of an apply answers the merged object and stores nothing (KEP-576).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		written, err := s.client.Apply(s.ctx, s.object(configMap, "a", "j: '2'"), rehearsal("us"))
		s.NoError(err)
		s.Equal(map[string]any{"x": "1", "j": "2"}, at(written.Object, "data"))
		s.unchanged(obj)
	}},
	{"dry-run/apply-by-force", "A dry run of a forced apply takes nothing over (KEP-576).", func(s *scene) {
		obj := s.apply("helm", configMap, "a", "x: '1'")
		opts := rehearsal("us")
		opts.Force = true
		written, err := s.client.Apply(s.ctx, s.object(configMap, "a", "x: '2'"), opts)
		s.NoError(err)
		s.Equal("2", at(written.Object, "data.x"))
		s.unchanged(obj)
	}},
	{"dry-run/replace", "A dry run of a replace stores nothing (KEP-576).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		written, err := s.client.Replace(s.ctx, s.object(configMap, "a", "x: '2'"), rehearsal("us"))
		s.NoError(err)
		s.Equal("2", at(written.Object, "data.x"))
		s.unchanged(obj)
	}},
	{"dry-run/patch", "A dry run of a patch stores nothing (KEP-576).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		for _, p := range []cluster.Patch{
			{Type: mergePatch, Data: []byte(`{"data":{"x":"2"}}`)},
			{Type: strategicPatch, Data: []byte(`{"data":{"x":"2"}}`)},
			{Type: jsonPatch, Data: []byte(`[{"op":"replace","path":"/data/x","value":"2"}]`)},
		} {
			s.Equal("2", at(s.patch(obj, p, rehearsal("us")), "data.x"))
			s.unchanged(obj)
		}
	}},
	{"dry-run/delete", "A dry run of a delete deletes nothing (KEP-576).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		s.remove(obj, cluster.DeleteOptions{DryRun: true})
		s.unchanged(obj)
	}},
	{"dry-run/conflict", "A dry run has the conflicts of the write (KEP-576).", func(s *scene) {
		s.apply("helm", configMap, "a", "x: '1'")
		s.Len(s.conflict(s.tryApply(rehearsal("us"), configMap, "a", "x: '2'")), 1)
	}},
	{"dry-run/validates", "A dry run refuses what the write would (KEP-576).", func(s *scene) {
		_, err := s.client.Create(s.ctx, s.object(configMap, "Bad_Name", "x: '1'"), rehearsal("us"))
		s.invalid(err, "metadata.name")
	}},
	{"dry-run/name-taken", "A dry run of a create under a name in use is ErrAlreadyExists (KEP-576).", func(s *scene) {
		s.config("a", "x: '1'")
		_, err := s.client.Create(s.ctx, s.object(configMap, "a", "x: '1'"), rehearsal("us"))
		s.ErrorIs(err, cluster.ErrAlreadyExists)
	}},
	{"dry-run/defaults", "A dry run's answer has the defaults (KEP-576).", func(s *scene) {
		written, err := s.client.Create(s.ctx, s.object(service, "a", "{port: 80}"), rehearsal("us"))
		s.NoError(err)
		s.Equal("TCP", at(written.Object, "spec.ports.0.protocol"))
	}},
	{"dry-run/preconditions", "A dry run checks the preconditions (KEP-576).", func(s *scene) {
		old := s.config("a", "x: '1'")
		s.merge(old, `{"data":{"x":"2"}}`)
		opts := rehearsal("us")
		opts.ResourceVersion = old.GetResourceVersion()
		_, err := s.client.Apply(s.ctx, s.object(configMap, "a", "j: '2'"), opts)
		s.ErrorIs(err, cluster.ErrConflict)
	}},
}

var counting = []Rule{
	{"generation/starts-at-one", "The generation of a kind with desired state starts at 1 (Kubernetes API Conventions, Metadata: generation).", func(s *scene) {
		s.EqualValues(1, s.create(policy, "a", "Ingress").GetGeneration())
	}},
	{"generation/rises-with-the-spec", "A change of the desired state raises the generation by one (Kubernetes API Conventions, Metadata: generation).", func(s *scene) {
		obj := s.create(policy, "a", "Ingress")
		s.EqualValues(2, s.merge(obj, `{"spec":{"policyTypes":["Ingress","Egress"]}}`).GetGeneration())
		s.EqualValues(3, s.merge(obj, `{"spec":{"policyTypes":["Ingress"]}}`).GetGeneration())
	}},
	{"generation/not-for-metadata", "A change of labels alone keeps the generation (Kubernetes API Conventions, Metadata: generation).", func(s *scene) {
		obj := s.create(policy, "a", "Ingress")
		changed := s.merge(obj, `{"metadata":{"labels":{"l":"v"}}}`)
		s.EqualValues(1, changed.GetGeneration())
		s.NotEqual(obj.GetResourceVersion(), changed.GetResourceVersion())
	}},
	{"generation/not-the-client's", "A generation that a client writes does not count (Kubernetes API Conventions, Metadata: generation is set by the system).", func(s *scene) {
		obj := s.create("{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a, generation: 7}, spec: {podSelector: {}}}")
		s.EqualValues(1, obj.GetGeneration())
	}},
	{"generation/not-for-nothing", "An apply that changes nothing keeps the generation (Kubernetes API Conventions, Metadata: generation).", func(s *scene) {
		s.apply("us", policy, "a", "Ingress")
		s.EqualValues(1, s.apply("us", policy, "a", "Ingress").GetGeneration())
	}},
}
