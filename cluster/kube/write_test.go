package kube_test

import (
	"encoding/base64"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
)

const otherUID = types.UID("11111111-2222-3333-4444-555555555555")

func TestApply(t *testing.T) {
	c, ns := real(t, nil)
	desired := configMap(ns, "web", "a", "1", "b", "2")
	before := desired.DeepCopy()

	first, err := c.Apply(t.Context(), desired, by("us"))
	require.NoError(t, err)
	assert.True(t, first.Created)
	assert.True(t, first.Changed)
	assert.Equal(t, "us", first.Object.GetManagedFields()[0].Manager)
	assert.Equal(t, before, desired, "the argument is the caller's")

	same, err := c.Apply(t.Context(), desired, cluster.WriteOptions{Manager: "us", UID: first.Object.GetUID(), ResourceVersion: first.Object.GetResourceVersion()})
	require.NoError(t, err)
	assert.False(t, same.Created)
	assert.False(t, same.Changed)

	less, err := c.Apply(t.Context(), configMap(ns, "web", "a", "1"), by("us"))
	require.NoError(t, err)
	assert.True(t, less.Changed)
	assert.Equal(t, map[string]any{"a": "1"}, less.Object.Object["data"])

	_, err = c.Apply(t.Context(), desired, cluster.WriteOptions{})
	assert.ErrorContains(t, err, "apply ConfigMap "+ns+"/web: no field manager; set WriteOptions.Manager")
}

// TestDryRun checks that a dry run of every verb answers as the write would and stores nothing.
func TestDryRun(t *testing.T) {
	c, ns := real(t, nil)
	ctx := t.Context()
	dry := cluster.WriteOptions{Manager: "us", DryRun: true}
	for _, write := range []func() (*cluster.Written, error){
		func() (*cluster.Written, error) { return c.Apply(ctx, configMap(ns, "new", "a", "1"), dry) },
		func() (*cluster.Written, error) { return c.Create(ctx, configMap(ns, "new", "a", "1"), dry) },
	} {
		w, err := write()
		require.NoError(t, err)
		assert.True(t, w.Created)
		_, err = c.Get(ctx, cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: "new"}, cluster.GetOptions{})
		assert.ErrorIs(t, err, cluster.ErrNotFound)
	}

	stored, err := c.Create(ctx, configMap(ns, "old", "a", "1"), by("us"))
	require.NoError(t, err)
	ref := cluster.RefOf(stored.Object)
	dry.ResourceVersion = stored.Object.GetResourceVersion()
	for _, write := range []func() (*cluster.Written, error){
		func() (*cluster.Written, error) { return c.Apply(ctx, configMap(ns, "old", "a", "2"), forced(dry)) },
		func() (*cluster.Written, error) { return c.Replace(ctx, configMap(ns, "old", "a", "2"), dry) },
		func() (*cluster.Written, error) {
			return c.Patch(ctx, ref, cluster.Patch{Type: types.MergePatchType, Data: []byte(`{"data":{"a":"2"}}`)}, dry)
		},
	} {
		w, err := write()
		require.NoError(t, err)
		assert.True(t, w.Changed, "a dry run answers with the stored resourceVersion and must not be taken for no change")
		assert.Equal(t, map[string]any{"a": "2"}, w.Object.Object["data"])
	}
	require.NoError(t, c.Delete(ctx, ref, cluster.DeleteOptions{DryRun: true}))
	now, err := c.Get(ctx, ref, cluster.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, stored.Object, now)
}

func forced(o cluster.WriteOptions) cluster.WriteOptions {
	o.Force = true
	return o
}

