package model_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/apiserver/model"
)

func builtin(t *testing.T, apiVersion, kind string) model.Model {
	t.Helper()
	m, ok := model.Builtin(schema.FromAPIVersionAndKind(apiVersion, kind), nil)
	require.True(t, ok, kind)
	return m
}

// The values that a server fills in, by kind and path. Each row is a case of the API reference.
func TestDefaults(t *testing.T) {
	const pod = "containers: [{name: c, image: %s}]"
	tests := []struct{ name, object, want string }{
		{"tag latest is always pulled", "apiVersion: v1\nkind: Pod\nspec: {" + fmt.Sprintf(pod, "nginx") + "}", "spec.containers.0.imagePullPolicy=Always"},
		{"another tag when it is missing", "apiVersion: v1\nkind: Pod\nspec: {" + fmt.Sprintf(pod, "reg:5000/nginx:1") + "}", "spec.containers.0.imagePullPolicy=IfNotPresent"},
		{"a registry's port is no tag", "apiVersion: v1\nkind: Pod\nspec: {" + fmt.Sprintf(pod, "reg:5000/nginx") + "}", "spec.containers.0.imagePullPolicy=Always"},
		{"a digest is a tag of its own", "apiVersion: v1\nkind: Pod\nspec: {" + fmt.Sprintf(pod, "nginx@sha256:ab") + "}", "spec.containers.0.imagePullPolicy=IfNotPresent"},
		{"requests from limits in a pod", "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: c, image: i, resources: {limits: {cpu: 1000m}}}]}", "spec.containers.0.resources.requests.cpu=1"},
		{"not in a template", "apiVersion: apps/v1\nkind: Deployment\nspec: {template: {spec: {containers: [{name: c, image: i, resources: {limits: {cpu: '1'}}}]}}}", "spec.template.spec.containers.0.resources.requests=<nil>"},
		{"service links in a pod", "apiVersion: v1\nkind: Pod\nspec: {" + fmt.Sprintf(pod, "i") + "}", "spec.enableServiceLinks=true"},
		{"target port from port", "apiVersion: v1\nkind: Service\nspec: {ports: [{port: 80}]}", "spec.ports.0.targetPort=80"},
		{"affinity's timeout", "apiVersion: v1\nkind: Service\nspec: {sessionAffinity: ClientIP}", "spec.sessionAffinityConfig.clientIP.timeoutSeconds=10800"},
		{"traffic policy of what is exposed", "apiVersion: v1\nkind: Service\nspec: {type: NodePort}", "spec.externalTrafficPolicy=Cluster"},
		{"none of what is not", "apiVersion: v1\nkind: Service\nspec: {type: ClusterIP}", "spec.externalTrafficPolicy=<nil>"},
		{"a volume without a source", "apiVersion: v1\nkind: Pod\nspec: {volumes: [{name: v}]}", "spec.volumes.0.emptyDir=map[]"},
		{"strategy's parameters", "apiVersion: apps/v1\nkind: Deployment\nspec: {}", "spec.strategy.rollingUpdate.maxSurge=25%"},
		{"none for recreate", "apiVersion: apps/v1\nkind: Deployment\nspec: {strategy: {type: Recreate}}", "spec.strategy.rollingUpdate=<nil>"},
		{"a named strategy of a set keeps none", "apiVersion: apps/v1\nkind: StatefulSet\nspec: {updateStrategy: {type: RollingUpdate}}", "spec.updateStrategy.rollingUpdate=<nil>"},
		{"a job runs once", "apiVersion: batch/v1\nkind: Job\nspec: {}", "spec.completions=1"},
		{"not when parallelism is given", "apiVersion: batch/v1\nkind: Job\nspec: {parallelism: 2}", "spec.completions=<nil>"},
		{"the template of a cron job is left alone", "apiVersion: batch/v1\nkind: CronJob\nspec: {jobTemplate: {spec: {}}}", "spec.jobTemplate.spec.backoffLimit=<nil>"},
		{"both directions of a policy", "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nspec: {egress: [{}]}", "spec.policyTypes=[Ingress Egress]"},
		{"a user has the group of roles", "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nsubjects: [{kind: User, name: u}]", "subjects.0.apiGroup=rbac.authorization.k8s.io"},
		{"the name of a namespace is a label", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}", "metadata.labels.kubernetes.io/metadata.name=shop"},
		{"the list kind of a definition", "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {names: {kind: Foo, plural: foos}}", "spec.names.listKind=FooList"},
		{"plain data is folded in", "apiVersion: v1\nkind: Secret\nstringData: {k: hello}", "data.k=aGVsbG8="},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var head struct{ APIVersion, Kind string }
			require.NoError(t, yaml.Unmarshal([]byte(test.object), &head))
			m := builtin(t, head.APIVersion, head.Kind)
			obj, dropped, err := m.Decode([]byte(test.object), true)
			require.NoError(t, err)
			require.Empty(t, dropped)
			m.Default(obj)
			path, want, _ := strings.Cut(test.want, "=")
			if head.Kind == "Namespace" {
				assert.Equal(t, want, obj["metadata"].(map[string]any)["labels"].(map[string]any)["kubernetes.io/metadata.name"])
				return
			}
			assert.Equal(t, want, fmt.Sprint(at(obj, strings.Split(path, "."))))
		})
	}
}

