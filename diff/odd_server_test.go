package diff_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/diff"
)

// odd are objects as people write them when they make mistakes, or as tools do that are not careful. Each is what follows the
// head of its kind.
var odd = map[string]struct {
	resource apischema.GroupVersionResource
	head     string
	// live is what is applied first, and desired what then is compared.
	live    []string
	desired []string
}{
	"deployment": {
		resource: apischema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"},
		head:     "apiVersion: apps/v1\nkind: Deployment\n",
		live: []string{
			deploymentWith(`replicas: 3`, `ports: [{containerPort: 80}, {containerPort: 80, protocol: UDP}], env: [{name: A, value: x}, {name: B}], resources: {limits: {cpu: 1000m, memory: 1Gi}}`),
		},
		desired: []string{
			deploymentWith(`replicas: 3`, `ports: [{containerPort: 80}, {containerPort: 80}]`),
			deploymentWith(`replicas: 3`, `ports: [{containerPort: 80}, {containerPort: 80, protocol: TCP}]`),
			deploymentWith(`replicas: 3`, `ports: [{containerPort: 80, protocol: TCP}, {protocol: UDP, containerPort: 80}]`),
			deploymentWith(`replicas: 3`, `ports: [{containerPort: 80, protocol: null}]`),
			deploymentWith(`replicas: 3`, `ports: [{name: x}]`),
			deploymentWith(`replicas: 3`, `ports: [{protocol: TCP}]`),
			deploymentWith(`replicas: 3`, `ports: [{}]`),
			deploymentWith(`replicas: 3`, `ports: [null]`),
			deploymentWith(`replicas: 3`, `ports: null`),
			deploymentWith(`replicas: 3`, `ports: []`),
			deploymentWith(`replicas: 3`, `ports: {}`),
			deploymentWith(`replicas: 3`, `env: [{name: A, value: x}, {name: A, value: "y"}]`),
			deploymentWith(`replicas: 3`, `env: [{name: A, value: x}, {name: A, value: x}]`),
			deploymentWith(`replicas: 3`, `env: [{name: A, value: null}, {name: B, value: ""}]`),
			deploymentWith(`replicas: 3`, `env: [{name: A, value: 1}]`),
			deploymentWith(`replicas: 3`, `env: [{name: A, value: true}]`),
			deploymentWith(`replicas: 3`, `env: [{value: x}]`),
			deploymentWith(`replicas: 3`, `env: [{name: null}]`),
			deploymentWith(`replicas: 3`, `env: [A]`),
			deploymentWith(`replicas: 3`, `command: [a, a, a], args: [null]`),
			deploymentWith(`replicas: 3`, `args: [1]`),
			deploymentWith(`replicas: 3`, `resources: {limits: {cpu: 1, memory: 1.0Gi}}`),
			deploymentWith(`replicas: 3`, `resources: {limits: {cpu: 1.0, memory: 1073741824}}`),
			deploymentWith(`replicas: 3`, `resources: {limits: {cpu: "1", memory: 1024Mi}}`),
			deploymentWith(`replicas: 3`, `resources: {limits: {cpu: 1e0, memory: 1e9}}`),
			deploymentWith(`replicas: 3`, `resources: {limits: {cpu: "1E3m", memory: "1e9"}}`),
			deploymentWith(`replicas: 3`, `resources: {limits: {cpu: 0.5, memory: 0.1}}`),
			deploymentWith(`replicas: 3`, `resources: {limits: {cpu: null}}`),
			deploymentWith(`replicas: 3`, `resources: {limits: {cpu: many}}`),
			deploymentWith(`replicas: 3`, `resources: null`),
			deploymentWith(`replicas: 3`, `resources: {limits: {}, requests: null}`),
			deploymentWith(`replicas: 3`, `securityContext: {runAsUser: 9007199254740993}`),
			deploymentWith(`replicas: 3`, `livenessProbe: {httpGet: {port: "80"}}`),
			deploymentWith(`replicas: 3`, `livenessProbe: {httpGet: {port: 80.0}}`),
			deploymentWith(`replicas: 3`, `livenessProbe: {httpGet: {port: null}}`),
			deploymentWith(`replicas: 3`, `volumeMounts: [{name: v, mountPath: /a}, {name: v, mountPath: /a}]`),
			deploymentWith(`replicas: 3.0`, ``),
			deploymentWith(`replicas: 3.5`, ``),
			deploymentWith(`replicas: 3e0`, ``),
			deploymentWith(`replicas: "3"`, ``),
			deploymentWith(`replicas: null`, ``),
			deploymentWith(`replicas: 0`, ``),
			deploymentWith(`replicas: 99999999999`, ``),
			deploymentWith(`replicas: -1`, ``),
			deploymentWith(`replcas: 3`, ``),
			deploymentWith(`replicas: 3, strategy: null`, ``),
			deploymentWith(`replicas: 3, strategy: {}`, ``),
			deploymentWith(`replicas: 3, strategy: {rollingUpdate: null}`, ``),
			deploymentWith(`replicas: 3, strategy: {rollingUpdate: {maxSurge: 25}}`, ``),
			deploymentWith(`replicas: 3, paused: "true"`, ``),
			deploymentWith(`replicas: 3, paused: null`, ``),
			"spec: null",
			"spec: {}",
			"spec: []",
			"status: {replicas: 9}",
			"status: {replicas: x}",
			"status: null",
		},
	},
	"service": {
		resource: apischema.GroupVersionResource{Version: "v1", Resource: "services"},
		head:     "apiVersion: v1\nkind: Service\n",
		live: []string{
			`spec: {selector: {a: b}, ports: [{name: a, port: 80}, {name: b, port: 80, protocol: UDP}, {name: c, port: 81, targetPort: x}]}`,
			`spec: {type: NodePort, ports: [{port: 80}]}`,
		},
		desired: []string{
			`spec: {selector: {a: b}, ports: [{name: a, port: 80}, {name: b, port: 80, protocol: UDP}, {name: c, port: 81, targetPort: x}]}`,
			`spec: {ports: [{name: a, port: 80}, {name: z, port: 80, protocol: TCP}]}`,
			`spec: {ports: [{name: z, port: 80}]}`,
			`spec: {ports: [{name: z, port: 80, protocol: UDP}, {name: a, port: 80, targetPort: 80}]}`,
			`spec: {ports: [{name: z, port: 80, targetPort: "80"}]}`,
			`spec: {ports: [{name: z}]}`,
			`spec: {ports: [{name: z, protocol: TCP}]}`,
			`spec: {ports: [{port: 80.0}]}`,
			`spec: {ports: [{port: "80"}]}`,
			`spec: {ports: [{port: 80, nodePort: 0}]}`,
			`spec: {ports: [{port: 80, nodePort: null}]}`,
			`spec: {ports: null}`,
			`spec: {ports: []}`,
			`spec: {selector: null}`,
			`spec: {selector: {a: null}}`,
			`spec: {clusterIP: null, clusterIPs: null, type: null, sessionAffinity: null}`,
			`spec: {clusterIP: ""}`,
			`spec: {clusterIPs: []}`,
			`spec: {externalIPs: [10.0.0.1, 10.0.0.1]}`,
			`spec: {loadBalancerSourceRanges: [10.0.0.0/8, 10.0.0.0/8]}`,
			`spec: {type: ClusterIP, ports: [{port: 80}]}`,
			`{status: {loadBalancer: {ingress: [{ip: 10.0.0.1}]}}}`,
		},
	},
	"configmap": {
		resource: apischema.GroupVersionResource{Version: "v1", Resource: "configmaps"},
		head:     "apiVersion: v1\nkind: ConfigMap\n",
		live: []string{
			`{data: {a: x, b: ""}, metadata: {labels: {a: b}, annotations: {n: m}, finalizers: [e.example/a, e.example/b], ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x, uid: u1}]}}`,
			`{binaryData: {a: AAEC}, metadata: {labels: {}}}`,
		},
		desired: []string{
			`{data: {a: x, b: ""}, metadata: {labels: {a: b}, annotations: {n: m}, finalizers: [e.example/a, e.example/b], ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x, uid: u1}]}}`,
			`{data: null}`, `{data: {}}`, `{data: []}`, `{data: {a: null}}`, `{data: {a: 1}}`, `{data: {a: 1.0}}`, `{data: {a: true}}`, `{data: {"": x}}`, `{data: {a: {b: c}}}`,
			`{binaryData: {a: "AAEC\n"}}`, `{binaryData: {a: "?"}}`, `{binaryData: {a: AAE}}`, `{binaryData: {a: null}}`, `{binaryData: {a: ""}}`,
			`{immutable: null}`, `{immutable: "true"}`, `{immutable: 1}`, `{immutable: false}`,
			`{unknown: x}`, `{metadata: {unknown: x}}`, `{status: {a: b}}`, `{spec: {}}`,
			`{metadata: {labels: null}}`, `{metadata: {labels: {}}}`, `{metadata: {labels: {a: null}}}`, `{metadata: {labels: {a: 1}}}`, `{metadata: {labels: []}}`,
			`{metadata: {annotations: null}}`, `{metadata: {annotations: {n: null}}}`, `{metadata: {annotations: {n: 5}}}`, `{metadata: {annotations: {n: {a: b}}}}`,
			`{metadata: {finalizers: null}}`, `{metadata: {finalizers: []}}`, `{metadata: {finalizers: [e.example/b, e.example/a]}}`, `{metadata: {finalizers: [e.example/a, e.example/a]}}`,
			`{metadata: {finalizers: [null]}}`, `{metadata: {finalizers: e.example/a}}`, `{metadata: {finalizers: [e.example/c]}}`,
			`{metadata: {ownerReferences: null}}`, `{metadata: {ownerReferences: []}}`,
			`{metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: "y", uid: u1}]}}`,
			`{metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x, uid: u1}, {apiVersion: v1, kind: ConfigMap, name: x, uid: u1}]}}`,
			`{metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x, uid: u1, controller: false}, {apiVersion: v1, kind: ConfigMap, name: z, uid: u2}]}}`,
			`{metadata: {ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x}]}}`,
			`{metadata: {ownerReferences: [{}]}}`,
			`{metadata: {generateName: x-}}`, `{metadata: {generateName: null}}`, `{metadata: {generateName: 5}}`,
			`{metadata: {creationTimestamp: null}}`, `{metadata: {creationTimestamp: "2026-01-01T00:00:00Z"}}`, `{metadata: {creationTimestamp: yesterday}}`,
			`{metadata: {deletionTimestamp: "2026-01-01T00:00:00Z"}}`, `{metadata: {generation: 7}}`, `{metadata: {selfLink: /x}}`, `{metadata: {deletionGracePeriodSeconds: 5}}`,
			`{metadata: {managedFields: []}}`, `{metadata: {managedFields: null}}`, `{metadata: {managedFields: [{manager: x, operation: Apply, apiVersion: v1}]}}`,
			`{metadata: {uid: null, resourceVersion: null}}`, `{metadata: {resourceVersion: ""}}`,
		},
	},
	"secret": {
		resource: apischema.GroupVersionResource{Version: "v1", Resource: "secrets"},
		head:     "apiVersion: v1\nkind: Secret\n",
		live:     []string{`{data: {a: c2VjcmV0LW9uZQ==}}`},
		desired: []string{
			`{data: {a: c2VjcmV0LW9uZQ==}}`, `{stringData: {a: secret-one}}`, `{stringData: {a: secret-two}}`, `{stringData: {a: null}}`, `{stringData: null, data: null}`,
			`{stringData: {a: 1}}`, `{data: {a: "not base64"}}`, `{data: {a: null}}`, `{data: {a: ""}}`, `{data: {a: "c2VjcmV0\nLW9uZQ=="}}`, `{type: null}`, `{type: ""}`, `{data: {a: c2VjcmV0LW9uZQ==}, stringData: {a: other-secret}}`,
		},
	},
	"lease": {
		resource: apischema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"},
		head:     "apiVersion: coordination.k8s.io/v1\nkind: Lease\n",
		live:     []string{`spec: {holderIdentity: a, renewTime: "2026-01-01T00:00:00.000000Z", leaseTransitions: 2}`},
		desired: []string{
			`spec: {renewTime: "2026-01-01T01:00:00.000000+01:00"}`, `spec: {renewTime: "2026-01-01T00:00:00Z"}`, `spec: {renewTime: now}`, `spec: {renewTime: ""}`, `spec: {renewTime: null}`, `spec: {renewTime: 5}`,
			`spec: {renewTime: "2026-01-01T00:00:00.5Z"}`, `spec: {leaseTransitions: 4294967298}`, `spec: {leaseTransitions: 2.0}`, `spec: {leaseTransitions: 1e1}`, `spec: {leaseTransitions: 1e30}`, `spec: {leaseTransitions: 2147483648.5}`, `spec: {holderIdentity: ""}`, `spec: {strategy: null}`,
		},
	},
	"statefulset": {
		resource: apischema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "statefulsets"},
		head:     "apiVersion: apps/v1\nkind: StatefulSet\n",
		live:     []string{statefulSetWith(`updateStrategy: {rollingUpdate: {partition: 1}}`, `storage: 1Gi`)},
		desired: []string{
			statefulSetWith(`updateStrategy: {rollingUpdate: {partition: 1}}`, `storage: 1024Mi`), statefulSetWith(`updateStrategy: {rollingUpdate: {partition: 1}}`, `storage: 1073741824`), statefulSetWith(`updateStrategy: {rollingUpdate: null}`, `storage: 1Gi`),
			statefulSetWith(`updateStrategy: {}`, `storage: 1Gi`), statefulSetWith(`updateStrategy: null`, `storage: 1Gi`), statefulSetWith(`podManagementPolicy: ""`, `storage: 1Gi`), statefulSetWith(`podManagementPolicy: null`, `storage: 2Gi`), statefulSetWith(`minReadySeconds: 0.0`, `storage: 1.5Gi`), statefulSetWith(`ordinals: {}`, `storage: ""`),
		},
	},
	"ingress": {
		resource: apischema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"},
		head:     "apiVersion: networking.k8s.io/v1\nkind: Ingress\n",
		live:     []string{`spec: {defaultBackend: {service: {name: d, port: {number: 80}}}, tls: [{hosts: [a.example, b.example]}], rules: [{host: a.example}, {host: a.example}]}`},
		desired: []string{
			`spec: {defaultBackend: {service: {name: d, port: {number: 80}}}, tls: [{hosts: [a.example, b.example]}], rules: [{host: a.example}, {host: a.example}]}`,
			`spec: {defaultBackend: {service: {name: d, port: {number: 80.0, name: ""}}}, tls: [{hosts: [b.example, a.example]}], rules: [{host: a.example}]}`,
			`spec: {defaultBackend: {service: {name: d, port: {number: null, name: web}}}, tls: [], rules: null}`, `spec: {defaultBackend: {service: {name: d, port: {number: "80"}}}}`, `spec: {rules: [{host: null, http: null}]}`, `spec: {rules: [{}]}`,
		},
	},
	"pvc": {
		resource: apischema.GroupVersionResource{Version: "v1", Resource: "persistentvolumeclaims"},
		head:     "apiVersion: v1\nkind: PersistentVolumeClaim\n",
		live:     []string{`spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}`},
		desired: []string{
			`spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1024Mi}}}`, `spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1073741824}}}`, `spec: {accessModes: [ReadWriteOnce, ReadWriteOnce], resources: {requests: {storage: 1.0Gi}}}`,
			`spec: {accessModes: [ReadWriteOnce], storageClassName: null, volumeMode: null, resources: {requests: {storage: 1048576Ki}, limits: null}}`, `spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1 Gi}}}`, `spec: {accessModes: [ReadWriteOnce], storageClassName: "", resources: {requests: {storage: 1Gi}}}`,
		},
	},
	"pdb": {
		resource: apischema.GroupVersionResource{Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"},
		head:     "apiVersion: policy/v1\nkind: PodDisruptionBudget\n",
		live:     []string{`spec: {minAvailable: 1, selector: {matchLabels: {a: b}}}`, `spec: {maxUnavailable: 50%}`},
		desired: []string{
			`spec: {minAvailable: 1.0, selector: {matchLabels: {a: b}}}`, `spec: {minAvailable: "1", selector: {matchLabels: {a: b}}}`, `spec: {minAvailable: 1.5}`, `spec: {minAvailable: null}`, `spec: {maxUnavailable: 50%, selector: null}`, `spec: {maxUnavailable: 50%, selector: {}}`,
			`spec: {minAvailable: true}`, `spec: {minAvailable: 99999999999}`, `spec: {maxUnavailable: 50%, selector: {matchLabels: null, matchExpressions: []}}`, `{status: {disruptionsAllowed: 1}}`,
		},
	},
	"networkpolicy": {
		resource: apischema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"},
		head:     "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n",
		live:     []string{`spec: {podSelector: {}, ingress: [{ports: [{port: 80}, {port: 80}]}]}`},
		desired: []string{
			`spec: {podSelector: {}, ingress: [{ports: [{port: 80}, {port: 80}]}]}`, `spec: {podSelector: null, ingress: null}`, `spec: {podSelector: {}, ingress: []}`, `spec: {podSelector: {}, ingress: [{}]}`, `spec: {podSelector: {}, ingress: [null]}`, `spec: {podSelector: {}, policyTypes: [Ingress, Ingress], egress: []}`, `spec: {ingress: [{from: null, ports: []}]}`,
		},
	},
	"role": {
		resource: apischema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "roles"},
		head:     "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\n",
		live:     []string{`rules: [{apiGroups: [""], resources: [pods, pods], verbs: [get]}, {apiGroups: [""], resources: [pods, pods], verbs: [get]}]`},
		desired: []string{
			`rules: [{apiGroups: [""], resources: [pods, pods], verbs: [get]}, {apiGroups: [""], resources: [pods, pods], verbs: [get]}]`,
			`rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]`, `rules: null`, `rules: []`, `rules: {}`, `rules: [null]`, `rules: [{apiGroups: [null], resources: [pods], verbs: [get]}]`,
			`rules: [{apiGroups: [""], resources: [pods], verbs: [get], resourceNames: null}]`, `rules: [{apiGroups: [""], resources: [pods], verbs: [get], resourceNames: []}]`,
			`rules: [{apiGroups: [""], resources: [pods], verbs: [get], unknown: x}]`,
		},
	},
}

