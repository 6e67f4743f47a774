package memory_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
	"sigs.k8s.io/yaml"

	setmemory "github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/cluster/memory/celrules"
)

// corpus reads the manifests below a folder of the corpus that SETPOINT_CORPUS names, lists taken apart.
func corpus(t *testing.T, folder string) []*unstructured.Unstructured {
	t.Helper()
	root := os.Getenv("SETPOINT_CORPUS")
	if root == "" {
		t.Skip("SETPOINT_CORPUS names no folder of manifests")
	}
	var out []*unstructured.Unstructured
	require.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") || strings.HasSuffix(path, "kustomization.yaml") {
			return err
		}
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		reader := utilyaml.NewYAMLReader(bufioReader(raw))
		for {
			doc, err := reader.Read()
			if errors.Is(err, io.EOF) {
				return nil
			}
			require.NoError(t, err, path)
			data, err := yaml.YAMLToJSON(doc)
			require.NoError(t, err, path)
			obj := &unstructured.Unstructured{}
			require.NoError(t, utiljson.Unmarshal(data, &obj.Object), path)
			switch {
			case obj.Object == nil:
			case obj.IsList():
				require.NoError(t, obj.EachListItem(func(o runtime.Object) error {
					out = append(out, o.(*unstructured.Unstructured))
					return nil
				}))
			default:
				out = append(out, obj)
			}
		}
	}))
	return out
}

// Real manifests apply to a simulated cluster, a second time nothing changes, and no controller fails.
func TestCorpusApplies(t *testing.T) {
	for _, folder := range []string{"kube-prometheus/manifests", "online-boutique/kustomize/base"} {
		t.Run(folder, func(t *testing.T) {
			objects := corpus(t, folder)
			s := start(t, &setmemory.Options{Controllers: true, Rules: celrules.Compile})
			client := dyn(t, s)
			disc, err := discovery.NewDiscoveryClientForConfig(s.Config())
			require.NoError(t, err)
			mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disc))
			for _, first := range []string{"Namespace", "CustomResourceDefinition", ""} {
				for _, obj := range objects {
					if first != "" && obj.GetKind() != first || first == "" && (obj.GetKind() == "Namespace" || obj.GetKind() == "CustomResourceDefinition") {
						continue
					}
					apply(t, client, mapper, obj)
				}
				mapper.Reset()
			}
			// The second pass finds everything as it should be.
			for _, obj := range objects {
				before := get(t, client, mapper, obj)
				apply(t, client, mapper, obj)
				after := get(t, client, mapper, obj)
				assert.Equal(t, before, after, "%s %s", obj.GetKind(), obj.GetName())
			}
			t.Logf("%d objects", len(objects))
		})
	}
}

func resource(t *testing.T, client dynamic.Interface, mapper *restmapper.DeferredDiscoveryRESTMapper, obj *unstructured.Unstructured) dynamic.ResourceInterface {
	t.Helper()
	gvk := obj.GroupVersionKind()
	mapping, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	require.NoError(t, err)
	if mapping.Scope.Name() == "root" {
		return client.Resource(mapping.Resource)
	}
	namespace := obj.GetNamespace()
	if namespace == "" {
		namespace = "default"
	}
	return client.Resource(mapping.Resource).Namespace(namespace)
}

func apply(t *testing.T, client dynamic.Interface, mapper *restmapper.DeferredDiscoveryRESTMapper, obj *unstructured.Unstructured) {
	t.Helper()
	_, err := resource(t, client, mapper, obj).Apply(t.Context(), obj.GetName(), obj, metav1.ApplyOptions{FieldManager: "test"})
	require.NoError(t, err, "%s %s", obj.GetKind(), obj.GetName())
}

func get(t *testing.T, client dynamic.Interface, mapper *restmapper.DeferredDiscoveryRESTMapper, obj *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	got, err := resource(t, client, mapper, obj).Get(t.Context(), obj.GetName(), metav1.GetOptions{})
	require.NoError(t, err, "%s %s", obj.GetKind(), obj.GetName())
	return got
}

func bufioReader(raw []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(raw)) }
