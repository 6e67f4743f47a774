package diff_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
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

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
	"github.com/setpoint-dev/setpoint/internal/schema"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/kustomize"
)

// corpora returns the objects of the folder that SETPOINT_CORPUS names: the manifests of both corpora as they are, and what
// kustomize builds of online-boutique and of its base with each component, each build in a namespace of its own.
func corpora(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	root := os.Getenv("SETPOINT_CORPUS")
	if root == "" {
		t.Skip("SETPOINT_CORPUS does not name a folder with kube-prometheus and online-boutique")
	}
	var out []*unstructured.Unstructured
	into := func(name string, objects []*unstructured.Unstructured) {
		out = append(out, manifests(t, []byte(`{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"`+name+`"}}`))...)
		for _, obj := range objects {
			obj.SetNamespace(name)
			out = append(out, obj)
		}
	}
	for _, pattern := range []string{"kube-prometheus/manifests/setup/*.yaml", "kube-prometheus/manifests/*.yaml"} {
		out = append(out, glob(t, filepath.Join(root, pattern))...)
	}
	shop := filepath.Join(root, "online-boutique/kustomize")
	into("boutique", glob(t, filepath.Join(shop, "base/*.yaml")))
	into("components", glob(t, filepath.Join(shop, "components/*/*.yaml")))

	tree, dirs := fstest.MapFS{}, []string{"."}
	require.NoError(t, fs.WalkDir(os.DirFS(shop), ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			switch parent, name := filepath.Split(path); parent {
			case "tests/":
				dirs = append(dirs, path)
			case "components/":
				dirs = append(dirs, "with-"+name)
				tree["with-"+name+"/kustomization.yaml"] = &fstest.MapFile{Data: []byte("resources: [../base]\ncomponents: [../" + path + "]\n")}
			}
			return nil
		}
		data, err := os.ReadFile(filepath.Join(shop, path))
		tree[path] = &fstest.MapFile{Data: data}
		return err
	}))
	slices.Sort(dirs)
	for _, dir := range dirs {
		built, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: tree, Path: dir})
		if err != nil {
			t.Logf("%s is not built: %v", dir, err)
			continue
		}
		into(strings.Trim("boutique-"+filepath.Base(dir), "-."), built.Objects)
	}
	return out
}

// glob reads the manifests in the files that match, without what is for kustomize only.
func glob(t *testing.T, pattern string) []*unstructured.Unstructured {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, files, pattern)
	var out []*unstructured.Unstructured
	for _, file := range files {
		if filepath.Base(file) == "kustomization.yaml" || strings.HasSuffix(file, ".patch.yaml") {
			continue
		}
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		out = append(out, manifests(t, data)...)
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
	// offline knows the embedded schemas and the definitions among the objects.
	offline *diff.Schemas
	set     *schema.Set
	objects []*unstructured.Unstructured
	// pool are the scalars of the corpora, for a leaf to change to.
	pool pool
}

func (c *corpusCluster) of(obj *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	gvk := obj.GroupVersionKind()
	m, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, err
	}
	if m.Scope.Name() == meta.RESTScopeNameNamespace {
		return c.client.Resource(m.Resource).Namespace(obj.GetNamespace()), nil
	}
	return c.client.Resource(m.Resource), nil
}

func (c *corpusCluster) apply(t *testing.T, obj *unstructured.Unstructured) error {
	client, err := c.of(obj)
	if err != nil {
		return err
	}
	_, err = client.Apply(t.Context(), obj.GetName(), obj, metav1.ApplyOptions{FieldManager: us, Force: true})
	return err
}

func (c *corpusCluster) get(t *testing.T, obj *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	client, err := c.of(obj)
	if err != nil {
		return nil, err
	}
	return client.Get(t.Context(), obj.GetName(), metav1.GetOptions{})
}

