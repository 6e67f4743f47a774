package kustomize_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/kustomize"
)

var trees = flag.Int("trees", 15, "how many random trees of kustomizations to compare")

// forest grows trees of kustomizations that use most of kustomize's fields.
type forest struct {
	*rand.Rand
	files fstest.MapFS
	dirs  int
	names int
}

func (f *forest) write(name, text string) { f.files[name] = &fstest.MapFile{Data: []byte(text)} }

func (f *forest) pick(texts ...string) string { return texts[f.IntN(len(texts))] }

// manifest returns an object; its name may be taken already, its annotations may be odd.
func (f *forest) manifest() string {
	name := f.pick("web", "web-admin", "db", "cache")
	if f.IntN(8) > 0 {
		f.names++ // mostly a name of its own
		name += fmt.Sprint(f.names)
	}
	meta := "metadata:\n  name: " + name + "\n" + f.pick("", "  annotations: {x: z}\n", "  annotations: {}\n", "  annotations:\n", "  annotations: {a: null}\n", "  labels: {n: \"1\", b: y}\n", "  labels: {app: "+name+"}\n", "  namespace: other\n", "  annotations: {config.kubernetes.io/local-config: 'true'}\n")
	return f.object(f.IntN(4), name, meta)
}

func (f *forest) object(kind int, name, meta string) string {
	switch kind {
	case 0:
		return "apiVersion: apps/v1\nkind: Deployment\n" + meta + "spec:\n  replicas: 1\n  selector: {matchLabels: {app: " + name + "}}\n  template:\n    metadata: {labels: {app: " + name + "}}\n    spec:\n      containers:\n      - name: main\n        image: web:1\n        args: [yes, 'no', 1.0, 0o7, 1e3, null-ish]\n        envFrom: [{configMapRef: {name: settings}}]\n"
	case 1:
		return "apiVersion: v1\nkind: Service\n" + meta + "spec: {ports: [{port: 80}], selector: {app: " + name + "}}\n"
	case 2:
		return "apiVersion: acme.example/v1\nkind: Widget\n" + meta + "spec: {list: [1, 2], text: \"a\\nb\", big: 12345678901234567, float: 1.5, on: off}\n"
	default:
		return "apiVersion: v1\nkind: ConfigMap\n" + meta + "data: {key: value, multi: \"x: y\\n\"}\n"
	}
}

// dir makes a directory with a kustomization and returns its name.
func (f *forest) dir(depth int, component bool) string {
	dir := fmt.Sprintf("d%d", f.dirs)
	f.dirs++
	var k strings.Builder
	field := func(format string, args ...any) {
		if f.IntN(4) == 0 {
			fmt.Fprintf(&k, format, args...)
		}
	}
	if component {
		k.WriteString("apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n")
	}
	k.WriteString("resources:\n")
	for i := range 1 + f.IntN(2) {
		docs := make([]string, 1+f.IntN(3))
		for j := range docs {
			docs[j] = f.manifest()
		}
		if i == 0 {
			own := "web-" + dir
			docs = append(docs, f.object(0, own, "metadata: {name: "+own+"}\n"), f.object(3, own, "metadata: {name: "+own+", annotations: {team: red}}\n"))
		}
		f.write(fmt.Sprintf("%s/r%d.yaml", dir, i), f.pick("", "# head\n", "---\n")+strings.Join(docs, "---\n"))
		fmt.Fprintf(&k, "- r%d.yaml\n", i)
	}
	if depth < 2 {
		for range f.IntN(2) {
			fmt.Fprintf(&k, "- ../%s\n", f.dir(depth+1, false))
		}
		if f.IntN(4) == 0 {
			fmt.Fprintf(&k, "components: [../%s]\n", f.dir(depth+1, true))
		}
	}
	field("namePrefix: %s\n", f.pick("x-", "y-"))
	field("nameSuffix: -%s\n", f.pick("x", "y"))
	field("namespace: %s\n", f.pick("one", "two"))
	field("commonAnnotations: {team: blue}\n")
	field("labels: [{pairs: {tier: front}, includeSelectors: %s}]\n", f.pick("true", "false"))
	field("images: [{name: web, newTag: \"2\"}]\n")
	field("replicas: [{name: web-%s, count: 4}]\n", dir)
	field("sortOptions: {order: %s}\n", f.pick("fifo", "legacy"))
	field("buildMetadata: [%s]\n", f.pick("originAnnotations", "managedByLabel", "transformerAnnotations", "originAnnotations, managedByLabel"))
	field("generatorOptions: {%s}\n", f.pick("disableNameSuffixHash: true", "annotations: {g: h}", "labels: {g: h}"))
	field("configMapGenerator:\n- name: %s\n  literals: [a=b]\n  files: [f.txt]\n", f.pick("settings", "other")+f.pick("", dir))
	f.write(dir+"/f.txt", "text\n")
	field("secretGenerator:\n- name: keys%s\n  envs: [f.env]\n", f.pick("", dir))
	f.write(dir+"/f.env", "A=b\nC=d\n")
	field("patches:\n- target: {kind: %s}\n  patch: |-\n    - op: %s\n      path: /metadata/annotations%s\n      value: %s\n", f.pick("Deployment", "ConfigMap", "Widget"), "add", "", "{m: n}")
	field("patchesJson6902:\n- target: {version: v1, kind: ConfigMap, name: web-%s}\n  patch: '[{\"op\": \"%s\", \"path\": \"/metadata/annotations/team\", \"value\": \"red\"}]'\n", dir, f.pick("add", "replace", "test"))
	field("patchesStrategicMerge:\n- |-\n  apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: web-%s%s}\n  spec: {replicas: 7}\n", dir, f.pick("", ", annotations: {p: q}"))
	field("replacements:\n- source: {kind: ConfigMap, name: web-%s, fieldPath: metadata.%s}\n  targets: [{select: {kind: Deployment}, fieldPaths: [metadata.labels.from], options: {create: true}}]\n", dir, f.pick("name", "annotations.team"))
	field("transformers:\n- |-\n  apiVersion: builtin\n  kind: AnnotationsTransformer\n  metadata: {name: t}\n  annotations: {t: u}\n  fieldSpecs: [{path: metadata/annotations, create: %s}]\n", f.pick("true", "false"))
	field("generators:\n- |-\n  apiVersion: builtin\n  kind: ConfigMapGenerator\n  metadata: {name: g-%s}\n  files: [f.txt]\n", dir)
	f.write(dir+"/kustomization.yaml", k.String())
	return dir
}

