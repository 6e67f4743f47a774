package gc_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/gc"
)

var (
	configMaps  = schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}
	namespaces  = schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}
	definitions = schema.GroupVersionKind{Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition"}
	noon        = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
)

// fixture is a server with the three controllers and a namespace "ns".
type fixture struct {
	t *testing.T
	apiserver.API
	server *apiserver.Server
}

func start(t *testing.T) *fixture {
	t.Helper()
	server, err := apiserver.New(apiserver.Options{Now: func() time.Time { return noon }})
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.Empty(t, server.Faults())
		server.Close()
	})
	for _, c := range []apiserver.Controller{gc.Owners(), gc.Namespaces(), gc.Definitions()} {
		server.Register(c)
	}
	f := &fixture{t: t, API: server.API(), server: server}
	f.create(`{apiVersion: v1, kind: Namespace, metadata: {name: ns}}`)
	return f
}

func (f *fixture) create(text string) *unstructured.Unstructured {
	f.t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	require.NoError(f.t, err)
	obj := &unstructured.Unstructured{}
	require.NoError(f.t, utiljson.Unmarshal(raw, &obj.Object))
	created, err := f.Create(obj, apiserver.WriteOptions{Manager: "test"})
	require.NoError(f.t, err)
	return created
}

// configMap creates one that the owners own, blocking their deletion when block is set.
func (f *fixture) configMap(name string, block bool, owners ...*unstructured.Unstructured) *unstructured.Unstructured {
	f.t.Helper()
	var refs []string
	for _, o := range owners {
		refs = append(refs, fmt.Sprintf("{apiVersion: %s, kind: %s, name: %s, uid: %s, blockOwnerDeletion: %v}", o.GetAPIVersion(), o.GetKind(), o.GetName(), o.GetUID(), block))
	}
	return f.create(fmt.Sprintf(`{apiVersion: v1, kind: ConfigMap, metadata: {namespace: ns, name: %s, ownerReferences: [%s]}}`, name, strings.Join(refs, ", ")))
}

func (f *fixture) delete(name string, policy metav1.DeletionPropagation) {
	f.t.Helper()
	require.NoError(f.t, f.Delete(configMaps, "ns", name, metav1.DeleteOptions{PropagationPolicy: &policy}))
}

// left returns the names of the ConfigMaps in the namespace.
func (f *fixture) left() []string {
	f.t.Helper()
	list, err := f.List(configMaps, "ns", nil)
	require.NoError(f.t, err)
	names := []string{}
	for _, obj := range list {
		names = append(names, obj.GetName())
	}
	return names
}

func (f *fixture) hold(name string, finalizers ...string) {
	f.t.Helper()
	obj, err := f.Get(configMaps, "ns", name)
	require.NoError(f.t, err)
	obj.SetFinalizers(finalizers)
	_, err = f.Update(obj, apiserver.WriteOptions{Manager: "test"})
	require.NoError(f.t, err)
}

func TestBackground(t *testing.T) {
	f := start(t)
	root := f.configMap("root", false)
	child := f.configMap("child", false, root)
	f.configMap("grandchild", false, child)
	f.configMap("other", false)
	f.delete("root", metav1.DeletePropagationBackground)
	assert.Equal(t, []string{"other"}, f.left())
}

func TestOneOfTwoOwners(t *testing.T) {
	f := start(t)
	a, b := f.configMap("a", false), f.configMap("b", false)
	f.configMap("shared", false, a, b)
	f.delete("a", metav1.DeletePropagationBackground)
	assert.Equal(t, []string{"b", "shared"}, f.left())
	shared, err := f.Get(configMaps, "ns", "shared")
	require.NoError(t, err)
	require.Len(t, shared.GetOwnerReferences(), 1, "the reference to the one that is gone is taken out")
	assert.Equal(t, "b", shared.GetOwnerReferences()[0].Name)
	f.delete("b", metav1.DeletePropagationBackground)
	assert.Empty(t, f.left())
}

