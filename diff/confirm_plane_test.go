package diff_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
	"github.com/setpoint-dev/setpoint/internal/schema"
)

// fields are those of an object.
type fields = map[string]any

// admits is what an admission webhook does to an object; an error refuses it.
type admits func(obj map[string]any, dryRun bool) error

// plane is an API server with a webhook that a test sets.
type plane struct {
	client    *kube.Client
	namespace string
	schemas   *diff.Schemas
	set       *schema.Set
	// etcd is where the real server keeps its objects.
	control *kubetest.ControlPlane

	mu   sync.Mutex
	hook admits
	// asked counts the calls of the webhook.
	asked int
}

func (p *plane) admit(f admits) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hook = f
}

func (p *plane) call(obj map[string]any, dryRun bool) error {
	p.mu.Lock()
	f := p.hook
	p.asked++
	p.mu.Unlock()
	if f == nil {
		return nil
	}
	return f(obj, dryRun)
}

func (p *plane) calls() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// onPlanes runs a test on the memory API server with a function, and on the real one with a webhook.
func onPlanes(t *testing.T, test func(t *testing.T, p *plane)) {
	t.Run("memory", func(t *testing.T) { test(t, memoryPlane(t)) })
	t.Run("control plane", func(t *testing.T) { test(t, realPlane(t)) })
}

func memoryPlane(t *testing.T) *plane {
	p := &plane{namespace: "shop"}
	s, err := memory.New(&memory.Options{Admission: []memory.Admission{{Name: "mutate.example.com", Mutate: func(r *memory.AdmissionRequest) error {
		if r.Object == nil || r.Namespace != p.namespace {
			return nil
		}
		return p.call(r.Object.Object, r.DryRun)
	}}}})
	require.NoError(t, err)
	t.Cleanup(s.Close)
	p.client, err = kube.New(s.Config(), nil)
	require.NoError(t, err)
	_, err = p.client.Create(t.Context(), object(t, "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"), cluster.WriteOptions{})
	require.NoError(t, err)
	return p.load(t)
}

func realPlane(t *testing.T) *plane {
	p := &plane{control: kubetest.Shared(t, nil)}
	config := p.control.Config()
	p.namespace = kubetest.Namespace(t, config)
	var err error
	p.client, err = kube.New(config, nil)
	require.NoError(t, err)
	s := httptest.NewTLSServer(http.HandlerFunc(p.review))
	t.Cleanup(s.Close)
	p.configure(t, s, "MutatingWebhookConfiguration", "None")
	// A webhook takes effect when the server has seen it, which nothing announces.
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		probe := p.object(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: probe}}")
		_, err := p.client.Apply(t.Context(), probe, cluster.WriteOptions{Manager: "probe", DryRun: true})
		assert.NoError(c, err)
		assert.Positive(c, p.calls())
	}, time.Minute, 20*time.Millisecond)
	return p.load(t)
}

// configuration returns a webhook for what is in the namespace.
func (p *plane) configuration(s *httptest.Server, kind, sideEffects string) map[string]any {
	url := s.URL + "/mutate"
	if kind == "ValidatingWebhookConfiguration" {
		url = s.URL + "/validate"
	}
	return fields{
		"apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": fields{"name": p.namespace},
		"webhooks": []any{fields{
			"name": "mutate.example.com", "sideEffects": sideEffects, "admissionReviewVersions": []any{"v1"}, "timeoutSeconds": int64(30),
			"clientConfig":      fields{"url": url, "caBundle": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})},
			"namespaceSelector": fields{"matchLabels": fields{"kubernetes.io/metadata.name": p.namespace}},
			"rules": []any{fields{
				"operations": []any{"CREATE", "UPDATE"}, "apiGroups": []any{"*"}, "apiVersions": []any{"*"},
				"resources": []any{"configmaps", "secrets", "deployments", "services", "widgets", "horizontalpodautoscalers"},
			}},
		}},
	}
}

