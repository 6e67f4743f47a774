package plain_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/plain"
)

func files(texts map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range texts {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

func configMap(name string) string {
	return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\n"
}

// places renders and returns each object with its place.
func places(t *testing.T, opts *plain.Options, in render.Input) (places []string, warnings []string) {
	t.Helper()
	result, err := plain.New(opts).Render(t.Context(), in)
	require.NoError(t, err)
	require.Len(t, result.Origins, len(result.Objects))
	for i, obj := range result.Objects {
		places = append(places, cluster.RefOf(obj).String()+" "+result.Origins[i].String())
	}
	for _, w := range result.Warnings {
		warnings = append(warnings, w.String())
	}
	return places, warnings
}

func TestRenderReadsADirectory(t *testing.T) {
	tree := files(map[string]string{
		"app/b.yml":              configMap("b"),
		"app/a.yaml":             "# head\n---\n" + configMap("a1") + "---\n" + configMap("a2"),
		"app/c.json":             `{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}}]}`,
		"app/.hidden.yaml":       ": no YAML",
		"app/README.md":          ": no YAML",
		"app/kustomization.yaml": "resources: [a.yaml]\n",
		"app/odd.yaml":           "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n",
		"app/skip.yaml":          "# +argocd:skip-file-rendering\n: no YAML",
		"app/sub/d.yaml":         configMap("d"),
		"app/.git/e.yaml":        configMap("e"),
		"app/docs/f.txt":         "",
		"other/g.yaml":           configMap("g"),
	})
	warned := []string{
		"app/kustomization.yaml: skipped: a kustomization is not a manifest; render the directory with render/kustomize",
		"app/odd.yaml:1: skipped: a kustomization is not a manifest",
		"app/skip.yaml: skipped: the file says +argocd:skip-file-rendering",
	}
	want := []string{"ConfigMap a1 app/a.yaml:3", "ConfigMap a2 app/a.yaml:8", "ConfigMap b app/b.yml:1", "ConfigMap c app/c.json:1"}

	got, warnings := places(t, nil, render.Input{FS: tree, Path: "app"})
	assert.Equal(t, want, got)
	assert.Equal(t, append(warned, "app/sub: subdirectory with manifests is not read; set Recurse to include it"), warnings)

	got, warnings = places(t, &plain.Options{Recurse: true}, render.Input{FS: tree, Path: "app/"})
	assert.Equal(t, append(want, "ConfigMap d app/sub/d.yaml:1"), got)
	assert.Equal(t, warned, warnings)
}

func TestNothingToRender(t *testing.T) {
	tests := []struct {
		name string
		tree fs.FS
		path string
		kind error
		want string
	}{
		{"empty tree", files(nil), "", render.ErrNoManifests, "render .: no manifests: no file ends in .yaml, .yml or .json"},
		{"no such directory", files(nil), "a/b", fs.ErrNotExist, "render a/b: "},
		{"outside", files(nil), "../b", nil, "render ../b: open ../b: leads out of the source tree"},
		{"absolute", files(nil), "/etc", nil, "render /etc: open /etc: leads out of the source tree"},
		{"a file", files(map[string]string{"a.yaml": ""}), "a.yaml", nil, "render a.yaml: open a.yaml: is a file, not a directory"},
		{"only comments", files(map[string]string{"a.yaml": "# a\n---\n"}), "", render.ErrNoManifests, "none of the directory's 1 files holds an object"},
		{"only below", files(map[string]string{"a/a.yaml": configMap("a")}), "", render.ErrNoManifests, "they are in subdirectories (a), which are read with Recurse"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			result, err := plain.New(nil).Render(t.Context(), render.Input{FS: tt.tree, Path: tt.path})
			require.Error(t, err)
			assert.Nil(t, result)
			if tt.kind != nil {
				require.ErrorIs(t, err, tt.kind)
			}
			assert.Contains(t, err.Error(), tt.want)
			var fault *render.Error
			require.ErrorAs(t, err, &fault)
		})
	}
}

func TestAllFaultsAreReported(t *testing.T) {
	tree := files(map[string]string{
		"a.yaml": configMap("a") + "---\nkind: ConfigMap\n---\na: [\n",
		"b.yaml": configMap("a") + "---\n" + configMap("b"),
		"c.json": "{",
	})
	_, err := plain.New(nil).Render(t.Context(), render.Input{FS: tree})
	require.Error(t, err)
	for _, kind := range []error{render.ErrSyntax, render.ErrNotManifest, render.ErrDuplicate} {
		require.ErrorIs(t, err, kind)
	}
	assert.Equal(t, `render a.yaml:6: not a manifest: apiVersion is missing; metadata.name is missing
render a.yaml:8: syntax error: did not find expected node content
render b.yaml:1: ConfigMap a: the same object twice: it is also at a.yaml:1
render c.json:1: syntax error: unexpected EOF`, err.Error())
}

func TestTheSameObjectAtAnotherVersionIsTheSame(t *testing.T) {
	tree := files(map[string]string{
		"a.yaml": "apiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n",
	})
	_, err := plain.New(nil).Render(t.Context(), render.Input{FS: tree})
	require.ErrorIs(t, err, render.ErrDuplicate)

	tree = files(map[string]string{"a.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-}\n---\napiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-}\n"})
	got, _ := places(t, nil, render.Input{FS: tree})
	assert.Len(t, got, 2)
}

func TestBounds(t *testing.T) {
	tree := files(map[string]string{"a.yaml": configMap("a"), "b.yaml": configMap("b")})
	for name, opts := range map[string]*plain.Options{
		"bytes": {MaxFileBytes: 10}, "all bytes": {MaxBytes: int64(len(configMap("a"))) + 10}, "files": {MaxFiles: 1}, "objects": {MaxObjects: 1},
	} {
		_, err := plain.New(opts).Render(t.Context(), render.Input{FS: tree})
		require.ErrorIs(t, err, render.ErrTooLarge, name)
	}
}

func TestLinksStayInTheTree(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "tree/app"), 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(root, "tree/shared/more"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "secret.yaml"), []byte(configMap("secret")), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(root, "tree/shared/a.yaml"), []byte(configMap("a")), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(root, "tree/shared/more/b.yaml"), []byte(configMap("b")), 0o600))
	link := func(target, name string) {
		require.NoError(t, os.Symlink(target, filepath.Join(root, "tree/app", name)))
	}
	link("../shared/a.yaml", "a.yaml")
	link("../shared/more", "more")
	link("../app", "loop")
	link("/nowhere", "README")
	tree := os.DirFS(filepath.Join(root, "tree"))

	got, warnings := places(t, &plain.Options{Recurse: true}, render.Input{FS: tree, Path: "app"})
	assert.Equal(t, []string{"ConfigMap a app/a.yaml:1", "ConfigMap b app/more/b.yaml:1"}, got)
	assert.Equal(t, []string{"app/loop: links to app, which is read already"}, warnings)

	for name, target := range map[string]string{"up.yaml": "../../secret.yaml", "abs.yaml": filepath.Join(root, "secret.yaml"), "self.yaml": "self.yaml"} {
		link(target, name)
		_, err := plain.New(nil).Render(t.Context(), render.Input{FS: tree, Path: "app"})
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), "render app/"+name+": ")
		assert.NotContains(t, err.Error(), "file exists")
		require.NoError(t, os.Remove(filepath.Join(root, "tree/app", name)))
	}
}

