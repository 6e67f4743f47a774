package kustomize_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/kustomize/kyaml/openapi"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/kustomize"
)

// tree makes a file system of a txtar archive.
func tree(archive string) fstest.MapFS {
	m := fstest.MapFS{}
	for _, f := range txtar.Parse([]byte(archive)).Files {
		m[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return m
}

func places(result *render.Result) (places []string) {
	for i, obj := range result.Objects {
		places = append(places, cluster.RefOf(obj).String()+" "+result.Origins[i].String())
	}
	return places
}

// command builds what the kustomize command would from files on disk.
func command(t *testing.T, dir string) ([]*unstructured.Unstructured, error) {
	t.Helper()
	opts := krusty.MakeDefaultOptions()
	opts.Reorder = krusty.ReorderOptionUnspecified
	found, err := krusty.MakeKustomizer(opts).Run(filesys.MakeFsOnDisk(), dir)
	if err != nil {
		return nil, err
	}
	var objects []*unstructured.Unstructured
	for _, res := range found.Resources() {
		text, err := res.AsYAML()
		require.NoError(t, err)
		obj := &unstructured.Unstructured{}
		require.NoError(t, yaml.Unmarshal(text, obj))
		objects = append(objects, obj)
	}
	return objects, nil
}

// onDisk writes a tree to a folder.
func onDisk(t *testing.T, fsys fs.FS) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, fsys))
	return dir
}

const overlay = `
-- base/kustomization.yaml --
resources:
- workloads.yaml
- service.yaml
configMapGenerator:
- name: settings
  literals:
  - mode=fast
  files:
  - notes=text.txt
secretGenerator:
- name: other
  literals: [a=b]
- name: keys
  envs: [keys.env]
-- base/text.txt --
some text
-- base/keys.env --
PASSWORD=correct-horse
-- base/workloads.yaml --
# two of a kind
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  template:
    spec:
      containers:
      - name: web
        image: web:1
        envFrom: [{configMapRef: {name: settings}}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-admin
spec: {template: {spec: {containers: [{name: admin, image: admin:1, args: [yes, "no", 1.0]}]}}}
-- base/service.yaml --
apiVersion: v1
kind: ServiceList
items:
- apiVersion: v1
  kind: Service
  metadata: {name: web}
- apiVersion: v1
  kind: Service
  metadata: {name: db}
-- patch.yaml --
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
-- prod/kustomization.yaml --
namespace: prod
namePrefix: eu-
resources:
- ../base
- extra.yaml
components:
- ../component
images:
- name: web
  newTag: "2"
-- prod/extra.yaml --
apiVersion: v1
kind: Namespace
metadata: {name: prod}
-- component/kustomization.yaml --
kind: Component
apiVersion: kustomize.config.k8s.io/v1alpha1
patches:
- target: {kind: Deployment, name: web}
  patch: |-
    - {op: replace, path: /spec/replicas, value: 5}
`

func TestRenderIsWhatTheCommandBuilds(t *testing.T) {
	fsys := tree(overlay)
	result, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: fsys, Path: "prod"})
	require.NoError(t, err)
	want, err := command(t, filepath.Join(onDisk(t, fsys), "prod"))
	require.NoError(t, err)
	assert.Equal(t, want, result.Objects)
	assert.Empty(t, result.Warnings)
	assert.Equal(t, []string{
		"Namespace prod prod/extra.yaml:1 via prod/kustomization.yaml",
		"ConfigMap prod/eu-settings-" + suffix(result, "ConfigMap", "eu-settings-") + " base/kustomization.yaml:5 via prod/kustomization.yaml",
		"Secret prod/eu-keys-" + suffix(result, "Secret", "eu-keys-") + " base/kustomization.yaml:13 via prod/kustomization.yaml",
		"Secret prod/eu-other-" + suffix(result, "Secret", "eu-other-") + " base/kustomization.yaml:11 via prod/kustomization.yaml",
		"Service prod/eu-db base/service.yaml:7 via prod/kustomization.yaml",
		"Service prod/eu-web base/service.yaml:4 via prod/kustomization.yaml",
		"Deployment prod/eu-web base/workloads.yaml:2 via prod/kustomization.yaml",
		"Deployment prod/eu-web-admin base/workloads.yaml:15 via prod/kustomization.yaml",
	}, places(result))
}

