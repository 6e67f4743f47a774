package diff_test

import (
	"math/rand/v2"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// family generates random valid objects of one kind: a base that every object has, and fields that each object has or has
// not, with one of some values.
type family struct {
	resource schema.GroupVersionResource
	base     map[string]any
	options  []option
	// versions are the others that the history of an object is written in.
	versions []string
	// clusterWide says that objects have no namespace.
	clusterWide bool
}

// option changes an object at random.
type option func(r *rand.Rand, obj map[string]any)

func (f family) object(r *rand.Rand, name string) *unstructured.Unstructured {
	obj := runtime.DeepCopyJSON(f.base)
	density := 0.15 + 0.6*r.Float64()
	for _, o := range f.options {
		if r.Float64() < density {
			o(r, obj)
		}
	}
	u := &unstructured.Unstructured{Object: obj}
	u.SetName(name)
	return u
}

// one sets a path to one of the values. A number in the path is an index into a list of the base.
func one(path string, values ...any) option {
	return func(r *rand.Rand, obj map[string]any) {
		put(obj, path, runtime.DeepCopyJSONValue(values[r.IntN(len(values))]))
	}
}

// some sets a path to a list of some of the items, in any order.
func some(path string, items ...any) option {
	return func(r *rand.Rand, obj map[string]any) {
		list := []any{}
		for _, i := range r.Perm(len(items))[:r.IntN(len(items)+1)] {
			list = append(list, runtime.DeepCopyJSONValue(items[i]))
		}
		put(obj, path, list)
	}
}

// entries sets a path to a map of some of the keys with one of the values each.
func entries(path string, keys []string, values ...any) option {
	return func(r *rand.Rand, obj map[string]any) {
		m := map[string]any{}
		for _, k := range keys {
			if r.IntN(2) == 0 {
				m[k] = runtime.DeepCopyJSONValue(values[r.IntN(len(values))])
			}
		}
		put(obj, path, m)
	}
}

func put(obj map[string]any, path string, v any) {
	var at any = obj
	parts := strings.Split(path, ".")
	for i, p := range parts {
		last := i == len(parts)-1
		if n, err := strconv.Atoi(p); err == nil {
			list := at.([]any)
			if n >= len(list) {
				return
			}
			if last {
				list[n] = v
				return
			}
			at = list[n]
			continue
		}
		m, ok := at.(map[string]any)
		if !ok {
			return
		}
		if last {
			m[p] = v
			return
		}
		if m[p] == nil {
			m[p] = map[string]any{}
		}
		at = m[p]
	}
}

type o = map[string]any
type l = []any

var metadata = []option{
	entries("metadata.labels", []string{"a", "b", "example.com/c"}, "x", "y", ""),
	entries("metadata.annotations", []string{"note", "example.com/n"}, "x", "two\nlines\n", ""),
	some("metadata.finalizers", "example.com/one", "example.com/two"),
}

// podOptions are the fields of a pod's specification at a prefix.
func podOptions(prefix string) []option {
	p := func(s string) string { return prefix + "." + s }
	c := func(s string) string { return prefix + ".containers.0." + s }
	return []option{
		one(p("hostNetwork"), false),
		one(p("dnsPolicy"), "ClusterFirst", "Default", ""),
		one(p("terminationGracePeriodSeconds"), int64(30), int64(0), int64(10)),
		one(p("serviceAccountName"), "default", "other", ""),
		one(p("securityContext"), o{}, nil, o{"runAsUser": int64(0)}, o{"runAsNonRoot": false, "fsGroup": int64(5)}),
		one(p("automountServiceAccountToken"), false, true),
		one(p("nodeSelector"), o{"disk": "ssd"}, o{"disk": "hdd", "zone": "a"}, o{}),
		one(p("tolerations"), l{o{"key": "a", "operator": "Exists"}}, l{o{"key": "a", "value": "b", "effect": "NoSchedule"}}, l{}),
		one(p("affinity"), o{}, o{"podAntiAffinity": o{"preferredDuringSchedulingIgnoredDuringExecution": l{o{"weight": int64(1), "podAffinityTerm": o{"topologyKey": "zone"}}}}}),
		some(p("imagePullSecrets"), o{"name": "one"}, o{"name": "two"}),
		some(p("hostAliases"), o{"ip": "10.0.0.1", "hostnames": l{"a"}}, o{"ip": "10.0.0.2", "hostnames": l{"b", "c"}}),
		some(p("topologySpreadConstraints"), o{"maxSkew": int64(1), "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}, o{"maxSkew": int64(1), "topologyKey": "host", "whenUnsatisfiable": "ScheduleAnyway"}),
		some(p("volumes"),
			o{"name": "v1", "emptyDir": o{}}, o{"name": "v2"}, o{"name": "v3", "configMap": o{"name": "c"}},
			o{"name": "v4", "projected": o{"sources": l{o{"serviceAccountToken": o{"path": "t"}}, o{"downwardAPI": o{"items": l{o{"path": "l", "fieldRef": o{"fieldPath": "metadata.labels"}}}}}}}},
			o{"name": "v5", "hostPath": o{"path": "/x"}}, o{"name": "v6", "secret": o{"secretName": "s", "optional": false}}),
		some(p("initContainers"), o{"name": "i1", "image": "busybox"}, o{"name": "i2", "image": "busybox:1", "command": l{"true"}}),
		one(c("image"), "nginx", "nginx:1.27", "nginx:latest", "r.example:5000/a/b@sha256:"+strings.Repeat("ab", 32)),
		one(c("imagePullPolicy"), "Always", "IfNotPresent", ""),
		one(c("resources"), o{}, nil, o{"limits": o{"cpu": "1000m", "memory": "1024Mi"}}, o{"limits": o{"cpu": "1", "memory": "1Gi"}, "requests": o{"cpu": "0.5", "memory": "512Mi"}}, o{"requests": o{"cpu": "500m"}}),
		some(c("ports"), o{"containerPort": int64(80)}, o{"containerPort": int64(81), "protocol": "TCP", "name": "http"}, o{"containerPort": int64(82), "protocol": "UDP"}),
		some(c("env"), o{"name": "A", "value": "1"}, o{"name": "B", "value": ""}, o{"name": "C"}, o{"name": "D", "valueFrom": o{"fieldRef": o{"fieldPath": "metadata.name"}}},
			o{"name": "E", "valueFrom": o{"resourceFieldRef": o{"resource": "limits.cpu"}}}, o{"name": "F", "valueFrom": o{"configMapKeyRef": o{"name": "c", "key": "k", "optional": false}}}),
		some(c("envFrom"), o{"configMapRef": o{"name": "c"}}, o{"prefix": "P_", "secretRef": o{"name": "s", "optional": true}}),
		one(c("livenessProbe"), o{"httpGet": o{"port": int64(80)}}, o{"httpGet": o{"port": "http", "path": "/x", "scheme": "HTTPS"}, "periodSeconds": int64(3)}, o{"tcpSocket": o{"port": int64(80)}, "timeoutSeconds": int64(1)}, o{"grpc": o{"port": int64(80)}}),
		one(c("command"), l{"sh", "-c", "true"}, l{}, l{"x"}),
		one(c("args"), l{"a"}, nil),
		one(c("securityContext"), o{}, o{"privileged": false}, o{"capabilities": o{"add": l{"A"}, "drop": l{"ALL"}}}),
		one(c("lifecycle"), o{}, o{"preStop": o{"httpGet": o{"port": int64(80)}}}, o{"preStop": o{"exec": o{"command": l{"x"}}}}),
		one(c("stdin"), false, true),
		one(c("workingDir"), "", "/w"),
	}
}

func pod() o {
	return o{"metadata": o{"labels": o{"app": "x"}}, "spec": o{"containers": l{o{"name": "c", "image": "nginx:1"}}}}
}

func workload(kind string, base o, options ...option) family {
	spec := o{"selector": o{"matchLabels": o{"app": "x"}}, "template": pod()}
	for k, v := range base {
		spec[k] = v
	}
	resource := strings.ToLower(kind) + "s"
	f := family{
		resource: schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: resource},
		base:     o{"apiVersion": "apps/v1", "kind": kind, "metadata": o{}, "spec": spec},
	}
	f.options = append(append(append(f.options, metadata...), podOptions("spec.template.spec")...), options...)
	f.options = append(f.options, entries("spec.template.metadata.annotations", []string{"p", "q"}, "1", "2"),
		one("spec.revisionHistoryLimit", int64(10), int64(0), nil), one("spec.minReadySeconds", int64(0), int64(5)))
	return f
}

var families = []family{
	workload("Deployment", nil,
		one("spec.replicas", int64(1), int64(3), int64(0), nil),
		one("spec.paused", false, true),
		one("spec.progressDeadlineSeconds", int64(600), int64(700)),
		one("spec.strategy", o{}, o{"type": "RollingUpdate"}, o{"rollingUpdate": o{"maxSurge": int64(1)}}, o{"rollingUpdate": o{"maxUnavailable": "10%", "maxSurge": "25%"}}),
	),
	workload("StatefulSet", o{"serviceName": "x", "volumeClaimTemplates": l{o{"metadata": o{"name": "d"}, "spec": o{"accessModes": l{"ReadWriteOnce"}, "resources": o{"requests": o{"storage": "1024Mi"}}}}}},
		one("spec.replicas", int64(1), int64(3), int64(0)),
		one("spec.updateStrategy", o{}, o{"type": "OnDelete"}, o{"type": "RollingUpdate"}, o{"type": "RollingUpdate", "rollingUpdate": o{"partition": int64(2)}}, o{"rollingUpdate": o{}}),
		one("spec.persistentVolumeClaimRetentionPolicy", o{}, o{"whenDeleted": "Delete"}),
		one("spec.ordinals", o{"start": int64(0)}, o{"start": int64(2)}),
	),
	workload("DaemonSet", nil,
		one("spec.updateStrategy", o{}, o{"type": "OnDelete"}, o{"type": "RollingUpdate"}, o{"rollingUpdate": o{"maxUnavailable": int64(2)}}),
	),
	{
		resource: schema.GroupVersionResource{Version: "v1", Resource: "services"},
		base:     o{"apiVersion": "v1", "kind": "Service", "metadata": o{}, "spec": o{"ports": l{o{"name": "p0", "port": int64(1)}}}},
		options: append([]option{
			one("spec.type", "ClusterIP", "ClusterIP", "NodePort", "LoadBalancer"),
			some("spec.ports", o{"name": "p1", "port": int64(80)}, o{"name": "p2", "port": int64(81), "targetPort": "http"}, o{"name": "p3", "port": int64(82), "protocol": "UDP", "targetPort": int64(82)}, o{"name": "p4", "port": int64(80), "protocol": "UDP"}),
			entries("spec.selector", []string{"a", "b"}, "x", "y"),
			one("spec.sessionAffinity", "None", "ClientIP"),
			one("spec.sessionAffinityConfig", nil, o{"clientIP": o{"timeoutSeconds": int64(5)}}),
			one("spec.publishNotReadyAddresses", false, true),
			one("spec.externalIPs", l{"10.1.1.1"}, l{"10.1.1.1", "10.1.1.2"}, l{}),
			one("spec.internalTrafficPolicy", "Cluster", "Local"),
			one("spec.loadBalancerSourceRanges", l{}, nil), one("spec.clusterIP", "", nil),
			one("spec.ports", l{o{"name": "q", "port": int64(80)}}, l{o{"name": "q", "port": int64(81), "nodePort": int64(0)}}),
			func(r *rand.Rand, obj map[string]any) {
				spec := obj["spec"].(map[string]any)
				switch spec["type"] {
				case "LoadBalancer":
					spec["allocateLoadBalancerNodePorts"] = r.IntN(2) == 0
					spec["externalTrafficPolicy"] = []any{"Cluster", "Local", ""}[r.IntN(3)]
				case "NodePort":
					spec["externalTrafficPolicy"] = []any{"Cluster", "Local"}[r.IntN(2)]
				}
			},
		}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Version: "v1", Resource: "configmaps"},
		base:     o{"apiVersion": "v1", "kind": "ConfigMap", "metadata": o{}},
		options: append([]option{
			entries("data", []string{"a", "b", "c.txt"}, "1", "2", "", "two\nlines\n"),
			entries("binaryData", []string{"d", "e"}, "AAEC", ""),
			one("data", nil, o{}),
			one("metadata.labels", nil, o{}),
			one("metadata.ownerReferences", l{o{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u1"}}, l{o{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "u1", "controller": false}, o{"apiVersion": "v1", "kind": "ConfigMap", "name": "y", "uid": "u2"}}),
		}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Version: "v1", Resource: "secrets"},
		base:     o{"apiVersion": "v1", "kind": "Secret", "metadata": o{}},
		options: append([]option{
			entries("data", []string{"a", "b"}, "c2VjcmV0LW9uZQ==", "c2VjcmV0LXR3bw==", ""),
			entries("stringData", []string{"a", "c"}, "secret-one", "secret-three", ""),
			one("type", "Opaque", ""),
		}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"},
		base:     o{"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": o{}, "spec": o{"defaultBackend": o{"service": o{"name": "d", "port": o{"number": int64(80)}}}}},
		options: append([]option{
			one("spec.ingressClassName", "nginx", "other"),
			some("spec.tls", o{"hosts": l{"a.example"}, "secretName": "s"}, o{"hosts": l{"b.example"}}),
			some("spec.rules", o{"host": "a.example", "http": o{"paths": l{o{"path": "/", "pathType": "Prefix", "backend": o{"service": o{"name": "a", "port": o{"name": "http"}}}}}}}, o{"host": "b.example"},
				o{"host": "c.example", "http": o{"paths": l{o{"pathType": "ImplementationSpecific", "backend": o{"service": o{"name": "a", "port": o{"number": int64(1)}}}}}}}),
		}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "roles"},
		base:     o{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": o{}},
		options: append([]option{
			some("rules", o{"apiGroups": l{""}, "resources": l{"pods"}, "verbs": l{"get"}}, o{"apiGroups": l{"apps"}, "resources": l{"deployments"}, "verbs": l{"*"}, "resourceNames": l{}}),
			one("rules", nil, l{}),
		}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings"},
		base:     o{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": o{}, "roleRef": o{"kind": "Role", "name": "x", "apiGroup": "rbac.authorization.k8s.io"}},
		options: append([]option{
			some("subjects", o{"kind": "ServiceAccount", "name": "a", "namespace": "n"}, o{"kind": "User", "name": "u"}, o{"kind": "Group", "name": "g", "apiGroup": "rbac.authorization.k8s.io"}),
		}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "cronjobs"},
		base: o{"apiVersion": "batch/v1", "kind": "CronJob", "metadata": o{}, "spec": o{"schedule": "* * * * *", "jobTemplate": o{"spec": o{
			"template": o{"metadata": o{"labels": o{"app": "x"}}, "spec": o{"restartPolicy": "Never", "containers": l{o{"name": "c", "image": "nginx:1"}}}},
		}}}},
		options: append(append([]option{
			one("spec.suspend", false, true), one("spec.concurrencyPolicy", "Allow", "Forbid", ""), one("spec.successfulJobsHistoryLimit", int64(3), int64(1), nil),
			one("spec.startingDeadlineSeconds", int64(60), int64(0)), one("spec.schedule", "*/5 * * * *", "* * * * *"),
			one("spec.jobTemplate.spec.backoffLimit", int64(2), int64(6)), one("spec.jobTemplate.spec.ttlSecondsAfterFinished", int64(0), int64(5)),
			one("spec.jobTemplate.spec.podFailurePolicy", o{"rules": l{o{"action": "Ignore", "onPodConditions": l{o{"type": "DisruptionTarget"}}}}}),
		}, metadata...), podOptions("spec.jobTemplate.spec.template.spec")...),
	},
	{
		resource: schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "networkpolicies"},
		base:     o{"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": o{}, "spec": o{"podSelector": o{}}},
		options: append([]option{
			one("spec.podSelector", o{}, o{"matchLabels": o{"a": "b"}}, o{"matchExpressions": l{o{"key": "a", "operator": "Exists"}}}),
			one("spec.policyTypes", l{"Ingress"}, l{"Ingress", "Egress"}, l{"Egress", "Ingress"}, l{}),
			one("spec.ingress", l{}, l{o{}}, l{o{"ports": l{o{"port": int64(80)}}, "from": l{o{"podSelector": o{}}}}}),
			one("spec.egress", l{}, l{o{}}, l{o{"ports": l{o{"port": "dns", "protocol": "UDP"}, o{}}}}),
		}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"},
		base:     o{"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": o{}, "spec": o{"maxReplicas": int64(5), "scaleTargetRef": o{"apiVersion": "apps/v1", "kind": "Deployment", "name": "x"}}},
		options: append([]option{
			one("spec.minReplicas", int64(1), int64(2), nil), one("spec.maxReplicas", int64(5), int64(6)),
			one("spec.metrics", l{o{"type": "Resource", "resource": o{"name": "cpu", "target": o{"type": "Utilization", "averageUtilization": int64(50)}}}}, l{}, l{o{"type": "Resource", "resource": o{"name": "memory", "target": o{"type": "AverageValue", "averageValue": "1024Mi"}}}}),
			one("spec.behavior", o{}, o{"scaleUp": o{}}, o{"scaleDown": o{"stabilizationWindowSeconds": int64(5)}}, o{"scaleUp": o{"policies": l{o{"type": "Pods", "value": int64(1), "periodSeconds": int64(5)}}}}),
		}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Version: "v1", Resource: "serviceaccounts"},
		base:     o{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": o{}},
		options: append([]option{
			one("automountServiceAccountToken", false, true),
			some("imagePullSecrets", o{"name": "a"}, o{"name": "b"}), some("secrets", o{"name": "a"}, o{"name": "b"}),
		}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Group: "policy", Version: "v1", Resource: "poddisruptionbudgets"},
		base:     o{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": o{}, "spec": o{"selector": o{"matchLabels": o{"a": "b"}}}},
		options: append([]option{
			one("spec.minAvailable", int64(1), "50%", int64(0)), one("spec.unhealthyPodEvictionPolicy", "AlwaysAllow", "IfHealthyBudget"),
			one("spec.selector", o{}, o{"matchLabels": o{"a": "c"}}, o{"matchLabels": o{"a": "b"}, "matchExpressions": l{o{"key": "x", "operator": "In", "values": l{"1"}}}}),
		}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Version: "v1", Resource: "limitranges"},
		base:     o{"apiVersion": "v1", "kind": "LimitRange", "metadata": o{}, "spec": o{"limits": l{}}},
		options: append([]option{
			some("spec.limits", o{"type": "Container", "max": o{"cpu": "2000m", "memory": "1Gi"}, "min": o{"cpu": "0.1"}}, o{"type": "Pod", "max": o{"cpu": "4"}}, o{"type": "PersistentVolumeClaim", "min": o{"storage": "1024Mi"}}),
		}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Version: "v1", Resource: "resourcequotas"},
		base:     o{"apiVersion": "v1", "kind": "ResourceQuota", "metadata": o{}, "spec": o{}},
		options: append([]option{
			entries("spec.hard", []string{"limits.cpu", "limits.memory", "pods"}, "1000", "1000m", "2", "0.5k"),
		}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices"},
		base:     o{"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": o{}, "addressType": "IPv4", "endpoints": l{}},
		options: append([]option{
			some("endpoints", o{"addresses": l{"10.0.0.1"}}, o{"addresses": l{"10.0.0.2"}, "conditions": o{"ready": false}, "nodeName": "n"}),
			some("ports", o{"port": int64(80)}, o{"name": "x", "port": int64(81), "protocol": "UDP", "appProtocol": "a.example/b"}),
		}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Group: "coordination.k8s.io", Version: "v1", Resource: "leases"},
		base:     o{"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": o{}},
		options: append([]option{
			one("spec.holderIdentity", "a", "b", ""), one("spec.leaseDurationSeconds", int64(5), int64(6)),
			one("spec.renewTime", "2026-01-01T01:00:00.500000+01:00", "2026-01-01T00:00:00.000001Z"), one("spec.leaseTransitions", int64(0), int64(1)),
		}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Version: "v1", Resource: "persistentvolumeclaims"},
		base:     o{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": o{}, "spec": o{"accessModes": l{"ReadWriteOnce"}, "resources": o{"requests": o{"storage": "1Gi"}}}},
		options:  append([]option{one("spec.resources.requests.storage", "1024Mi", "1Gi"), one("spec.volumeMode", "Filesystem", nil)}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"},
		base:     o{"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": o{}, "spec": o{"selector": o{"matchLabels": o{"app": "x"}}, "template": pod()}},
		options: append(append([]option{
			one("spec.replicas", int64(0), int64(2), nil), one("spec.minReadySeconds", int64(0), int64(3)),
		}, metadata...), podOptions("spec.template.spec")...),
	},
	{
		resource: schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "jobs"},
		base: o{"apiVersion": "batch/v1", "kind": "Job", "metadata": o{}, "spec": o{"template": o{"metadata": o{"labels": o{"x": "y"}}, "spec": o{
			"restartPolicy": "Never", "containers": l{o{"name": "c", "image": "nginx"}}}}}},
		options: append([]option{
			one("spec.suspend", true, false), one("spec.completions", int64(1)), one("spec.parallelism", int64(1), int64(2)), one("spec.backoffLimit", int64(6), int64(2)),
			one("spec.ttlSecondsAfterFinished", int64(5), int64(0)), one("spec.activeDeadlineSeconds", int64(50)),
		}, metadata...),
	},
	{
		resource:    schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterroles"},
		clusterWide: true,
		base:        o{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": o{}},
		options: append([]option{
			some("rules", o{"nonResourceURLs": l{"/x"}, "verbs": l{"get"}}, o{"apiGroups": l{""}, "resources": l{"pods"}, "verbs": l{"get"}}),
			one("aggregationRule", o{"clusterRoleSelectors": l{o{"matchLabels": o{"a": "b"}}}}, nil),
		}, metadata...),
	},
	{
		resource:    schema.GroupVersionResource{Group: "storage.k8s.io", Version: "v1", Resource: "storageclasses"},
		clusterWide: true,
		base:        o{"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": o{}, "provisioner": "x.example/y"},
		options: append([]option{
			one("allowVolumeExpansion", false, true), some("mountOptions", "a", "b"), one("reclaimPolicy", "Delete"), one("volumeBindingMode", "Immediate"),
			one("allowedTopologies", l{o{"matchLabelExpressions": l{o{"key": "z", "values": l{"a"}}}}}, l{}),
		}, metadata...),
	},
	{
		resource:    schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingwebhookconfigurations"},
		clusterWide: true,
		base:        o{"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration", "metadata": o{}},
		options: append([]option{
			some("webhooks",
				o{"name": "a.example.com", "sideEffects": "None", "admissionReviewVersions": l{"v1"}, "clientConfig": o{"url": "https://x.example/"}, "rules": l{o{"apiGroups": l{"x.example"}, "apiVersions": l{"v1"}, "operations": l{"CREATE"}, "resources": l{"xs"}}}},
				o{"name": "b.example.com", "sideEffects": "None", "failurePolicy": "Ignore", "admissionReviewVersions": l{"v1"}, "clientConfig": o{"service": o{"name": "s", "namespace": "n"}}, "matchConditions": l{o{"name": "m", "expression": "true"}}}),
		}, metadata...),
	},
	{
		resource:    schema.GroupVersionResource{Version: "v1", Resource: "namespaces"},
		clusterWide: true,
		base:        o{"apiVersion": "v1", "kind": "Namespace", "metadata": o{}},
		options:     metadata[:2],
	},
	{
		resource:    schema.GroupVersionResource{Group: "scheduling.k8s.io", Version: "v1", Resource: "priorityclasses"},
		clusterWide: true,
		base:        o{"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": o{}, "value": int64(5)},
		options:     append([]option{one("description", "", "x", "y"), one("globalDefault", false), one("preemptionPolicy", "PreemptLowerPriority")}, metadata...),
	},
	{
		resource: schema.GroupVersionResource{Group: "diff.example.com", Version: "v1", Resource: "widgets"},
		base:     o{"apiVersion": "diff.example.com/v1", "kind": "Widget", "metadata": o{}},
		versions: []string{"v2"},
		options: append([]option{
			one("spec.size", int64(1), int64(3), nil), one("spec.color", "red", "blue", nil), one("spec.ratio", 0.5, int64(1), 1.5),
			one("spec.box", o{}, o{"lid": false}, nil, o{"lid": true, "tag": ""}),
			some("spec.byName", o{"name": "a"}, o{"name": "b", "mode": "ro"}, o{"name": "c", "extra": o{"k": "v"}}),
			some("spec.byTwo", o{"host": "a"}, o{"host": "a", "port": int64(81)}, o{"host": "b", "port": int64(80)}),
			some("spec.set", "x", "y", "z"), some("spec.numbers", int64(1), int64(2), int64(3)), one("spec.atomic", l{"a", "b"}, l{"b", "a"}, l{}, l{"a"}),
			one("spec.atomicItems", l{o{"a": "1"}}, l{o{"a": "1"}, o{"b": true}}, l{o{}}),
			one("spec.atomicMap", o{"a": "1"}, o{"a": "2", "b": "1"}, o{}),
			entries("spec.granular", []string{"a", "b", "c"}, "1", "2", ""),
			one("spec.free", o{}, o{"any": o{"thing": l{int64(1), "x", nil}}}, o{"any": nil, "b": l{o{"name": "a"}}}, o{"any": o{"other": int64(2)}}),
			one("spec.port", int64(80), "http", "80"), one("spec.many.deep.er", "x", ""), one("spec.items", l{}, l{"a"}),
			one("spec.pod", o{"apiVersion": "v1", "kind": "Pod", "metadata": o{"name": "p", "labels": o{"a": "b"}}, "spec": o{"x": int64(1)}}),
			one("status.phase", "Odd", "Even"),
		}, metadata...),
	},
}

// widgetDefinition has every type of list and map.
func widgetDefinition() *unstructured.Unstructured {
	str, num := o{"type": "string"}, o{"type": "integer"}
	list := func(kind string, items o, keys ...any) o {
		out := o{"type": "array", "x-kubernetes-list-type": kind, "items": items}
		if len(keys) > 0 {
			out["x-kubernetes-list-map-keys"] = l(keys)
		}
		return out
	}
	obj := func(properties o) o { return o{"type": "object", "properties": properties} }
	spec := obj(o{
		"size": o{"type": "integer", "default": int64(3)}, "color": o{"type": "string", "nullable": true, "default": "red"}, "ratio": o{"type": "number"},
		"box":    o{"type": "object", "default": o{}, "properties": o{"lid": o{"type": "boolean", "default": true}, "tag": str}},
		"byName": list("map", o{"type": "object", "required": l{"name"}, "properties": o{"name": str, "mode": o{"type": "string", "default": "rw"}, "extra": o{"type": "object", "additionalProperties": str}}}, "name"),
		"byTwo":  list("map", o{"type": "object", "required": l{"host"}, "properties": o{"host": str, "port": o{"type": "integer", "default": int64(80)}}}, "host", "port"),
		"set":    list("set", str), "numbers": list("set", num), "atomic": list("atomic", str), "items": o{"type": "array", "items": str},
		"atomicItems": o{"type": "array", "items": obj(o{"a": o{"type": "string", "default": "z"}, "b": o{"type": "boolean"}})},
		"atomicMap":   o{"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": str},
		"granular":    o{"type": "object", "additionalProperties": str},
		"free":        o{"type": "object", "x-kubernetes-preserve-unknown-fields": true},
		"port":        o{"x-kubernetes-int-or-string": true},
		"many":        obj(o{"deep": obj(o{"er": str})}),
		"pod":         o{"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
	})
	return &unstructured.Unstructured{Object: o{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": o{"name": "widgets.diff.example.com"},
		"spec": o{
			"group": "diff.example.com", "scope": "Namespaced",
			"names": o{"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"},
			"versions": l{o{
				"name": "v1", "served": true, "storage": true, "subresources": o{"status": o{}},
				"schema": o{"openAPIV3Schema": obj(o{"spec": spec, "status": obj(o{"phase": str})})},
			}, o{
				"name": "v2", "served": true, "storage": false, "subresources": o{"status": o{}},
				"schema": o{"openAPIV3Schema": obj(o{"spec": runtime.DeepCopyJSON(spec), "status": obj(o{"phase": str})})},
			}},
		},
	}}
}
