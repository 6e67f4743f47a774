package kustomize_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kustomize/api/builtins"
	"sigs.k8s.io/kustomize/api/types"

	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/kustomize"
)

// traps count every program that is started by name, and every connection that follows the proxy or goes to url.
type traps struct {
	url    string
	hits   atomic.Int64
	marker string
}

func setTraps(t *testing.T) *traps {
	tr := &traps{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		tr.hits.Add(1)
		fmt.Fprint(w, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: fetched}\n")
	}))
	t.Cleanup(server.Close)
	tr.url = server.URL + "/a.yaml"
	bin := t.TempDir()
	tr.marker = filepath.Join(bin, "ran")
	for _, name := range []string{"git", "helm", "docker", "podman", "kubectl", "sh", "bash", "cat"} {
		script := "#!/bin/sh\necho $0 $@ >> " + tr.marker + "\nexit 1\n"
		require.NoError(t, os.WriteFile(filepath.Join(bin, name), []byte(script), 0o755))
	}
	t.Setenv("PATH", bin)
	t.Setenv("KUSTOMIZE_PLUGIN_HOME", bin)
	return tr
}

func (tr *traps) sprung(t *testing.T) bool {
	t.Helper()
	ran, err := os.ReadFile(tr.marker)
	if err == nil {
		require.NoError(t, os.Remove(tr.marker))
	}
	return !assert.Empty(t, string(ran), "a program was started") || !assert.Zero(t, tr.hits.Swap(0), "something was fetched")
}

// leaf is a document with one text in it, and the path to that.
type leaf struct {
	path  string
	value any
}

// leaves returns a document for each field of a type that can hold a text, with that field set. Where a thing needs a name, it
// has one.
func leaves(typ reflect.Type, text string, depth int) []leaf {
	if depth > 6 {
		return nil
	}
	wrap := func(inner []leaf, step string, f func(any) any) []leaf {
		var out []leaf
		for _, l := range inner {
			out = append(out, leaf{step + l.path, f(l.value)})
		}
		return out
	}
	switch typ.Kind() {
	case reflect.String:
		return []leaf{{"", text}}
	case reflect.Pointer:
		return leaves(typ.Elem(), text, depth)
	case reflect.Slice:
		return wrap(leaves(typ.Elem(), text, depth+1), "[]", func(v any) any { return []any{v} })
	case reflect.Map:
		all := wrap(leaves(typ.Elem(), text, depth+1), "{path}", func(v any) any { return map[string]any{"path": v} })
		return append(all, wrap(leaves(typ.Elem(), text, depth+1), "{key}", func(any) any { return map[string]any{text: "a"} })...)
	case reflect.Struct:
		var all []leaf
		_, named := typ.FieldByName("Name")
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			inline := strings.Contains(options, "inline") || f.Anonymous && name == ""
			switch {
			case inline:
				all = append(all, wrap(leaves(f.Type, text, depth+1), "", func(v any) any {
					if m := v.(map[string]any); named && m["name"] == nil {
						m["name"] = "a"
					}
					return v
				})...)
			case f.IsExported() && name != "-":
				if name == "" {
					name = f.Name
				}
				all = append(all, wrap(leaves(f.Type, text, depth+1), "."+name, func(v any) any {
					m := map[string]any{name: v}
					if named && name != "name" {
						m["name"] = "a"
					}
					return m
				})...)
			}
		}
		return all
	}
	return nil
}

const bait = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n"

func forms(tr *traps) []string {
	return []string{
		tr.url, "a=" + tr.url, "git::" + tr.url, strings.ToUpper(tr.url[:4]) + tr.url[4:], "git@127.0.0.1:acme/repo",
		"github.com/acme/repo//deploy?ref=v1", "file://" + tr.marker + "//a?ref=b",
	}
}

func TestNoFieldOfAKustomizationReachesOut(t *testing.T) {
	tr := setTraps(t)
	count := 0
	for _, form := range forms(tr) {
		for _, l := range leaves(reflect.TypeFor[types.Kustomization](), form, 0) {
			m := l.value.(map[string]any)
			if _, ok := m["resources"]; !ok {
				m["resources"] = []string{"r.yaml"}
			}
			hostile(t, tr, l.path+" "+form, form, map[string]any{"kustomization.yaml": m})
			count++
		}
	}
	t.Logf("%d kustomizations", count)
}