func suffix(r *render.Result, kind, prefix string) string {
	for _, obj := range r.Objects {
		if after, ok := strings.CutPrefix(obj.GetName(), prefix); ok && obj.GetKind() == kind {
			return after
		}
	}
	return "?"
}

// TestOriginsThatOnlyKustomizeKnows renders objects whose names do not tell where they come from.
func TestOriginsThatOnlyKustomizeKnows(t *testing.T) {
	fsys := tree(`
-- kustomization.yaml --
resources:
- r.yaml
- base
patches:
- target: {name: old}
  options: {allowNameChange: true}
  patch: '[{"op": "replace", "path": "/metadata/name", "value": "new"}]'
transformers: [t.yaml]
generators:
- |-
  apiVersion: builtin
  kind: ConfigMapGenerator
  metadata: {name: made}
  literals: [a=b]
configMapGenerator:
- name: c
  literals: [a=b]
-- r.yaml --
apiVersion: v1
kind: Service
metadata: {name: a}
---
apiVersion: v1
kind: Service
metadata: {name: old}
-- base/kustomization.yaml --
resources: [r.yaml]
-- base/r.yaml --
apiVersion: v1
kind: Service
metadata: {name: a, namespace: other}
-- t.yaml --
apiVersion: builtin
kind: PrefixTransformer
metadata: {name: t}
prefix: t-
fieldSpecs: [{path: metadata/name}]
`)
	result, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: fsys})
	require.NoError(t, err)
	assert.Equal(t, []string{
		"ConfigMap t-c-" + suffix(result, "ConfigMap", "t-c-") + " kustomization.yaml:16 via kustomization.yaml",
		"ConfigMap t-made-" + suffix(result, "ConfigMap", "t-made-") + " kustomization.yaml:9 via kustomization.yaml",
		"Service other/t-a base/r.yaml:1 via kustomization.yaml",
		"Service t-a r.yaml:1 via kustomization.yaml",
		"Service t-new r.yaml:5 via kustomization.yaml",
	}, places(result))
	for _, obj := range result.Objects {
		assert.Empty(t, obj.GetAnnotations())
	}
}

// TestOriginsDoNotShow renders kustomizations in which something looks at annotations, where a note of the origin would change the result.
func TestOriginsDoNotShow(t *testing.T) {
	const resources = "-- r.yaml --\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, annotations: {x: y}}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: c, annotations: {}}\n"
	for name, text := range map[string]string{
		"plain":             "resources: [r.yaml]\n",
		"labels":            "resources: [r.yaml]\ncommonLabels: {a: b}\n",
		"commonAnnotations": "resources: [r.yaml]\ncommonAnnotations: {a: b}\n",
		"asked":             "resources: [r.yaml]\nbuildMetadata: [originAnnotations]\n",
		"asked for others":  "resources: [r.yaml]\nbuildMetadata: [transformerAnnotations, managedByLabel]\nnamePrefix: x-\n",
		"json patch":        "resources: [r.yaml]\npatches: [{target: {name: a}, patch: '[{op: add, path: /metadata/annotations, value: {m: n}}]'}]\n",
		"impossible patch":  "resources: [r.yaml]\npatches: [{target: {name: a}, patch: '[{op: add, path: /metadata/annotations/m, value: n}]'}]\n",
		"selector":          "resources: [r.yaml]\npatches: [{target: {annotationSelector: 'x=y'}, patch: '[{op: add, path: /data, value: {m: n}}]'}]\n",
		"replacement":       "resources: [r.yaml]\nreplacements: [{source: {kind: ConfigMap, name: b, fieldPath: metadata.annotations}, targets: [{select: {kind: ConfigMap, name: a}, fieldPaths: [data], options: {create: true}}]}]\n",
		"remove":            "resources: [r.yaml]\npatches: [{target: {name: b}, patch: '[{op: remove, path: /metadata/annotations}]'}]\n",
		"sorted":            "resources: [r.yaml]\nsortOptions: {order: fifo}\n",
		"hash of all":       "resources: [r.yaml, h.yaml]\n-- h.yaml --\napiVersion: acme.example/v1\nkind: Odd\nmetadata: {name: h, annotations: {kustomize.config.k8s.io/needs-hash: 'true'}}\n",
	} {
		t.Run(name, func(t *testing.T) {
			fsys := tree("-- kustomization.yaml --\n" + text + resources)
			want, wantErr := command(t, onDisk(t, fsys))
			got, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: fsys})
			if wantErr != nil {
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			require.Len(t, got.Objects, len(want))
			for i := range want {
				assert.Equal(t, want[i].Object, got.Objects[i].Object)
			}
			for _, o := range got.Origins {
				assert.NotZero(t, o.Line, "%v", o)
				assert.NotEqual(t, "kustomization.yaml", o.File)
			}
		})
	}
}

