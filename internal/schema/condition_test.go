package schema_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

// conditionCase is a rule at work: what it makes of an object on which its condition holds, and an object that it leaves alone.
type conditionCase struct{ name, with, want, without string }

var conditionCases = []conditionCase{
	{"imagePullPolicy by tag", `{image: nginx}`, `{image: nginx, imagePullPolicy: Always}`, `{image: nginx, imagePullPolicy: Never}`},
	{"imagePullPolicy by tag", `{image: "reg:5000/nginx:1"}`, `{image: "reg:5000/nginx:1", imagePullPolicy: IfNotPresent}`, `{image: a, imagePullPolicy: ""}`},
	{"pullPolicy of a volume by tag", `{reference: "data:latest"}`, `{reference: "data:latest", pullPolicy: Always}`, `{reference: data, pullPolicy: Never}`},
	{"emptyDir of a volume without a source", `{name: v}`, `{name: v, emptyDir: {}}`, `{name: v, secret: {secretName: s}}`},
	{"serviceAccountName and its old name", `{serviceAccount: a}`, `{serviceAccount: a, serviceAccountName: a}`, `{restartPolicy: Never}`},
	{"serviceAccountName and its old name", `{serviceAccount: a, serviceAccountName: b}`, `{serviceAccount: b, serviceAccountName: b}`, `{}`},
	{"enableServiceLinks of a Pod", `{spec: {}}`, `{spec: {enableServiceLinks: true}}`, `{spec: {enableServiceLinks: false}}`},
	{"a negative grace period is a second", `{spec: {terminationGracePeriodSeconds: -5}}`, `{spec: {terminationGracePeriodSeconds: 1}}`, `{spec: {terminationGracePeriodSeconds: 0}}`},
	{
		"requests from limits", `{spec: {containers: [{resources: {limits: {cpu: "1", memory: 1Gi}, requests: {cpu: 100m}}}]}}`,
		`{spec: {containers: [{resources: {limits: {cpu: "1", memory: 1Gi}, requests: {cpu: 100m, memory: 1Gi}}}]}}`,
		`{spec: {containers: [{resources: {requests: {cpu: "1"}}}, {name: c}]}}`,
	},
	{
		"hostPort in the host's network", `{spec: {hostNetwork: true, initContainers: [{ports: [{containerPort: 80}, {containerPort: 81, hostPort: 8081}]}]}}`,
		`{spec: {hostNetwork: true, initContainers: [{ports: [{containerPort: 80, hostPort: 80}, {containerPort: 81, hostPort: 8081}]}]}}`,
		`{spec: {containers: [{ports: [{containerPort: 80}]}]}}`,
	},
	{"podIP and podIPs", `{podIP: 10.0.0.1}`, `{podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}]}`, `{phase: Running}`},
	{"podIP and podIPs", `{podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}`, `{podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}, {ip: "fd00::1"}]}`, `{podIP: 10.0.0.1, podIPs: [{ip: 10.0.0.1}]}`},

	{
		"strategy parameters of a Deployment", `{rollingUpdate: {maxSurge: 1}}`,
		`{type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 25%}}`, `{type: Recreate}`,
	},
	{
		"strategy parameters of a DaemonSet", `{}`, `{type: RollingUpdate, rollingUpdate: {maxUnavailable: 1, maxSurge: 0}}`, `{type: OnDelete}`,
	},
	{
		"both limits of a rolling update", `{type: OnDelete, rollingUpdate: {}}`,
		`{type: OnDelete, rollingUpdate: {maxUnavailable: 0, maxSurge: 0}}`, `{type: OnDelete}`,
	},
	{"strategy parameters of a StatefulSet", `{}`, `{type: RollingUpdate, rollingUpdate: {partition: 0, maxUnavailable: 1}}`, `{type: RollingUpdate}`},
	{"strategy parameters of a StatefulSet", `{type: OnDelete, rollingUpdate: {}}`, `{type: OnDelete, rollingUpdate: {partition: 0}}`, `{type: OnDelete}`},
	{
		"the kind of claims in a StatefulSet", `{spec: {volumeClaimTemplates: [{metadata: {name: d}}]}}`,
		`{spec: {volumeClaimTemplates: [{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: d}}]}}`, `{spec: {}}`,
	},
	{"completions unless parallelism", `{spec: {}}`, `{spec: {completions: 1}}`, `{spec: {parallelism: 2}}`},
	{"backoffLimit by backoffLimitPerIndex", `{spec: {}}`, `{spec: {backoffLimit: 6}}`, `{spec: {backoffLimit: 2}}`},
	{
		"backoffLimit by backoffLimitPerIndex", `{spec: {backoffLimitPerIndex: 1}}`,
		`{spec: {backoffLimitPerIndex: 1, backoffLimit: 2147483647}}`, `{spec: {backoffLimitPerIndex: 1, backoffLimit: 2}}`,
	},
	{"podReplacementPolicy by podFailurePolicy", `{spec: {}}`, `{spec: {podReplacementPolicy: TerminatingOrFailed}}`, `{spec: {podReplacementPolicy: Failed}}`},
	{
		"podReplacementPolicy by podFailurePolicy", `{spec: {podFailurePolicy: {rules: []}}}`,
		`{spec: {podFailurePolicy: {rules: []}, podReplacementPolicy: Failed}}`, `{spec: {podReplacementPolicy: TerminatingOrFailed}}`,
	},
	{
		"a Job, and no template of one", `{spec: {suspend: true}}`,
		`{spec: {parallelism: 1, completionMode: NonIndexed, suspend: true, manualSelector: false}}`,
		`{spec: {parallelism: 0, completionMode: Indexed, suspend: false, manualSelector: true}}`,
	},
	{
		"labels from a template", `{metadata: {name: a}, spec: {template: {metadata: {labels: {app: a}}}}}`,
		`{metadata: {name: a, labels: {app: a}}, spec: {template: {metadata: {labels: {app: a}}}}}`,
		`{metadata: {labels: {own: x}}, spec: {template: {metadata: {labels: {app: a}}}}}`,
	},
	{
		"selector from a template", `{spec: {template: {metadata: {labels: {app: a}}}}}`,
		`{spec: {selector: {app: a}, template: {metadata: {labels: {app: a}}}}}`, `{spec: {template: {}}}`,
	},
	{
		"target of an autoscaler without metrics", `{spec: {maxReplicas: 2}}`, `{spec: {maxReplicas: 2, targetCPUUtilizationPercentage: 80}}`,
		`{metadata: {annotations: {autoscaling.alpha.kubernetes.io/metrics: "[]"}}, spec: {maxReplicas: 2}}`,
	},
	{
		"scaling policies of a behavior", `{scaleDown: {policies: [{type: Pods, value: 1, periodSeconds: 60}]}}`,
		`{scaleUp: {stabilizationWindowSeconds: 0, policies: [{type: Pods, value: 4, periodSeconds: 15}, {type: Percent, value: 100, periodSeconds: 15}]},
		scaleDown: {policies: [{type: Pods, value: 1, periodSeconds: 60}]}}`,
		`{scaleUp: {stabilizationWindowSeconds: 1, policies: []}, scaleDown: {policies: []}}`,
	},

	{
		"session affinity's timeout", `{spec: {sessionAffinity: ClientIP}}`,
		`{spec: {sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 10800}}}}`,
		`{spec: {sessionAffinity: ClientIP, sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}}}`,
	},
	{
		"session affinity's timeout", `{spec: {sessionAffinityConfig: {clientIP: {timeoutSeconds: 60}}}}`, `{spec: {sessionAffinity: None}}`,
		`{spec: {sessionAffinity: None}}`,
	},
	{"targetPort from port", `{spec: {ports: [{port: 80}, {port: 81, targetPort: 0}]}}`, `{spec: {ports: [{port: 80, targetPort: 80}, {port: 81, targetPort: 81}]}}`, `{spec: {ports: [{port: 80, targetPort: web}]}}`},
	{
		"externalTrafficPolicy of what is reached from outside", `{spec: {type: NodePort}}`,
		`{spec: {type: NodePort, externalTrafficPolicy: Cluster}}`, `{spec: {type: ClusterIP}}`,
	},
	{
		"externalTrafficPolicy of what is reached from outside", `{spec: {externalIPs: [192.0.2.1]}}`,
		`{spec: {externalIPs: [192.0.2.1], externalTrafficPolicy: Cluster}}`, `{spec: {type: ExternalName, externalIPs: [192.0.2.1]}}`,
	},
	{
		"internalTrafficPolicy of what has an address", `{spec: {type: ClusterIP}}`, `{spec: {type: ClusterIP, internalTrafficPolicy: Cluster}}`,
		`{spec: {type: ExternalName}}`,
	},
	{
		"node ports of a LoadBalancer", `{spec: {type: LoadBalancer}}`, `{spec: {type: LoadBalancer, allocateLoadBalancerNodePorts: true}}`,
		`{spec: {type: NodePort}}`,
	},
	{
		"ipMode of a LoadBalancer's addresses", `{spec: {type: LoadBalancer}, status: {loadBalancer: {ingress: [{ip: 192.0.2.1}, {hostname: h}]}}}`,
		`{spec: {type: LoadBalancer}, status: {loadBalancer: {ingress: [{ip: 192.0.2.1, ipMode: VIP}, {hostname: h}]}}}`,
		`{spec: {type: NodePort}, status: {loadBalancer: {ingress: [{ip: 192.0.2.1}]}}}`,
	},
	{"stringData into data", `{data: {k: b2xk}, stringData: {k: hello, l: ""}}`, `{data: {k: aGVsbG8=, l: ""}}`, `{data: {k: b2xk}}`},
	{
		"a Namespace's name among its labels", `{metadata: {name: shop, labels: {kubernetes.io/metadata.name: other}}}`,
		`{metadata: {name: shop, labels: {kubernetes.io/metadata.name: shop}}}`, `{metadata: {generateName: s}}`,
	},
	{
		"limits and requests from bounds", `{type: Container, max: {cpu: "2", memory: 1Gi}, min: {cpu: 100m, pods: "1"}, default: {cpu: "1"}}`,
		`{type: Container, max: {cpu: "2", memory: 1Gi}, min: {cpu: 100m, pods: "1"}, default: {cpu: "1", memory: 1Gi}, defaultRequest: {cpu: "1", memory: 1Gi, pods: "1"}}`,
		`{type: Pod, max: {cpu: "2"}}`,
	},
	{"limits and requests from bounds", `{type: Container, maxLimitRequestRatio: {cpu: "2"}, default: {}}`, `{type: Container, maxLimitRequestRatio: {cpu: "2"}}`, `{type: Container}`},
	{"podCIDR and podCIDRs", `{podCIDR: 10.0.0.0/24}`, `{podCIDR: 10.0.0.0/24, podCIDRs: [10.0.0.0/24]}`, `{podCIDRs: [""]}`},
	{"podCIDR and podCIDRs", `{podCIDRs: [10.0.0.0/24]}`, `{podCIDR: 10.0.0.0/24, podCIDRs: [10.0.0.0/24]}`, `{unschedulable: true}`},
	{"allocatable from capacity", `{capacity: {cpu: "4"}}`, `{capacity: {cpu: "4"}, allocatable: {cpu: "4"}}`, `{capacity: {cpu: "4"}, allocatable: {cpu: "3"}}`},
	{"policyTypes by rules", `{egress: [{}]}`, `{egress: [{}], policyTypes: [Ingress, Egress]}`, `{egress: [{}], policyTypes: [Egress]}`},
	{"policyTypes by rules", `{egress: []}`, `{egress: [], policyTypes: [Ingress]}`, `{policyTypes: []}`},

	{"the group of users and groups", `{kind: User, name: u}`, `{kind: User, name: u, apiGroup: rbac.authorization.k8s.io}`, `{kind: ServiceAccount, name: s}`},
	{"count of an exact request", `{deviceClassName: c}`, `{deviceClassName: c, allocationMode: ExactCount, count: 1}`, `{allocationMode: All}`},
	{"count of a request that names a class", `{deviceClassName: c}`, `{deviceClassName: c, allocationMode: ExactCount, count: 1}`, `{firstAvailable: []}`},
	{
		"names of a definition from its kind", `{spec: {names: {kind: Foo, plural: foos}}}`,
		`{spec: {names: {kind: Foo, plural: foos, singular: foo, listKind: FooList}}}`, `{spec: {names: {kind: Foo, singular: one, listKind: Foos}}}`,
	},
	{
		"no empty webhook of a conversion", `{spec: {conversion: {strategy: None, webhook: {}}}}`, `{spec: {conversion: {strategy: None}}}`,
		`{spec: {conversion: {strategy: Webhook, webhook: {conversionReviewVersions: [v1]}}}}`,
	},
	{
		"storedVersions from the storage version", `{spec: {versions: [{name: v1}, {name: v2, storage: true}]}}`,
		`{spec: {versions: [{name: v1}, {name: v2, storage: true}]}, status: {storedVersions: [v2]}}`,
		`{spec: {versions: [{name: v2, storage: true}]}, status: {storedVersions: [v1]}}`,
	},
}