func applyCorpus(t *testing.T) *corpusCluster {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a control plane")
	}
	objects := corpora(t)
	config := kubetest.Start(t, nil).Config()
	config.WarningHandler = rest.NoWarnings{}
	config.QPS = -1
	client, err := dynamic.NewForConfig(config)
	require.NoError(t, err)
	d, err := discovery.NewDiscoveryClientForConfig(config)
	require.NoError(t, err)
	c := &corpusCluster{client: client, schemas: diff.NewSchemas(published{d}), offline: diff.NewSchemas(nil), set: schema.New(published{d}), pool: pool{}}
	defined := map[apischema.GroupKind]bool{}
	early := func(o *unstructured.Unstructured) bool {
		return o.GetKind() == "CustomResourceDefinition" || o.GetKind() == "Namespace"
	}
	refresh := func() {
		groups, err := restmapper.GetAPIGroupResources(d)
		require.NoError(t, err)
		c.mapper = restmapper.NewDiscoveryRESTMapper(groups)
	}
	refresh()
	for _, o := range objects {
		if early(o) {
			require.NoError(t, c.apply(t, o), "%s %s", o.GetKind(), o.GetName())
		}
		if schema.IsDefinition(o) {
			group, _, _ := unstructured.NestedString(o.Object, "spec", "group")
			kind, _, _ := unstructured.NestedString(o.Object, "spec", "names", "kind")
			defined[apischema.GroupKind{Group: group, Kind: kind}] = true
			require.NoError(t, c.offline.AddCRD(o))
		}
	}
	require.EventuallyWithT(t, func(ct *assert.CollectT) {
		refresh()
		for gk := range defined {
			_, err := c.mapper.RESTMapping(gk)
			assert.NoError(ct, err)
		}
		paths, err := d.OpenAPIV3().Paths()
		assert.NoError(ct, err)
		assert.Contains(ct, paths, "apis/monitoring.coreos.com/v1")
		assert.Contains(ct, paths, "apis/monitoring.coreos.com/v1alpha1")
	}, time.Minute, 100*time.Millisecond)
	// What the server has no kind for, it has no objects of: that is so for those of Istio.
	unknown := map[string]int{}
	var versions []apischema.GroupVersion
	seen := map[string]bool{}
	for _, o := range objects {
		gvk := o.GroupVersionKind()
		m, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		if err != nil {
			unknown[gvk.GroupKind().String()]++
			continue
		}
		if m.Scope.Name() != meta.RESTScopeNameNamespace {
			o.SetNamespace("")
		}
		if id := cluster.RefOf(o).String(); seen[id] {
			continue // The same file in two components, or a component's file that it also builds.
		} else {
			seen[id] = true
		}
		if !early(o) {
			require.NoError(t, c.apply(t, o), "%s %s", o.GetKind(), o.GetName())
		}
		versions = append(versions, gvk.GroupVersion())
		c.objects = append(c.objects, o)
	}
	t.Logf("%d objects; without a kind on the server: %v", len(c.objects), unknown)
	require.NoError(t, c.schemas.Load(t.Context(), versions...))
	require.NoError(t, c.set.Load(t.Context(), versions...))
	for _, o := range c.objects {
		c.pool.add(c.set.Kinds(o.GroupVersionKind())[0], o.Object)
	}
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
	for name, schemas := range map[string]*diff.Schemas{"cluster": c.schemas, "offline": c.offline} {
		comparer := diff.New(us, schemas, nil)
		verdicts := map[diff.Verdict]int{}
		for _, o := range c.objects {
			live, err := c.get(t, o)
			require.NoError(t, err)
			d, err := comparer.Prepare(o)
			if !assert.NoError(t, err, name) {
				continue
			}
			for _, compare := range []func(*diff.Desired, *unstructured.Unstructured) (*diff.Comparison, error){comparer.Compare, comparer.Merged} {
				out, err := compare(d, live)
				require.NoError(t, err)
				verdicts[out.Verdict]++
				if out.Verdict != diff.Same || len(out.Unsure) > 0 || len(out.Changes) > 0 {
					var b strings.Builder
					require.NoError(t, diff.Fprint(&b, out, nil))
					t.Errorf("%s: %s", name, b.String())
				}
			}
		}
		t.Logf("%s: %d objects, each by the quick answer and by the merge: %v", name, len(c.objects), verdicts)
	}
}