func (p *plane) configure(t *testing.T, s *httptest.Server, kind, sideEffects string) {
	data, err := json.Marshal(p.configuration(s, kind, sideEffects))
	require.NoError(t, err)
	obj := object(t, string(data))
	_, err = p.client.Create(t.Context(), obj, cluster.WriteOptions{})
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, p.client.Delete(context.WithoutCancel(t.Context()), cluster.RefOf(obj), cluster.DeleteOptions{}))
	})
}

// review answers as a webhook.
func (p *plane) review(w http.ResponseWriter, r *http.Request) {
	var in admissionv1.AdmissionReview
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Request == nil {
		http.Error(w, "no review", http.StatusBadRequest)
		return
	}
	obj, before := &unstructured.Unstructured{}, &unstructured.Unstructured{}
	if obj.UnmarshalJSON(in.Request.Object.Raw) != nil || before.UnmarshalJSON(in.Request.Object.Raw) != nil {
		http.Error(w, "no object", http.StatusBadRequest)
		return
	}
	out := &admissionv1.AdmissionResponse{UID: in.Request.UID, Allowed: true}
	if err := p.call(obj.Object, in.Request.DryRun != nil && *in.Request.DryRun); err != nil {
		out.Allowed, out.Result = false, &metav1.Status{Message: err.Error(), Code: http.StatusForbidden, Reason: metav1.StatusReasonForbidden}
	}
	var patch []fields
	for key, v := range obj.Object {
		patch = append(patch, fields{"op": "add", "path": "/" + key, "value": v})
	}
	for key := range before.Object {
		if _, ok := obj.Object[key]; !ok {
			patch = append(patch, fields{"op": "remove", "path": "/" + key})
		}
	}
	if r.URL.Path != "/validate" {
		jsonPatch := admissionv1.PatchTypeJSONPatch
		out.PatchType = &jsonPatch
		out.Patch, _ = json.Marshal(patch)
	}
	in.Response, in.Request = out, nil
	_ = json.NewEncoder(w).Encode(in)
}

func (p *plane) load(t *testing.T) *plane {
	versions := []apischema.GroupVersion{{Version: "v1"}, {Group: "apps", Version: "v1"}}
	p.schemas, p.set = diff.NewSchemas(p.client), schema.New(p.client)
	require.NoError(t, p.schemas.Load(t.Context(), versions...))
	require.NoError(t, p.set.Load(t.Context(), versions...))
	return p
}

// object reads a manifest into the namespace.
func (p *plane) object(t testing.TB, manifest string) *unstructured.Unstructured {
	obj := object(t, manifest)
	obj.SetNamespace(p.namespace)
	return obj
}

// apply applies by force.
func (p *plane) apply(t testing.TB, manager string, obj *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	w, err := p.client.Apply(t.Context(), obj, cluster.WriteOptions{Manager: manager, Force: true})
	require.NoError(t, err)
	return w.Object
}

// patch changes a live object as a person does.
func (p *plane) patch(t testing.TB, obj *unstructured.Unstructured, merge string) *unstructured.Unstructured {
	t.Helper()
	w, err := p.client.Patch(t.Context(), cluster.RefOf(obj), cluster.Patch{Type: "application/merge-patch+json", Data: []byte(merge)}, cluster.WriteOptions{Manager: "editor"})
	require.NoError(t, err)
	return w.Object
}

// canonical is an object as far as it is compared.
func (p *plane) canonical(obj *unstructured.Unstructured) map[string]any {
	if kinds := p.set.Kinds(obj.GroupVersionKind()); len(kinds) > 0 {
		return kinds[0].Canonical(compared(obj, kinds[0].HasStatus))
	}
	kind := schema.Deduced(obj.GroupVersionKind())
	return kind.Canonical(compared(obj, false))
}

func compared(obj *unstructured.Unstructured, hasStatus bool) map[string]any {
	c := obj.DeepCopy()
	for _, f := range []string{"managedFields", "resourceVersion", "generation"} {
		unstructured.RemoveNestedField(c.Object, "metadata", f)
	}
	if hasStatus {
		delete(c.Object, "status")
	}
	return c.Object
}