// endless is a file system that ends its context when a file is opened.
type endless struct {
	fs.FS
	cancel context.CancelCauseFunc
}

var errStop = errors.New("stop")

func (e endless) Open(name string) (fs.File, error) {
	if filepath.Ext(name) == ".yaml" {
		e.cancel(errStop)
	}
	return e.FS.Open(name)
}

func TestTheContextEndsIt(t *testing.T) {
	tree := files(map[string]string{"a.yaml": configMap("a"), "b.yaml": configMap("b")})
	ctx, cancel := context.WithCancelCause(t.Context())
	result, err := plain.New(nil).Render(ctx, render.Input{FS: endless{tree, cancel}})
	require.ErrorIs(t, err, errStop)
	assert.Nil(t, result)
	_, err = plain.New(nil).Render(ctx, render.Input{FS: tree})
	require.ErrorIs(t, err, errStop)
}

// TestRenderIsAFunctionOfTheTree renders random trees twice, and once more from a tree that was built in another order.
func TestRenderIsAFunctionOfTheTree(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 100 {
		texts := map[string]string{}
		for range 1 + r.IntN(8) {
			name := fmt.Sprintf("d%d/f%d.yaml", r.IntN(3), r.IntN(9))
			texts[name] = configMap(fmt.Sprintf("c%d", r.IntN(12)))
		}
		p := plain.New(&plain.Options{Recurse: true})
		first, err1 := p.Render(t.Context(), render.Input{FS: files(texts)})
		second, err2 := p.Render(t.Context(), render.Input{FS: files(texts)})
		assert.Equal(t, first, second)
		assert.Equal(t, fmt.Sprint(err1), fmt.Sprint(err2))
	}
}

func TestCorpusRenders(t *testing.T) {
	corpus := os.Getenv("SETPOINT_CORPUS")
	if corpus == "" {
		t.Skip("SETPOINT_CORPUS does not name a folder with kube-prometheus")
	}
	in := render.Input{FS: os.DirFS(corpus), Path: "kube-prometheus/manifests"}
	got, _ := places(t, &plain.Options{Recurse: true}, in)
	assert.Len(t, got, 131) // 95 files, of which three hold 39 objects in lists
}
