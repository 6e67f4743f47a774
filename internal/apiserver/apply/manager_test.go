package apply_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/setpoint-dev/setpoint/internal/apiserver/apply"
	"github.com/setpoint-dev/setpoint/internal/schema/embedded"
)

var deployment = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}

// plainly is the field manager without anything around it: what [apply.Manager] has to agree with.
type plainly struct{ *managedfields.FieldManager }

type scheme struct{}

func (scheme) ConvertToVersion(in runtime.Object, _ runtime.GroupVersioner) (runtime.Object, error) {
	return in, nil
}
func (scheme) Convert(_, _, _ any) error { return nil }
func (scheme) ConvertFieldLabel(_ schema.GroupVersionKind, label, value string) (string, string, error) {
	return label, value, nil
}
func (scheme) Default(runtime.Object)                              {}
func (scheme) New(schema.GroupVersionKind) (runtime.Object, error) { return empty() }

func empty() (*unstructured.Unstructured, error) {
	out := &unstructured.Unstructured{}
	out.SetGroupVersionKind(deployment)
	return out, nil
}

// structure returns that of Deployments.
func structure() (managedfields.TypeConverter, error) {
	raw, _ := embedded.OpenAPI(deployment.GroupVersion())
	document, err := apply.NewDocument(raw)
	if err != nil {
		return nil, err
	}
	schemas := map[string]*spec.Schema{}
	if err := document.Kind(deployment, schemas); err != nil {
		return nil, err
	}
	return apply.TypesOf(schemas, false)
}

func managers(t *testing.T) (*apply.Manager, plainly) {
	t.Helper()
	types, err := structure()
	require.NoError(t, err)
	ours, err := apply.New(apply.Config{Kind: deployment, Types: types, Reset: [][]string{{"status"}}, Empty: empty})
	require.NoError(t, err)
	reset := fieldpath.NewSet(fieldpath.MakePathOrDie("status"))
	theirs, err := managedfields.NewDefaultFieldManager(types, scheme{}, scheme{}, scheme{}, deployment, deployment.GroupVersion(), "",
		map[fieldpath.APIVersion]fieldpath.Filter{"apps/v1": fieldpath.NewExcludeSetFilter(reset)})
	require.NoError(t, err)
	return ours, plainly{theirs}
}

// Random writes by several managers lead to the same objects, accounts and conflicts as they do with the field manager
// alone, whatever is done to spare it work.
func TestManagerAgreesWithFieldManager(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 3))
	ours, theirs := managers(t)
	accepted, refused, repeated := 0, 0, 0
	for range 60 {
		live, err := empty()
		require.NoError(t, err)
		last, many := map[string]*unstructured.Unstructured{}, 1+r.IntN(3)
		for range 15 {
			manager := []string{"a", "b", "kubectl"}[r.IntN(many)]
			before := live.DeepCopy()
			var got, want *unstructured.Unstructured
			var gotErr, wantErr error
			now := metav1.NewTime(time.Now().UTC().Truncate(time.Second))
			if r.IntN(4) == 0 {
				obj := random(r)
				obj.SetManagedFields(live.GetManagedFields())
				if r.IntN(5) == 0 {
					obj.SetManagedFields([]metav1.ManagedFieldsEntry{})
				}
				got = ours.Update(live, obj.DeepCopy(), manager, now)
				want = theirs.UpdateNoErrors(live.DeepCopy(), obj.DeepCopy(), manager).(*unstructured.Unstructured)
			} else {
				patch, force := random(r), r.IntN(3) == 0
				if p := last[manager]; p != nil && r.IntN(2) == 0 {
					patch = p.DeepCopy()
					revalue(r, patch.Object["spec"])
				}
				last[manager] = patch.DeepCopy()
				if apply.Repeats(ours, live, patch.DeepCopy(), manager) {
					repeated++
				}
				got, _, gotErr = ours.Apply(live, patch, manager, force, now)
				out, err := theirs.Apply(live.DeepCopy(), patch.DeepCopy(), manager, force)
				want, _ = out.(*unstructured.Unstructured)
				wantErr = err
			}
			require.Equal(t, before, live, "live was changed")
			if wantErr != nil {
				refused++
				require.EqualError(t, gotErr, wantErr.Error())
				continue
			}
			accepted++
			require.NoError(t, gotErr)
			require.Equal(t, timeless(want), timeless(got))
			live = got
			if r.IntN(3) == 0 {
				live = stored(t, live)
			}
		}
	}
	t.Logf("%d accepted, %d of them by repetition, %d refused", accepted, repeated, refused)
	assert.Positive(t, repeated)
	assert.Positive(t, refused)
	assert.Greater(t, accepted, refused)
}

