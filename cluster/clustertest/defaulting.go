package clustertest

var defaulting = []Rule{
	{"default/service", "A Service gets a type, a cluster address, session affinity, and for each port a protocol and a target (Kubernetes docs, Service).", func(s *scene) {
		obj := s.create(service, "a", "{port: 80}")
		s.Equal("ClusterIP", at(obj, "spec.type"))
		s.Equal("None", at(obj, "spec.sessionAffinity"))
		s.Equal("TCP", at(obj, "spec.ports.0.protocol"))
		s.EqualValues(80, at(obj, "spec.ports.0.targetPort"))
		s.NotEmpty(at(obj, "spec.clusterIP"))
		s.Equal([]any{at(obj, "spec.clusterIP")}, list(obj, "spec.clusterIPs"))
	}},
	{"default/headless", "A Service with the address None keeps it (Kubernetes docs, Service, headless Services).", func(s *scene) {
		s.Equal("None", at(s.create("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {clusterIP: None, ports: [{port: 80}]}}"), "spec.clusterIP"))
	}},
	{"default/node-port", "A Service of type NodePort gets a port on the nodes (Kubernetes docs, Service, type: NodePort).", func(s *scene) {
		obj := s.create("{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {type: NodePort, ports: [{port: 80}]}}")
		s.NotZero(at(obj, "spec.ports.0.nodePort"))
	}},
	{"default/pod-template", "A pod template gets a restart policy, DNS policy and grace period (Kubernetes API, PodSpec).", func(s *scene) {
		obj := s.create(podTemplate, "a", "{name: c, image: i}")
		s.Equal("Always", at(obj, "template.spec.restartPolicy"))
		s.Equal("ClusterFirst", at(obj, "template.spec.dnsPolicy"))
		s.EqualValues(30, at(obj, "template.spec.terminationGracePeriodSeconds"))
	}},
	{"default/pull-policy", "The pull policy is Always for the tag latest or none, else IfNotPresent (Kubernetes docs, Images, imagePullPolicy defaulting).", func(s *scene) {
		obj := s.create(podTemplate, "a", "{name: a, image: i}, {name: b, image: 'i:latest'}, {name: c, image: 'i:v1'}, {name: d, image: 'i:latest', imagePullPolicy: Never}")
		s.Equal([]any{"Always", "Always", "IfNotPresent", "Never"}, each(obj, "template.spec.containers", "imagePullPolicy"))
	}},
	{"default/requests-from-limits", "A pod's requests that are left out are its limits (Kubernetes docs, Resource Management for Pods and Containers).", func(s *scene) {
		s.create("{apiVersion: v1, kind: ServiceAccount, metadata: {name: mine}}")
		obj := s.create("{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {serviceAccountName: mine, schedulingGates: [{name: example.com/hold}], containers: [{name: c, image: i, resources: {limits: {memory: 64Mi}}}]}}")
		s.Equal(map[string]any{"memory": "64Mi"}, at(obj, "spec.containers.0.resources.requests"))
	}},
	{"default/deployment", "A Deployment gets one replica, a rolling update by a quarter, and ten old revisions (Kubernetes API, DeploymentSpec).", func(s *scene) {
		obj := s.create("{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}, spec: {paused: true, selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [{name: c, image: i}]}}}}")
		s.EqualValues(1, at(obj, "spec.replicas"))
		s.Equal("RollingUpdate", at(obj, "spec.strategy.type"))
		s.Equal("25%", at(obj, "spec.strategy.rollingUpdate.maxSurge"))
		s.Equal("25%", at(obj, "spec.strategy.rollingUpdate.maxUnavailable"))
		s.EqualValues(10, at(obj, "spec.revisionHistoryLimit"))
	}},
	{"default/secret-type", "A Secret is Opaque unless it says otherwise (Kubernetes docs, Secrets, types).", func(s *scene) {
		s.Equal("Opaque", at(s.create("{apiVersion: v1, kind: Secret, metadata: {name: a}}"), "type"))
	}},
	{"default/secret-stringData", "stringData is written into data and never read back (Kubernetes API, Secret.stringData).", func(s *scene) {
		obj := s.create("{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {x: b25l, j: b25l}, stringData: {j: two}}")
		s.Equal(map[string]any{"x": "b25l", "j": "dHdv"}, at(obj, "data"))
		s.Nil(at(s.get(obj), "stringData"))
	}},
	{"default/returns-on-removal", "An applied field that its owner drops goes back to its default (Kubernetes docs, Server-Side Apply, Field management).", func(s *scene) {
		s.apply("us", podTemplate, "a", "{name: c, image: 'i:v1', imagePullPolicy: Never}")
		obj := s.apply("us", podTemplate, "a", "{name: c, image: 'i:v1'}")
		s.Equal("IfNotPresent", at(obj, "template.spec.containers.0.imagePullPolicy"))
	}},
	{"default/quantities", "Quantities are stored in canonical form (Kubernetes API, Quantity).", func(s *scene) {
		obj := s.create(podTemplate, "a", "{name: c, image: i, resources: {requests: {cpu: 1000m, memory: 1024Mi}, limits: {cpu: 1.5, memory: '2048Mi'}}}")
		s.Equal(map[string]any{"cpu": "1", "memory": "1Gi"}, at(obj, "template.spec.containers.0.resources.requests"))
		s.Equal(map[string]any{"cpu": "1500m", "memory": "2Gi"}, at(obj, "template.spec.containers.0.resources.limits"))
	}},
	{"default/quantities-apply-again", "An apply of a quantity in another form of the same value is no change (Kubernetes API, Quantity).", func(s *scene) {
		text := "{name: c, image: i, resources: {limits: {cpu: 1000m}}}"
		first := s.apply("us", podTemplate, "a", text)
		s.Equal(first.GetResourceVersion(), s.apply("us", podTemplate, "a", text).GetResourceVersion())
	}},
	{"default/ingress-path-needs-type", "The path type of an Ingress has no default: it is required (Kubernetes docs, Ingress, path types).", func(s *scene) {
		s.Error(s.tryCreate("{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: a}, spec: {rules: [{http: {paths: [{path: /, backend: {service: {name: x, port: {number: 80}}}}]}}]}}"))
	}},
	{"default/network-policy", "A NetworkPolicy without types is for Ingress (Kubernetes docs, Network Policies).", func(s *scene) {
		obj := s.create("{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}, spec: {podSelector: {}}}")
		s.Equal([]any{"Ingress"}, list(obj, "spec.policyTypes"))
	}},
}