// deploymentWith is a Deployment with fields of its specification and of its container.
func deploymentWith(spec, container string) string {
	return "spec: {" + spec + ", selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}}, spec: {containers: [{name: c, image: nginx, " + container + "}]}}}"
}

// statefulSetWith is a StatefulSet with fields of its specification and a request of storage.
func statefulSetWith(spec, storage string) string {
	return "spec: {" + spec + ", serviceName: x, selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}}, spec: {containers: [{name: c, image: nginx}]}}, volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {" + storage + "}}}}]}"
}

// What is odd in a desired object is treated as the server treats it: refused by both, or predicted.
func TestOddObjectsEqualTheServersDryRun(t *testing.T) {
	s := newCustomServer(t)
	c := diff.New(us, nil, nil)
	tally := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(odd)) {
		row := odd[name]
		client := s.client.Resource(row.resource).Namespace(s.namespace)
		for i, live := range row.live {
			for _, writer := range []string{us, "helm", "editor"} {
				object := fmt.Sprintf("%s-%d-%s", name, i, writer)
				first := oddObject(t, row.head+live, object, s.namespace)
				var err error
				if writer == "editor" {
					_, err = client.Create(t.Context(), &unstructured.Unstructured{Object: first}, metav1.CreateOptions{FieldManager: writer})
				} else {
					_, err = applyText(t.Context(), client, object, first, writer, true, false)
				}
				require.NoError(t, err, live)
				stored, err := client.Get(t.Context(), object, metav1.GetOptions{})
				require.NoError(t, err)
				namespace := s.namespace
				if writer == "helm" {
					namespace = "" // The server knows it from the request.
				}
				for _, desired := range row.desired {
					fault := s.judgeOdd(t.Context(), c, row.resource, oddObject(t, row.head+desired, object, namespace), stored, tally)
					assert.NoError(t, fault, "%s over %s by %s", desired, live, writer)
				}
			}
		}
	}
	t.Logf("%v", tally)
	assert.Zero(t, tally["Unsure"])
}

