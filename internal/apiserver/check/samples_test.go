package check_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

// object is one that the server accepts.
type object map[string]any

func (o object) kind() schema.GroupVersionKind {
	version, _ := o["apiVersion"].(string)
	kind, _ := o["kind"].(string)
	return schema.FromAPIVersionAndKind(version, kind)
}

func (o object) meta() map[string]any {
	m, _ := o["metadata"].(map[string]any)
	return m
}

// samples reads the objects that the rules were learned from. A pod whose volumes are to be tried each on its own gives one
// object for each.
func samples(t testing.TB) []object {
	t.Helper()
	files, err := filepath.Glob("../../gen/rules/samples/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var out []object
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, doc := range bytes.Split(raw, []byte("\n---\n")) {
			data, err := yaml.YAMLToJSON(doc)
			require.NoError(t, err)
			var obj object
			require.NoError(t, kjson.UnmarshalCaseSensitivePreserveInts(data, (*map[string]any)(&obj)))
			notes, _ := obj.meta()["annotations"].(map[string]any)
			if notes["split"] == nil {
				out = append(out, obj)
				continue
			}
			delete(obj.meta(), "annotations")
			for i, v := range obj["spec"].(map[string]any)["volumes"].([]any) {
				one := object(runtime.DeepCopyJSON(obj))
				one["spec"].(map[string]any)["volumes"] = []any{v}
				one.meta()["name"] = fmt.Sprint("volume-", i)
				out = append(out, one)
			}
		}
	}
	return out
}

// resource is the plural of a kind of the samples.
func resource(kind string) string {
	kind = strings.ToLower(kind)
	switch {
	case kind == "endpoints":
		return kind
	case strings.HasSuffix(kind, "ss"):
		return kind + "es"
	case strings.HasSuffix(kind, "y"):
		return strings.TrimSuffix(kind, "y") + "ies"
	}
	return kind + "s"
}