func at(value any, path []string) any {
	for _, p := range path {
		switch v := value.(type) {
		case map[string]any:
			value = v[p]
		case []any:
			value = v[int(p[0]-'0')]
		default:
			return nil
		}
	}
	return value
}

// Defaults are at rest: filling in twice is filling in once, and what is filled in is canonical.
func TestDefaultsAreStable(t *testing.T) {
	for kind := range model.Scheme().AllKnownTypes() {
		if strings.HasSuffix(kind.Kind, "List") || strings.HasSuffix(kind.Kind, "Options") || kind.Kind == "WatchEvent" || kind.Version == runtime.APIVersionInternal {
			continue
		}
		m, ok := model.Builtin(kind, nil)
		if !ok {
			continue
		}
		once, _, err := m.Canonical(map[string]any{"metadata": map[string]any{"name": "x"}}, false)
		if err != nil {
			continue // A kind of the scheme that is no object.
		}
		m.Default(once)
		twice, dropped, err := m.Canonical(once, true)
		require.NoError(t, err, kind)
		assert.Empty(t, dropped, "%s: a default for a field that there is not", kind)
		m.Default(twice)
		assert.Equal(t, once, twice, kind)
	}
}

// What the Go type does not know is reported, what it leaves out is absent, and quantities have one form.
func TestDecode(t *testing.T) {
	m := builtin(t, "apps/v1", "Deployment")
	obj, dropped, err := m.Decode([]byte(`{"spec":{"replica":1,"paused":false,"paused":false,"template":{"spec":{"hostNetwork":false,
		"containers":[{"name":"c","resources":{"limits":{"cpu":"1000m","memory":"1024Mi"}}}]}}}}`), true)
	require.NoError(t, err)
	var texts []string
	for _, d := range dropped {
		texts = append(texts, d.Error())
	}
	assert.ElementsMatch(t, []string{`unknown field "spec.replica"`, `duplicate field "spec.paused"`}, texts)
	assert.Nil(t, at(obj, strings.Split("spec.template.spec.hostNetwork", ".")))
	assert.Equal(t, map[string]any{"cpu": "1", "memory": "1Gi"}, at(obj, strings.Split("spec.template.spec.containers.0.resources.limits", ".")))
}

func TestDecodeRefuses(t *testing.T) {
	m := builtin(t, "v1", "ConfigMap")
	for body, want := range map[string]string{
		`{"data":{"k":1}}`:                       `json: cannot unmarshal number into Go struct field ConfigMap.data of type string`,
		`{"apiVersion":"v2","kind":"ConfigMap"}`: `no kind "ConfigMap" is registered for version "v2"`,
		`{"apiVersion":"v1","kind":"Secret"}`:    `cannot be handled as a ConfigMap`,
		`[`:                                      `the object provided is unrecognized`,
		``:                                       ``,
	} {
		_, _, err := m.Decode([]byte(body), true)
		if body == "" {
			continue // An empty body is an empty object; a name is asked for later.
		}
		require.Error(t, err, body)
		assert.Contains(t, err.Error(), want, body)
	}
}