// TestPreconditions checks that a stale UID or resourceVersion is the same error for every verb, and that nothing is
// written, whether another object has the name or none.
func TestPreconditions(t *testing.T) {
	c, ns := real(t, nil)
	ctx := t.Context()
	crd := widgets(t, c)
	merge := cluster.Patch{Type: types.MergePatchType, Data: []byte(`{"metadata":{"labels":{"a":"2"}}}`)}
	steps := cluster.Patch{Type: types.JSONPatchType, Data: []byte(`[{"op":"add","path":"/metadata/labels","value":{"a":"2"}}]`)}
	strategic := cluster.Patch{Type: types.StrategicMergePatchType, Data: []byte(`{"metadata":{"labels":{"a":"2"}}}`)}

	for _, kind := range []struct{ apiVersion, kind string }{{"v1", "ConfigMap"}, {"v1", "Service"}, {"apps/v1", "Deployment"}, {"v1", "Secret"}, {crd + "/v1", "Widget"}} {
		make := func(name string) *unstructured.Unstructured {
			obj := object(kind.apiVersion, kind.kind, ns, name, nil)
			switch kind.kind {
			case "Deployment":
				obj = deployment(ns, name, 1)
			case "Service":
				obj.Object["spec"] = map[string]any{"ports": []any{map[string]any{"port": int64(80)}}}
			}
			obj.SetLabels(map[string]string{"a": "2"})
			return obj
		}
		old, err := c.Create(ctx, make("old"), by("us"))
		require.NoError(t, err)
		stale := old.Object.GetResourceVersion()
		_, err = c.Patch(ctx, cluster.RefOf(old.Object), cluster.Patch{Type: types.MergePatchType, Data: []byte(`{"metadata":{"labels":{"a":"1"}}}`)}, by("us"))
		require.NoError(t, err)

		verbs := map[string]func(name string, o cluster.WriteOptions) error{
			"apply": func(name string, o cluster.WriteOptions) error {
				_, err := c.Apply(ctx, make(name), forced(o))
				return err
			},
			"replace": func(name string, o cluster.WriteOptions) error {
				obj := make(name)
				if o.ResourceVersion == "" {
					now, err := c.Get(ctx, cluster.RefOf(obj), cluster.GetOptions{})
					if err == nil {
						obj.SetResourceVersion(now.GetResourceVersion())
					}
				}
				_, err := c.Replace(ctx, obj, o)
				return err
			},
			"patch merge": func(name string, o cluster.WriteOptions) error {
				_, err := c.Patch(ctx, cluster.RefOf(make(name)), merge, o)
				return err
			},
			"patch json": func(name string, o cluster.WriteOptions) error {
				_, err := c.Patch(ctx, cluster.RefOf(make(name)), steps, o)
				return err
			},
			"delete": func(name string, o cluster.WriteOptions) error {
				return c.Delete(ctx, cluster.RefOf(make(name)), cluster.DeleteOptions{UID: o.UID, ResourceVersion: o.ResourceVersion})
			},
		}
		if kind.kind != "Widget" {
			verbs["patch strategic"] = func(name string, o cluster.WriteOptions) error {
				_, err := c.Patch(ctx, cluster.RefOf(make(name)), strategic, o)
				return err
			}
		}
		conditions := map[string]cluster.WriteOptions{
			"stale uid":     {Manager: "us", UID: otherUID},
			"stale version": {Manager: "us", ResourceVersion: stale},
			"both":          {Manager: "us", UID: otherUID, ResourceVersion: stale},
			"right uid":     {Manager: "us", UID: old.Object.GetUID(), ResourceVersion: stale},
		}
		for verb, write := range verbs {
			for condition, o := range conditions {
				name := kind.kind + " " + verb + " " + condition
				err := write("old", o)
				assert.ErrorIs(t, err, cluster.ErrConflict, name)
				assert.False(t, cluster.Retryable(err), name)
				now, err := c.Get(ctx, cluster.RefOf(old.Object), cluster.GetOptions{})
				require.NoError(t, err, name)
				assert.Equal(t, "1", now.GetLabels()["a"], name)

				err = write("gone", o)
				if verb == "delete" {
					assert.ErrorIs(t, err, cluster.ErrNotFound, name)
				} else {
					assert.ErrorIs(t, err, cluster.ErrConflict, name)
				}
				_, err = c.Get(ctx, cluster.RefOf(make("gone")), cluster.GetOptions{})
				require.ErrorIs(t, err, cluster.ErrNotFound, "%s must not create", name)
			}
		}
	}
}