func TestRemoteIsRefusedBeforeKustomizeRuns(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // without a git command
	tests := []struct{ name, archive, want string }{
		{"url", "-- kustomization.yaml --\nresources:\n- a.yaml\n- https://user:hunter2hunter2@example.invalid/a.yaml?token=hunter2hunter2\n-- a.yaml --\n", "kustomization.yaml:3: resources: https://example.invalid/a.yaml refers to a remote resource"},
		{"git", "-- kustomization.yaml --\nresources: ['github.com/acme/repo//deploy?ref=v1']\n", "kustomization.yaml:1: resources: github.com/acme/repo//deploy refers to a remote resource"},
		{"ssh", "-- kustomization.yaml --\nresources: ['git@example.invalid:acme/repo.git']\n", "resources: git@example.invalid:acme/repo.git refers"},
		{"file url", "-- kustomization.yaml --\nresources: ['file:///etc/passwd']\n", "resources: file:///etc/passwd refers"},
		{"forced git", "-- kustomization.yaml --\nresources: ['git::https://example.invalid/a']\n", "refers to a remote resource"},
		{"other case", "-- kustomization.yaml --\nResources: ['HTTPS://example.invalid/a']\n", "kustomization.yaml:1: resources: HTTPS://example.invalid/a refers"},
		{"bases", "-- kustomization.yaml --\nbases:\n- github.com/acme/repo\n", "kustomization.yaml:2: resources: github.com/acme/repo refers"},
		{"components", "-- kustomization.yaml --\ncomponents: [https://example.invalid/a.git]\n", "components: https://example.invalid/a.git refers"},
		{"below", "-- kustomization.yaml --\nresources: [base]\n-- base/kustomization.yml --\nresources:\n- https://example.invalid/a\n", "base/kustomization.yml:2: resources: https://example.invalid/a refers"},
		{"crds", "-- kustomization.yaml --\ncrds: [https://example.invalid/a]\n", "crds: https"},
		{"configurations", "-- kustomization.yaml --\nconfigurations: [https://example.invalid/a]\n", "configurations: https"},
		{"openapi", "-- kustomization.yaml --\nopenapi: {path: https://example.invalid/a}\n", "openapi: https"},
		{"patches", "-- kustomization.yaml --\npatches: [{path: https://example.invalid/a}]\n", "patches: https"},
		{"patchesJson6902", "-- kustomization.yaml --\npatchesJson6902: [{path: https://example.invalid/a, target: {name: a, kind: A, version: v1}}]\n", "patchesJson6902: https"},
		{"patchesStrategicMerge", "-- kustomization.yaml --\npatchesStrategicMerge: [https://example.invalid/a]\n", "patchesStrategicMerge: https"},
		{"replacements", "-- kustomization.yaml --\nreplacements: [{path: https://example.invalid/a}]\n", "replacements: https"},
		{"files", "-- kustomization.yaml --\nconfigMapGenerator: [{name: a, files: [k=https://example.invalid/a]}]\n", "configMapGenerator: https"},
		{"envs", "-- kustomization.yaml --\nsecretGenerator: [{name: a, envs: [https://example.invalid/a]}]\n", "secretGenerator: https"},
		{"env", "-- kustomization.yaml --\nconfigMapGenerator: [{name: a, env: https://example.invalid/a}]\n", "configMapGenerator: https"},
		{"generators", "-- kustomization.yaml --\ngenerators: [https://example.invalid/a]\n", "generators: https"},
		{"transformers", "-- kustomization.yaml --\ntransformers: [github.com/acme/repo]\n", "transformers: github.com"},
		{"validators", "-- kustomization.yaml --\nvalidators: [github.com/acme/repo]\n", "validators: github.com"},
		{"a transformer's path", "-- kustomization.yaml --\ntransformers: [t.yaml]\n-- t.yaml --\napiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\nPath: https://example.invalid/a\n", "t.yaml:4: Path: https"},
		{"an inline transformer's path", "-- kustomization.yaml --\ntransformers:\n- |-\n  apiVersion: builtin\n  kind: PatchTransformer\n  metadata: {name: a}\n  path: https://example.invalid/a\n", "kustomization.yaml:2: path: https"},
		{"a generator's file", "-- kustomization.yaml --\ngenerators: [g]\n-- g/kustomization.yaml --\nresources: [g.yaml]\n-- g/g.yaml --\nkind: List\napiVersion: v1\nitems:\n- apiVersion: builtin\n  kind: ConfigMapGenerator\n  metadata: {name: a}\n  files: [a=https://example.invalid/a]\n", "g/g.yaml:7: files: a=https"},
		{"behind an anchor", "-- kustomization.yaml --\ntransformers: [t.yaml]\n-- t.yaml --\napiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a, x: &p https://example.invalid/a}\npath: *p\n", "path: https"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: tree(tt.archive)})
			require.ErrorIs(t, err, render.ErrRemote)
			assert.Contains(t, err.Error(), tt.want)
			assert.NotContains(t, err.Error(), "hunter2")
		})
	}
}

