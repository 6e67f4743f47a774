package kustomize_test

import (
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"

	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/kustomize"
)

// BenchmarkRender compares a rendering with kustomize's own build from disk, whose result is not decoded.
func BenchmarkRender(b *testing.B) {
	corpus := os.Getenv("SETPOINT_CORPUS")
	if corpus == "" {
		b.Skip("SETPOINT_CORPUS does not name a folder with online-boutique")
	}
	root := filepath.Join(corpus, "online-boutique/kustomize")
	for _, dir := range []string{"base", "tests/memorystore-with-all-components"} {
		b.Run(dir, func(b *testing.B) {
			b.Run("setpoint", func(b *testing.B) {
				for b.Loop() {
					if _, err := kustomize.New(nil).Render(b.Context(), render.Input{FS: os.DirFS(root), Path: dir}); err != nil {
						b.Fatal(err)
					}
				}
			})
			b.Run("kustomize", func(b *testing.B) {
				for b.Loop() {
					m, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), filepath.Join(root, dir))
					if err != nil {
						b.Fatal(err)
					}
					if _, err := m.AsYaml(); err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}
