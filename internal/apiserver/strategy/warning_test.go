package strategy_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// heard are the warnings of a client's requests.
type heard struct {
	mu   sync.Mutex
	list []string
}

func (h *heard) HandleWarningHeader(_ int, _, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, text)
}

func (h *heard) take() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := h.list
	h.list = nil
	slices.Sort(out)
	return out
}

// warned are objects with something that kube-apiserver warns of: one for each warning in pkg/api/*/warnings.go and util.go and in
// the strategies of the forty kinds. The first word is the resource.
var warned = []string{
	podLine("nodeSelector: {beta.kubernetes.io/arch: amd64},"), podLine("nodeSelector: {node-role.kubernetes.io/master: x},"),
	podLine("affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: failure-domain.beta.kubernetes.io/zone, operator: Exists}]}]}}},"),
	podLine("affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: {matchExpressions: [{key: a, operator: In, values: [-x-]}]}}]}},"),
	podLine("topologySpreadConstraints: [{maxSkew: 1, topologyKey: beta.kubernetes.io/os, whenUnsatisfiable: DoNotSchedule}],"),
	podLine("volumes: [{name: v, photonPersistentDisk: {pdID: p}}, {name: g, gitRepo: {repository: r}}, {name: s, scaleIO: {gateway: g, system: s, secretRef: {name: s}, volumeName: v}}],"),
	podLine("volumes: [{name: f, flocker: {datasetName: d}}, {name: s, storageos: {volumeName: v}}, {name: q, quobyte: {registry: 'a:1', volume: v}}, {name: g, glusterfs: {endpoints: e, path: p}}],"),
	podLine("volumes: [{name: c, cephfs: {monitors: [m]}}, {name: r, rbd: {monitors: [m], image: i}}],"),
	podLine("volumes: [{name: e, ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1500m}, limits: {storage: 2500m}}}}}}],"),
	podLine("volumes: [{name: c, configMap: {name: c, items: [{key: a, path: x}, {key: b, path: x/y}]}}, {name: s, secret: {secretName: s, items: [{key: a, path: x}, {key: b, path: x/}]}}],"),
	podLine("volumes: [{name: d, downwardAPI: {items: [{path: x, fieldRef: {fieldPath: metadata.name}}, {path: x/z, fieldRef: {fieldPath: metadata.name}}]}}],"),
	podLine("serviceAccountName: default, volumes: [{name: p, projected: {sources: [{configMap: {name: c, items: [{key: a, path: x}]}}, {secret: {name: s, items: [{key: a, path: x/y}]}}, {serviceAccountToken: {path: x/t}}, " +
		"{clusterTrustBundle: {name: b, path: x/b}}, {downwardAPI: {items: [{path: x/d, fieldRef: {fieldPath: metadata.name}}]}}, {}]}}],"),
	podLine("hostAliases: [{ip: 10.0.0.1}, {ip: 10.0.0.1}],"), podLine("imagePullSecrets: [{name: a}, {name: a}],"), podLine("imagePullSecrets: [{name: ''}],"),
	podLine("overhead: {memory: 100m, ephemeral-storage: 200m}, runtimeClassName: RUNTIME,"),
	podLine("initContainers: [{name: i, image: i, resources: {limits: {memory: 1500m, ephemeral-storage: 1500m}, requests: {memory: 100m}}}],"),
	podLine("initContainers: [{name: i, image: i, env: [{name: A, value: a}, {name: A, value: b}, {name: A, value: $(A)c}, {name: A, value: $(A)}, {name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]}],"),
	podLine("initContainers: [{name: i, image: i, ports: [{containerPort: 80, hostIP: 10.0.0.1, name: a}, {containerPort: 80, name: b, hostPort: 81}, {containerPort: 80, hostPort: 81, hostIP: 10.0.0.1}]}, " +
		"{name: j, image: i, ports: [{containerPort: 90, name: a}, {containerPort: 90}]}],"),
	podLine("affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: z}], preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: z}}]}},"),
	podLine("affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: z}], preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, podAffinityTerm: {topologyKey: z}}]}},"),
	podLine("dnsConfig: {nameservers: ['2001:DB8::1']}, hostAliases: [{ip: '2001:db8:0::2'}],"),
	"v1 pods {apiVersion: v1, kind: Pod, metadata: {name: a.b.NAME}, spec: {containers: [{name: c, image: i}]}}",
	"v1 pods {apiVersion: v1, kind: Pod, metadata: {name: NAME, annotations: {scheduler.alpha.kubernetes.io/critical-pod: '', security.alpha.kubernetes.io/sysctls: '', " +
		"seccomp.security.alpha.kubernetes.io/pod: unconfined, container.seccomp.security.alpha.kubernetes.io/c: unconfined}}, spec: {containers: [{name: c, image: i}]}}",
	"apps/v1 deployments {apiVersion: apps/v1, kind: Deployment, metadata: {name: a.NAME}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}, annotations: {" +
		"container.apparmor.security.beta.kubernetes.io/c: runtime/default, container.apparmor.security.beta.kubernetes.io/d: localhost/x}}, spec: {terminationGracePeriodSeconds: -1, " +
		"securityContext: {appArmorProfile: {type: RuntimeDefault}}, imagePullSecrets: [{name: ''}], containers: [{name: c, image: i}, {name: d, image: i, securityContext: {appArmorProfile: {type: Localhost, localhostProfile: x}}}]}}}}",
	"apps/v1 replicasets {apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: a.NAME}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {imagePullSecrets: [{name: ''}], containers: [{name: c, image: i}]}}}}",
	"apps/v1 daemonsets {apiVersion: apps/v1, kind: DaemonSet, metadata: {name: a.NAME}, spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {imagePullSecrets: [{name: ''}], containers: [{name: c, image: i}]}}}}",
	"apps/v1 statefulsets {apiVersion: apps/v1, kind: StatefulSet, metadata: {name: NAME}, spec: {revisionHistoryLimit: -1, selector: {matchLabels: {a: b}}, serviceName: s, template: {metadata: {labels: {a: b}}, spec: {imagePullSecrets: [{name: ''}], containers: [{name: c, image: i}]}}, " +
		"volumeClaimTemplates: [{metadata: {name: d}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1500m}}}}]}}",
	"v1 replicationcontrollers {apiVersion: v1, kind: ReplicationController, metadata: {name: a.NAME}, spec: {selector: {a: b}, template: {metadata: {labels: {a: b}}, spec: {imagePullSecrets: [{name: ''}], containers: [{name: c, image: i}]}}}}",
	"v1 podtemplates {apiVersion: v1, kind: PodTemplate, metadata: {name: NAME}, template: {metadata: {labels: {a: b}}, spec: {imagePullSecrets: [{name: ''}], containers: [{name: c, image: i}]}}}",
	"batch/v1 jobs {apiVersion: batch/v1, kind: Job, metadata: {name: a.NAME}, spec: {template: {spec: {restartPolicy: Never, imagePullSecrets: [{name: ''}], containers: [{name: c, image: i}]}}}}",
	"batch/v1 jobs {apiVersion: batch/v1, kind: Job, metadata: {name: NAME}, spec: {completionMode: Indexed, completions: 100001, parallelism: 10001, template: {spec: {restartPolicy: Never, containers: [{name: c, image: i}]}}}}",
	"batch/v1 cronjobs {apiVersion: batch/v1, kind: CronJob, metadata: {name: a.NAME}, spec: {schedule: '@daily', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, imagePullSecrets: [{name: ''}], containers: [{name: c, image: i}]}}}}}}",
	"v1 services {apiVersion: v1, kind: Service, metadata: {name: NAME, annotations: {service.kubernetes.io/topology-aware-hints: Auto}}, spec: {ports: [{port: 80}], externalIPs: ['2001:DB8::1'], externalName: a.b, trafficDistribution: PreferClose}}",
	"v1 services {apiVersion: v1, kind: Service, metadata: {name: NAME}, spec: {clusterIP: None, ports: [{port: 80}], externalIPs: [10.0.0.1], loadBalancerIP: 10.0.0.2, sessionAffinity: ClientIP}}",
	"v1 services {apiVersion: v1, kind: Service, metadata: {name: NAME}, spec: {type: ExternalName, externalName: a.b, externalIPs: [10.0.0.1]}}",
	"v1 services {apiVersion: v1, kind: Service, metadata: {name: NAME}, spec: {type: LoadBalancer, ports: [{port: 80}], loadBalancerIP: '2001:DB8::1', loadBalancerSourceRanges: [10.0.0.0/8, '2001:DB8::/32']}}",
	"v1 persistentvolumeclaims {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: NAME, annotations: {volume.beta.kubernetes.io/storage-class: x}}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1500m}, limits: {storage: 2500m}}}}",
	"v1 secrets {apiVersion: v1, kind: Secret, metadata: {name: NAME}, type: kubernetes.io/tls, data: {tls.crt: eA==, tls.key: eA==}}",
	"v1 serviceaccounts {apiVersion: v1, kind: ServiceAccount, metadata: {name: NAME, annotations: {kubernetes.io/enforce-mountable-secrets: 'true'}}}",
	"v1 resourcequotas {apiVersion: v1, kind: ResourceQuota, metadata: {name: NAME}, spec: {hard: {cpu: 2, limits.cpu: 1, requests.memory: 2Gi, limits.memory: 1Gi, requests.ephemeral-storage: 2, limits.ephemeral-storage: 1}}}",
	"v1 endpoints {apiVersion: v1, kind: Endpoints, metadata: {name: NAME}, subsets: [{addresses: [{ip: '2001:DB8::1'}], notReadyAddresses: [{ip: '2001:db8:0::2'}]}]}",
	"discovery.k8s.io/v1 endpointslices {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: NAME}, addressType: FQDN, endpoints: [{addresses: [a.example.com]}]}",
	"networking.k8s.io/v1 networkpolicies {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: NAME}, spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: '2001:DB8::/32', except: ['2001:DB8:1::/48']}}]}], egress: [{to: [{ipBlock: {cidr: '2001:DB8::/32'}}]}]}}",
	"networking.k8s.io/v1 ingresses {apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: NAME, annotations: {kubernetes.io/ingress.class: x}}, spec: {defaultBackend: {service: {name: s, port: {number: 80}}}}}",
	"v1 persistentvolumes {apiVersion: v1, kind: PersistentVolume, metadata: {name: NAME, annotations: {volume.beta.kubernetes.io/storage-class: x, volume.beta.kubernetes.io/mount-options: x}}, spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, nfs: {server: s, path: /x}, " +
		"persistentVolumeReclaimPolicy: Recycle, nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: beta.kubernetes.io/os, operator: Exists}]}]}}}}",
	"v1 persistentvolumes {apiVersion: v1, kind: PersistentVolume, metadata: {name: NAME}, spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, cephfs: {monitors: [m]}}}",
	"v1 persistentvolumes {apiVersion: v1, kind: PersistentVolume, metadata: {name: NAME}, spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, photonPersistentDisk: {pdID: x}}}",
	"v1 persistentvolumes {apiVersion: v1, kind: PersistentVolume, metadata: {name: NAME}, spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, scaleIO: {gateway: g, system: s, secretRef: {name: s, namespace: nn}, volumeName: v}}}",
	"v1 persistentvolumes {apiVersion: v1, kind: PersistentVolume, metadata: {name: NAME}, spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, storageos: {volumeName: v}}}",
	"v1 persistentvolumes {apiVersion: v1, kind: PersistentVolume, metadata: {name: NAME}, spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, glusterfs: {endpoints: e, path: p}}}",
	"v1 persistentvolumes {apiVersion: v1, kind: PersistentVolume, metadata: {name: NAME}, spec: {accessModes: [ReadWriteOnce], capacity: {storage: 1Gi}, rbd: {monitors: [m], image: i}}}",
	"storage.k8s.io/v1 storageclasses {apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: NAME}, provisioner: x, allowedTopologies: [{matchLabelExpressions: [{key: beta.kubernetes.io/arch, values: [a]}]}]}",
	"storage.k8s.io/v1 csidrivers {apiVersion: storage.k8s.io/v1, kind: CSIDriver, metadata: {name: NAME}, spec: {tokenRequests: [{audience: a}]}}",
}

