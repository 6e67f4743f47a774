package clustertest

import (
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
)

var creating = []Rule{
	{"create/server-metadata", "The server gives UID, creationTimestamp and resourceVersion (Kubernetes API Conventions, Metadata).", func(s *scene) {
		obj := s.create("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, uid: 11111111-1111-1111-1111-111111111111, creationTimestamp: '2001-01-01T00:00:00Z'}}")
		s.NotEqual("11111111-1111-1111-1111-111111111111", string(obj.GetUID()), "the client's UID does not count")
		s.NotEmpty(obj.GetUID())
		s.NotEmpty(obj.GetResourceVersion())
		s.Greater(obj.GetCreationTimestamp().Year(), 2001)
	}},
	{"create/name-taken", "A create under a name in use is ErrAlreadyExists, and writes nothing (Kubernetes API Concepts, Collections and create).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		s.ErrorIs(s.tryCreate("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: '2'}}"), cluster.ErrAlreadyExists)
		s.unchanged(obj)
	}},
	{"create/generates-names", "With generateName the server appends a random suffix (Kubernetes API Concepts, Generated values).", func(s *scene) {
		text := "{apiVersion: v1, kind: ConfigMap, metadata: {generateName: gen-}}"
		a, b := s.create("%s", text), s.create("%s", text)
		s.True(strings.HasPrefix(a.GetName(), "gen-"))
		s.Greater(len(a.GetName()), len("gen-"))
		s.NotEqual(a.GetName(), b.GetName())
	}},
	{"create/name-over-generateName", "A name beats generateName (Kubernetes API Concepts, Generated values).", func(s *scene) {
		s.Equal("a", s.create("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, generateName: gen-}}").GetName())
	}},
	{"create/needs-a-name", "An object without name and generateName is refused (Kubernetes API Conventions, Metadata).", func(s *scene) {
		s.Error(s.tryCreate("{apiVersion: v1, kind: ConfigMap, metadata: {labels: {a: b}}}"))
	}},
	{"create/name-rules", "Most names are DNS subdomains (RFC 1123); the fault is at metadata.name (Kubernetes docs, Object Names and IDs).", func(s *scene) {
		s.invalid(s.tryCreate("{apiVersion: v1, kind: ConfigMap, metadata: {name: Bad_Name}}"), "metadata.name")
		s.create("{apiVersion: v1, kind: ConfigMap, metadata: {name: good.name-1}}")
	}},
	{"create/service-name-rules", "A Service's name is a DNS label: no dots (Kubernetes docs, Service).", func(s *scene) {
		s.invalid(s.tryCreate("{apiVersion: v1, kind: Service, metadata: {name: a.b}, spec: {ports: [{port: 80}]}}"), "metadata.name")
	}},
	{"create/label-rules", "A label's value has at most 63 letters, digits, dashes, underscores and dots (Kubernetes docs, Labels, syntax).", func(s *scene) {
		s.invalid(s.tryCreate("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {a: 'no spaces'}}}"), "metadata.labels")
		s.invalid(s.tryCreate("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {a: %s}}}", strings.Repeat("a", 64)), "metadata.labels")
	}},
	{"create/annotation-rules", "An annotation's key follows the rules of a label's key; its value is free (Kubernetes docs, Annotations, syntax).", func(s *scene) {
		s.invalid(s.tryCreate("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {'no spaces': b}}}"), "metadata.annotations")
		s.create("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, annotations: {free: 'any thing: at all!'}}}")
	}},
	{"create/refuses-resourceVersion", "An object to be created has no resourceVersion yet (Kubernetes API Conventions, Concurrency control).", func(s *scene) {
		s.Error(s.tryCreate("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, resourceVersion: '1'}}"))
	}},
	{"create/reports-created", "A create reports that the object was not there before, a replace that it was (cluster.Written).", func(s *scene) {
		obj := s.object(mine, "a")
		written, err := s.client.Create(s.ctx, obj, by("test"))
		s.NoError(err)
		s.True(written.Created)
		s.True(written.Changed)
		written, err = s.client.Replace(s.ctx, written.Object, by("test"))
		s.NoError(err)
		s.False(written.Created)
	}},
	{"create/leaves-the-argument-alone", "A write does not change the object that it is given (cluster.Editor).", func(s *scene) {
		obj := s.object(mine, "a")
		before := obj.DeepCopy()
		_, err := s.client.Create(s.ctx, obj, by("test"))
		s.NoError(err)
		_, err = s.client.Apply(s.ctx, obj, force("other"))
		s.NoError(err)
		s.Equal(before, obj)
	}},
}
