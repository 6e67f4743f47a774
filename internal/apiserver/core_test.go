package apiserver_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

var settings = schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}

func start(t *testing.T) *apiserver.Server {
	t.Helper()
	s, err := apiserver.New(apiserver.Options{})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func setting(name, value string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": name, "namespace": "default"}, "data": map[string]any{"k": value},
	}}
}

// counter is a controller that counts a value up to a limit, one write for each change that it is told.
type counter struct {
	limit int
	told  []string
}

func (*counter) Name() string { return "counter" }

func (c *counter) Handle(api apiserver.API, change apiserver.Change) error {
	if change.Kind.Kind != "ConfigMap" {
		return nil
	}
	c.told = append(c.told, string(change.Type)+" "+change.Object.GetResourceVersion())
	obj, err := api.Get(settings, change.Object.GetNamespace(), change.Object.GetName())
	if err != nil {
		return err
	}
	value, _, _ := unstructured.NestedString(obj.Object, "data", "k")
	if len(value) >= c.limit {
		return nil
	}
	_, err = api.Patch(settings, "default", obj.GetName(), types.MergePatchType, fmt.Appendf(nil, `{"data":{"k":%q}}`, value+"x"),
		apiserver.WriteOptions{Manager: "counter"})
	return err
}

// When a write returns, everything that controllers make of it has happened, in the order of the log.
func TestControllersRunInsideTheWrite(t *testing.T) {
	s := start(t)
	c := &counter{limit: 5}
	s.Register(c)
	_, err := s.API().Create(setting("a", "x"), apiserver.WriteOptions{Manager: "test"})
	require.NoError(t, err)
	got, err := s.API().Get(settings, "default", "a")
	require.NoError(t, err)
	assert.Equal(t, map[string]any{"k": "xxxxx"}, got.Object["data"])
	require.Len(t, c.told, 5)
	assert.Contains(t, c.told[0], "ADDED")
	assert.Contains(t, c.told[4], "MODIFIED")
	assert.Empty(t, s.Faults())
}

// A controller that is registered late is told what is there.
func TestLateControllerSeesWhatIsThere(t *testing.T) {
	s := start(t)
	_, err := s.API().Create(setting("a", "x"), apiserver.WriteOptions{})
	require.NoError(t, err)
	c := &counter{limit: 1}
	s.Register(c)
	assert.Len(t, c.told, 1)
}

type failing struct{}

func (failing) Name() string { return "failing" }

func (failing) Handle(apiserver.API, apiserver.Change) error { return errors.New("out of order") }

// A controller's fault is recorded and concerns nobody else.
func TestFaultsAreKept(t *testing.T) {
	s := start(t)
	c := &counter{limit: 2}
	s.Register(failing{})
	s.Register(c)
	before := len(s.Faults())
	_, err := s.API().Create(setting("a", "x"), apiserver.WriteOptions{})
	require.NoError(t, err)
	faults := s.Faults()[before:]
	require.NotEmpty(t, faults)
	assert.EqualError(t, faults[0], "controller failing on ConfigMap a: out of order")
	assert.Len(t, c.told, 2)
}

// A dry run answers what would be stored and stores nothing.
func TestDryRunStoresNothing(t *testing.T) {
	s := start(t)
	api, before := s.API(), s.Version()
	out, err := api.Create(setting("a", "x"), apiserver.WriteOptions{DryRun: true})
	require.NoError(t, err)
	assert.NotEmpty(t, out.GetUID())
	_, err = api.Patch(settings, "default", "b", types.ApplyYAMLPatchType, []byte(`{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}`),
		apiserver.WriteOptions{Manager: "m", DryRun: true})
	require.NoError(t, err)
	assert.Equal(t, before, s.Version())
	_, err = api.Get(settings, "default", "a")
	require.Error(t, err)
}

// A write to the status changes the status alone, a write to the object everything but the status.
func TestStatusIsWrittenApart(t *testing.T) {
	s := start(t)
	api := s.API()
	deployments := schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}
	apply := func(subresource, body string) *unstructured.Unstructured {
		t.Helper()
		out, err := api.Patch(deployments, "default", "web", types.ApplyYAMLPatchType, []byte(body),
			apiserver.WriteOptions{Manager: "m", Subresource: subresource})
		require.NoError(t, err)
		return out
	}
	const web = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 2, selector: {matchLabels: {a: b}},
		template: {metadata: {labels: {a: b}}, spec: {containers: [{name: c, image: i}]}}}, status: {replicas: 9}}`
	first := apply("", web)
	assert.Empty(t, first.Object["status"])
	second := apply("status", `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 7}, status: {replicas: 3}}`)
	replicas, _, _ := unstructured.NestedInt64(second.Object, "spec", "replicas")
	running, _, _ := unstructured.NestedInt64(second.Object, "status", "replicas")
	assert.Equal(t, []int64{2, 3}, []int64{replicas, running})
	assert.Equal(t, int64(1), second.GetGeneration())
	third := apply("", web)
	assert.Equal(t, second.Object["status"], third.Object["status"])
}

// A panic on the way of a controller's write is the controller's fault, and no client's.
func TestPanicIsAFault(t *testing.T) {
	s := start(t)
	s.Admit(apiserver.Admission{Name: "brittle", Handles: func(apiserver.Review) bool { return true }, Mutate: func(r *apiserver.Review) error {
		if r.Operation == "UPDATE" {
			panic("brittle")
		}
		return nil
	}})
	s.Register(&counter{limit: 2})
	before := len(s.Faults())
	_, err := s.API().Create(setting("a", "x"), apiserver.WriteOptions{})
	require.NoError(t, err)
	faults := s.Faults()[before:]
	require.Len(t, faults, 1)
	assert.EqualError(t, faults[0], "controller counter on ConfigMap a: panic: brittle")
	err = s.Between(func(api apiserver.API) error {
		_, err := api.Update(setting("a", "y"), apiserver.WriteOptions{})
		return err
	})
	require.EqualError(t, err, "panic: brittle")
	_, err = s.API().Create(setting("b", "xx"), apiserver.WriteOptions{})
	require.NoError(t, err)
}
