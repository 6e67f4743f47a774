package clustertest

import "github.com/setpoint-dev/setpoint/cluster"

// unknown has a field that no Service has.
const unknown = "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}], nonesuch: 1}}"

func (s *scene) createWith(v cluster.Validation, text string) (*cluster.Written, error) {
	return s.client.Create(s.ctx, s.object("%s", text), cluster.WriteOptions{Manager: "test", Validation: v})
}

var validating = []Rule{
	{"validate/strict", "With Strict an unknown field is refused (KEP-2885, Server-side unknown field validation).", func(s *scene) {
		_, err := s.createWith(cluster.ValidationStrict, unknown)
		s.ErrorContains(err, "nonesuch")
		s.absent(s.object("%s", unknown))
	}},
	{"validate/warn", "With Warn an unknown field is dropped with a warning that names it (KEP-2885).", func(s *scene) {
		written, err := s.createWith(cluster.ValidationWarn, unknown)
		s.NoError(err)
		s.Nil(at(written.Object, "spec.nonesuch"))
		s.Len(written.Warnings, 1)
		s.Contains(written.Warnings[0], "spec.nonesuch")
	}},
	{"validate/warn-by-default", "Without a word, unknown fields are warned of (KEP-2885).", func(s *scene) {
		written, err := s.createWith(cluster.ValidationDefault, unknown)
		s.NoError(err)
		s.Len(written.Warnings, 1)
	}},
	{"validate/ignore", "With Ignore an unknown field is dropped in silence (KEP-2885).", func(s *scene) {
		written, err := s.createWith(cluster.ValidationIgnore, unknown)
		s.NoError(err)
		s.Nil(at(written.Object, "spec.nonesuch"))
		s.Empty(written.Warnings)
	}},
	{"validate/strict-replace", "Strict holds for a replace too (KEP-2885).", func(s *scene) {
		obj := s.create(service, "a", "{port: 80}")
		changed := obj.DeepCopy()
		s.NoError(setField(changed, "x", "spec", "nonesuch"))
		_, err := s.client.Replace(s.ctx, changed, cluster.WriteOptions{Manager: "test", Validation: cluster.ValidationStrict})
		s.ErrorContains(err, "nonesuch")
		s.unchanged(obj)
	}},
	{"validate/strict-patch", "Strict holds for a patch too (KEP-2885).", func(s *scene) {
		obj := s.create(service, "a", "{port: 80}")
		_, err := s.client.Patch(s.ctx, cluster.RefOf(obj), cluster.Patch{Type: mergePatch, Data: []byte(`{"spec":{"nonesuch":1}}`)}, cluster.WriteOptions{Manager: "test", Validation: cluster.ValidationStrict})
		s.ErrorContains(err, "nonesuch")
		s.unchanged(obj)
	}},
	{"validate/apply-unknown", "An apply of an unknown field is refused under Strict (KEP-2885).", func(s *scene) {
		s.Error(s.tryApply(cluster.WriteOptions{Manager: "us", Validation: cluster.ValidationStrict}, "%s", unknown))
		s.absent(s.object("%s", unknown))
	}},
	{"validate/no-warning-for-good", "An object without faults has no warnings (KEP-2885).", func(s *scene) {
		written, err := s.createWith(cluster.ValidationWarn, "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {ports: [{port: 80}]}}")
		s.NoError(err)
		s.Empty(written.Warnings)
	}},
	{"validate/types", "A value of another type is refused (Kubernetes API Concepts, validation of requests).", func(s *scene) {
		s.Error(s.tryCreate(configMap, "a", "x: 1"))
		s.Error(s.tryApply(by("us"), configMap, "a", "x: 1"))
		s.absent(s.object(configMap, "a", ""))
	}},
	{"validate/required", "A required field that is missing is named (Kubernetes API Conventions, Optional vs. Required).", func(s *scene) {
		s.invalid(s.tryCreate("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {selector: {a: b}}}"), "spec.ports")
	}},
	{"validate/all-faults", "A refusal names every fault, not the first (Kubernetes API Conventions, validation errors).", func(s *scene) {
		err := s.tryCreate("{apiVersion: v1, kind: ConfigMap, metadata: {name: Bad_Name, labels: {a: 'no spaces'}}}")
		s.invalid(err, "metadata.name")
		s.invalid(err, "metadata.labels")
	}},
	{"validate/writes-nothing", "A refused change leaves the object as it was (Kubernetes API Concepts, validation of requests).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		s.invalid(s.tryPatch(obj, mergePatch, `{"metadata":{"labels":{"a":"no spaces"}},"data":{"x":"2"}}`), "metadata.labels")
		s.unchanged(obj)
	}},
	{"validate/config-keys", "A key of a ConfigMap has letters, digits, dashes, underscores and dots (Kubernetes docs, ConfigMaps).", func(s *scene) {
		s.invalid(s.tryCreate(configMap, "a", "'no/slash': '1'"), "data[no/slash]")
	}},
	{"validate/secret-keys", "A key of a Secret has letters, digits, dashes, underscores and dots (Kubernetes docs, Secrets).", func(s *scene) {
		s.invalid(s.tryCreate("{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {'no/slash': b25l}}"), "data[no/slash]")
	}},
	{"validate/selector-matches-template", "A Deployment's selector selects its template's pods (Kubernetes docs, Deployments, selector).", func(s *scene) {
		s.invalid(s.tryCreate("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: b}}, spec: {containers: [{name: c, image: i}]}}}}"), "spec.template.metadata.labels")
	}},
	{"validate/negative-replicas", "A number of replicas is not negative (Kubernetes API, DeploymentSpec).", func(s *scene) {
		s.invalid(s.tryCreate("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: -1, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i}]}}}}"), "spec.replicas")
	}},
	{"validate/duplicate-ports", "Two ports of a Service have two names (Kubernetes docs, Service, multi-port Services).", func(s *scene) {
		s.invalid(s.tryCreate(service, "a", "{name: x, port: 80}, {name: x, port: 81}"), "spec.ports[1].name")
	}},
}