// revalue gives some fields other values, and adds none.
func revalue(r *rand.Rand, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			switch value.(type) {
			case int64:
				v[key] = int64(r.IntN(3))
			case bool:
				v[key] = r.IntN(2) == 0
			case string:
				if key != "name" && r.IntN(2) == 0 {
					v[key] = string('a' + rune(r.IntN(3)))
				}
			default:
				revalue(r, value)
			}
		}
	case []any:
		for _, item := range v {
			revalue(r, item)
		}
	}
}

// timeless returns an object with its entries without times, in an order that does not depend on them.
func timeless(obj *unstructured.Unstructured) *unstructured.Unstructured {
	out := obj.DeepCopy()
	entries := out.GetManagedFields()
	for i := range entries {
		entries[i].Time = nil
	}
	slices.SortFunc(entries, func(a, b metav1.ManagedFieldsEntry) int {
		return slices.Compare([]string{string(a.Operation), a.Manager}, []string{string(b.Operation), b.Manager})
	})
	out.SetManagedFields(entries)
	return out
}

// stored returns an object as it is after it went through JSON.
func stored(t *testing.T, obj *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	data, err := obj.MarshalJSON()
	require.NoError(t, err)
	out := &unstructured.Unstructured{}
	require.NoError(t, out.UnmarshalJSON(data))
	return out
}

// random returns a Deployment with some of a few fields.
func random(r *rand.Rand) *unstructured.Unstructured {
	some := func(m map[string]any, key string, value any) {
		if r.IntN(2) == 0 {
			m[key] = value
		}
	}
	word := func() string { return []string{"x", "y", "z"}[r.IntN(3)] }
	var containers []any
	for _, name := range []string{"app", "proxy"} {
		if r.IntN(3) == 0 {
			continue
		}
		c := map[string]any{"name": name, "image": word()}
		some(c, "args", []any{word()})
		some(c, "resources", map[string]any{"limits": map[string]any{"cpu": []string{"1", "1000m", "2"}[r.IntN(3)]}})
		some(c, "env", []any{map[string]any{"name": "A", "value": word()}, map[string]any{"name": word()}})
		some(c, "ports", []any{map[string]any{"containerPort": int64(80 + r.IntN(2)), "protocol": "TCP"}})
		containers = append(containers, c)
	}
	template := map[string]any{}
	some(template, "nodeSelector", map[string]any{word(): word()})
	some(template, "tolerations", []any{map[string]any{"key": word()}})
	if containers != nil {
		template["containers"] = containers
	}
	spec := map[string]any{}
	some(spec, "replicas", int64(r.IntN(3)))
	some(spec, "paused", r.IntN(2) == 0)
	some(spec, "selector", map[string]any{"matchLabels": map[string]any{"a": word()}})
	some(spec, "template", map[string]any{"spec": template})
	obj := map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}
	metadata := map[string]any{"name": "a"}
	some(metadata, "labels", map[string]any{word(): word(), "l": word()})
	some(metadata, "finalizers", []any{word()})
	some(obj, "status", map[string]any{"replicas": int64(r.IntN(2))})
	obj["metadata"] = metadata
	u := &unstructured.Unstructured{Object: obj}
	if r.IntN(4) == 0 {
		last, err := json.Marshal(obj)
		if err != nil {
			panic(err)
		}
		u.SetAnnotations(map[string]string{"kubectl.kubernetes.io/last-applied-configuration": string(last)})
	}
	return u
}

// Entries are those that the object's own method returns.
func TestEntries(t *testing.T) {
	for _, text := range []string{
		`{"metadata":{}}`, `{}`, `{"metadata":{"managedFields":null}}`, `{"metadata":{"managedFields":[]}}`, `{"metadata":{"managedFields":[1]}}`,
		`{"metadata":{"managedFields":[{}]}}`, `{"metadata":{"managedFields":[{"manager":1}]}}`, `{"metadata":{"managedFields":[{"extra":"x"}]}}`,
		`{"metadata":{"managedFields":[{"manager":"m","operation":"Apply","apiVersion":"v1","time":"2026-01-02T03:04:05Z","fieldsType":"FieldsV1",
		"fieldsV1":{"f:a":{".":{},"k:{\"n\":\"<x>\"}":{}}},"subresource":"status"},{"manager":"n","time":null,"fieldsV1":null}]}}`,
		`{"metadata":{"managedFields":[{"manager":"m","time":"2026-01-02T03:04:05+02:00"}]}}`, `{"metadata":{"managedFields":[{"time":"never"}]}}`,
	} {
		obj := &unstructured.Unstructured{}
		require.NoError(t, json.Unmarshal([]byte(text), &obj.Object))
		assert.Equal(t, obj.GetManagedFields(), apply.Entries(obj), text)
	}
}

