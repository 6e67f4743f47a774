package inventory_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
	setsync "github.com/setpoint-dev/setpoint/sync"
	"github.com/setpoint-dev/setpoint/sync/inventory"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// onEach runs a test on the server in memory and on a real one, with a namespace of its own.
func onEach(t *testing.T, test func(t *testing.T, c cluster.Client, ns string)) {
	t.Run("memory", func(t *testing.T) {
		s, err := memory.New(nil)
		require.NoError(t, err)
		defer s.Close()
		c, err := kube.New(s.Config(), nil)
		require.NoError(t, err)
		test(t, c, "default")
	})
	t.Run("real", func(t *testing.T) {
		cp := kubetest.Shared(t, nil)
		c, err := kube.New(cp.Config(), nil)
		require.NoError(t, err)
		test(t, c, kubetest.Namespace(t, cp.Config()))
	})
}

func set(t *testing.T, c cluster.Client, ns, name string, opts *inventory.Options) *inventory.ApplySet {
	t.Helper()
	a, err := inventory.NewApplySet(c, ns, name, opts)
	require.NoError(t, err)
	return a
}

func member(kind, ns, name, uid string) setsync.Member {
	m := setsync.Member{Ref: cluster.Ref{Kind: kind, Namespace: ns, Name: name}}
	if kind == "Deployment" {
		m.Group = "apps"
	}
	m.UID = types.UID(uid)
	return m
}

func TestApplySetKeepsARecord(t *testing.T) { onEach(t, testApplySetKeepsARecord) }

func testApplySetKeepsARecord(t *testing.T, c cluster.Client, ns string) {
	a := set(t, c, ns, "shop", nil)

	r, err := a.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, &setsync.Record{}, r, "no parent is an empty record")

	r.Members = []setsync.Member{member("Deployment", "other", "web", "1"), member("ConfigMap", ns, "c", "2"), member("Namespace", "", "other", "3")}
	r.Operation = &setsync.Operation{ID: "op"}
	require.NoError(t, a.Save(t.Context(), r))
	assert.NotEmpty(t, r.Version)

	got, err := set(t, c, ns, "shop", nil).Load(t.Context())
	require.NoError(t, err)
	assert.ElementsMatch(t, r.Members, got.Members)
	assert.Equal(t, r.Operation, got.Operation)
	assert.Equal(t, r.Version, got.Version)

	secret, err := c.Get(t.Context(), cluster.Ref{Kind: "Secret", Namespace: ns, Name: "shop"}, cluster.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, a.ID(), secret.GetLabels()[inventory.LabelID])
	assert.Equal(t, map[string]string{
		inventory.AnnotationTooling:    "setpoint/v0.1",
		inventory.AnnotationGroupKinds: "ConfigMap,Deployment.apps,Namespace",
		inventory.AnnotationNamespaces: "other",
	}, secret.GetAnnotations())
	assert.NotContains(t, fmt.Sprint(secret.Object["data"]), "web", "the record is compressed")
}

// The identity is the standard's, so that other tools find the same set.
func TestApplySetID(t *testing.T) {
	a := set(t, nil, "delivery", "shop", nil)
	assert.Regexp(t, `^applyset-[A-Za-z0-9_-]{43}-v1$`, a.ID())
	// printf 'shop.delivery.Secret.' | sha256sum
	assert.Equal(t, "applyset-VR2IcjhpVWbyQH3iD8kDzZM_keYXAam610PFOCexesc-v1", a.ID())
	obj := &unstructured.Unstructured{Object: map[string]any{}}
	obj.SetLabels(map[string]string{"app": "web"})
	require.NoError(t, a.Label(obj))
	assert.Equal(t, map[string]string{"app": "web", inventory.LabelPartOf: a.ID()}, obj.GetLabels())
	assert.LessOrEqual(t, len(a.ID()), 63, "it has to be a label value")

	_, err := inventory.NewApplySet(nil, "", "shop", nil)
	assert.ErrorContains(t, err, "both a namespace and a name")
}

// Of two that load the same record, the second to save gets the conflict and changes nothing.
func TestSaveComparesAndSwaps(t *testing.T) { onEach(t, testSaveComparesAndSwaps) }

func testSaveComparesAndSwaps(t *testing.T, c cluster.Client, ns string) {
	a, b := set(t, c, ns, "shop", nil), set(t, c, ns, "shop", nil)

	first, second := &setsync.Record{Members: []setsync.Member{member("ConfigMap", ns, "a", "1")}}, &setsync.Record{}
	require.NoError(t, a.Save(t.Context(), first))
	require.ErrorIs(t, b.Save(t.Context(), second), cluster.ErrConflict, "both began without a record")

	second, err := b.Load(t.Context())
	require.NoError(t, err)
	first.Members = append(first.Members, member("ConfigMap", ns, "b", "2"))
	require.NoError(t, a.Save(t.Context(), first))
	second.Members = nil
	require.ErrorIs(t, b.Save(t.Context(), second), cluster.ErrConflict)
	got, err := b.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, first.Members, got.Members)

	require.NoError(t, c.Delete(t.Context(), cluster.Ref{Kind: "Secret", Namespace: ns, Name: "shop"}, cluster.DeleteOptions{}))
	err = a.Save(t.Context(), first)
	require.ErrorIs(t, err, cluster.ErrConflict)
	assert.ErrorContains(t, err, "deleted")
}

