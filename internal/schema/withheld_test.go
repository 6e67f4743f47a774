package schema_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/schema"
)

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(text), &out))
	return out
}

func kindOf(t *testing.T, group, kind string) *schema.Kind {
	t.Helper()
	kinds := schema.New(nil).Kinds(apischema.GroupVersionKind{Group: group, Version: "v1", Kind: kind})
	require.Len(t, kinds, 1)
	return kinds[0]
}

// A field of a feature that is off goes with a note, unless the object had one before.
func TestWithhold(t *testing.T) {
	for _, test := range []struct{ name, group, kind, before, stored, want, notes string }{
		{
			"a new object", "", "Pod", "",
			`{spec: {containers: [{name: c, livenessProbe: {httpGet: {port: 1, protocol: H2C}}}]}}`,
			`{spec: {containers: [{name: c, livenessProbe: {httpGet: {port: 1}}}]}}`, ".spec.containers[0].livenessProbe.httpGet.protocol",
		},
		{
			"another field of the feature was there", "", "Pod",
			`{spec: {volumes: [{name: v, secret: {defaultUser: 1}}]}}`, `{spec: {volumes: [{name: v, configMap: {defaultUser: 2}}]}}`,
			`{spec: {volumes: [{name: v, configMap: {defaultUser: 2}}]}}`, "",
		},
		{
			"kept apart", "coordination.k8s.io", "Lease", `{spec: {strategy: a}}`, `{spec: {strategy: b, preferredHolder: h}}`,
			`{spec: {strategy: b}}`, ".spec.preferredHolder",
		},
		{
			"a structure that held nothing else", "apps", "Deployment", `{}`,
			`{spec: {template: {spec: {containers: [{name: c, lifecycle: {stopSignal: SIGTERM}}]}}}}`,
			`{spec: {template: {spec: {containers: [{name: c}]}}}}`, ".spec.template.spec.containers[0].lifecycle.stopSignal",
		},
		{
			"a source elsewhere", "", "PersistentVolumeClaim", `{}`, `{spec: {dataSourceRef: {kind: K, name: n, namespace: m}}}`, `{spec: {}}`,
			".spec.dataSourceRef",
		},
		{
			"a source nearby", "", "PersistentVolumeClaim", `{}`, `{spec: {dataSourceRef: {kind: K, name: n}}}`, `{spec: {dataSourceRef: {kind: K, name: n}}}`, "",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			var before map[string]any
			if test.before != "" {
				before = object(t, test.before)
			}
			stored := object(t, test.stored)
			var notes []string
			for _, n := range kindOf(t, test.group, test.kind).Withhold(before, stored) {
				notes = append(notes, n.Path)
				assert.Contains(t, n.Message, "off by default")
			}
			assert.Equal(t, object(t, test.want), stored)
			assert.Equal(t, test.notes, strings.Join(notes, " "))
		})
	}
}

// What a server does to an object in the place of another.
func TestUpdate(t *testing.T) {
	for _, test := range []struct{ name, group, kind, before, stored, want string }{
		{"names of secrets", "", "ServiceAccount", `{}`, `{secrets: [{name: a, kind: Secret}]}`, `{secrets: [{name: a}]}`},
		{
			"an old topology", "discovery.k8s.io", "EndpointSlice", `{endpoints: []}`, `{endpoints: [{addresses: [a], deprecatedTopology: {a: b}}]}`,
			`{endpoints: [{addresses: [a]}]}`,
		},
		{
			"a node's name in an old topology", "discovery.k8s.io", "EndpointSlice",
			`{endpoints: [{addresses: [a], deprecatedTopology: {kubernetes.io/hostname: node}}]}`,
			`{endpoints: [{addresses: [b], deprecatedTopology: {kubernetes.io/hostname: node}}]}`, `{endpoints: [{addresses: [b], nodeName: node}]}`,
		},
		{
			"a source of another kind", "", "PersistentVolumeClaim", `{spec: {}}`, `{spec: {dataSource: {kind: K, name: n}}}`, `{spec: {}}`,
		},
		{
			"a source in both forms", "", "PersistentVolumeClaim", `{spec: {}}`, `{spec: {dataSourceRef: {kind: K, name: n}}}`,
			`{spec: {dataSource: {kind: K, name: n}, dataSourceRef: {kind: K, name: n}}}`,
		},
		{
			"tolerations that were added", "", "Pod",
			`{spec: {tolerations: [{key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 300}]}}`,
			`{spec: {tolerations: [{key: a}]}}`,
			`{spec: {tolerations: [{key: a}, {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 300}]}}`,
		},
		{
			"a pod's own resources", "", "Pod", `{spec: {resources: {limits: {cpu: "1"}}}}`, `{spec: {hostname: h}}`,
			`{spec: {hostname: h, resources: {limits: {cpu: "1"}}}}`,
		},
		{
			"the families of an address", "", "Service", `{spec: {type: ClusterIP, clusterIP: 10.0.0.1, ipFamilies: [IPv4], ipFamilyPolicy: SingleStack}}`,
			`{spec: {type: ClusterIP, clusterIP: 10.0.0.1}}`, `{spec: {type: ClusterIP, clusterIP: 10.0.0.1, ipFamilies: [IPv4], ipFamilyPolicy: SingleStack}}`,
		},
		{
			"what an ExternalName does not show", "", "Service", `{spec: {type: ClusterIP}}`, `{spec: {type: ExternalName, internalTrafficPolicy: Local}}`,
			`{spec: {type: ExternalName}}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			stored := object(t, test.stored)
			kindOf(t, test.group, test.kind).Update(object(t, test.before), stored)
			assert.Equal(t, object(t, test.want), stored)
		})
	}
}

// What an empty object shows too has been written by nobody.
func TestWritten(t *testing.T) {
	policy := kindOf(t, "networking.k8s.io", "NetworkPolicy")
	assert.Equal(t, object(t, `{metadata: {name: x}, spec: {policyTypes: [Ingress]}}`),
		policy.Written(object(t, `{metadata: {name: x, creationTimestamp: null}, spec: {podSelector: {}, policyTypes: [Ingress]}}`)))
	assert.Equal(t, object(t, `{spec: {podSelector: {matchLabels: {a: b}}}}`), policy.Written(object(t, `{spec: {podSelector: {matchLabels: {a: b}}}}`)))
}
