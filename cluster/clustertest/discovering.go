package clustertest

import "github.com/setpoint-dev/setpoint/cluster"

var discovering = []Rule{
	{"kind/describes-a-built-in", "Discovery names the resource, scope, versions and subresources of a kind (Kubernetes API Concepts, API Discovery).", func(s *scene) {
		kind, err := s.client.Kind(s.ctx, "apps", "Deployment")
		s.NoError(err)
		s.Equal("deployments", kind.Resource)
		s.True(kind.Namespaced)
		s.True(kind.Status)
		s.True(kind.Scale)
		s.True(kind.Serves("v1"))
	}},
	{"kind/tells-cluster-scope", "A Namespace is in no namespace (Kubernetes API Concepts, Resource URIs).", func(s *scene) {
		kind, err := s.client.Kind(s.ctx, "", "Namespace")
		s.NoError(err)
		s.Equal("namespaces", kind.Resource)
		s.False(kind.Namespaced)
		s.False(kind.Scale)
	}},
	{"kind/unknown-in-a-served-group", "A kind that a discovered group does not have is ErrNoKind (cluster.Kinds).", func(s *scene) {
		_, err := s.client.Kind(s.ctx, "apps", "Nonesuch")
		s.ErrorIs(err, cluster.ErrNoKind)
	}},
	{"kind/unknown-group", "A group that the server does not list has no kinds: ErrNoKind, which is no failure of discovery (cluster.Kinds).", func(s *scene) {
		_, err := s.client.Kind(s.ctx, "nonesuch.example.com", "Deployment")
		s.ErrorIs(err, cluster.ErrNoKind)
		var failed *cluster.DiscoveryError
		s.NotErrorAs(err, &failed)
	}},
	{"kind/group-is-part-of-the-identity", "A kind is known by group and name; Deployment is not in the core group (Kubernetes API Concepts, API groups).", func(s *scene) {
		_, err := s.client.Kind(s.ctx, "", "Deployment")
		s.ErrorIs(err, cluster.ErrNoKind)
	}},
	{"kind/unserved-version", "A version that the kind is not served at is ErrNoKind (cluster.ErrNoKind).", func(s *scene) {
		_, err := s.client.Get(s.ctx, cluster.Ref{Kind: "ConfigMap", Namespace: "default", Name: "a"}, cluster.GetOptions{Version: "v9"})
		s.ErrorIs(err, cluster.ErrNoKind)
	}},
	{"kind/unknown-in-every-verb", "Every verb on a kind that is not served is ErrNoKind, never ErrNotFound (cluster.ErrNoKind).", func(s *scene) {
		obj := s.object("{apiVersion: nonesuch.example.com/v1, kind: Thing, metadata: {name: a}}")
		ref := cluster.RefOf(obj)
		check := func(verb string, err error) {
			s.ErrorIs(err, cluster.ErrNoKind, verb)
			s.NotErrorIs(err, cluster.ErrNotFound, verb)
		}
		_, err := s.client.Get(s.ctx, ref, cluster.GetOptions{})
		check("get", err)
		_, err = s.client.Apply(s.ctx, obj, by("test"))
		check("apply", err)
		_, err = s.client.Create(s.ctx, obj, by("test"))
		check("create", err)
		_, err = s.client.Replace(s.ctx, obj, by("test"))
		check("replace", err)
		check("patch", s.tryPatch(obj, mergePatch, `{}`))
		check("delete", s.client.Delete(s.ctx, ref, cluster.DeleteOptions{}))
		err = nil
		for _, err = range s.client.List(s.ctx, cluster.Selector{Group: ref.Group, Kind: ref.Kind}) {
			break
		}
		check("list", err)
		err = nil
		for _, err = range s.client.Watch(s.ctx, cluster.Selector{Group: ref.Group, Kind: ref.Kind}) {
			break
		}
		check("watch", err)
	}},
}
