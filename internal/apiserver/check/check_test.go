package check_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/apiserver/check"
	"github.com/setpoint-dev/setpoint/internal/apiserver/model"
)

// faults returns what is wrong with a manifest, as types and fields.
func faults(t *testing.T, apiVersion, kind, manifest string) []string {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(manifest))
	require.NoError(t, err)
	var obj map[string]any
	require.NoError(t, kjson.UnmarshalCaseSensitivePreserveInts(data, &obj))
	gvk := schema.FromAPIVersionAndKind(apiVersion, kind)
	m, ok := model.Builtin(gvk, nil)
	require.True(t, ok)
	obj["apiVersion"], obj["kind"] = apiVersion, kind
	if obj["metadata"] == nil {
		obj["metadata"] = map[string]any{"name": "x"}
	}
	obj, _, err = m.Canonical(obj, false)
	require.NoError(t, err)
	m.Default(obj)
	var out []string
	for _, e := range check.Object(gvk, obj, nil) {
		out = append(out, e.Type.String()+" "+e.Field)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// pod is a pod's manifest with some text in its only container, and some beside it.
func pod(container, spec string) string {
	return "spec: {" + spec + " containers: [{name: c, image: i, " + container + "}]}"
}

func job(spec string) string {
	return "spec: {" + spec + " template: {metadata: {labels: {a: b}}, spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}"
}

func template(spec string) string {
	return "spec: {" + spec + " selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}"
}

// What several fields together make wrong. Each row is one rule; that kube-apiserver has the same is what TestInvalidations shows.
func TestAcross(t *testing.T) {
	tests := []struct {
		name, apiVersion, kind, manifest string
		want                             []string
	}{
		{"a pod that is right", "v1", "Pod", pod("", ""), nil},
		{"a mount of no volume", "v1", "Pod", pod("volumeMounts: [{name: v, mountPath: /v}]", ""), []string{"Not found spec.containers[0].volumeMounts[0].name"}},
		{"a mount of a volume that is wrong", "v1", "Pod", pod("volumeMounts: [{name: v, mountPath: /v}]", "volumes: [{name: v, hostPath: {}}],"),
			[]string{"Not found spec.containers[0].volumeMounts[0].name", "Required value spec.volumes[0].hostPath.path"}},
		{"two mounts at one place", "v1", "Pod", pod("volumeMounts: [{name: v, mountPath: /v}, {name: v, mountPath: /v}]", "volumes: [{name: v}],"),
			[]string{"Invalid value spec.containers[0].volumeMounts[1].mountPath"}},
		{"two sources", "v1", "Pod", pod("", "volumes: [{name: v, emptyDir: {}, configMap: {name: c}}],"), []string{"Forbidden spec.volumes[0].configMap"}},
		{"a probe of no way", "v1", "Pod", pod("livenessProbe: {}", ""), []string{"Required value spec.containers[0].livenessProbe"}},
		{"a probe of two ways", "v1", "Pod", pod("livenessProbe: {exec: {command: [a]}, tcpSocket: {port: 80}}", ""), []string{"Forbidden spec.containers[0].livenessProbe.tcpSocket"}},
		{"any way is enough", "v1", "Pod", pod("readinessProbe: {exec: {command: [a]}}, livenessProbe: {httpGet: {port: 80}}, startupProbe: {grpc: {port: 80}}", ""), nil},
		{"containers of one name", "v1", "Pod", "spec: {containers: [{name: c, image: i}], initContainers: [{name: c, image: i}]}", []string{"Duplicate value spec.initContainers[0].name"}},
		{"more asked for than allowed", "v1", "Pod", pod("resources: {requests: {cpu: 2}, limits: {cpu: 1}}", ""), []string{"Invalid value spec.containers[0].resources.requests"}},
		{"less than nothing", "v1", "Pod", pod("resources: {limits: {cpu: -1}}", ""),
			[]string{"Invalid value spec.containers[0].resources.limits[cpu]", "Invalid value spec.containers[0].resources.requests[cpu]"}},
		{"another port on the host's network", "v1", "Pod", pod("ports: [{containerPort: 80, hostPort: 81}]", "hostNetwork: true,"), []string{"Invalid value spec.containers[0].ports[0].hostPort"}},
		{"a toleration without key", "v1", "Pod", pod("", "tolerations: [{value: v}],"), []string{"Invalid value spec.tolerations[0].operator"}},
		{"a value and its source", "v1", "Pod", pod("env: [{name: A, value: v, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]", ""), []string{"Invalid value spec.containers[0].env[0].valueFrom"}},
		{"a field that pods do not show", "v1", "Pod", pod("env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.hostNetwork}}}]", ""),
			[]string{"Unsupported value spec.containers[0].env[0].valueFrom.fieldRef.fieldPath"}},
		{"values of Exists", "apps/v1", "Deployment", `spec: {selector: {matchLabels: {a: b}, matchExpressions: [{key: a, operator: Exists, values: [b]}]}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}`,
			[]string{"Forbidden spec.selector.matchExpressions[0].values", "Invalid value spec.selector"}},
		{"a template that is not chosen", "apps/v1", "Deployment", `spec: {selector: {matchLabels: {a: x}}, template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}`,
			[]string{"Invalid value spec.template.metadata.labels"}},
		{"a template that ends", "apps/v1", "Deployment", `spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}`,
			[]string{"Unsupported value spec.template.spec.restartPolicy"}},
		{"nothing gives way", "apps/v1", "Deployment", template("strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}},"), []string{"Invalid value spec.strategy.rollingUpdate.maxUnavailable"}},
		{"both give way", "apps/v1", "DaemonSet", template("updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 1}},"), []string{"Invalid value spec.updateStrategy.rollingUpdate.maxSurge"}},
		{"a claim as a volume", "apps/v1", "StatefulSet", `spec: {selector: {matchLabels: {a: b}}, volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}], template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i, volumeMounts: [{name: d, mountPath: /d}]}]}}}`, nil},
		{"a job without end", "batch/v1", "CronJob", `spec: {schedule: "@daily", jobTemplate: {spec: {template: {spec: {containers: [{name: c, image: i}]}}}}}`,
			[]string{"Required value spec.jobTemplate.spec.template.spec.restartPolicy"}},
		{"a schedule of four fields", "batch/v1", "CronJob", `spec: {schedule: "* * * *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}}`,
			[]string{"Invalid value spec.schedule"}},
		{"indexes without a number", "batch/v1", "Job", `spec: {completionMode: Indexed, parallelism: 2, manualSelector: true, selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}`,
			[]string{"Required value spec.completions"}},
		{"a selector that is not the server's", "batch/v1", "Job", job("manualSelector: false, selector: {matchLabels: {a: b}},"),
			[]string{
				"Invalid value spec.selector", "Required value spec.template.metadata.labels[batch.kubernetes.io/controller-uid]",
				"Required value spec.template.metadata.labels[batch.kubernetes.io/job-name]", "Required value spec.template.metadata.labels[controller-uid]",
				"Required value spec.template.metadata.labels[job-name]",
			}},
		{"a selector that is chosen", "batch/v1", "Job", job("manualSelector: true, selector: {matchLabels: {a: b}},"), nil},
		{"indexes that fall", "batch/v1", "Job", job("manualSelector: true, selector: {matchLabels: {a: b}}, completionMode: Indexed, completions: 5, successPolicy: {rules: [{succeededIndexes: '3,1-2'}]},"),
			[]string{"Invalid value spec.successPolicy.rules[0].succeededIndexes"}},
		{"more successes than indexes", "batch/v1", "Job", job("manualSelector: true, selector: {matchLabels: {a: b}}, completionMode: Indexed, completions: 5, successPolicy: {rules: [{succeededIndexes: '1-2', succeededCount: 3}]},"),
			[]string{"Invalid value spec.successPolicy.rules[0].succeededCount"}},
		{"any labels of jobs to come", "batch/v1", "CronJob", `spec: {schedule: "@daily", jobTemplate: {metadata: {labels: {a: "50%"}}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}}`, nil},
		{"no time zone", "batch/v1", "CronJob", `spec: {schedule: "@daily", timeZone: "-a", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}}`,
			[]string{"Invalid value spec.timeZone"}},
		{"a label of no form", "apps/v1", "Deployment", `spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b, c: "-"}}, spec: {containers: [{name: c, image: i}]}}}`,
			[]string{"Invalid value spec.template.labels"}},
		{"a volume in the place of a claim", "apps/v1", "StatefulSet", `spec: {selector: {matchLabels: {a: b}}, volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}], template: {metadata: {labels: {a: b}}, spec: {hostname: Not_a_Name, volumes: [{name: d, hostPath: {}}], containers: [{name: c, image: i}]}}}`, nil},
		{"two files at one path", "v1", "Pod", pod("", "volumes: [{name: v, projected: {sources: [{configMap: {name: a, items: [{key: k, path: p}]}}, {secret: {name: b, items: [{key: k, path: p}]}}]}}],"),
			[]string{"Invalid value spec.volumes[0].projected"}},
		{"a signer of no domain", "v1", "Pod", pod("", "volumes: [{name: v, projected: {sources: [{clusterTrustBundle: {signerName: signer, path: p}}]}}],"),
			[]string{"Invalid value spec.volumes[0].projected.sources[0].clusterTrustBundle.signerName"}},
		{"a bundle chosen twice", "v1", "Pod", pod("", "volumes: [{name: v, projected: {sources: [{clusterTrustBundle: {name: b, labelSelector: {}, path: p}}]}}],"),
			[]string{"Invalid value spec.volumes[0].projected.sources[0].clusterTrustBundle.labelSelector"}},
		{"a managed disk by address", "v1", "Pod", pod("", "volumes: [{name: v, azureDisk: {diskName: d, diskURI: 'https://a.example.com/d.vhd', kind: Managed}}],"),
			[]string{"Unsupported value spec.volumes[0].azureDisk.diskURI"}},
		{"an overhead of nothing known", "v1", "Pod", pod("", "overhead: {x: 1},"), []string{"Invalid value spec.overhead.limits[x]"}},
		{"a user of two domains", "v1", "Pod", pod(`securityContext: {windowsOptions: {runAsUserName: 'a\b\c'}}`, ""), []string{"Invalid value spec.containers[0].securityContext.windowsOptions.runAsUserName"}},
		{"a user of one domain", "v1", "Pod", pod(`securityContext: {windowsOptions: {runAsUserName: 'NT AUTHORITY\LOCAL SERVICE'}}`, ""), nil},
		{"huge pages in a variable", "v1", "Pod", pod("env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.hugepages-2Mi, divisor: 1Mi}}}]", ""), nil},
		{"a processor in megabytes", "v1", "Pod", pod("env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1Mi}}}]", ""),
			[]string{"Invalid value spec.containers[0].env[0].valueFrom.resourceFieldRef.divisor"}},
		{"a profile of no type", "v1", "Pod", pod("", "securityContext: {seccompProfile: {}},"), []string{"Required value spec.securityContext.seccompProfile.type"}},
		{"a finalizer of nobody", "v1", "Namespace", "spec: {finalizers: [mine]}", []string{"Invalid value spec.finalizers"}},
		{"fractions of a quota", "v1", "ResourceQuota", "spec: {hard: {limits.cpu: 500m, requests.memory: 0.5Gi, hugepages-2Mi: 3Mi, requests.hugepages-2Mi: 1}}", nil},
		{"a part of a pod", "v1", "ResourceQuota", "spec: {hard: {pods: 500m}}", []string{"Invalid value spec.hard[pods]"}},
		{"a scope of pods for services", "v1", "ResourceQuota", "spec: {hard: {services: 1}, scopes: [Terminating]}", []string{"Invalid value spec.scopes"}},
		{"a scope that is or is not", "v1", "ResourceQuota", "spec: {hard: {pods: 1}, scopeSelector: {matchExpressions: [{scopeName: BestEffort, operator: In, values: [a]}]}}",
			[]string{"Invalid value spec.scopeSelector.matchExpressions.operator"}},
		{"a metric of no resource", "autoscaling/v2", "HorizontalPodAutoscaler", "spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: x}, metrics: [{type: ContainerResource, containerResource: {name: x, container: c, target: {type: Utilization, averageUtilization: 1}}}]}",
			[]string{"Invalid value spec.metrics[0].containerResource.name"}},
		{"none of the processor", "autoscaling/v2", "HorizontalPodAutoscaler", "spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: x}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 0}}}]}",
			[]string{"Invalid value spec.metrics[0].resource.target.averageUtilization"}},
		{"a role that gathers nothing", "rbac.authorization.k8s.io/v1", "ClusterRole", "aggregationRule: {}", []string{"Required value aggregationRule.clusterRoleSelectors"}},
		{"a topology of nothing", "storage.k8s.io/v1", "StorageClass", "{provisioner: example.com/p, allowedTopologies: [{}]}", []string{"Duplicate value allowedTopologies[0].matchLabelExpressions"}},
		{"ports without names", "v1", "Service", "spec: {ports: [{port: 80}, {port: 81}]}", []string{"Required value spec.ports[0].name", "Required value spec.ports[1].name"}},
		{"a port of nodes on a cluster's address", "v1", "Service", "spec: {ports: [{port: 80, nodePort: 30000}]}", []string{"Forbidden spec.ports[0].nodePort"}},
		{"no name outside", "v1", "Service", "spec: {type: ExternalName}", []string{"Required value spec.externalName"}},
		{"a key of a folder", "v1", "ConfigMap", "data: {a/b: c}", []string{"Invalid value data[a/b]"}},
		{"a certificate without key", "v1", "Secret", "{type: kubernetes.io/tls, data: {tls.crt: YQ==}}", []string{"Required value data[tls.key]"}},
		{"no backend", "networking.k8s.io/v1", "Ingress", "spec: {rules: [{http: {paths: [{path: /, pathType: Prefix, backend: {}}]}}]}", []string{"Invalid value spec.rules[0].http.paths[0].backend"}},
		{"a path of no type", "networking.k8s.io/v1", "Ingress", "spec: {rules: [{http: {paths: [{}]}}]}", []string{"Required value spec.rules[0].http.paths[0].pathType"}},
		{"a path that climbs", "networking.k8s.io/v1", "Ingress", "spec: {rules: [{http: {paths: [{path: /a/../b, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}}]}",
			[]string{"Invalid value spec.rules[0].http.paths[0].path"}},
		{"an exception outside", "networking.k8s.io/v1", "NetworkPolicy", "spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]}",
			[]string{"Invalid value spec.ingress[0].from[0].ipBlock.except[0]"}},
		{"a range that ends before it starts", "networking.k8s.io/v1", "NetworkPolicy", "spec: {podSelector: {}, ingress: [{ports: [{port: 80, endPort: 70}]}]}",
			[]string{"Invalid value spec.ingress[0].ports[0].endPort"}},
		{"both limits", "policy/v1", "PodDisruptionBudget", "spec: {minAvailable: 1, maxUnavailable: 1, selector: {}}", []string{"Invalid value spec"}},
		{"fewer at most than at least", "autoscaling/v2", "HorizontalPodAutoscaler", "spec: {minReplicas: 3, maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: x}}",
			[]string{"Invalid value spec.maxReplicas"}},
		{"a metric of another type", "autoscaling/v2", "HorizontalPodAutoscaler", "spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: x}, metrics: [{type: Resource}]}",
			[]string{"Required value spec.metrics[0].resource"}},
		{"no volume", "v1", "PersistentVolume", "spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}}", []string{"Required value spec"}},
		{"a claim of nothing", "v1", "PersistentVolumeClaim", "spec: {accessModes: [ReadWriteOnce]}", []string{"Required value spec.resources[storage]"}},
		{"a least above the most", "v1", "LimitRange", "spec: {limits: [{type: Container, min: {cpu: 2}, max: {cpu: 1}}]}", []string{"Invalid value spec.limits[0].defaultRequest[cpu]", "Invalid value spec.limits[0].default[cpu]", "Invalid value spec.limits[0].min[cpu]"}},
		{"a scope nobody knows", "v1", "ResourceQuota", "spec: {scopes: [x]}", []string{"Invalid value spec.scopes"}},
		{"two ways to a webhook", "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "webhooks: [{name: a.example.com, sideEffects: None, admissionReviewVersions: [v1], clientConfig: {url: 'https://a.example.com', service: {name: s, namespace: ns}}}]",
			[]string{"Required value webhooks[0].clientConfig"}},
		{"a service of no name", "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "webhooks: [{name: a.example.com, sideEffects: None, admissionReviewVersions: [v1], clientConfig: {service: {namespace: ns}}}]",
			[]string{"Required value webhooks[0].clientConfig.service.namespace"}},
		{"a rule of nothing", "rbac.authorization.k8s.io/v1", "Role", "rules: [{verbs: [get]}]", []string{"Required value rules[0].apiGroups", "Required value rules[0].resources"}},
		{"an address of another family", "discovery.k8s.io/v1", "EndpointSlice", "{addressType: IPv4, endpoints: [{addresses: ['2001:db8::1']}]}", []string{"Invalid value endpoints[0].addresses"}},
		{"servers of names beyond what a resolver reads", "v1", "Pod", pod("", "dnsConfig: {nameservers: [10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4]},"), []string{"Invalid value spec.dnsConfig.nameservers"}},
		{"a resizing of something else", "v1", "Pod", pod("resizePolicy: [{resourceName: disk, restartPolicy: NotRequired}]", ""), []string{"Unsupported value spec.containers[0].resizePolicy"}},
		{"a container to look at what does not run", "v1", "Pod", pod("", "ephemeralContainers: [{name: e, image: i, targetContainerName: none, terminationMessagePolicy: File}],"),
			[]string{"Forbidden spec.ephemeralContainers", "Not found spec.ephemeralContainers[0].targetContainerName"}},
		{"a container to look at a template", "apps/v1", "Deployment", `spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {ephemeralContainers: [{name: e, image: i, terminationMessagePolicy: File}], containers: [{name: c, image: i}]}}}`,
			[]string{"Forbidden spec.template.spec.ephemeralContainers"}},
		{"a process of the host alone", "v1", "Pod", pod("securityContext: {windowsOptions: {hostProcess: true}}", ""), []string{"Invalid value spec.hostNetwork"}},
		{"a whole less than its parts", "v1", "Pod", pod("resources: {requests: {cpu: 2}}", "resources: {requests: {cpu: 1}},"), []string{"Invalid value spec.resources.requests[cpu]"}},
		{"a profile that an annotation does not name", "v1", "Pod", pod("", "") + "\nmetadata: {annotations: {seccomp.security.alpha.kubernetes.io/pod: x}}",
			[]string{"Invalid value metadata.annotations.seccomp.security.alpha.kubernetes.io/pod"}},
		{"replicas down to nothing by what pods use", "autoscaling/v2", "HorizontalPodAutoscaler", "spec: {minReplicas: 0, maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: x}, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 1}}}]}",
			[]string{"Forbidden spec.metrics"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			assert.Equal(t, test.want, faults(t, test.apiVersion, test.kind, test.manifest))
		})
	}
}

// What is wrong with endpoints that stay as they are is not said again; that they were given another type is.
func TestLasting(t *testing.T) {
	gvk := schema.GroupVersionKind{Group: "discovery.k8s.io", Version: "v1", Kind: "EndpointSlice"}
	slice := func(kind, address string) map[string]any {
		return map[string]any{"addressType": kind, "endpoints": []any{map[string]any{"addresses": []any{address}}}}
	}
	old := slice("IPv4", "10.0.0.1")
	assert.NotEmpty(t, check.Object(gvk, slice("IPv6", "10.0.0.1"), nil))
	assert.Empty(t, check.Object(gvk, slice("IPv6", "10.0.0.1"), old))
	assert.NotEmpty(t, check.Object(gvk, slice("IPv6", "10.0.0.2"), old))
}

// A kind without rules has no faults, whatever it holds.
func TestOtherKinds(t *testing.T) {
	assert.Empty(t, check.Object(schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Thing"}, map[string]any{"spec": int64(1)}, nil))
}

// Objects of the wrong shape are somebody else's to refuse; looking at them does no harm.
func TestShapeless(t *testing.T) {
	for _, o := range samples(t) {
		for key := range o {
			for _, value := range []any{nil, "text", int64(1), []any{"a", nil, int64(2)}, map[string]any{"containers": "x", "template": []any{}, "rules": []any{nil}}} {
				broken := map[string]any{}
				for k, v := range o {
					broken[k] = v
				}
				broken[key] = value
				assert.NotPanics(t, func() { check.Object(o.kind(), broken, nil) })
			}
		}
	}
}