// Labels and annotations of others on the parent stay.
func TestSaveKeepsWhatOthersPut(t *testing.T) { onEach(t, testSaveKeepsWhatOthersPut) }

func testSaveKeepsWhatOthersPut(t *testing.T, c cluster.Client, ns string) {
	a := set(t, c, ns, "shop", nil)
	r := &setsync.Record{}
	require.NoError(t, a.Save(t.Context(), r))
	secret, err := c.Get(t.Context(), cluster.Ref{Kind: "Secret", Namespace: ns, Name: "shop"}, cluster.GetOptions{})
	require.NoError(t, err)
	secret.SetLabels(map[string]string{inventory.LabelID: a.ID(), "team": "delivery"})
	_, err = c.Replace(t.Context(), secret, cluster.WriteOptions{})
	require.NoError(t, err)

	r, err = a.Load(t.Context())
	require.NoError(t, err)
	r.Members = []setsync.Member{member("ConfigMap", ns, "a", "1")}
	require.NoError(t, a.Save(t.Context(), r))
	secret, err = c.Get(t.Context(), cluster.Ref{Kind: "Secret", Namespace: ns, Name: "shop"}, cluster.GetOptions{})
	require.NoError(t, err)
	assert.Equal(t, "delivery", secret.GetLabels()["team"])
}

func TestForeignParentIsRefused(t *testing.T) { onEach(t, testForeignParentIsRefused) }

func testForeignParentIsRefused(t *testing.T, c cluster.Client, ns string) {
	for name, tc := range map[string]struct {
		labels, annotations map[string]string
		says                string
	}{
		"plain":   {nil, nil, "not the parent of any set"},
		"kubectl": {map[string]string{inventory.LabelID: "x"}, map[string]string{inventory.AnnotationTooling: "kubectl/v1.37"}, "kubectl/v1.37"},
		"moved":   {map[string]string{inventory.LabelID: "x"}, map[string]string{inventory.AnnotationTooling: "setpoint/v9"}, `"x" and should be`},
	} {
		t.Run(name, func(t *testing.T) {
			obj := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Secret"}}
			obj.SetName(name)
			obj.SetNamespace(ns)
			obj.SetLabels(tc.labels)
			obj.SetAnnotations(tc.annotations)
			_, err := c.Create(t.Context(), obj, cluster.WriteOptions{})
			require.NoError(t, err)
			_, err = set(t, c, ns, name, nil).Load(t.Context())
			require.ErrorIs(t, err, inventory.ErrForeign)
			assert.ErrorContains(t, err, tc.says)
			assert.ErrorContains(t, err, "load inventory Secret "+ns+"/"+name)
		})
	}
}

// A record that outgrows one Secret is spread over several, which come and go with it, and a lost or altered part is
// never a shorter record.
func TestRecordInParts(t *testing.T) { onEach(t, testRecordInParts) }

func testRecordInParts(t *testing.T, c cluster.Client, ns string) {
	opts := &inventory.Options{MaxBytes: 2000}
	a := set(t, c, ns, "shop", opts)
	r := &setsync.Record{}
	for i := range 500 {
		m := member("ConfigMap", ns, fmt.Sprint("c-", i), rand.Text())
		r.Members = append(r.Members, m)
	}
	parts := func() (refs []cluster.Ref) {
		for obj, err := range c.List(t.Context(), cluster.Selector{Kind: "Secret", Namespace: ns}) {
			require.NoError(t, err)
			if strings.HasPrefix(obj.GetName(), "shop-") {
				refs = append(refs, cluster.RefOf(obj))
			}
		}
		return refs
	}
	require.NoError(t, a.Save(t.Context(), r))
	require.NotEmpty(t, parts())
	got, err := set(t, c, ns, "shop", nil).Load(t.Context())
	require.NoError(t, err)
	assert.ElementsMatch(t, r.Members, got.Members)

	before := parts()
	other := set(t, c, ns, "shop", opts)
	got, err = other.Load(t.Context())
	require.NoError(t, err)
	got.Members = got.Members[1:]
	require.NoError(t, other.Save(t.Context(), got))
	for _, p := range before {
		assert.NotContains(t, parts(), p, "old parts are swept")
	}
	again, err := a.Load(t.Context())
	require.NoError(t, err)
	assert.Equal(t, got.Members, again.Members)

	t.Run("a lost part", func(t *testing.T) {
		require.NoError(t, c.Delete(t.Context(), parts()[0], cluster.DeleteOptions{}))
		_, err := a.Load(t.Context())
		require.ErrorIs(t, err, inventory.ErrCorrupt)
		assert.ErrorContains(t, err, "is gone")
	})
	t.Run("small again", func(t *testing.T) {
		again.Members = again.Members[:1]
		require.NoError(t, a.Save(t.Context(), again))
		assert.Empty(t, parts())
		got, err := a.Load(t.Context())
		require.NoError(t, err)
		assert.Equal(t, again.Members, got.Members)
	})
}