// TestAbsent checks that an apply on condition that there is no object creates one and never writes to one, of kinds with
// storage of various sorts, and that a real server takes it so.
func TestAbsent(t *testing.T) {
	c, ns := real(t, nil)
	ctx := t.Context()
	crd := widgets(t, c)
	absent := func(manager string, force, dry bool) cluster.WriteOptions {
		return cluster.WriteOptions{Manager: manager, Absent: true, Force: force, DryRun: dry}
	}
	service := object("v1", "Service", ns, "x", nil)
	service.Object["spec"] = map[string]any{"ports": []any{map[string]any{"port": int64(80)}}}
	for _, obj := range []*unstructured.Unstructured{
		object("v1", "ConfigMap", ns, "x", nil), object("v1", "Secret", ns, "x", nil), object("v1", "ServiceAccount", ns, "x", nil),
		object("v1", "Namespace", "", ns+"-x", nil), service, deployment(ns, "x", 1), object(crd+"/v1", "Widget", ns, "x", nil),
		object("rbac.authorization.k8s.io/v1", "Role", ns, "x", nil), object("scheduling.k8s.io/v1", "PriorityClass", "", ns+"-x", nil),
	} {
		obj.SetLabels(map[string]string{"a": "1"})
		kind := obj.GetKind()
		before := obj.DeepCopy()
		w, err := c.Apply(ctx, obj, absent("us", false, true))
		require.NoError(t, err, kind)
		assert.True(t, w.Created, kind)
		w, err = c.Apply(ctx, obj, absent("us", false, false))
		require.NoError(t, err, kind)
		assert.True(t, w.Created, kind)
		assert.NotEqual(t, "1", w.Object.GetResourceVersion(), kind)
		assert.Equal(t, before, obj, "the caller's object stays as it is")
		version := w.Object.GetResourceVersion()
		for _, tt := range []struct {
			manager    string
			force, dry bool
		}{{"us", false, false}, {"us", true, false}, {"them", true, false}, {"them", true, true}, {"them", false, false}} {
			_, err = c.Apply(ctx, obj, absent(tt.manager, tt.force, tt.dry))
			require.ErrorIs(t, err, cluster.ErrConflict, "%s %+v", kind, tt)
			assert.False(t, cluster.Retryable(err))
		}
		now, err := c.Get(ctx, cluster.RefOf(obj), cluster.GetOptions{})
		require.NoError(t, err)
		assert.Equal(t, version, now.GetResourceVersion(), kind)
	}
	_, err := c.Apply(ctx, object("v1", "ConfigMap", ns, "y", nil), cluster.WriteOptions{Manager: "us", Absent: true, UID: "u"})
	require.ErrorIs(t, err, cluster.ErrConflict)
	_, err = c.Apply(ctx, object("v1", "ConfigMap", "nowhere", "y", nil), absent("us", false, false))
	require.ErrorIs(t, err, cluster.ErrNotFound)
	require.NotErrorIs(t, err, cluster.ErrConflict)
}

func TestConflict(t *testing.T) {
	c, ns := real(t, nil)
	ctx := t.Context()
	_, err := c.Apply(ctx, deployment(ns, "web", 1), by("helm"))
	require.NoError(t, err)
	web := cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: ns, Name: "web"}
	_, err = c.Patch(ctx, web, cluster.Patch{Type: types.MergePatchType, Data: []byte(`{"spec":{"paused":true}}`)}, by("kubectl \"edit\""))
	require.NoError(t, err)
	_, err = c.Patch(ctx, web, cluster.Patch{Type: types.MergePatchType, Subresource: "scale", Data: []byte(`{"spec":{"replicas":3}}`)}, by("autoscaler"))
	require.NoError(t, err)

	ours := deployment(ns, "web", 2)
	require.NoError(t, unstructured.SetNestedField(ours.Object, false, "spec", "paused"))
	containers := []any{map[string]any{"name": "app", "image": "app:2"}}
	require.NoError(t, unstructured.SetNestedSlice(ours.Object, containers, "spec", "template", "spec", "containers"))
	_, err = c.Apply(ctx, ours, by("us"))
	var conflict *cluster.ConflictError
	require.ErrorAs(t, err, &conflict)
	assert.ElementsMatch(t, []cluster.FieldConflict{
		{Manager: "autoscaler", Operation: "Update", Subresource: "scale", Field: ".spec.replicas"},
		{Manager: `kubectl "edit"`, Operation: "Update", Field: ".spec.paused"},
		{Manager: "helm", Operation: "Apply", Field: `.spec.template.spec.containers[name="app"].image`},
	}, conflict.Conflicts)
	assert.False(t, cluster.Retryable(err))

	_, err = c.Apply(ctx, ours, forced(by("us")))
	require.NoError(t, err)
}

