package memory_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	applyapps "k8s.io/client-go/applyconfigurations/apps/v1"
	applycore "k8s.io/client-go/applyconfigurations/core/v1"
	applymeta "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// typed returns a client that speaks protobuf, as those of Kubernetes' own components do.
func typed(t *testing.T, s *memory.Server) kubernetes.Interface {
	t.Helper()
	config := s.Config()
	config.ContentType = "application/vnd.kubernetes.protobuf"
	config.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	client, err := kubernetes.NewForConfig(config)
	require.NoError(t, err)
	return client
}

func webConfiguration(image string) *applyapps.DeploymentApplyConfiguration {
	labels := map[string]string{"app": "web"}
	return applyapps.Deployment("web", "default").WithLabels(labels).WithSpec(applyapps.DeploymentSpec().
		WithReplicas(2).
		WithSelector(applymeta.LabelSelector().WithMatchLabels(labels)).
		WithTemplate(applycore.PodTemplateSpec().WithLabels(labels).WithSpec(applycore.PodSpec().
			WithContainers(applycore.Container().WithName("web").WithImage(image).WithPorts(applycore.ContainerPort().WithContainerPort(8080))))))
}

// What a manager applied can be extracted from the stored object, changed and applied again; what it leaves out goes.
func TestTypedApplyConfigurations(t *testing.T) {
	s := start(t, nil)
	deployments := typed(t, s).AppsV1().Deployments("default")
	ctx := t.Context()
	opts := metav1.ApplyOptions{FieldManager: "ours"}
	first, err := deployments.Apply(ctx, webConfiguration("example.org/web:1"), opts)
	require.NoError(t, err)
	assert.Equal(t, core.PullIfNotPresent, first.Spec.Template.Spec.Containers[0].ImagePullPolicy)

	extracted, err := applyapps.ExtractDeployment(first, "ours")
	require.NoError(t, err)
	assert.Equal(t, webConfiguration("example.org/web:1"), extracted, "extracting gives back what was applied")
	nobody, err := applyapps.ExtractDeployment(first, "nobody")
	require.NoError(t, err)
	assert.Nil(t, nobody.Spec)

	again, err := deployments.Apply(ctx, extracted, opts)
	require.NoError(t, err)
	assert.Equal(t, first.ResourceVersion, again.ResourceVersion, "the same again is no write")

	extracted.Spec.Replicas = nil
	extracted.Spec.Template.Spec.Containers[0].WithImage("example.org/web:2").Ports = nil
	second, err := deployments.Apply(ctx, extracted, opts)
	require.NoError(t, err)
	assert.EqualValues(t, 1, *second.Spec.Replicas, "a field that nobody owns has its default")
	assert.Empty(t, second.Spec.Template.Spec.Containers[0].Ports)
	assert.EqualValues(t, 2, second.Generation)

	_, err = deployments.Apply(ctx, webConfiguration("example.org/web:3"), metav1.ApplyOptions{FieldManager: "theirs"})
	require.True(t, apierrors.IsConflict(err), "%v", err)
	assert.ErrorContains(t, err, `conflict with "ours": .spec.template.spec.containers[name="web"].image`)

	status := applyapps.Deployment("web", "default").WithStatus(applyapps.DeploymentStatus().WithReplicas(7))
	third, err := deployments.ApplyStatus(ctx, status, metav1.ApplyOptions{FieldManager: "controller"})
	require.NoError(t, err)
	assert.EqualValues(t, 7, third.Status.Replicas)
	fromStatus, err := applyapps.ExtractDeploymentStatus(third, "controller")
	require.NoError(t, err)
	assert.Equal(t, status, fromStatus)
	stillOurs, err := applyapps.ExtractDeployment(third, "ours")
	require.NoError(t, err)
	assert.Equal(t, extracted, stillOurs)
}

// A condition is one entry of a map list for each type: two controllers keep theirs side by side.
func TestApplyConfigurationsShareAList(t *testing.T) {
	s := start(t, nil)
	client := typed(t, s).CoreV1()
	ctx := t.Context()
	_, err := client.Pods("default").Apply(ctx, applycore.Pod("p", "default").WithSpec(applycore.PodSpec().
		WithContainers(applycore.Container().WithName("c").WithImage("example.org/c:1"))), metav1.ApplyOptions{FieldManager: "ours"})
	require.NoError(t, err)
	for _, kind := range []core.PodConditionType{"example.org/one", "example.org/two"} {
		_, err := client.Pods("default").ApplyStatus(ctx, applycore.Pod("p", "default").WithStatus(applycore.PodStatus().
			WithConditions(applycore.PodCondition().WithType(kind).WithStatus(core.ConditionTrue))), metav1.ApplyOptions{FieldManager: string(kind[12:])})
		require.NoError(t, err)
	}
	pod, err := client.Pods("default").Get(ctx, "p", metav1.GetOptions{})
	require.NoError(t, err)
	var kinds []string
	for _, c := range pod.Status.Conditions {
		kinds = append(kinds, string(c.Type))
	}
	assert.Equal(t, []string{"example.org/one", "example.org/two"}, kinds)
	_, err = client.Pods("default").ApplyStatus(ctx, applycore.Pod("p", "default").WithStatus(applycore.PodStatus()), metav1.ApplyOptions{FieldManager: "one"})
	require.NoError(t, err)
	pod, err = client.Pods("default").Get(ctx, "p", metav1.GetOptions{})
	require.NoError(t, err)
	require.Len(t, pod.Status.Conditions, 1)
	assert.EqualValues(t, "example.org/two", pod.Status.Conditions[0].Type)
}
