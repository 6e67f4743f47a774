package memory_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	admissionv1 "k8s.io/api/admission/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

var (
	deployments = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
	pods        = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
)

func deployment(name string, replicas int64) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": name, "namespace": "default"},
		"spec": map[string]any{
			"replicas": replicas,
			"selector": map[string]any{"matchLabels": map[string]any{"app": name}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": name}},
				"spec":     map[string]any{"containers": []any{map[string]any{"name": name, "image": "nginx:1.27"}}},
			},
		},
	}}
}

// deny refuses everything of a kind.
func deny(kind string, err error) memory.Admission {
	return memory.Admission{Name: "deny.example.com", Kind: kind, Validate: func(*memory.AdmissionRequest) error { return err }}
}

func TestAdmissionRefuses(t *testing.T) {
	for name, row := range map[string]struct {
		err     error
		code    int32
		reason  metav1.StatusReason
		message string
	}{
		"plain":       {errors.New("not today"), 403, metav1.StatusReasonForbidden, `admission webhook "deny.example.com" denied the request: not today`},
		"with status": {apierrors.NewUnauthorized("who?"), 401, metav1.StatusReasonUnauthorized, `admission webhook "deny.example.com" denied the request: who?`},
		"wrapped":     {fmt.Errorf("so: %w", apierrors.NewBadRequest("no")), 400, metav1.StatusReasonBadRequest, `admission webhook "deny.example.com" denied the request: no`},
		"mute":        {&apierrors.StatusError{}, 400, "", `admission webhook "deny.example.com" denied the request without explanation`},
		"success":     {&apierrors.StatusError{ErrStatus: metav1.Status{Status: "Success", Code: 200, Reason: "Odd"}}, 400, "Odd", `admission webhook "deny.example.com" denied the request: Odd`},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, &memory.Options{Admission: []memory.Admission{deny("ConfigMap", row.err)}})
			_, err := dyn(t, s).Resource(configMaps).Namespace("default").Create(t.Context(), configMap("a", nil), metav1.CreateOptions{})
			var status *apierrors.StatusError
			require.ErrorAs(t, err, &status)
			assert.Equal(t, row.code, status.ErrStatus.Code)
			assert.Equal(t, row.reason, status.ErrStatus.Reason)
			assert.Equal(t, row.message, status.ErrStatus.Message)
			_, err = dyn(t, s).Resource(configMaps).Namespace("default").Get(t.Context(), "a", metav1.GetOptions{})
			assert.True(t, apierrors.IsNotFound(err))
		})
	}
}

// Everything that a write says about itself reaches admission, for every verb.
func TestAdmissionIsAsked(t *testing.T) {
	var mu sync.Mutex
	var heard []string
	note := func(phase string) func(*memory.AdmissionRequest) error {
		return func(r *memory.AdmissionRequest) error {
			mu.Lock()
			defer mu.Unlock()
			show := func(obj *unstructured.Unstructured) string {
				if obj == nil {
					return "-"
				}
				replicas, _, _ := unstructured.NestedInt64(obj.Object, "spec", "replicas")
				return fmt.Sprint(obj.GetKind(), replicas)
			}
			heard = append(heard, fmt.Sprintf("%s %s %s %s/%s sub=%q old=%s new=%s user=%s%v dry=%t", phase, r.Operation, r.Resource.Resource,
				r.Namespace, r.Name, r.Subresource, show(r.Old), show(r.Object), r.User.Username, r.User.Groups, r.DryRun))
			return nil
		}
	}
	s := start(t, &memory.Options{Admission: []memory.Admission{{
		Name: "all.example.com", Group: "apps", Kind: "Deployment", Subresources: []string{"scale"}, Mutate: note("mutate"), Validate: note("validate"),
	}}})
	config := s.Config()
	config.Impersonate = rest.ImpersonationConfig{UserName: "jane", Groups: []string{"dev"}}
	client, err := dynamic.NewForConfig(config)
	require.NoError(t, err)
	c := client.Resource(deployments).Namespace("default")
	ctx := t.Context()
	told := func() []string {
		out := heard
		heard = nil
		return out
	}
	who := " user=jane[dev system:authenticated] dry=false"

	_, err = c.Apply(ctx, "web", deployment("web", 1), metav1.ApplyOptions{FieldManager: "us"})
	require.NoError(t, err)
	assert.Equal(t, []string{
		`mutate CREATE deployments default/web sub="" old=- new=Deployment1` + who, `validate CREATE deployments default/web sub="" old=- new=Deployment1` + who,
	}, told())
	_, err = c.Patch(ctx, "web", types.MergePatchType, []byte(`{"spec":{"replicas":2}}`), metav1.PatchOptions{DryRun: []string{"All"}})
	require.NoError(t, err)
	assert.Equal(t, []string{
		`mutate UPDATE deployments default/web sub="" old=Deployment1 new=Deployment2 user=jane[dev system:authenticated] dry=true`,
		`validate UPDATE deployments default/web sub="" old=Deployment1 new=Deployment2 user=jane[dev system:authenticated] dry=true`,
	}, told())
	_, err = c.Patch(ctx, "web", types.MergePatchType, []byte(`{"spec":{"replicas":3}}`), metav1.PatchOptions{}, "scale")
	require.NoError(t, err)
	assert.Equal(t, []string{
		`mutate UPDATE deployments default/web sub="scale" old=Scale1 new=Scale3` + who, `validate UPDATE deployments default/web sub="scale" old=Scale1 new=Scale3` + who,
	}, told())
	_, err = c.Patch(ctx, "web", types.MergePatchType, []byte(`{"status":{"replicas":3}}`), metav1.PatchOptions{}, "status")
	require.NoError(t, err)
	assert.Empty(t, told(), "status is not named")
	require.NoError(t, c.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}))
	assert.Equal(t, []string{
		`mutate DELETE deployments default/web sub="" old=Deployment3 new=-` + who, `validate DELETE deployments default/web sub="" old=Deployment3 new=-` + who,
	}, told())
	_, err = client.Resource(configMaps).Namespace("default").Create(ctx, configMap("a", nil), metav1.CreateOptions{})
	require.NoError(t, err)
	assert.Empty(t, told(), "another kind")
}