// saving saves as another writer does between a reader's request for the parent and its next one.
type saving struct {
	cluster.Client
	parent cluster.Ref
	save   func()
}

func (c *saving) Get(ctx context.Context, ref cluster.Ref, opts cluster.GetOptions) (*unstructured.Unstructured, error) {
	obj, err := c.Client.Get(ctx, ref, opts)
	if ref == c.parent {
		c.save()
	}
	return obj, err
}

// A load meanwhile somebody saves is of the record before or after, and none that cannot be read.
func TestLoadDuringSaves(t *testing.T) { onEach(t, testLoadDuringSaves) }

func testLoadDuringSaves(t *testing.T, c cluster.Client, ns string) {
	small := &inventory.Options{MaxBytes: 200}
	writer := set(t, c, ns, "shop", small)
	r := &setsync.Record{}
	for i := range 100 {
		r.Members = append(r.Members, member("ConfigMap", ns, fmt.Sprint("n-", i), rand.Text()))
	}
	require.NoError(t, writer.Save(t.Context(), r))
	for saves, says := range map[int]error{1: nil, 3: nil, 1000: cluster.ErrConflict} {
		between := &saving{Client: c, parent: cluster.Ref{Kind: "Secret", Namespace: ns, Name: "shop"}}
		between.save = func() {
			if saves--; saves >= 0 {
				r.Members = r.Members[1:]
				require.NoError(t, writer.Save(t.Context(), r))
			}
		}
		got, err := set(t, between, ns, "shop", small).Load(t.Context())
		require.ErrorIs(t, err, says)
		if says == nil {
			assert.ElementsMatch(t, r.Members, got.Members)
			assert.Equal(t, r.Version, got.Version)
		}
	}
}

// Nothing is lost from an object that cannot be labelled.
func TestLabelRefuses(t *testing.T) {
	a := set(t, nil, "delivery", "shop", nil)
	obj := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "web", "version": int64(2)}}}}
	before := obj.DeepCopy()
	assert.ErrorContains(t, a.Label(obj), "metadata.labels is not a map of strings")
	assert.Equal(t, before, obj)
	for name, held := range map[string]bool{
		"shop": true, "shop-0123456789abcdef0123": true, "shop-0123456789ABCDEF0123": false, "shop-0123": false, "shop-web": false,
	} {
		obj := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Secret"}}
		obj.SetNamespace("delivery")
		obj.SetName(name)
		if err := a.Label(obj); held {
			assert.ErrorContains(t, err, "the inventory Secret delivery/shop keeps its record in it", name)
			assert.Empty(t, obj.GetLabels())
		} else {
			assert.NoError(t, err, name)
		}
	}
}

func TestCorruptRecordIsNotAnEmptyOne(t *testing.T) { onEach(t, testCorruptRecordIsNotAnEmptyOne) }

func testCorruptRecordIsNotAnEmptyOne(t *testing.T, c cluster.Client, ns string) {
	a := set(t, c, ns, "shop", nil)
	require.NoError(t, a.Save(t.Context(), &setsync.Record{}))
	secret, err := c.Get(t.Context(), cluster.Ref{Kind: "Secret", Namespace: ns, Name: "shop"}, cluster.GetOptions{})
	require.NoError(t, err)
	for _, data := range []map[string]any{{}, {"record": ""}, {"record": "bm90IGd6aXA="}} {
		secret.Object["data"] = data
		w, err := c.Replace(t.Context(), secret, cluster.WriteOptions{})
		require.NoError(t, err)
		secret = w.Object
		_, err = a.Load(t.Context())
		require.ErrorIs(t, err, inventory.ErrCorrupt)
	}
}

func TestSaveIntoMissingNamespace(t *testing.T) { onEach(t, testSaveIntoMissingNamespace) }

func testSaveIntoMissingNamespace(t *testing.T, c cluster.Client, _ string) {
	err := set(t, c, "nowhere", "shop", nil).Save(t.Context(), &setsync.Record{})
	require.Error(t, err)
	assert.ErrorContains(t, err, "save inventory Secret nowhere/shop: namespace nowhere does not exist")
	assert.ErrorIs(t, err, cluster.ErrNotFound)
	_, err = set(t, c, "nowhere", "shop", nil).Load(t.Context())
	assert.NoError(t, err)
}

func TestLoadPassesFaultsOn(t *testing.T) { onEach(t, testLoadPassesFaultsOn) }

func testLoadPassesFaultsOn(t *testing.T, c cluster.Client, ns string) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	_, err := set(t, c, ns, "shop", nil).Load(ctx)
	assert.Error(t, err)
}
