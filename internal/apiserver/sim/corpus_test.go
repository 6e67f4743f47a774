package sim_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// corpus reads every object below a folder of the corpus that SETPOINT_CORPUS names, definitions and namespaces first.
func corpus(t *testing.T, folder string) []*unstructured.Unstructured {
	t.Helper()
	root := os.Getenv("SETPOINT_CORPUS")
	if root == "" {
		t.Skip("SETPOINT_CORPUS does not name the folder with the corpora")
	}
	var out []*unstructured.Unstructured
	require.NoError(t, filepath.WalkDir(filepath.Join(root, folder), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".yaml") || entry.Name() == "kustomization.yaml" {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		documents := utilyaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(raw)))
		buffer := make([]byte, 1<<22)
		for {
			n, err := documents.Read(buffer)
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil {
				return err
			}
			content, err := yaml.YAMLToJSON(buffer[:n])
			if err != nil {
				return err
			}
			obj := &unstructured.Unstructured{}
			if err := utiljson.Unmarshal(content, &obj.Object); err != nil || obj.Object == nil {
				return err
			}
			if obj.IsList() {
				list, err := obj.ToList()
				if err != nil {
					return err
				}
				for i := range list.Items {
					out = append(out, &list.Items[i])
				}
				continue
			}
			out = append(out, obj)
		}
	}))
	rank := func(obj *unstructured.Unstructured) int {
		return slices.Index([]string{"ServiceAccount", "Namespace", "CustomResourceDefinition"}, obj.GetKind())
	}
	slices.SortStableFunc(out, func(a, b *unstructured.Unstructured) int { return rank(b) - rank(a) })
	return out
}

// TestCorpora writes whole applications and looks at where their workloads end.
func TestCorpora(t *testing.T) {
	for _, folder := range []string{"kube-prometheus/manifests", "online-boutique/kustomize/base"} {
		t.Run(folder, func(t *testing.T) {
			objects := corpus(t, folder)
			f := start(t)
			for _, obj := range objects {
				if obj.GetNamespace() == "" {
					obj.SetNamespace("ns")
				}
				_, err := f.Create(obj, apiserver.WriteOptions{Manager: "test"})
				if apierrors.IsAlreadyExists(err) { // what the server or a simulated part has made first
					continue
				}
				require.NoError(t, err, "%s %s", obj.GetKind(), obj.GetName())
			}
			ready := 0
			for _, name := range []string{"Deployment", "StatefulSet", "DaemonSet"} {
				list, err := f.List(kind(name), "", nil)
				require.NoError(t, err)
				for _, obj := range list {
					want, have := at(obj, "spec", "replicas"), at(obj, "status", "readyReplicas")
					if name == "DaemonSet" {
						want, have = at(obj, "status", "desiredNumberScheduled"), at(obj, "status", "numberReady")
					}
					assert.EqualValues(t, want, have, "%s %s", name, obj.GetName())
					ready++
				}
			}
			t.Logf("%d objects, %d workloads ready, version %d", len(objects), ready, f.server.Version())
			assert.Positive(t, ready)
		})
	}
}
