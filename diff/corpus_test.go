package diff_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// readCorpus reads the manifests of the folder that SETPOINT_CORPUS names.
func readCorpus(t *testing.T, namespace string) []*unstructured.Unstructured {
	t.Helper()
	root := os.Getenv("SETPOINT_CORPUS")
	if root == "" {
		t.Skip("SETPOINT_CORPUS does not name a folder with kube-prometheus and online-boutique")
	}
	var out []*unstructured.Unstructured
	for _, pattern := range []string{"kube-prometheus/manifests/setup/*.yaml", "kube-prometheus/manifests/*.yaml", "online-boutique/kustomize/base/*.yaml"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files, pattern)
		for _, file := range files {
			if filepath.Base(file) == "kustomization.yaml" {
				continue
			}
			data, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, obj := range manifests(t, data) {
				if obj.GetNamespace() == "" && strings.Contains(file, "online-boutique") {
					obj.SetNamespace(namespace)
				}
				out = append(out, obj)
			}
		}
	}
	return out
}

func manifests(t *testing.T, data []byte) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	d := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for {
		obj := &unstructured.Unstructured{}
		err := d.Decode(&obj.Object)
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		if len(obj.Object) == 0 {
			continue
		}
		if obj.IsList() {
			require.NoError(t, obj.EachListItem(func(item runtime.Object) error {
				out = append(out, item.(*unstructured.Unstructured))
				return nil
			}))
			continue
		}
		out = append(out, obj)
	}
}

// corpusCluster is a control plane with the corpora applied.
type corpusCluster struct {
	client  dynamic.Interface
	mapper  meta.RESTMapper
	schemas *diff.Schemas
	objects []*unstructured.Unstructured
}

func (c *corpusCluster) of(t *testing.T, obj *unstructured.Unstructured) dynamic.ResourceInterface {
	gvk := obj.GroupVersionKind()
	m, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	require.NoError(t, err, gvk)
	if m.Scope.Name() == meta.RESTScopeNameNamespace {
		return c.client.Resource(m.Resource).Namespace(obj.GetNamespace())
	}
	obj.SetNamespace("")
	return c.client.Resource(m.Resource)
}