func TestFaultsNameTheirPlace(t *testing.T) {
	tests := []struct {
		name, archive string
		kind          error
		want          []string
	}{
		{"no kustomization", "-- a.yaml --\n", render.ErrNoManifests, []string{"render .: no manifests: the directory has no kustomization.yaml"}},
		{"two", "-- kustomization.yaml --\n-- Kustomization --\n", nil, []string{"more than one kustomization"}},
		{"empty", "-- kustomization.yaml --\n# nothing\n", render.ErrNoManifests, []string{"render kustomization.yaml:1: no manifests: the kustomization is empty"}},
		{"yields nothing", "-- kustomization.yaml --\nresources: [a.yaml]\n-- a.yaml --\n", render.ErrNoManifests, []string{"the kustomization yields no object"}},
		{"unknown field", "-- kustomization.yaml --\nresources: []\nresource: [a]\n", render.ErrSyntax, []string{`render kustomization.yaml:2: syntax error: json: unknown field "resource"`}},
		{"kind", "-- kustomization.yaml --\nkind: Other\nresources: [a.yaml]\n-- a.yaml --\n", nil, []string{"render kustomization.yaml:1: kind should be Kustomization or Component"}},
		{"broken kustomization", "-- kustomization.yaml --\nresources: [\n", render.ErrSyntax, []string{"render kustomization.yaml:1: syntax error: "}},
		{"all missing files", "-- kustomization.yaml --\nresources:\n- a.yaml\n- b.yaml\npatches:\n- path: c.yaml\n", fs.ErrNotExist, []string{
			"render kustomization.yaml:2: resources: a.yaml: file does not exist", "render kustomization.yaml:3: resources: b.yaml: file does not exist", "render kustomization.yaml:5: patches: c.yaml: file does not exist"}},
		{"broken manifest", "-- kustomization.yaml --\nresources: [a.yaml]\n-- a.yaml --\na: 1\nb: [\n", render.ErrSyntax, []string{"render a.yaml:2: syntax error: "}},
		{"without a name", "-- kustomization.yaml --\nresources: [a.yaml]\n-- a.yaml --\n\napiVersion: v1\nkind: Secret\n", render.ErrNotManifest, []string{"render a.yaml:2: not a manifest: metadata.name is missing", "render kustomization.yaml: "}},
		{"without apiVersion", "-- kustomization.yaml --\nresources: [a.yaml]\n-- a.yaml --\n\nkind: Secret\nmetadata: {name: a}\n", render.ErrNotManifest, []string{"a.yaml:2 via kustomization.yaml: Secret a: not a manifest: apiVersion is missing"}},
		{"cycle of anchors", "-- kustomization.yaml --\nresources: [a.yaml]\n-- a.yaml --\na: &a [*a]\n", render.ErrSyntax, []string{`render a.yaml:1: syntax error: anchor "a" contains itself`}},
		{"cycle", "-- a/kustomization.yaml --\nresources: [../b]\n-- b/kustomization.yaml --\nresources: [../a]\n-- kustomization.yaml --\nresources: [a]\n", nil, []string{"render b/kustomization.yaml:1: a: kustomizations in a cycle"}},
		{"itself", "-- kustomization.yaml --\nresources: [.]\n", nil, []string{"render kustomization.yaml:1: .: kustomizations in a cycle"}},
		{"out of the tree", "-- kustomization.yaml --\nresources: [../a.yaml]\n", nil, []string{"render kustomization.yaml:1: resources: ../a.yaml leads out of the source tree"}},
		{"absolute", "-- kustomization.yaml --\nresources: [/etc/passwd]\n", nil, []string{"resources: /etc/passwd leads out of the source tree"}},
		{"helm", "-- kustomization.yaml --\nhelmCharts: [{name: a}]\n", render.ErrUnsupported, []string{"render kustomization.yaml:1: not supported: kustomize would run the helm command for helmCharts"}},
		{"plugin", "-- kustomization.yaml --\ntransformers: [t.yaml]\n-- t.yaml --\napiVersion: acme.example/v1\nkind: Doer\nmetadata: {name: a}\n", render.ErrUnsupported, []string{"render t.yaml:1: transformers: not supported: acme.example/v1 Doer would run a program"}},
		{"helm plugin", "-- kustomization.yaml --\ngenerators:\n- |-\n  apiVersion: builtin\n  kind: HelmChartInflationGenerator\n  metadata: {name: a}\n", render.ErrUnsupported, []string{"builtin HelmChartInflationGenerator would run a program"}},
		{"computed plugin", "-- kustomization.yaml --\ntransformers: [t]\n-- t/kustomization.yaml --\nnamePrefix: a\nresources: [t.yaml]\n-- t/t.yaml --\napiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: a}\n", render.ErrUnsupported, []string{"may have nothing but resources"}},
		{"component as a resource", "-- kustomization.yaml --\nresources: [a]\n-- a/kustomization.yaml --\nkind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\nnamePrefix: a\n", nil, []string{"render kustomization.yaml:1: a: its kind is Component; list it under components"}},
		{"resource as a component", "-- kustomization.yaml --\ncomponents: [a]\n-- a/kustomization.yaml --\nnamePrefix: a\n", nil, []string{"listed under components, but its kind is Kustomization"}},
		{"conflict", "-- kustomization.yaml --\nresources: [a.yaml, b.yaml]\n-- a.yaml --\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n-- b.yaml --\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", nil, []string{"may not add resource with an already registered id"}},
		{"two versions", "-- kustomization.yaml --\nresources: [a.yaml, b.yaml]\n-- a.yaml --\napiVersion: autoscaling/v1\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n-- b.yaml --\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n", render.ErrDuplicate, []string{"it is also at a.yaml:1 via kustomization.yaml"}},
		{"schema", "-- kustomization.yaml --\nopenapi: {path: s.json}\nresources: [a.yaml]\npatches: [{patch: 'a: b'}]\n-- s.json --\n{}\n-- a.yaml --\n[]\n", nil, []string{"render "}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			result, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: tree(tt.archive)})
			require.Error(t, err)
			assert.Nil(t, result)
			if tt.kind != nil {
				require.ErrorIs(t, err, tt.kind)
			}
			for _, want := range tt.want {
				assert.Contains(t, err.Error(), want)
			}
			assert.NotContains(t, err.Error(), "setpoint-source-tree")
			var fault *render.Error
			require.ErrorAs(t, err, &fault)
		})
	}
	_, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: fstest.MapFS{}, Path: "a/b"})
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestLoadRestriction(t *testing.T) {
	fsys := tree("-- a/kustomization.yaml --\nresources: [../r.yaml]\n-- r.yaml --\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n")
	_, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: fsys, Path: "a"})
	require.ErrorContains(t, err, "render a/kustomization.yaml:1: resources: ../r.yaml is not in or below a; move it there, or set AllowOutside")
	result, err := kustomize.New(&kustomize.Options{AllowOutside: true}).Render(t.Context(), render.Input{FS: fsys, Path: "a"})
	require.NoError(t, err)
	assert.Equal(t, []string{"Secret a r.yaml:1 via a/kustomization.yaml"}, places(result))
}