var fixing = []Rule{
	{"immutable/config", "The data of an immutable ConfigMap cannot change, and it stays immutable (KEP-1412).", func(s *scene) {
		obj := s.create("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, immutable: true, data: {x: '1'}}")
		s.invalid(s.tryPatch(obj, mergePatch, `{"data":{"x":"2"}}`), "data")
		s.invalid(s.tryPatch(obj, mergePatch, `{"immutable":false}`), "immutable")
		s.Equal("v", s.merge(obj, `{"metadata":{"labels":{"l":"v"}}}`).GetLabels()["l"])
	}},
	{"immutable/secret", "The data of an immutable Secret cannot change (KEP-1412).", func(s *scene) {
		obj := s.create("{apiVersion: v1, kind: Secret, metadata: {name: a}, immutable: true, data: {x: b25l}}")
		s.invalid(s.tryPatch(obj, mergePatch, `{"data":{"x":"dHdv"}}`), "data")
	}},
	{"immutable/secret-type", "The type of a Secret cannot change (Kubernetes docs, Secrets).", func(s *scene) {
		obj := s.create("{apiVersion: v1, kind: Secret, metadata: {name: a}}")
		s.invalid(s.tryPatch(obj, mergePatch, `{"type":"example.com/other"}`), "type")
	}},
	{"immutable/cluster-address", "The address of a Service cannot change (Kubernetes API, ServiceSpec.clusterIP).", func(s *scene) {
		obj := s.create(service, "a", "{port: 80}")
		s.Error(s.tryPatch(obj, mergePatch, `{"spec":{"clusterIP":"None","clusterIPs":["None"]}}`))
		s.unchanged(obj)
	}},
	{"immutable/address-is-kept", "A replace that leaves the allocated address out keeps it (Kubernetes docs, Service).", func(s *scene) {
		obj := s.create(service, "a", "{port: 80}")
		got := s.replace(s.object(service, "a", "{port: 81}"))
		s.Equal(at(obj, "spec.clusterIP"), at(got, "spec.clusterIP"))
	}},
	{"immutable/selector", "The selector of a Deployment cannot change (Kubernetes docs, Deployments, Label selector updates).", func(s *scene) {
		text := "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {replicas: 0, selector: {matchLabels: {app: %[1]s}}, template: {metadata: {labels: {app: %[1]s}}, spec: {containers: [{name: c, image: i}]}}}}"
		s.apply("us", text, "a")
		err := s.tryApply(force("us"), text, "b")
		s.invalid(err, "spec.selector")
		s.ErrorContains(err, "immutable")
	}},
	{"immutable/job-template", "The template of a Job cannot change (Kubernetes docs, Jobs).", func(s *scene) {
		text := "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {suspend: true, template: {spec: {restartPolicy: Never, containers: [{name: c, image: %s}]}}}}"
		s.apply("us", text, "'i:1'")
		s.Error(s.tryApply(force("us"), "{apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {suspend: true, template: {spec: {restartPolicy: OnFailure, containers: [{name: c, image: 'i:1'}]}}}}"))
	}},
	{"immutable/claim", "The class of a PersistentVolumeClaim cannot change (Kubernetes API, PersistentVolumeClaimSpec).", func(s *scene) {
		obj := s.create("{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: a}, spec: {storageClassName: nonesuch, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}")
		s.invalid(s.tryPatch(obj, mergePatch, `{"spec":{"storageClassName":"other"}}`), "spec")
	}},
	{"immutable/metadata", "Name, namespace, UID and creation time are the server's (Kubernetes API Conventions, Metadata).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		_ = s.tryPatch(obj, mergePatch, `{"metadata":{"creationTimestamp":"2001-01-01T00:00:00Z"}}`)
		s.Equal(obj.GetCreationTimestamp(), s.get(obj).GetCreationTimestamp())
	}},
	{"immutable/role-ref", "The role of a RoleBinding cannot change (Kubernetes docs, RBAC: roleRef).", func(s *scene) {
		obj := s.create("{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: x}}")
		s.invalid(s.tryPatch(obj, mergePatch, `{"roleRef":{"name":"j"}}`), "roleRef")
	}},
}