func TestInvalid(t *testing.T) {
	c, ns := real(t, nil)
	ctx := t.Context()
	bad := deployment(ns, "bad", -1)
	require.NoError(t, unstructured.SetNestedField(bad.Object, "Sometimes", "spec", "template", "spec", "restartPolicy"))
	_, err := c.Create(ctx, bad, by("us"))
	var invalid *cluster.InvalidError
	require.ErrorAs(t, err, &invalid)
	fields := map[string]string{}
	for _, cause := range invalid.Causes {
		fields[cause.Field] = cause.Type
	}
	assert.Equal(t, map[string]string{"spec.replicas": "FieldValueInvalid", "spec.template.spec.restartPolicy": "FieldValueNotSupported"}, fields)

	typo := configMap(ns, "typo")
	typo.Object["dada"] = "x"
	for verb, write := range map[string]func(*unstructured.Unstructured) error{
		"apply": func(obj *unstructured.Unstructured) error {
			_, err := c.Apply(ctx, obj, by("us"))
			return err
		},
		"create": func(obj *unstructured.Unstructured) error {
			_, err := c.Create(ctx, obj, cluster.WriteOptions{Manager: "us", Validation: cluster.ValidationStrict})
			return err
		},
	} {
		err := write(typo)
		require.ErrorAs(t, err, &invalid, verb)
		assert.ErrorContains(t, err, "dada", verb)
		assert.False(t, cluster.Retryable(err), verb)
	}

	// Immutable fields are the object's fault and tell which.
	service, err := c.Create(ctx, object("v1", "Service", ns, "svc", map[string]any{"spec": map[string]any{"ports": []any{map[string]any{"port": int64(80)}}}}), by("us"))
	require.NoError(t, err)
	_, err = c.Patch(ctx, cluster.RefOf(service.Object), cluster.Patch{Type: types.MergePatchType, Data: []byte(`{"spec":{"clusterIP":"10.0.0.77","clusterIPs":["10.0.0.77"]}}`)}, by("us"))
	require.ErrorAs(t, err, &invalid)
	assert.NotErrorIs(t, err, cluster.ErrConflict)
	assert.ErrorContains(t, err, "spec.clusterIP")
}

func TestWarnings(t *testing.T) {
	c, ns := real(t, nil)
	odd := configMap(ns, "odd")
	odd.Object["dada"] = "x"
	w, err := c.Create(t.Context(), odd, cluster.WriteOptions{Manager: "us", Validation: cluster.ValidationWarn})
	require.NoError(t, err)
	assert.Equal(t, []string{`unknown field "dada"`}, w.Warnings)
	w, err = c.Create(t.Context(), configMap(ns, "plain"), by("us"))
	require.NoError(t, err)
	assert.Empty(t, w.Warnings)
}

func TestCreate(t *testing.T) {
	c, ns := real(t, nil)
	ctx := t.Context()
	w, err := c.Create(ctx, configMap(ns, "one"), by("us"))
	require.NoError(t, err)
	assert.True(t, w.Created)
	_, err = c.Create(ctx, configMap(ns, "one"), by("us"))
	assert.ErrorIs(t, err, cluster.ErrAlreadyExists)
	assert.EqualError(t, err, "create ConfigMap "+ns+"/one: already exists")

	named := configMap(ns, "")
	named.SetGenerateName("gen-")
	w, err = c.Create(ctx, named, by("us"))
	require.NoError(t, err)
	assert.Regexp(t, "^gen-.+", w.Object.GetName())

	_, err = c.Create(ctx, configMap("nowhere", "one"), by("us"))
	assert.ErrorIs(t, err, cluster.ErrNotFound)
	assert.EqualError(t, err, "create ConfigMap nowhere/one: namespace nowhere: not found")
}

func TestReplace(t *testing.T) {
	c, ns := real(t, nil)
	ctx := t.Context()
	w, err := c.Create(ctx, configMap(ns, "one", "a", "1"), by("us"))
	require.NoError(t, err)
	next := w.Object.DeepCopy()
	next.Object["data"] = map[string]any{"b": "2"}
	r, err := c.Replace(ctx, next, by("us"))
	require.NoError(t, err)
	assert.True(t, r.Changed)
	assert.False(t, r.Created)
	assert.Equal(t, map[string]any{"b": "2"}, r.Object.Object["data"])
	_, err = c.Replace(ctx, next, by("us"))
	assert.ErrorIs(t, err, cluster.ErrConflict, "the resourceVersion in the object is a precondition")
	r, err = c.Replace(ctx, r.Object, by("us"))
	require.NoError(t, err)
	assert.False(t, r.Changed)
	_, err = c.Replace(ctx, configMap(ns, "none"), by("us"))
	assert.ErrorIs(t, err, cluster.ErrNotFound)
}