func TestLinksStayInTheTree(t *testing.T) {
	dir := onDisk(t, tree("-- tree/app/kustomization.yaml --\nresources: [r.yaml]\n-- secret.yaml --\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"))
	require.NoError(t, os.Symlink("../../secret.yaml", filepath.Join(dir, "tree/app/r.yaml")))
	_, err := kustomize.New(&kustomize.Options{AllowOutside: true}).Render(t.Context(), render.Input{FS: os.DirFS(filepath.Join(dir, "tree")), Path: "app"})
	require.ErrorContains(t, err, `render app/kustomization.yaml:1: resources: r.yaml: symbolic link to "../../secret.yaml" leads out of the source tree`)
}

func TestBounds(t *testing.T) {
	var b strings.Builder
	b.WriteString("-- l0/kustomization.yaml --\nresources: [r.yaml]\n-- l0/r.yaml --\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&b, "-- l%d/kustomization.yaml --\nresources: [../l%d, ../m%d]\n-- m%d/kustomization.yaml --\nnamePrefix: x\nresources: [../l%d]\n", i, i-1, i, i, i-1)
	}
	_, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: tree(b.String()), Path: "l39"})
	require.ErrorIs(t, err, render.ErrTooLarge)
	assert.Contains(t, err.Error(), "resources: too large: more kustomizations to build than MaxBuilds, which is 10000")

	b.Reset()
	b.WriteString("-- l0/kustomization.yaml --\nresources: [r.yaml]\n-- l0/r.yaml --\n")
	for i := range 400 {
		fmt.Fprintf(&b, "---\napiVersion: v1\nkind: Secret\nmetadata: {name: a%d}\n", i)
	}
	for i := 1; i < 12; i++ {
		fmt.Fprintf(&b, "-- l%d/kustomization.yaml --\nresources: [../l%d, ../m%d]\n-- m%d/kustomization.yaml --\nnamePrefix: x\nresources: [../l%d]\n", i, i-1, i, i, i-1)
	}
	_, err = kustomize.New(nil).Render(t.Context(), render.Input{FS: tree(b.String()), Path: "l11"})
	require.ErrorIs(t, err, render.ErrTooLarge)
	assert.Contains(t, err.Error(), "more objects to build than MaxObjects, which is 100000")

	one := tree("-- kustomization.yaml --\nresources: [r.yaml]\n-- r.yaml --\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: b}\n")
	for name, opts := range map[string]*kustomize.Options{"bytes": {MaxFileBytes: 40}, "all bytes": {MaxBytes: 60}, "objects": {MaxObjects: 1}} {
		_, err := kustomize.New(opts).Render(t.Context(), render.Input{FS: one})
		require.ErrorIs(t, err, render.ErrTooLarge, name)
	}
}

