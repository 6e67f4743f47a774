package render_test

import (
	"context"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/render"
)

func TestDetectFollowsArgoCD(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		want  render.Tool
	}{
		{"nothing", nil, render.Plain},
		{"manifests", []string{"a.yaml"}, render.Plain},
		{"a chart before a kustomization", []string{"Chart.yaml", "kustomization.yaml"}, render.Helm},
		{"yaml", []string{"a.yaml", "kustomization.yaml"}, render.Kustomize},
		{"yml", []string{"kustomization.yml", "z.jsonnet"}, render.Kustomize},
		{"bare", []string{"Kustomization", "a.jsonnet"}, render.Kustomize},
		{"case matters", []string{"kustomization", "chart.yaml", "Kustomization.yaml"}, render.Plain},
		{"jsonnet", []string{"a.jsonnet", "b.yaml"}, render.Jsonnet},
		{"a library alone", []string{"a.libsonnet"}, render.Plain},
		{"directories do not count", []string{"Chart.yaml/a", "kustomization.yaml/a", "b.jsonnet/c"}, render.Plain},
		{"subdirectories do not count", []string{"charts/Chart.yaml"}, render.Plain},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fsys := fstest.MapFS{"app": {Mode: fs.ModeDir}}
			for _, name := range tt.files {
				fsys["app/"+name] = &fstest.MapFile{}
			}
			got, err := render.Detect(fsys, "app/")
			require.NoError(t, err)
			assert.Equal(t, tt.want, got)
		})
	}
	_, err := render.Detect(fstest.MapFS{}, "app")
	require.ErrorIs(t, err, fs.ErrNotExist)
	assert.Contains(t, err.Error(), "render app: ")
	_, err = render.Detect(fstest.MapFS{}, "../app")
	require.ErrorContains(t, err, "render ../app: leads out of the source tree")
}

func TestAutoHandsOver(t *testing.T) {
	named := func(name string) render.Renderer {
		return render.RendererFunc(func(context.Context, render.Input) (*render.Result, error) {
			return &render.Result{Warnings: []render.Warning{{Message: name}}}, nil
		})
	}
	auto := render.Auto{Plain: named("plain"), Kustomize: named("kustomize"), Helm: named("helm"), Jsonnet: named("jsonnet")}
	for file, want := range map[string]string{"a.yaml": "plain", "Kustomization": "kustomize", "Chart.yaml": "helm", "a.jsonnet": "jsonnet"} {
		in := render.Input{FS: fstest.MapFS{file: {}}}
		got, err := auto.Render(t.Context(), in)
		require.NoError(t, err)
		assert.Equal(t, want, got.Warnings[0].String())

		_, err = render.Auto{}.Render(t.Context(), in)
		require.ErrorIs(t, err, render.ErrUnsupported, file)
		assert.Contains(t, err.Error(), "render .: not supported: the directory needs the ")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := auto.Render(ctx, render.Input{FS: fstest.MapFS{}})
	require.ErrorIs(t, err, context.Canceled)
}