// oddObject reads a manifest and gives it a name.
func oddObject(t *testing.T, manifest, name, namespace string) o {
	t.Helper()
	var obj o
	if i := strings.Index(manifest, "\n{"); i > 0 { // The rest is in flow style.
		manifest = "{" + strings.ReplaceAll(strings.TrimSpace(manifest[:i]), "\n", ", ") + ", " + manifest[i+2:]
	}
	data, err := yaml.YAMLToJSON([]byte(manifest))
	require.NoError(t, err, manifest)
	obj = decoded(data).Object
	metadata, ok := obj["metadata"].(o)
	if !ok {
		metadata = o{}
		obj["metadata"] = metadata
	}
	metadata["name"] = name
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	return obj
}

type patcher interface {
	Patch(ctx context.Context, name string, pt types.PatchType, data []byte, options metav1.PatchOptions, subresources ...string) (*unstructured.Unstructured, error)
}

func applyText(ctx context.Context, client patcher, name string, obj o, manager string, force, dry bool) (*unstructured.Unstructured, error) {
	data, err := json.Marshal(obj)
	if err != nil {
		return nil, err
	}
	options := metav1.PatchOptions{FieldManager: manager, Force: &force}
	if dry {
		options.DryRun = []string{"All"}
	}
	return client.Patch(ctx, name, types.ApplyPatchType, data, options)
}

func (s *customServer) judgeOdd(ctx context.Context, c *diff.Comparer, resource apischema.GroupVersionResource, desired o, live *unstructured.Unstructured, tally map[string]int) error {
	client := s.client.Resource(resource).Namespace(s.namespace)
	out, err := compareOnce(c, &unstructured.Unstructured{Object: desired}, live)
	sent := desired
	if d, err := c.Prepare(&unstructured.Unstructured{Object: desired}); err == nil {
		sent = d.Object().Object
	}
	forced, refusal := applyText(ctx, client, live.GetName(), sent, us, true, true)
	if refusal != nil {
		how := refusalOf(refusal)
		tally["refused: "+how]++
		if err != nil {
			tally["errors"]++
			return nil
		}
		if how != "invalid" && out.Verdict != diff.Unsure || out.Verdict == diff.Same || out.Verdict == diff.Adopt {
			return fmt.Errorf("%s, the server refuses it: %w", out.Verdict, refusal)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("an error where the server accepts: %w", err)
	}
	tally[string(out.Verdict)]++
	_, unforced := applyText(ctx, client, live.GetName(), sent, us, false, true)
	return verify(out, s.set.Kinds(live.GroupVersionKind())[0], live, forced, unforced, us)
}