func TestMessagesHoldNoSecrets(t *testing.T) {
	for name, archive := range map[string]string{
		"generator": "-- kustomization.yaml --\nsecretGenerator: [{name: a, literals: ['correct-horse-battery']}]\n",
		"env file":  "-- kustomization.yaml --\nsecretGenerator: [{name: a, envs: [e]}]\n-- e --\nkey=correct-horse-battery\xff\n",
		"patch":     "-- kustomization.yaml --\nresources: [r.yaml]\npatches:\n- patch: |-\n    apiVersion: v1\n    kind: Secret\n    metadata: {name: missing}\n    stringData: {a: correct-horse-battery}\n-- r.yaml --\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: tree(archive)})
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "correct-horse-battery")
		})
	}
}

func TestDeprecatedFieldsAreWarnings(t *testing.T) {
	fsys := tree("-- kustomization.yaml --\nbases:\n- a\ncommonLabels: {x: z}\n-- a/kustomization.yaml --\nresources: [r.yaml]\n---\nresources: [s.yaml]\n-- a/r.yaml --\napiVersion: v1\nkind: Secret\nmetadata: {name: a}\n")
	result, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: fsys})
	require.NoError(t, err)
	var got []string
	for _, w := range result.Warnings {
		got = append(got, w.String())
	}
	assert.Equal(t, []string{
		"kustomization.yaml:1: bases is deprecated, use resources",
		"kustomization.yaml:3: commonLabels is deprecated, use labels",
		"a/kustomization.yaml:3: kustomize reads only the first document of a kustomization",
	}, got)
}