// A refused deletion deletes nothing, and a refused scale scales nothing.
func TestAdmissionGuardsWhatIsThere(t *testing.T) {
	guard := memory.Admission{
		Name: "guard.example.com", Operations: []admissionv1.Operation{admissionv1.Delete, admissionv1.Update}, Subresources: []string{"*"},
		Validate: func(r *memory.AdmissionRequest) error {
			if r.Old.GetLabels()["guarded"] != "" || r.Old.GetKind() == "Scale" {
				return errors.New("it is guarded")
			}
			return nil
		},
	}
	s := start(t, &memory.Options{Admission: []memory.Admission{guard}})
	c := dyn(t, s).Resource(deployments).Namespace("default")
	obj := deployment("web", 1)
	obj.SetLabels(map[string]string{"guarded": "yes"})
	before, err := c.Create(t.Context(), obj, metav1.CreateOptions{})
	require.NoError(t, err)
	require.ErrorContains(t, c.Delete(t.Context(), "web", metav1.DeleteOptions{}), "it is guarded")
	foreground := metav1.DeletePropagationForeground
	require.ErrorContains(t, c.Delete(t.Context(), "web", metav1.DeleteOptions{PropagationPolicy: &foreground}), "it is guarded")
	_, err = c.Patch(t.Context(), "web", types.MergePatchType, []byte(`{"spec":{"replicas":3}}`), metav1.PatchOptions{}, "scale")
	require.ErrorContains(t, err, "it is guarded")
	_, err = c.Patch(t.Context(), "web", types.MergePatchType, []byte(`{"status":{"replicas":3}}`), metav1.PatchOptions{}, "status")
	require.ErrorContains(t, err, "it is guarded")
	after, err := c.Get(t.Context(), "web", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, before.Object, after.Object)
}

// What is mutated is defaulted and validated, in the order of the list.
func TestAdmissionMutates(t *testing.T) {
	label := func(name string) memory.Admission {
		return memory.Admission{Name: name, Kind: "Pod", Mutate: func(r *memory.AdmissionRequest) error {
			labels := r.Object.GetLabels()
			labels["order"] += name[:1]
			r.Object.SetLabels(labels)
			r.Warn("labelled by " + name)
			return nil
		}}
	}
	inject := memory.Admission{Name: "sidecar", Kind: "Pod", Operations: []admissionv1.Operation{admissionv1.Create}, Mutate: func(r *memory.AdmissionRequest) error {
		if r.Object.GetLabels()["inject"] == "" {
			return nil
		}
		containers, _, _ := unstructured.NestedSlice(r.Object.Object, "spec", "containers")
		containers = append(containers, map[string]any{"name": r.Object.GetLabels()["inject"], "image": "proxy:1"})
		return unstructured.SetNestedSlice(r.Object.Object, containers, "spec", "containers")
	}}
	s := start(t, &memory.Options{Controllers: true, Admission: []memory.Admission{label("one"), inject, label("two")}})
	client := dyn(t, s)
	obj := deployment("web", 1)
	require.NoError(t, unstructured.SetNestedStringMap(obj.Object, map[string]string{"app": "web", "inject": "proxy"}, "spec", "template", "metadata", "labels"))
	_, err := client.Resource(deployments).Namespace("default").Create(t.Context(), obj, metav1.CreateOptions{})
	require.NoError(t, err)
	made, err := client.Resource(pods).Namespace("default").List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	require.Len(t, made.Items, 1, "a controller's write is mutated as well")
	assert.Contains(t, made.Items[0].GetLabels()["order"], "ot")
	containers, _, _ := unstructured.NestedSlice(made.Items[0].Object, "spec", "containers")
	require.Len(t, containers, 2)
	assert.Equal(t, "IfNotPresent", containers[1].(map[string]any)["imagePullPolicy"], "a default of what was injected")

	bad := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "bad", "labels": map[string]any{"inject": "Not_A_Name"}},
		"spec": map[string]any{"containers": []any{map[string]any{"name": "c", "image": "i"}}},
	}}
	_, err = client.Resource(pods).Namespace("default").Create(t.Context(), bad, metav1.CreateOptions{})
	assert.True(t, apierrors.IsInvalid(err), "%v", err)
}

