package plain_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/plain"
)

// BenchmarkRender compares a rendering with reading the same files as kubectl does, which finds fewer faults and knows no places.
func BenchmarkRender(b *testing.B) {
	corpus := os.Getenv("SETPOINT_CORPUS")
	if corpus == "" {
		b.Skip("SETPOINT_CORPUS does not name a folder with kube-prometheus")
	}
	fsys := os.DirFS(filepath.Join(corpus, "kube-prometheus/manifests"))
	b.Run("setpoint", func(b *testing.B) {
		for b.Loop() {
			_, err := plain.New(&plain.Options{Recurse: true}).Render(b.Context(), render.Input{FS: fsys})
			require.NoError(b, err)
		}
	})
	b.Run("sigs.k8s.io/yaml", func(b *testing.B) {
		for b.Loop() {
			err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				data, err := fs.ReadFile(fsys, name)
				if err != nil {
					return err
				}
				text, err := yaml.YAMLToJSONStrict(data)
				if err != nil {
					return err
				}
				var v any
				return utiljson.Unmarshal(text, &v)
			})
			require.NoError(b, err)
		}
	})
}