func TestDelete(t *testing.T) {
	c, ns := real(t, nil)
	ctx := t.Context()
	w, err := c.Create(ctx, configMap(ns, "one"), by("us"))
	require.NoError(t, err)
	ref := cluster.RefOf(w.Object)
	require.NoError(t, c.Delete(ctx, ref, cluster.DeleteOptions{UID: w.Object.GetUID(), ResourceVersion: w.Object.GetResourceVersion()}))
	assert.ErrorIs(t, c.Delete(ctx, ref, cluster.DeleteOptions{}), cluster.ErrNotFound)

	_, err = c.Create(ctx, deployment(ns, "web", 1), by("us"))
	require.NoError(t, err)
	web := cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: ns, Name: "web"}
	require.NoError(t, c.Delete(ctx, web, cluster.DeleteOptions{Propagation: cluster.PropagationForeground}))
	live, err := c.Get(ctx, web, cluster.GetOptions{})
	require.NoError(t, err, "no controller ends the foreground deletion here")
	assert.Equal(t, []string{"foregroundDeletion"}, live.GetFinalizers())
	assert.NotNil(t, live.GetDeletionTimestamp())
}

// TestCollectionIsSafe checks that a reference without a name never reaches the path of the collection, where a DELETE
// removes every object.
func TestCollectionIsSafe(t *testing.T) {
	c, ns := real(t, nil)
	ctx := t.Context()
	_, err := c.Create(ctx, configMap(ns, "one"), by("us"))
	require.NoError(t, err)
	for _, ref := range []cluster.Ref{
		{Kind: "ConfigMap", Namespace: ns},
		{Kind: "ConfigMap", Namespace: ns, Name: "."},
		{Kind: "ConfigMap", Namespace: ns, Name: ".."},
		{Kind: "ConfigMap", Namespace: ns, Name: "one/../.."},
		{Kind: "ConfigMap", Namespace: ns + "/configmaps/one", Name: "one"},
		{Kind: "ConfigMap", Name: "one"},
		{Kind: "Namespace", Namespace: ns, Name: ns},
	} {
		var invalid *cluster.InvalidError
		assert.ErrorAs(t, c.Delete(ctx, ref, cluster.DeleteOptions{}), &invalid, "%v", ref)
		_, err := c.Get(ctx, ref, cluster.GetOptions{})
		assert.ErrorAs(t, err, &invalid, "%v", ref)
	}
	_, err = c.Get(ctx, cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: "one"}, cluster.GetOptions{})
	assert.NoError(t, err)
}

func TestSecretIsNotTold(t *testing.T) {
	c, ns := real(t, nil)
	const value = "correct horse battery"
	coded := base64.StdEncoding.EncodeToString([]byte(value))
	secret := object("v1", "Secret", ns, "s", map[string]any{"stringData": map[string]any{"key": value}, "type": value, "data": map[string]any{"x": coded}})
	_, err := c.Create(t.Context(), secret, by("us"))
	require.NoError(t, err) // The server takes any type.

	for _, err := range []error{
		failure(c.Apply(t.Context(), object("v1", "Secret", ns, "t", map[string]any{"data": map[string]any{"a": coded, value: coded}}), by("us"))),
		failure(c.Create(t.Context(), object("v1", "Secret", ns, "u", map[string]any{"data": map[string]any{"a": value + "!"}}), by("us"))),
		failure(c.Patch(t.Context(), cluster.Ref{Kind: "Secret", Namespace: ns, Name: "s"},
			cluster.Patch{Type: types.MergePatchType, Data: []byte(`{"data":{"` + value + `":"` + coded + `"}}`)}, by("us"))),
		failure(c.Patch(t.Context(), cluster.Ref{Kind: "Secret", Namespace: ns, Name: "s"},
			cluster.Patch{Type: types.JSONPatchType, Data: []byte(`[{"op":"test","path":"/data/x","value":"` + coded + `x"},{"op":"add","path":"/immutable","value":"` + value + `"}]`)}, by("us"))),
	} {
		require.Error(t, err)
		t.Log(err)
		assert.NotContains(t, err.Error(), value)
		assert.NotContains(t, err.Error(), coded)
	}
}

func failure(_ *cluster.Written, err error) error { return err }