const custom = `
-- kustomization.yaml --
openapi: {path: schema.json}
resources: [r.yaml]
patches:
- patch: |-
    apiVersion: example.com/v1
    kind: MyCRD
    metadata: {name: service}
    spec: {template: {spec: {containers: [{name: server, image: nginx}]}}}
-- r.yaml --
apiVersion: example.com/v1
kind: MyCRD
metadata: {name: service}
spec: {template: {spec: {containers: [{name: server, image: server, command: [example]}]}}}
-- schema.json --
{"definitions": {"v1.MyCRD": {
  "properties": {"spec": {"properties": {"template": {"$ref": "#/definitions/io.k8s.api.core.v1.PodTemplateSpec"}}}},
  "x-kubernetes-group-version-kind": [{"group": "example.com", "kind": "MyCRD", "version": "v1"}]},
 "io.k8s.api.core.v1.PodTemplateSpec": {"properties": {"spec": {"$ref": "#/definitions/io.k8s.api.core.v1.PodSpec"}}},
 "io.k8s.api.core.v1.PodSpec": {"properties": {"containers": {"items": {"type": "object"}, "type": "array",
   "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge"}}}}}
`

// TestSchemasDoNotLeak renders kustomizations with and without a schema of their own at the same time.
func TestSchemasDoNotLeak(t *testing.T) {
	withSchema := tree(custom)
	without := tree(custom)
	without["kustomization.yaml"] = &fstest.MapFile{Data: []byte(strings.Replace(string(without["kustomization.yaml"].Data), "openapi: {path: schema.json}\n", "", 1))}
	merged := func(fsys fs.FS) bool {
		result, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: fsys})
		if !assert.NoError(t, err) {
			return false
		}
		list, _, err := unstructured.NestedSlice(result.Objects[0].Object, "spec", "template", "spec", "containers")
		assert.NoError(t, err)
		_, ok := list[0].(map[string]any)["command"]
		return ok
	}
	version := openapi.GetSchemaVersion()
	full := tree(overlay)
	want, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: full, Path: "prod"})
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { assert.True(t, merged(withSchema), "the schema makes containers a keyed list") })
		wg.Go(func() { assert.False(t, merged(without), "without it the list is replaced") })
		wg.Go(func() {
			got, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: full, Path: "prod"})
			assert.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
	wg.Wait()
	assert.True(t, merged(withSchema))
	assert.Equal(t, version, openapi.GetSchemaVersion(), "others find the schema as it was")
}

