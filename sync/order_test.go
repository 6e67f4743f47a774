package sync

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func TestKindOrder(t *testing.T) {
	want := []cluster.Ref{
		{Kind: "Namespace", Name: "z"},
		{Kind: "ServiceAccount", Name: "z"},
		{Kind: "Secret", Name: "z"},
		{Kind: "ConfigMap", Name: "a"},
		{Kind: "ConfigMap", Name: "b"},
		{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition", Name: "z"},
		{Group: "rbac.authorization.k8s.io", Kind: "RoleBinding", Name: "z"},
		{Kind: "Service", Name: "z"},
		{Group: "apps", Kind: "Deployment", Name: "z"},
		{Group: "networking.k8s.io", Kind: "Ingress", Name: "z"},
		{Group: "cert-manager.io", Kind: "Certificate", Name: "a"},
		{Group: "serving.knative.dev", Kind: "Service", Name: "z"}, // not Kubernetes' Service
		{Group: "apiregistration.k8s.io", Kind: "APIService", Name: "a"},
		{Group: "admissionregistration.k8s.io", Kind: "ValidatingWebhookConfiguration", Name: "a"},
	}
	var objects []*object
	for _, r := range want {
		objects = append(objects, &object{ref: r})
	}
	rand.Shuffle(len(objects), func(i, j int) { objects[i], objects[j] = objects[j], objects[i] })
	last := &object{ref: cluster.Ref{Kind: "Namespace", Name: "late"}, wave: 1}
	first := &object{ref: cluster.Ref{Kind: "Pod", Name: "early"}, wave: -1}
	objects = append([]*object{last}, append(objects, first)...)
	sortObjects(objects)
	var got []cluster.Ref
	for _, o := range objects {
		got = append(got, o.ref)
	}
	assert.Equal(t, slices.Concat([]cluster.Ref{first.ref}, want, []cluster.Ref{last.ref}), got)
}

func TestPodNeeds(t *testing.T) {
	var obj unstructured.Unstructured
	require.NoError(t, yaml.Unmarshal([]byte(`
apiVersion: batch/v1
kind: CronJob
metadata: {name: x, namespace: ns}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          serviceAccountName: sa
          imagePullSecrets: [{name: pull}]
          volumes:
          - {name: a, configMap: {name: cm}}
          - {name: b, secret: {secretName: sec}}
          - {name: c, persistentVolumeClaim: {claimName: pvc}}
          - {name: d, projected: {sources: [{configMap: {name: pcm}}, {secret: {name: psec}}, nonsense]}}
          - nonsense
          initContainers: [{envFrom: [{configMapRef: {name: icm}}]}]
          containers: [{envFrom: [{secretRef: {name: esec}}], env: [{name: A, valueFrom: {secretKeyRef: {name: ksec, key: k}}}, {name: B, valueFrom: {configMapKeyRef: {name: kcm}}}]}]
`), &obj.Object))
	var got []string
	for _, r := range podNeeds(&obj) {
		assert.Equal(t, "ns", r.Namespace)
		got = append(got, r.Kind+"/"+r.Name)
	}
	assert.Equal(t, []string{"ServiceAccount/sa", "Secret/pull", "ConfigMap/cm", "Secret/sec", "PersistentVolumeClaim/pvc", "ConfigMap/pcm", "Secret/psec",
		"ConfigMap/icm", "Secret/esec", "Secret/ksec", "ConfigMap/kcm"}, got)
	assert.Nil(t, podNeeds(&unstructured.Unstructured{Object: map[string]any{"kind": "Pod", "apiVersion": "v1", "spec": "odd"}}))
}

// However a random graph fails, each step is done, failed or given up, none starts before its needs, and none is given up
// that needs no failed step.
func TestScheduleOfRandomGraphs(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 500 {
		var steps []Step
		for i := range 1 + rng.IntN(30) {
			s := Step{ID: fmt.Sprint(i)}
			for j := range i {
				if rng.IntN(6) == 0 {
					s.Needs = append(s.Needs, fmt.Sprint(j))
				}
			}
			steps = append(steps, s)
		}
		s, err := newSchedule(steps)
		require.NoError(t, err)
		var ready []int
		for i := range steps {
			if s.missing[i] == 0 {
				ready = append(ready, i)
			}
		}
		lost := map[int]bool{}
		for len(ready) > 0 {
			k := rng.IntN(len(ready))
			i := ready[k]
			ready = slices.Delete(ready, k, k+1)
			require.Equal(t, pending, s.state[i])
			for _, need := range steps[i].Needs {
				var j int
				fmt.Sscan(need, &j)
				require.Equal(t, succeeded, s.state[j])
			}
			if rng.IntN(8) == 0 {
				gone, _ := s.fail(i)
				for _, j := range gone {
					require.False(t, lost[j], "given up twice")
					lost[j] = true
				}
			} else {
				ready = append(ready, s.succeed(i)...)
			}
		}
		for i := range steps {
			require.NotEqual(t, pending, s.state[i], "step %d has no end", i)
			hit := slices.ContainsFunc(steps[i].Needs, func(n string) bool {
				var j int
				fmt.Sscan(n, &j)
				return s.state[j] == failed
			})
			require.Equal(t, hit, lost[i], "step %d", i)
		}
	}
	_, err := newSchedule([]Step{{ID: "a", Needs: []string{"b"}}})
	assert.ErrorContains(t, err, "step a needs b, which is not in the plan")
}

func TestQueueKeepsTheOrderOfSteps(t *testing.T) {
	var q queue
	for _, i := range rand.Perm(100) {
		q.push(i)
	}
	for i := range 100 {
		got, ok := q.pop()
		require.True(t, ok)
		require.Equal(t, i, got)
	}
	_, ok := q.pop()
	assert.False(t, ok)
}