func TestOrphan(t *testing.T) {
	f := start(t)
	root := f.configMap("root", false)
	f.configMap("child", false, root)
	f.delete("root", metav1.DeletePropagationOrphan)
	assert.Equal(t, []string{"child"}, f.left())
	child, err := f.Get(configMaps, "ns", "child")
	require.NoError(t, err)
	assert.Empty(t, child.GetOwnerReferences())
}

func TestForegroundWaitsForWhatBlocks(t *testing.T) {
	f := start(t)
	root := f.configMap("root", false)
	f.configMap("blocking", true, root)
	f.configMap("loose", false, root)
	f.hold("blocking", "example.com/hold")
	f.hold("loose", "example.com/hold")
	f.delete("root", metav1.DeletePropagationForeground)
	assert.Equal(t, []string{"blocking", "loose", "root"}, f.left(), "the root waits for the one that blocks")

	f.hold("blocking")
	assert.Equal(t, []string{"loose"}, f.left(), "the root does not wait for the other")
	f.hold("loose")
	assert.Empty(t, f.left())
}

func TestForegroundGoesDeep(t *testing.T) {
	f := start(t)
	root := f.configMap("root", true)
	child := f.configMap("child", true, root)
	f.configMap("leaf", true, child)
	f.hold("leaf", "example.com/hold")
	f.delete("root", metav1.DeletePropagationForeground)
	assert.Equal(t, []string{"child", "leaf", "root"}, f.left())
	f.hold("leaf")
	assert.Empty(t, f.left())
}

func TestDanglingOwner(t *testing.T) {
	f := start(t)
	ghost := f.configMap("ghost", false)
	f.delete("ghost", metav1.DeletePropagationBackground)
	f.configMap("child", false, ghost)
	assert.Empty(t, f.left(), "an owner that is gone when its dependent comes")

	// Another object with the owner's name is not the owner.
	f.configMap("ghost", false)
	f.configMap("child", false, ghost)
	assert.Equal(t, []string{"ghost"}, f.left())
}

func TestUnknownOwnerKindKeeps(t *testing.T) {
	f := start(t)
	f.create(`{apiVersion: v1, kind: ConfigMap, metadata: {namespace: ns, name: a, ownerReferences: [{apiVersion: x.io/v1, kind: Thing, name: b, uid: c}]}}`)
	assert.Equal(t, []string{"a"}, f.left())
}

func TestNamespace(t *testing.T) {
	f := start(t)
	f.configMap("a", false)
	f.configMap("held", false)
	f.hold("held", "example.com/hold")
	require.NoError(t, f.Delete(namespaces, "", "ns", metav1.DeleteOptions{}))
	assert.Equal(t, []string{"held"}, f.left())
	ns, err := f.Get(namespaces, "", "ns")
	require.NoError(t, err)
	phase, _, _ := unstructured.NestedString(ns.Object, "status", "phase")
	assert.Equal(t, "Terminating", phase)
	assert.Equal(t, "Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances", condition(ns, "NamespaceFinalizersRemaining")["message"])
	assert.Equal(t, "Some resources are remaining: configmaps. has 1 resource instances", condition(ns, "NamespaceContentRemaining")["message"])

	_, err = f.Create(&unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"namespace": "ns", "name": "late"},
	}}, apiserver.WriteOptions{})
	assert.True(t, apierrors.IsForbidden(err), "%v", err)

	f.hold("held")
	_, err = f.Get(namespaces, "", "ns")
	assert.True(t, apierrors.IsNotFound(err), "%v", err)
}

func TestEmptyNamespaceGoesAtOnce(t *testing.T) {
	f := start(t)
	require.NoError(t, f.Delete(namespaces, "", "ns", metav1.DeleteOptions{}))
	_, err := f.Get(namespaces, "", "ns")
	assert.True(t, apierrors.IsNotFound(err), "%v", err)
}

func condition(obj *unstructured.Unstructured, kind string) map[string]any {
	conditions, _, _ := unstructured.NestedSlice(obj.Object, "status", "conditions")
	for _, c := range conditions {
		if c := c.(map[string]any); c["type"] == kind {
			return c
		}
	}
	return nil
}

