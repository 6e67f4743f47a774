package layout_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/setpoint-dev/setpoint"

type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
	Module     *struct{ Path string }
}

// goList returns every package that a build of patterns compiles, by import path.
func goList(t *testing.T, args ...string) map[string]listed {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Imports,Standard,Module"}, args...)...)
	cmd.Dir = "../.."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	packages := map[string]listed{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else {
			require.NoError(t, err)
		}
		packages[p.ImportPath] = p
	}
}

// heavy are the modules that must not reach a package unless its row in pins names them. A module that is not listed is
// small enough to go anywhere.
var heavy = []string{
	"github.com/go-git/go-git/v5",
	"github.com/google/cel-go",
	"github.com/google/go-jsonnet",
	"github.com/itchyny/gojq",
	"github.com/yuin/gopher-lua",
	"helm.sh/helm/v4",
	"k8s.io/api",
	"k8s.io/apiextensions-apiserver",
	"k8s.io/apimachinery",
	"k8s.io/apiserver",
	"k8s.io/client-go",
	"k8s.io/kube-openapi",
	"k8s.io/kubectl",
	"k8s.io/kubernetes",
	"oras.land/oras-go/v2",
	"sigs.k8s.io/controller-runtime",
	"sigs.k8s.io/kustomize/api",
	"sigs.k8s.io/kustomize/kyaml",
	"sigs.k8s.io/structured-merge-diff/v4",
	"sigs.k8s.io/structured-merge-diff/v6",
}

// machinery is what handling unstructured objects costs: apimachinery's own packages import the other two.
var machinery = []string{"k8s.io/apimachinery", "k8s.io/kube-openapi", "sigs.k8s.io/structured-merge-diff/v6"}

// pins says which heavy modules a build of each public package may contain.
var pins = map[string][]string{
	".":                       machinery[:0],
	"cluster":                 machinery,
	"cluster/clustertest":     machinery,
	"cluster/kube":            append([]string{"k8s.io/client-go", "k8s.io/api"}, machinery...),
	"cluster/live":            machinery,
	"cluster/memory":          append([]string{"k8s.io/client-go", "k8s.io/api", "k8s.io/apiextensions-apiserver", "sigs.k8s.io/structured-merge-diff/v4"}, machinery...),
	"cluster/memory/celrules": append([]string{"github.com/google/cel-go", "k8s.io/api", "k8s.io/apiextensions-apiserver"}, machinery...),
	"diff":                    append([]string{"github.com/itchyny/gojq", "sigs.k8s.io/structured-merge-diff/v4"}, machinery...),
	"health":                  machinery,
	"render":                  machinery,
	"render/kustomize":        append([]string{"sigs.k8s.io/kustomize/api", "sigs.k8s.io/kustomize/kyaml"}, machinery...),
	"render/plain":            machinery,
	"source":                  nil,
	"source/dir":              nil,
	"source/git":              {"github.com/go-git/go-git/v5"},
	"sync":                    append([]string{"github.com/itchyny/gojq", "sigs.k8s.io/structured-merge-diff/v4"}, machinery...),
	"sync/dialect":            machinery,
	"sync/inventory":          append([]string{"github.com/itchyny/gojq", "sigs.k8s.io/structured-merge-diff/v4"}, machinery...),

	// A joiner for tests.
	"cluster/memory/manifesttest": append([]string{"github.com/google/cel-go", "k8s.io/client-go", "k8s.io/api", "k8s.io/apiextensions-apiserver", "sigs.k8s.io/structured-merge-diff/v4"}, machinery...),
}

// banned modules are in no build of the root module, tests included.
var banned = []string{"k8s.io/kubernetes", "k8s.io/apiserver", "k8s.io/kubectl", "sigs.k8s.io/controller-runtime"}

// public returns the import paths of the packages that users see, shortened to the module's root.
func public(t *testing.T) []string {
	var names []string
	for name := range goList(t, "./...") {
		short := strings.TrimPrefix(strings.TrimPrefix(name, module), "/")
		if short == "" {
			short = "."
		}
		if !strings.Contains("/"+short+"/", "/internal/") && !strings.HasPrefix(short, "examples/") {
			names = append(names, short)
		}
	}
	slices.Sort(names)
	return names
}