// Each rule alone does what its name says where its condition holds, once, and nothing elsewhere.
func TestConditions(t *testing.T) {
	tried := map[string]bool{}
	for _, c := range schema.Conditions() {
		t.Run(c.Name, func(t *testing.T) {
			for _, test := range conditionCases {
				if test.name != c.Name {
					continue
				}
				tried[c.Name] = true
				obj := parseYAML(t, test.with)
				c.Fill(obj)
				assert.Equal(t, parseYAML(t, test.want), obj, test.with)
				c.Fill(obj)
				assert.Equal(t, parseYAML(t, test.want), obj, "a second time: %s", test.with)
				obj = parseYAML(t, test.without)
				c.Fill(obj)
				assert.Equal(t, parseYAML(t, test.without), obj, "without the condition: %s", test.without)
			}
			assert.True(t, tried[c.Name], "a rule without a case")
		})
	}
	for _, test := range conditionCases {
		assert.True(t, tried[test.name], "a case of no rule: %s", test.name)
	}
}

// The rules name types that there are, and fields that generated defaults leave alone.
func TestConditionsNameWhatThereIs(t *testing.T) {
	for _, c := range schema.Conditions() {
		require.NotEmpty(t, c.Types, c.Name)
		for _, model := range c.Types {
			assert.NotNil(t, schema.DefaultsOf(model), "%s: %s", c.Name, model)
		}
		for _, field := range c.Decides {
			assert.True(t, schema.Undecided(field), "%s: %s", c.Name, field)
		}
	}
}

func parseYAML(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	require.NoError(t, utilyaml.Unmarshal([]byte(text), &out))
	return out
}