func applyCorpus(t *testing.T) *corpusCluster {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	objects := readCorpus(t, "boutique")
	objects = append(objects, manifests(t, []byte(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"boutique"}}`))...)
	config := kubetest.Start(t, nil).Config()
	config.WarningHandler = rest.NoWarnings{}
	config.QPS = -1
	client, err := dynamic.NewForConfig(config)
	require.NoError(t, err)
	d, err := discovery.NewDiscoveryClientForConfig(config)
	require.NoError(t, err)
	c := &corpusCluster{client: client, schemas: diff.NewSchemas(published{d}), objects: objects}
	early := func(o *unstructured.Unstructured) bool {
		return o.GetKind() == "CustomResourceDefinition" || o.GetKind() == "Namespace"
	}
	refresh := func() {
		groups, err := restmapper.GetAPIGroupResources(d)
		require.NoError(t, err)
		c.mapper = restmapper.NewDiscoveryRESTMapper(groups)
	}
	apply := func(o *unstructured.Unstructured) {
		_, err := c.of(t, o).Apply(t.Context(), o.GetName(), o, metav1.ApplyOptions{FieldManager: us, Force: true})
		require.NoError(t, err, "%s %s", o.GetKind(), o.GetName())
	}
	refresh()
	var versions []apischema.GroupVersion
	for _, o := range objects {
		versions = append(versions, o.GroupVersionKind().GroupVersion())
		if early(o) {
			apply(o)
		}
	}
	require.EventuallyWithT(t, func(ct *assert.CollectT) {
		refresh()
		for _, o := range objects {
			gvk := o.GroupVersionKind()
			_, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
			assert.NoError(ct, err)
		}
		paths, err := d.OpenAPIV3().Paths()
		assert.NoError(ct, err)
		assert.Contains(ct, paths, "apis/monitoring.coreos.com/v1")
	}, time.Minute, 100*time.Millisecond)
	for _, o := range objects {
		if !early(o) {
			apply(o)
		}
	}
	require.NoError(t, c.schemas.Load(t.Context(), versions...))
	return c
}

func TestCorpora(t *testing.T) {
	c := applyCorpus(t)
	t.Run("no false drift", c.noFalseDrift)
	t.Run("every changed leaf is found", c.everyLeaf)
}

// Objects that were applied and that nobody else touched compare as the same, with the cluster's schemas and with none but
// the embedded ones and the definitions among the objects.
func (c *corpusCluster) noFalseDrift(t *testing.T) {
	offline := diff.NewSchemas(nil)
	for _, o := range c.objects {
		require.NoError(t, offline.AddCRD(o))
	}
	for name, schemas := range map[string]*diff.Schemas{"cluster": c.schemas, "offline": offline} {
		comparer := diff.New(us, schemas, nil)
		verdicts := map[diff.Verdict]int{}
		for _, o := range c.objects {
			live, err := c.of(t, o).Get(t.Context(), o.GetName(), metav1.GetOptions{})
			require.NoError(t, err)
			d, err := comparer.Prepare(o)
			if !assert.NoError(t, err, name) {
				continue
			}
			out, err := comparer.Compare(d, live)
			require.NoError(t, err)
			verdicts[out.Verdict]++
			if out.Verdict != diff.Same {
				var b strings.Builder
				require.NoError(t, diff.Fprint(&b, out, nil))
				t.Errorf("%s: %s", name, b.String())
			}
		}
		t.Logf("%s: %d objects: %v", name, len(c.objects), verdicts)
	}
}

// A leaf that another manager changes is found, and nothing else is.
func (c *corpusCluster) everyLeaf(t *testing.T) {
	ourSeed(t)
	t.Logf("-leaves=%d", *leaves)
	comparer := diff.New(us, c.schemas, nil)
	found, removed, refused := 0, 0, map[string]int{}
	for i, o := range c.objects {
		r := rand.New(rand.NewPCG(*seed, uint64(i)))
		client := c.of(t, o)
		d, err := comparer.Prepare(o)
		require.NoError(t, err)
		all := leafPaths(nil, o.Object)
		r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, path := range all[:min(len(all), *leaves)] {
			live, err := client.Get(t.Context(), o.GetName(), metav1.GetOptions{})
			require.NoError(t, err)
			changed := live.DeepCopy()
			if !mutate(changed.Object, path) {
				continue
			}
			after, err := client.Update(t.Context(), changed, metav1.UpdateOptions{FieldManager: "editor", DryRun: []string{"All"}})
			if err != nil {
				refused[o.GetKind()]++
				continue
			}
			if after.GetResourceVersion() == live.GetResourceVersion() && sameManaged(live, after) {
				refused["unchanged "+o.GetKind()]++
				continue
			}
			out, err := comparer.Compare(d, after)
			require.NoError(t, err)
			if !assert.NotEmpty(t, out.Changes, "%s %s: %v is not found", o.GetKind(), o.GetName(), path) {
				continue
			}
			found++
			if !slices.ContainsFunc(after.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool { return e.Manager == "editor" }) {
				removed++ // A field that is set to what is not kept is gone, and nothing tells who did it.
				continue
			}
			assert.True(t, slices.ContainsFunc(out.Suspects, func(o diff.Owner) bool { return o.Manager == "editor" }), "%s %s: %v: the writer is no suspect", o.GetKind(), o.GetName(), path)
		}
	}
	t.Logf("%d changed leaves found, %d of them without a trace of the writer; not accepted by the server: %v", found, removed, refused)
	assert.Positive(t, found)
}

func sameManaged(a, b *unstructured.Unstructured) bool {
	return fmt.Sprint(a.GetManagedFields()) == fmt.Sprint(b.GetManagedFields())
}

// leafPaths returns the way to every scalar of a manifest.
func leafPaths(prefix []any, v any) [][]any {
	var out [][]any
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if len(prefix) == 0 && (k == "apiVersion" || k == "kind" || k == "status") || len(prefix) == 1 && prefix[0] == "metadata" && (k == "name" || k == "namespace") {
				continue
			}
			out = append(out, leafPaths(append(slices.Clone(prefix), k), e)...)
		}
		slices.SortFunc(out, func(a, b []any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	case []any:
		for i, e := range v {
			out = append(out, leafPaths(append(slices.Clone(prefix), i), e)...)
		}
	case nil:
	default:
		out = append(out, prefix)
	}
	return out
}

// mutate changes the scalar at a path, when it is there.
func mutate(root any, path []any) bool {
	at := root
	for i, p := range path {
		last := i == len(path)-1
		switch c := at.(type) {
		case map[string]any:
			k, ok := p.(string)
			if !ok {
				return false
			}
			if !last {
				at = c[k]
				continue
			}
			v, ok := other(c[k])
			if ok {
				c[k] = v
			}
			return ok
		case []any:
			n, ok := p.(int)
			if !ok || n >= len(c) {
				return false
			}
			if !last {
				at = c[n]
				continue
			}
			v, ok := other(c[n])
			if ok {
				c[n] = v
			}
			return ok
		default:
			return false
		}
	}
	return false
}

func other(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return v + "x", true
	case int64:
		return v + 1, true
	case float64:
		return v + 1, true
	case bool:
		return !v, true
	}
	return nil, false
}