func podLine(spec string) string {
	return "v1 pods {apiVersion: v1, kind: Pod, metadata: {name: NAME}, spec: {" + spec + " containers: [{name: c, image: i}]}}"
}

// Who writes an object is warned of what kube-apiserver warns of, in its words; and when the object changes as well.
func TestWarnings(t *testing.T) {
	cluster := kubetest.Shared(t, nil)
	server, err := memory.New(nil)
	require.NoError(t, err)
	defer server.Close()
	namespace := kubetest.Namespace(t, cluster.Config())
	namespaces := apischema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	_, err = dynamicOf(t, server.Config()).Resource(namespaces).Create(t.Context(), manifestOf(t, "{apiVersion: v1, kind: Namespace, metadata: {name: "+namespace+"}}"), metav1.CreateOptions{})
	require.NoError(t, err)
	silent := 0
	for i, line := range warned {
		version, what, _ := strings.Cut(line, " ")
		resource, manifest, _ := strings.Cut(what, " ")
		gv, err := apischema.ParseGroupVersion(version)
		require.NoError(t, err)
		var told [2][]string
		for j, config := range []*rest.Config{cluster.Config(), server.Config()} {
			h := &heard{}
			config = rest.CopyConfig(config)
			config.WarningHandler = h
			client := dynamicOf(t, config)
			class := manifestOf(t, "{apiVersion: node.k8s.io/v1, kind: RuntimeClass, metadata: {name: r-"+namespace+"}, handler: x, overhead: {podFixed: {memory: 100m, ephemeral-storage: 200m}}}")
			_, _ = client.Resource(apischema.GroupVersionResource{Group: "node.k8s.io", Version: "v1", Resource: "runtimeclasses"}).Create(t.Context(), class, metav1.CreateOptions{})
			h.take()
			obj := manifestOf(t, strings.NewReplacer("NAME", fmt.Sprint("w", i, "-", namespace), "RUNTIME", "r-"+namespace).Replace(manifest))
			end := client.Resource(gv.WithResource(resource))
			write := end.Namespace(namespace)
			if slices.Contains([]string{"persistentvolumes", "storageclasses", "csidrivers"}, resource) {
				write = end.Namespace("")
			}
			_, err := write.Create(t.Context(), obj, metav1.CreateOptions{})
			assert.NoError(t, err, "%d: %s", j, manifest)
			told[j] = append(told[j], h.take()...)
			_, err = write.Patch(t.Context(), obj.GetName(), "application/merge-patch+json", []byte(`{"metadata":{"labels":{"x":"y"}}}`), metav1.PatchOptions{})
			assert.NoError(t, err, "%d: %s", j, manifest)
			told[j] = append(append(told[j], "then"), h.take()...)
		}
		assert.Equal(t, told[0], told[1], manifest)
		if len(told[0]) == 1 {
			silent++
			t.Log("no warning of", manifest)
		}
	}
	assert.Zero(t, silent, "each object is warned of")
}

func manifestOf(t *testing.T, manifest string) *unstructured.Unstructured {
	t.Helper()
	var out unstructured.Unstructured
	require.NoError(t, yaml.Unmarshal([]byte(manifest), &out.Object), manifest)
	return &out
}