const thing = `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: things.x.io},
spec: {group: x.io, scope: Namespaced, names: {plural: things, kind: Thing}, versions: [{name: v1, served: true, storage: true,
schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}]}}`

func TestDefinitionTakesItsObjectsAlong(t *testing.T) {
	f := start(t)
	f.create(thing)
	things := schema.GroupVersionKind{Group: "x.io", Version: "v1", Kind: "Thing"}
	f.create(`{apiVersion: x.io/v1, kind: Thing, metadata: {namespace: ns, name: a}}`)
	held := f.create(`{apiVersion: x.io/v1, kind: Thing, metadata: {namespace: ns, name: b, finalizers: [example.com/hold]}}`)
	require.NoError(t, f.Delete(definitions, "", "things.x.io", metav1.DeleteOptions{}))

	list, err := f.List(things, "", nil)
	require.NoError(t, err)
	require.Len(t, list, 1)
	obj, err := f.Get(definitions, "", "things.x.io")
	require.NoError(t, err)
	assert.Equal(t, "InstanceDeletionInProgress", condition(obj, "Terminating")["reason"])

	held, err = f.Get(things, "ns", held.GetName())
	require.NoError(t, err)
	held.SetFinalizers(nil)
	_, err = f.Update(held, apiserver.WriteOptions{})
	require.NoError(t, err)
	_, err = f.Get(definitions, "", "things.x.io")
	assert.True(t, apierrors.IsNotFound(err), "%v", err)
	_, err = f.List(things, "", nil)
	assert.Error(t, err, "the kind is served no longer")
}

func TestFreedNamesAreGranted(t *testing.T) {
	f := start(t)
	f.create(thing)
	f.create(strings.NewReplacer("things.x.io", "rivals.x.io", "plural: things", "plural: rivals, singular: rival, listKind: RivalList").Replace(thing))
	rival, err := f.Get(definitions, "", "rivals.x.io")
	require.NoError(t, err)
	assert.Equal(t, "KindConflict", condition(rival, "NamesAccepted")["reason"])
	require.NoError(t, f.Delete(definitions, "", "things.x.io", metav1.DeleteOptions{}))
	rival, err = f.Get(definitions, "", "rivals.x.io")
	require.NoError(t, err)
	assert.Equal(t, "True", condition(rival, "Established")["status"])
}

// TestNothingDangles deletes from random graphs in random ways: what is left has, at each step, an owner left or never had one, and
// nothing that still has one was taken.
func TestNothingDangles(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	policies := []metav1.DeletionPropagation{metav1.DeletePropagationBackground, metav1.DeletePropagationForeground, metav1.DeletePropagationOrphan}
	for range 20 {
		f := start(t)
		var all []*unstructured.Unstructured
		for i := range 20 {
			var owners []*unstructured.Unstructured
			for _, o := range all {
				if random.IntN(8) == 0 {
					owners = append(owners, o)
				}
			}
			all = append(all, f.configMap(fmt.Sprintf("c%02d", i), random.IntN(2) == 0, owners...))
		}
		for range 6 {
			names := f.left()
			if len(names) == 0 {
				break
			}
			// The model: what remains when one goes.
			owners := map[string][]string{}
			for _, name := range names {
				obj, err := f.Get(configMaps, "ns", name)
				require.NoError(t, err)
				for _, ref := range obj.GetOwnerReferences() {
					owners[name] = append(owners[name], ref.Name)
				}
			}
			victim, policy := names[random.IntN(len(names))], policies[random.IntN(3)]
			gone := map[string]bool{victim: true}
			for changed := policy != metav1.DeletePropagationOrphan; changed; {
				changed = false
				for _, name := range names {
					orphaned := len(owners[name]) > 0 && !gone[name]
					for _, o := range owners[name] {
						orphaned = orphaned && gone[o]
					}
					if orphaned {
						gone[name], changed = true, true
					}
				}
			}
			want := []string{}
			for _, name := range names {
				if !gone[name] {
					want = append(want, name)
				}
			}
			f.delete(victim, policy)
			require.Equal(t, want, f.left(), "%s of %s from %v", policy, victim, owners)
		}
	}
}
