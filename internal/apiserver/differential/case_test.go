package differential_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// sample is a kind at one version: an object of it, and what may be done to that. testdata/core.yaml explains
// the fields.
type sample struct {
	Object    map[string]any   `json:"object"`
	Status    map[string]any   `json:"status"`
	Vary      map[string][]any `json:"vary"`
	Frozen    map[string]any   `json:"frozen"`
	Refused   map[string]any   `json:"refused"`
	Strategic []any            `json:"strategic"`

	path  string              // of the collection
	verbs []string            // of the kind itself
	parts map[string][]string // subresources with their verbs
}

// subject is a kind with everything needed to write objects of it.
type subject struct {
	kind       string
	namespace  string // empty when the kind has none
	run        string
	versions   []*sample
	custom     bool
	controlled bool // kube-apiserver itself writes objects of the kind, a moment later
}

// sampleFiles are those of testdata/differential that hold samples.
var sampleFiles = []string{"core", "apps", "batch", "access", "network", "policy", "storage", "admission", "custom"}

func readSamples(t *testing.T) []*sample {
	t.Helper()
	var out []*sample
	for _, file := range sampleFiles {
		raw, err := os.ReadFile(filepath.Join("testdata", file+".yaml"))
		require.NoError(t, err)
		for _, doc := range bytes.Split(raw, []byte("\n---\n")) {
			data, err := yaml.YAMLToJSONStrict(doc)
			require.NoError(t, err, file)
			s := &sample{}
			faults, err := kjson.UnmarshalStrict(data, s)
			require.NoError(t, err, file)
			require.Empty(t, faults, file)
			out = append(out, s)
		}
	}
	return out
}

// subjects prepares both sides for all kinds: a namespace for each that has one, so that quotas and limits of one kind do not
// touch another. What a kind can do is read from kube-apiserver's discovery.
func subjects(t *testing.T, cluster *kubetest.ControlPlane, sides []*side) []*subject {
	t.Helper()
	run := kubetest.Namespace(t, cluster.Config())
	define(t, sides, run)
	var out []*subject
	for _, s := range readSamples(t) {
		version, kind := s.Object["apiVersion"].(string), s.Object["kind"].(string)
		i := slices.IndexFunc(out, func(o *subject) bool { return o.kind == kind })
		if i < 0 {
			out = append(out, &subject{
				kind: kind, run: run, custom: strings.Contains(version, "setpoint"), controlled: kind == definitionKind,
			})
			i = len(out) - 1
		}
		discover(t, cluster, sides, out[i], s, version)
		out[i].versions = append(out[i].versions, s)
	}
	return out
}

func rootOf(version string) string {
	if version == "v1" {
		return "/api/v1"
	}
	return "/apis/" + version
}

func discover(t *testing.T, cluster *kubetest.ControlPlane, sides []*side, k *subject, s *sample, version string) {
	t.Helper()
	root := rootOf(version)
	raw, err := json.Marshal(sides[0].do(t, operation{method: "GET", path: root}, nil).body)
	require.NoError(t, err)
	var list metav1.APIResourceList
	require.NoError(t, json.Unmarshal(raw, &list))
	i := slices.IndexFunc(list.APIResources, func(r metav1.APIResource) bool { return r.Kind == k.kind && !strings.Contains(r.Name, "/") })
	require.GreaterOrEqual(t, i, 0, "%s %s is not served", version, k.kind)
	resource := list.APIResources[i]
	s.verbs, s.parts = resource.Verbs, map[string][]string{}
	for _, r := range list.APIResources {
		if parent, part, ok := strings.Cut(r.Name, "/"); ok && parent == resource.Name {
			s.parts[part] = r.Verbs
		}
	}
	if resource.Namespaced && k.namespace == "" {
		k.namespace = kubetest.Namespace(t, cluster.Config())
		mirrorNamespace(t, sides[1], k.namespace)
	}
	s.path = root + "/" + resource.Name
	if resource.Namespaced {
		s.path = root + "/namespaces/" + k.namespace + "/" + resource.Name
	}
}

// mirrorNamespace makes in memory what [kubetest.Namespace] has made.
func mirrorNamespace(t *testing.T, memory *side, name string) {
	t.Helper()
	for path, body := range map[string]string{
		"/api/v1/namespaces":                              `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"` + name + `"}}`,
		"/api/v1/namespaces/" + name + "/serviceaccounts": `{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"default"}}`,
	} {
		o := operation{method: "POST", path: path, media: "application/json", body: []byte(body)}
		if r := memory.do(t, o, nil); r.code == http.StatusNotFound { // the namespace comes second
			defer func() { require.Less(t, memory.do(t, o, nil).code, 300) }()
		}
	}
}