func TestNoFieldOfAPluginReachesOut(t *testing.T) {
	tr := setTraps(t)
	count := 0
	for kind, typ := range map[string]reflect.Type{
		"AnnotationsTransformer":         reflect.TypeFor[builtins.AnnotationsTransformerPlugin](),
		"ConfigMapGenerator":             reflect.TypeFor[builtins.ConfigMapGeneratorPlugin](),
		"HashTransformer":                reflect.TypeFor[builtins.HashTransformerPlugin](),
		"HelmChartInflationGenerator":    reflect.TypeFor[builtins.HelmChartInflationGeneratorPlugin](),
		"IAMPolicyGenerator":             reflect.TypeFor[builtins.IAMPolicyGeneratorPlugin](),
		"ImageTagTransformer":            reflect.TypeFor[builtins.ImageTagTransformerPlugin](),
		"LabelTransformer":               reflect.TypeFor[builtins.LabelTransformerPlugin](),
		"NamespaceTransformer":           reflect.TypeFor[builtins.NamespaceTransformerPlugin](),
		"PatchJson6902Transformer":       reflect.TypeFor[builtins.PatchJson6902TransformerPlugin](),
		"PatchStrategicMergeTransformer": reflect.TypeFor[builtins.PatchStrategicMergeTransformerPlugin](),
		"PatchTransformer":               reflect.TypeFor[builtins.PatchTransformerPlugin](),
		"PrefixTransformer":              reflect.TypeFor[builtins.PrefixTransformerPlugin](),
		"SuffixTransformer":              reflect.TypeFor[builtins.SuffixTransformerPlugin](),
		"ReplacementTransformer":         reflect.TypeFor[builtins.ReplacementTransformerPlugin](),
		"ReplicaCountTransformer":        reflect.TypeFor[builtins.ReplicaCountTransformerPlugin](),
		"SecretGenerator":                reflect.TypeFor[builtins.SecretGeneratorPlugin](),
		"ValueAddTransformer":            reflect.TypeFor[builtins.ValueAddTransformerPlugin](),
	} {
		field := "transformers"
		if strings.HasSuffix(kind, "Generator") {
			field = "generators"
		}
		for _, form := range forms(tr)[:4] { // they read files only, so that a repository means nothing to them
			for _, l := range leaves(typ, form, 0) {
				m := l.value.(map[string]any)
				m["apiVersion"], m["kind"] = "builtin", kind
				if _, ok := m["metadata"]; !ok {
					m["metadata"] = map[string]any{"name": "a"}
				}
				hostile(t, tr, kind+l.path+" "+form, form, map[string]any{
					"kustomization.yaml": map[string]any{"resources": []string{"r.yaml"}, field: []string{"p.yaml"}}, "p.yaml": m,
				})
				count++
			}
		}
	}
	t.Logf("%d configurations", count)
}

func TestNoFunctionRuns(t *testing.T) {
	tr := setTraps(t)
	for name, function := range map[string]string{
		"exec":      "exec: {path: ./run.sh}",
		"container": "container: {image: example.invalid/run, network: true}",
		"starlark":  "starlark: {path: run.star, url: " + tr.url + "}",
	} {
		for _, apiVersion := range []string{"acme.example/v1", "v1", "builtin"} {
			for _, annotation := range []string{"config.kubernetes.io/function", "config.k8s.io/function"} {
				config := fmt.Sprintf("apiVersion: %s\nkind: ConfigMapGenerator\nmetadata:\n  name: z\n  annotations:\n    %s: |\n      %s\nliterals: [a=b]\n", apiVersion, annotation, function)
				for _, field := range []string{"generators", "transformers", "validators", "resources"} {
					hostile(t, tr, strings.Join([]string{name, apiVersion, annotation, field}, " "), "", map[string]any{
						"kustomization.yaml": map[string]any{field: []string{"f.yaml"}}, "f.yaml": config,
						"run.sh": "#!/bin/sh\necho >> " + tr.marker + "\n", "run.star": "",
					})
					inline := map[string]any{field: []string{config}}
					hostile(t, tr, "inline "+name, "", map[string]any{"kustomization.yaml": inline})
				}
			}
		}
	}
}

// hostile renders files, texts or values, and fails when a trap is sprung. Whether the rendering succeeds does not matter. What a
// remote path would be as a local one is there, once as a file and once as a directory, so that nothing fails for its absence.
func hostile(t *testing.T, tr *traps, name, form string, archive map[string]any) {
	t.Helper()
	file := path.Clean(strings.TrimPrefix(form, "a="))
	if !fs.ValidPath(file) {
		file = "unused"
	}
	for _, local := range []string{file, file + "/kustomization.yaml"} {
		fsys := fstest.MapFS{"r.yaml": {Data: []byte(bait)}, file + "/r.yaml": {Data: []byte(bait)}, local: {Data: []byte(`{resources: [r.yaml]}`)}}
		if local == file {
			delete(fsys, file+"/r.yaml")
			fsys[file] = &fstest.MapFile{Data: []byte(bait)}
		}
		renderTrapped(t, tr, name, fsys, archive)
	}
}

func renderTrapped(t *testing.T, tr *traps, name string, fsys fstest.MapFS, archive map[string]any) {
	t.Helper()
	for file, content := range archive {
		text, ok := content.(string)
		if !ok {
			data, err := json.Marshal(content)
			require.NoError(t, err)
			text = string(data)
		}
		fsys[file] = &fstest.MapFile{Data: []byte(text), Mode: 0o755}
	}
	_, _ = kustomize.New(&kustomize.Options{AllowOutside: true}).Render(t.Context(), render.Input{FS: fsys})
	if tr.sprung(t) {
		t.Error(name)
	}
}