// TestRandomKustomizationsAreWhatTheCommandBuilds compares with kustomize on disk, and renders twice.
func TestRandomKustomizationsAreWhatTheCommandBuilds(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	built, failed, known := 0, 0, 0
	for range *trees {
		f := forest{Rand: r, files: fstest.MapFS{}}
		top := f.dir(0, false)
		want, wantErr := command(t, filepath.Join(onDisk(t, f.files), top))
		got, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: f.files, Path: top})
		again, err2 := kustomize.New(nil).Render(t.Context(), render.Input{FS: f.files, Path: top})
		require.Equal(t, got, again)
		require.Equal(t, fmt.Sprint(err), fmt.Sprint(err2))
		if wantErr != nil {
			failed++
			require.Error(t, err, "%v\n%s", wantErr, f.text())
			continue
		}
		if err != nil && len(want) == 0 {
			require.ErrorIs(t, err, render.ErrNoManifests)
			continue
		}
		built++
		require.NoError(t, err, f.text())
		require.Len(t, got.Objects, len(want), f.text())
		for i := range want {
			require.Equal(t, want[i].Object, got.Objects[i].Object, f.text())
		}
		known += f.checkOrigins(t, top, got)
	}
	t.Logf("%d were built the same, %d failed in both; %d origins are those that kustomize noted", built, failed, known)
	assert.Greater(t, known, *trees)
	assert.Greater(t, built, *trees/3)
}

// checkOrigins compares files with what kustomize notes when it is asked to, which may change what it builds.
func (f *forest) checkOrigins(t *testing.T, top string, got *render.Result) (known int) {
	t.Helper()
	file := top + "/kustomization.yaml"
	text := string(f.files[file].Data)
	if i := strings.Index(text, "buildMetadata"); i >= 0 {
		j := i + strings.IndexByte(text[i:], '\n')
		text = text[:i] + text[j+1:]
	}
	f.write(file, text+"buildMetadata: [originAnnotations]\n")
	want, err := command(t, filepath.Join(onDisk(t, f.files), top))
	if err != nil || len(want) != len(got.Objects) {
		return 0
	}
	for i, obj := range want {
		note := obj.GetAnnotations()["config.kubernetes.io/origin"]
		if note == "" || cluster.RefOf(obj) != cluster.RefOf(got.Objects[i]) {
			continue
		}
		if strings.Contains(note, "Transformer") {
			continue // a patch has replaced the annotations, after which kustomize takes the object for the patch's
		}
		known++
		_, at, _ := strings.Cut(strings.Split(note, "\n")[0], ": ")
		require.Equal(t, path.Join(top, at), got.Origins[i].File, "%s\n%s", note, f.text())
		require.NotZero(t, got.Origins[i].Line)
	}
	return known
}

func (f *forest) text() string {
	var b strings.Builder
	for name, file := range f.files {
		if strings.HasSuffix(name, ".yaml") {
			fmt.Fprintf(&b, "-- %s --\n%s", name, file.Data)
		}
	}
	return b.String()
}

// FuzzRender renders whatever a kustomization and a resource say. The command is not there to run git with, and there must be no panic.
func FuzzRender(f *testing.F) {
	f.Setenv("PATH", "")
	f.Add([]byte("resources: [r.yaml]\n"), []byte("apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"))
	f.Add([]byte("resources: [r.yaml]\npatches: [{path: r.yaml}]\nconfigMapGenerator: [{name: a, files: [r.yaml]}]\n"), []byte("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a}]}}}\n"))
	f.Add([]byte("transformers: [r.yaml]\nopenapi: {path: r.yaml}\n"), []byte("apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: a}\npath: r.yaml\n"))
	f.Add([]byte("crds: [r.yaml]\nreplacements: [{path: r.yaml}]\nvars: [{name: A, objref: {kind: A, name: a}}]\n"), []byte("&a {a: *a}\n"))
	f.Fuzz(func(t *testing.T, k, r []byte) {
		fsys := fstest.MapFS{"kustomization.yaml": {Data: k}, "r.yaml": {Data: r}}
		result, err := kustomize.New(nil).Render(t.Context(), render.Input{FS: fsys})
		if (result == nil) == (err == nil) {
			t.Fatal("one of a result and an error")
		}
	})
}