// define declares the kind of custom.yaml on both sides.
func define(t *testing.T, sides []*side, run string) {
	t.Helper()
	raw, err := os.ReadFile("testdata/definition.yaml")
	require.NoError(t, err)
	mirrorNamespace(t, sides[1], run)
	for _, s := range sides {
		r := s.do(t, operation{
			method: "PATCH", path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.diff.setpoint.dev?fieldManager=t",
			media: "application/apply-patch+yaml", body: raw,
		}, nil)
		require.Less(t, r.code, 300, "%v", r.body)
		require.Eventually(t, func() bool {
			for _, version := range []string{"v1", "v2"} {
				if s.do(t, operation{method: "GET", path: "/apis/diff.setpoint.dev/" + version + "/namespaces/" + run + "/widgets"}, nil).code != 200 {
					return false
				}
			}
			return true
		}, waitForCRD, pollCRD)
	}
}

// name returns the name that object number n has in a path.
func (k *subject) name(n int) string {
	meta, _ := k.versions[0].Object["metadata"].(map[string]any)
	name, _ := meta["name"].(string)
	return strings.ReplaceAll(name, "NAME", k.plainName(n))
}

func (k *subject) plainName(n int) string {
	if k.namespace == "" {
		return k.run + "-x" + strconv.Itoa(n) // Other runs have objects there too.
	}
	return "x" + strconv.Itoa(n)
}

// ours limits a selector to the objects of this run.
func (k *subject) ours(selector string) string {
	switch {
	case k.namespace != "":
		return selector
	case selector == "":
		return "run=" + k.run
	}
	return selector + ",run=" + k.run
}

// object returns a fresh copy of the sample's object as number n.
func (k *subject) object(s *sample, n int) map[string]any {
	out := substitute(runtime.DeepCopyJSON(s.Object), k.plainName(n)).(map[string]any)
	if k.namespace == "" {
		setAt(out, "/metadata/labels/run", k.run)
	}
	return out
}

func substitute(v any, name string) any {
	switch v := v.(type) {
	case map[string]any:
		for key, item := range v {
			v[key] = substitute(item, name)
		}
	case []any:
		for i, item := range v {
			v[i] = substitute(item, name)
		}
	case string:
		return strings.ReplaceAll(v, "NAME", name)
	}
	return v
}

// setAt sets the value at a JSON pointer, or removes it when the value is nil, and reports whether the way there exists. It
// makes missing objects on the way, but no elements of lists.
func setAt(obj map[string]any, pointer string, value any) bool {
	steps := strings.Split(pointer, "/")[1:]
	var at any = obj
	for i, step := range steps {
		last := i == len(steps)-1
		switch v := at.(type) {
		case map[string]any:
			switch {
			case last && value == nil:
				delete(v, step)
				return true
			case last:
				v[step] = runtime.DeepCopyJSONValue(value)
				return true
			case v[step] == nil:
				if value == nil || steps[i+1] == "0" {
					return false
				}
				v[step] = map[string]any{}
			}
			at = v[step]
		case []any:
			index, err := strconv.Atoi(step)
			if err != nil || index >= len(v) {
				return false
			}
			if last {
				if value == nil {
					return false
				}
				v[index] = runtime.DeepCopyJSONValue(value)
				return true
			}
			at = v[index]
		default:
			return false
		}
	}
	return false
}

// at returns the value at a JSON pointer.
func at(obj any, pointer string) (any, bool) {
	for _, step := range strings.Split(pointer, "/")[1:] {
		switch v := obj.(type) {
		case map[string]any:
			next, ok := v[step]
			if !ok {
				return nil, false
			}
			obj = next
		case []any:
			index, err := strconv.Atoi(step)
			if err != nil || index >= len(v) {
				return nil, false
			}
			obj = v[index]
		default:
			return nil, false
		}
	}
	return obj, true
}

// pointers returns the pointers of a table in a fixed order, those to the status or those to the rest.
func pointers[V any](table map[string]V, status bool) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(table)), func(p string) bool { return strings.HasPrefix(p, "/status/") != status })
}