func ExampleManager_Apply() {
	types, err := structure()
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := apply.New(apply.Config{Kind: deployment, Types: types, Empty: empty})
	if err != nil {
		fmt.Println(err)
		return
	}
	replicas := func(n int64) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web"}, "spec": map[string]any{"replicas": n},
		}}
	}
	live, err := empty()
	if err == nil {
		live, _, err = m.Apply(live, replicas(1), "git", false, metav1.Now())
	}
	if err == nil {
		_, _, err = m.Apply(live, replicas(2), "scaler", false, metav1.Now())
	}
	fmt.Println(err)
	// Output: Apply failed with 1 conflict: conflict with "git": .spec.replicas
}

func TestMetadataAndCopy(t *testing.T) {
	obj := &unstructured.Unstructured{}
	require.NoError(t, json.Unmarshal([]byte(`{"kind":"A","spec":{"a":[{"b":1}]},"metadata":{"name":"a","labels":{"l":"1"},"managedFields":[
		{"manager":"m","operation":"Apply","fieldsType":"FieldsV1","fieldsV1":{"f:a":{}}}]}}`), &obj.Object))
	want := obj.GetManagedFields()
	want[0].FieldsV1 = nil
	assert.Equal(t, want, apply.Metadata(obj).GetManagedFields())
	assert.Equal(t, "a", apply.Metadata(obj).GetName())

	copied := apply.Copy(obj)
	assert.Equal(t, obj, copied)
	before := obj.DeepCopy()
	copied.SetLabels(nil)
	copied.SetManagedFields(nil)
	copied.Object["spec"].(map[string]any)["a"].([]any)[0].(map[string]any)["b"] = "changed"
	assert.Equal(t, before, obj)
}

// What the merge alone cannot answer is left to the field manager, however much it looks like a repetition: lists that somebody has
// put into another order, and kubectl's account of its client-side applies.
func TestLooksLikeARepetition(t *testing.T) {
	ours, theirs := managers(t)
	deploy := func(image string, annotations map[string]any, containers ...string) *unstructured.Unstructured {
		var list []any
		for _, name := range containers {
			list = append(list, map[string]any{"name": name, "image": image})
		}
		metadata := map[string]any{"name": "a"}
		if annotations != nil {
			metadata["annotations"] = annotations
		}
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata,
			"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"containers": list}}},
		}}
	}
	now := metav1.NewTime(time.Now().UTC().Truncate(time.Second))
	both := func(live, patch *unstructured.Unstructured, manager string) *unstructured.Unstructured {
		want, err := theirs.Apply(live.DeepCopy(), patch.DeepCopy(), manager, true)
		require.NoError(t, err)
		got, _, err := ours.Apply(live, patch, manager, true, now)
		require.NoError(t, err)
		require.Equal(t, timeless(want.(*unstructured.Unstructured)), timeless(got))
		return got
	}
	blank, err := empty()
	require.NoError(t, err)

	live := both(blank, deploy("i:1", nil, "x", "y", "z"), "a")
	turned := deploy("i:1", nil, "z", "x", "y")
	containers, _, err := unstructured.NestedSlice(turned.Object, "spec", "template", "spec", "containers")
	require.NoError(t, err)
	containers[0].(map[string]any)["tty"] = true
	require.NoError(t, unstructured.SetNestedSlice(turned.Object, containers, "spec", "template", "spec", "containers"))
	turned.SetManagedFields(live.GetManagedFields())
	live = ours.Update(live, turned, "editor", now)
	both(live, deploy("i:2", nil, "x", "y", "z"), "a")

	live = both(blank, deploy("i:1", nil, "x"), "kubectl")
	live.SetAnnotations(map[string]string{"kubectl.kubernetes.io/last-applied-configuration": "{}"})
	after := both(live, deploy("i:2", nil, "x"), "kubectl")
	require.Contains(t, after.GetAnnotations()["kubectl.kubernetes.io/last-applied-configuration"], "i:2")
}