// chain returns how a package comes to import something of a module, one import path a step.
func chain(packages map[string]listed, from, to string) []string {
	type step struct {
		name string
		path []string
	}
	seen := map[string]bool{from: true}
	for queue := []step{{from, []string{from}}}; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if m := packages[at.name].Module; m != nil && m.Path == to {
			return at.path
		}
		for _, next := range packages[at.name].Imports {
			if !seen[next] {
				seen[next] = true
				queue = append(queue, step{next, append(slices.Clone(at.path), next)})
			}
		}
	}
	return nil
}

func TestEachPackageBuildsWithItsPinnedModulesOnly(t *testing.T) {
	for _, name := range public(t) {
		t.Run(name, func(t *testing.T) {
			allowed, ok := pins[name]
			require.True(t, ok, "package %s has no row in pins: say what it may bring into a program", name)
			full := path.Join(module, name)
			packages := goList(t, "-deps", full)
			for _, mod := range heavy {
				if how := chain(packages, full, mod); how != nil && !slices.Contains(allowed, mod) {
					t.Errorf("%s must not contain %s, and does:\n\t%s", name, mod, strings.Join(how, "\n\t"))
				}
			}
		})
	}
}

func TestNoBuildContainsABannedModule(t *testing.T) {
	for name, p := range goList(t, "-deps", "-test", "./...") {
		if p.Module != nil && slices.Contains(banned, p.Module.Path) {
			t.Errorf("%s is part of a build of the module", name)
		}
	}
}

// joins are the packages that may import leaves: their reason to exist is to join them.
var joins = map[string][]string{
	"sync":           {"diff", "health"},
	"sync/inventory": {"diff", "health"},
	"sync/reconcile": {"diff", "health", "source", "render"},
	"sync/fleet":     {"diff", "health", "source", "render"},

	// It plays a cluster for manifests: what memory brings to life, health judges; and a delivery tool, which reads annotations.
	"cluster/memory/manifesttest": {"cluster/kube", "cluster/memory", "cluster/memory/celrules", "health", "sync"},
}

// leaf returns the family that a package belongs to: packages under cluster stand for themselves, others for their first
// element, so that render/plain may import render.
func leaf(short string) string {
	if strings.HasPrefix(short, "cluster/") {
		return short
	}
	family, _, _ := strings.Cut(short, "/")
	return family
}

func TestLeavesDoNotImportLeaves(t *testing.T) {
	packages := goList(t, "./...")
	for _, name := range public(t) {
		for _, imported := range packages[path.Join(module, name)].Imports {
			short, ours := strings.CutPrefix(imported, module+"/")
			if !ours || short == "cluster" || strings.HasPrefix(short, "internal/") || leaf(short) == leaf(name) {
				continue
			}
			if !slices.Contains(joins[name], leaf(short)) {
				t.Errorf("%s imports %s: leaves never import leaves", name, short)
			}
		}
	}
}

// The field managers of apimachinery speak structured-merge-diff v6, the comparison v4: where the two meet is kept small.
func TestNewerMergeDiffStaysInItsPlaces(t *testing.T) {
	var importers []string
	for name, p := range goList(t, "./...") {
		if slices.ContainsFunc(p.Imports, func(path string) bool {
			return strings.HasPrefix(path, "sigs.k8s.io/structured-merge-diff/v6/")
		}) {
			importers = append(importers, strings.TrimPrefix(name, module+"/"))
		}
	}
	require.ElementsMatch(t, []string{"internal/apiserver/apply", "internal/schema"}, importers)
}

func TestRootModuleHasNoReplace(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "mod", "edit", "-json")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	require.NoError(t, err)
	var mod struct {
		Replace []any
		Require []struct{ Path string }
	}
	require.NoError(t, json.Unmarshal(out, &mod))
	require.Empty(t, mod.Replace, "replace lines make a library unusable for its users")
	for _, r := range mod.Require {
		require.NotContains(t, banned, r.Path)
	}
}