// ending ends its context when a file is opened.
type ending struct {
	fs.FS
	name   string
	cancel context.CancelCauseFunc
}

var errStop = errors.New("stop")

func (e ending) Open(name string) (fs.File, error) {
	if name == e.name {
		e.cancel(errStop)
	}
	return e.FS.Open(name)
}

func TestTheContextEndsIt(t *testing.T) {
	fsys := tree(overlay)
	for name := range fsys {
		ctx, cancel := context.WithCancelCause(t.Context())
		result, err := kustomize.New(nil).Render(ctx, render.Input{FS: ending{fsys, name, cancel}, Path: "prod"})
		if context.Cause(ctx) == nil {
			require.NoError(t, err, "%s is not read", name)
			cancel(nil)
			continue
		}
		require.ErrorIs(t, err, errStop)
		assert.Nil(t, result)
	}
}

func TestCorpusIsWhatTheCommandBuilds(t *testing.T) {
	corpus := os.Getenv("SETPOINT_CORPUS")
	if corpus == "" {
		t.Skip("SETPOINT_CORPUS does not name a folder with online-boutique")
	}
	root := filepath.Join(corpus, "online-boutique/kustomize")
	dirs := []string{".", "base"}
	for _, sub := range []string{"tests", "components"} {
		entries, err := os.ReadDir(filepath.Join(root, sub))
		require.NoError(t, err)
		for _, e := range entries {
			dirs = append(dirs, sub+"/"+e.Name())
		}
	}
	compared := 0
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(root, dir, "kustomization.yaml")); err != nil {
			continue
		}
		if strings.HasPrefix(dir, "components/") {
			continue
		}
		compared++
		want, wantErr := command(t, filepath.Join(root, dir))
		got, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: os.DirFS(root), Path: dir})
		require.NoError(t, wantErr, dir)
		require.NoError(t, err, dir)
		assert.Equal(t, want, got.Objects, dir)
		for i, o := range got.Origins {
			assert.NotZero(t, o.Line, "%s: %s", dir, cluster.RefOf(got.Objects[i]))
		}
		t.Logf("%s: %d objects", dir, len(want))
	}
	assert.GreaterOrEqual(t, compared, 4)
}

// TestCorpusComponents builds every component on the base.
func TestCorpusComponents(t *testing.T) {
	corpus := os.Getenv("SETPOINT_CORPUS")
	if corpus == "" {
		t.Skip("SETPOINT_CORPUS does not name a folder with online-boutique")
	}
	dir := onDisk(t, os.DirFS(filepath.Join(corpus, "online-boutique/kustomize")))
	entries, err := os.ReadDir(filepath.Join(dir, "components"))
	require.NoError(t, err)
	for _, e := range entries {
		at := filepath.Join(dir, "with-"+e.Name())
		require.NoError(t, os.Mkdir(at, 0o755))
		text := "resources: [../base]\ncomponents: [../components/" + e.Name() + "]\n"
		require.NoError(t, os.WriteFile(filepath.Join(at, "kustomization.yaml"), []byte(text), 0o600))
		want, wantErr := command(t, at)
		got, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: os.DirFS(dir), Path: "with-" + e.Name()})
		if wantErr != nil {
			require.Error(t, err, e.Name())
			t.Logf("%s: neither can build it: %v", e.Name(), err)
			continue
		}
		require.NoError(t, err, e.Name())
		assert.Equal(t, want, got.Objects, e.Name())
	}
}