// Names that are to be generated are not there yet, and one that admission gives holds.
func TestAdmissionBeforeTheNameIsGenerated(t *testing.T) {
	var heard []string
	naming := memory.Admission{Name: "naming", Kind: "ConfigMap", Mutate: func(r *memory.AdmissionRequest) error {
		heard = append(heard, r.Name+"|"+r.Object.GetName())
		if r.Object.GetGenerateName() == "named-" {
			r.Object.SetName("by-admission")
		}
		return nil
	}}
	s := start(t, &memory.Options{Admission: []memory.Admission{naming}})
	c := dyn(t, s).Resource(configMaps).Namespace("default")
	for base, want := range map[string]string{"free-": `^free-[a-z0-9]{5}$`, "named-": `^by-admission$`} {
		obj := configMap("", nil)
		obj.SetName("")
		obj.SetGenerateName(base)
		got, err := c.Create(t.Context(), obj, metav1.CreateOptions{})
		require.NoError(t, err)
		assert.Regexp(t, want, got.GetName())
	}
	assert.Equal(t, []string{"|", "|"}, heard)
}

// An object that admission makes of Go values that JSON does not have is stored all the same.
func TestAdmissionWithGoValues(t *testing.T) {
	careless := memory.Admission{Name: "careless", Kind: "Service", Mutate: func(r *memory.AdmissionRequest) error {
		r.Object.Object["spec"].(map[string]any)["externalIPs"] = []string{"192.0.2.1"}
		r.Object.Object["spec"].(map[string]any)["sessionAffinityConfig"] = nil
		return nil
	}}
	s := start(t, &memory.Options{Admission: []memory.Admission{careless}})
	services := schema.GroupVersionResource{Version: "v1", Resource: "services"}
	obj := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Service", "metadata": map[string]any{"name": "a"},
		"spec": map[string]any{"ports": []any{map[string]any{"port": int64(80)}}},
	}}
	got, err := dyn(t, s).Resource(services).Namespace("default").Create(t.Context(), obj, metav1.CreateOptions{})
	require.NoError(t, err)
	ips, _, _ := unstructured.NestedStringSlice(got.Object, "spec", "externalIPs")
	assert.Equal(t, []string{"192.0.2.1"}, ips)
}

// Admission cannot take an object to another namespace, nor take it away.
func TestAdmissionKeepsAnObjectWhereItIs(t *testing.T) {
	var wish func(*memory.AdmissionRequest)
	s := start(t, &memory.Options{Admission: []memory.Admission{{Name: "moving", Kind: "ConfigMap", Mutate: func(r *memory.AdmissionRequest) error {
		wish(r)
		return nil
	}}}})
	c := dyn(t, s).Resource(configMaps)
	move := func(r *memory.AdmissionRequest) { r.Object.SetNamespace("nowhere") }
	drop := func(r *memory.AdmissionRequest) { r.Object = nil }
	const elsewhere = "the namespace of the provided object does not match the namespace sent on the request"
	const none = `Internal error occurred: admission webhook "moving" made an object that cannot be read: there is none`

	wish = move
	_, err := c.Namespace("default").Create(t.Context(), configMap("a", nil), metav1.CreateOptions{})
	require.EqualError(t, err, elsewhere)
	wish = drop
	_, err = c.Namespace("default").Create(t.Context(), configMap("a", nil), metav1.CreateOptions{})
	require.EqualError(t, err, none)
	wish = func(r *memory.AdmissionRequest) { r.Object.SetNamespace("") }
	got, err := c.Namespace("default").Create(t.Context(), configMap("a", nil), metav1.CreateOptions{})
	require.NoError(t, err)
	assert.Equal(t, "default", got.GetNamespace())
	wish = move
	_, err = c.Namespace("default").Update(t.Context(), configMap("a", nil), metav1.UpdateOptions{})
	require.EqualError(t, err, elsewhere)
	all, err := c.List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	for _, obj := range all.Items {
		assert.NotEqual(t, "nowhere", obj.GetNamespace())
	}
}

// A function that ends its goroutine, as a failed assertion does, fails the request and nothing else.
func TestAdmissionThatEndsItsGoroutine(t *testing.T) {
	server := start(t, &memory.Options{Admission: []memory.Admission{{
		Name: "fatal", Kind: "ConfigMap", Validate: func(*memory.AdmissionRequest) error { runtime.Goexit(); return nil },
	}}})
	maps := dyn(t, server).Resource(configMaps).Namespace("default")
	_, err := maps.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{})
	require.ErrorContains(t, err, "the goroutine of the request was ended")
	_, err = maps.List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
}
