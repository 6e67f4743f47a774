package crd_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/kube-openapi/pkg/validation/spec"

	"github.com/setpoint-dev/setpoint/internal/apiserver/crd"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

var (
	seed  = flag.Uint64("seed", 0, "seed of the random objects; 0 takes a fresh one")
	count = flag.Int("objects", 400, "number of random objects")
)

var definitions = schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"}

// server is a real API server that remembers the warnings of its last answer.
type server struct {
	dynamic.Interface
	config   *rest.Config
	mu       sync.Mutex
	warnings []string
}

func (s *server) HandleWarningHeader(_ int, _, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.warnings = append(s.warnings, text)
}

// take returns the warnings since the last call.
func (s *server) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.warnings
	s.warnings = nil
	return out
}

func realServer(t testing.TB) *server {
	t.Helper()
	s := &server{config: rest.CopyConfig(kubetest.Shared(t, nil).Config())}
	s.config.WarningHandler = s
	s.config.QPS = -1
	client, err := dynamic.NewForConfig(s.config)
	require.NoError(t, err)
	s.Interface = client
	return s
}

// define creates a definition and waits until the server serves it. It is removed with the test.
func (s *server) define(t testing.TB, obj *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	created, err := s.Resource(definitions).Create(t.Context(), obj, metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx := context.Background()
		_ = s.Resource(definitions).Delete(ctx, obj.GetName(), metav1.DeleteOptions{})
		_ = wait.PollUntilContextTimeout(ctx, 20*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
			_, err := s.Resource(definitions).Get(ctx, obj.GetName(), metav1.GetOptions{})
			return apierrors.IsNotFound(err), nil
		})
	})
	require.NoError(t, wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		created, err = s.Resource(definitions).Get(ctx, obj.GetName(), metav1.GetOptions{})
		return err == nil && crd.Established(created), err
	}))
	return created
}

// cause is a cause in a comparable form.
func cause(c metav1.StatusCause) string { return fmt.Sprintf("%s %s: %s", c.Type, c.Field, c.Message) }

func serverCauses(t testing.TB, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	var status apierrors.APIStatus
	require.ErrorAs(t, err, &status)
	require.EqualValues(t, http.StatusUnprocessableEntity, status.Status().Code, "%v", err)
	var out []string
	for _, c := range status.Status().Details.Causes {
		out = append(out, cause(c))
	}
	slices.Sort(out)
	return out
}

func ourCauses(errs field.ErrorList) []string {
	if len(errs) == 0 {
		return nil
	}
	var out []string
	for _, c := range apierrors.NewInvalid(schema.GroupKind{}, "", errs).ErrStatus.Details.Causes {
		out = append(out, cause(c))
	}
	slices.Sort(out)
	return out
}

// edits are definitions that differ from a sound one in one place.
var edits = map[string]func(spec map[string]any){
	"none":                     func(map[string]any) {},
	"no group":                 func(s map[string]any) { delete(s, "group") },
	"group without a dot":      func(s map[string]any) { s["group"] = "plain" },
	"another group":            func(s map[string]any) { s["group"] = "other.example.com" },
	"group in capitals":        func(s map[string]any) { s["group"] = "Test.Example.Com" },
	"protected group":          func(s map[string]any) { s["group"] = "x.k8s.io" },
	"no scope":                 func(s map[string]any) { delete(s, "scope") },
	"odd scope":                func(s map[string]any) { s["scope"] = "Everywhere" },
	"no kind":                  func(s map[string]any) { names(s)["kind"] = "" },
	"odd names":                func(s map[string]any) { names(s)["kind"] = "A_B"; names(s)["shortNames"] = []any{"UP", "ok"} },
	"odd category":             func(s map[string]any) { names(s)["categories"] = []any{"no way"} },
	"list kind is kind":        func(s map[string]any) { names(s)["listKind"] = names(s)["kind"] },
	"no storage version":       func(s map[string]any) { version(s)["storage"] = false },
	"odd version":              func(s map[string]any) { version(s)["name"] = "V1" },
	"two of the same version":  func(s map[string]any) { s["versions"] = []any{version(s), version(s)} },
	"no schema":                func(s map[string]any) { delete(version(s), "schema") },
	"no type":                  func(s map[string]any) { delete(root(s), "type") },
	"root nullable":            func(s map[string]any) { root(s)["nullable"] = true },
	"preserve at top":          func(s map[string]any) { s["preserveUnknownFields"] = true },
	"root of another type":     func(s map[string]any) { root(s)["type"] = "array"; root(s)["items"] = typed("string") },
	"property without type":    func(s map[string]any) { property(s, map[string]any{"minimum": int64(1)}) },
	"property of unknown type": func(s map[string]any) { property(s, typed("text")) },
	"null type":                func(s map[string]any) { property(s, typed("null")) },
	"array without items":      func(s map[string]any) { property(s, typed("array")) },
	"set of structures": func(s map[string]any) {
		property(s, map[string]any{"type": "array", "x-kubernetes-list-type": "set", "items": typed("object")})
	},
	"set of atomic structures": func(s map[string]any) {
		property(s, map[string]any{"type": "array", "x-kubernetes-list-type": "set", "items": map[string]any{"type": "object", "x-kubernetes-map-type": "atomic"}})
	},
	"list map without keys": func(s map[string]any) {
		property(s, map[string]any{"type": "array", "x-kubernetes-list-type": "map", "items": typed("object")})
	},
	"list map with loose keys": func(s map[string]any) {
		property(s, map[string]any{"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": []any{"a", "b", "c", "c"},
			"items": map[string]any{"type": "object", "nullable": true, "properties": map[string]any{"a": map[string]any{"type": "string", "nullable": true}, "b": typed("object")}}})
	},
	"list map of scalars": func(s map[string]any) {
		property(s, map[string]any{"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": []any{"a"}, "items": typed("string")})
	},
	"odd list type": func(s map[string]any) {
		property(s, map[string]any{"type": "array", "x-kubernetes-list-type": "heap", "items": typed("string")})
	},
	"list type on a string": func(s map[string]any) { property(s, map[string]any{"type": "string", "x-kubernetes-list-type": "set"}) },
	"map type on a string":  func(s map[string]any) { property(s, map[string]any{"type": "string", "x-kubernetes-map-type": "odd"}) },
	"keys without list type": func(s map[string]any) {
		property(s, map[string]any{"type": "array", "x-kubernetes-list-map-keys": []any{"a"}, "items": typed("object")})
	},
	"preserve false": func(s map[string]any) {
		property(s, map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": false})
	},
	"unique items": func(s map[string]any) {
		property(s, map[string]any{"type": "array", "uniqueItems": true, "items": typed("string")})
	},
	"properties and additional": func(s map[string]any) {
		property(s, map[string]any{"type": "object", "properties": map[string]any{"a": typed("string")}, "additionalProperties": typed("string")})
	},
	"additional false":          func(s map[string]any) { property(s, map[string]any{"type": "object", "additionalProperties": false}) },
	"default of the wrong type": func(s map[string]any) { property(s, map[string]any{"type": "string", "default": int64(1)}) },
	"default out of range": func(s map[string]any) {
		property(s, map[string]any{"type": "integer", "maximum": int64(3), "default": int64(9)})
	},
	"default with unknown field": func(s map[string]any) {
		property(s, map[string]any{"type": "object", "default": map[string]any{"q": "r"}})
	},
	"default of metadata": func(s map[string]any) {
		root(s)["properties"].(map[string]any)["metadata"] = map[string]any{"type": "object", "properties": map[string]any{"name": map[string]any{"type": "string", "default": "x"}}}
	},
	"metadata with more than name": func(s map[string]any) {
		root(s)["properties"].(map[string]any)["metadata"] = map[string]any{"type": "object", "properties": map[string]any{"labels": typed("object")}}
	},
	"pattern that does not parse": func(s map[string]any) { property(s, map[string]any{"type": "string", "pattern": "("}) },
	"reference":                   func(s map[string]any) { property(s, map[string]any{"type": "string", "$ref": "#/x"}) },
	"definitions and patterns": func(s map[string]any) {
		property(s, map[string]any{"type": "object", "definitions": map[string]any{"a": typed("string")}, "patternProperties": map[string]any{"a": typed("string")}})
	},
	"type inside anyOf": func(s map[string]any) { property(s, map[string]any{"type": "string", "anyOf": []any{typed("string")}}) },
	"int or string":     func(s map[string]any) { property(s, map[string]any{"x-kubernetes-int-or-string": true}) },
	"int or string with a type": func(s map[string]any) {
		property(s, map[string]any{"x-kubernetes-int-or-string": true, "type": "string"})
	},
	"unknown format":         func(s map[string]any) { property(s, map[string]any{"type": "string", "format": "poem"}) },
	"format of another type": func(s map[string]any) { property(s, map[string]any{"type": "integer", "format": "email"}) },
	"scale without paths": func(s map[string]any) {
		version(s)["subresources"] = map[string]any{"scale": map[string]any{"specReplicasPath": "", "statusReplicasPath": ""}}
	},
	"scale with odd paths": func(s map[string]any) {
		version(s)["subresources"] = map[string]any{"scale": map[string]any{"specReplicasPath": ".status.x", "statusReplicasPath": "status.x", "labelSelectorPath": ".metadata.x"}}
	},
	"anyOf at the root beside status": func(s map[string]any) {
		version(s)["subresources"] = map[string]any{"status": map[string]any{}}
		root(s)["anyOf"] = []any{map[string]any{"required": []any{"spec"}}}
	},
	"odd column": func(s map[string]any) {
		version(s)["additionalPrinterColumns"] = []any{map[string]any{"name": "", "type": "colour", "jsonPath": "spec"}, map[string]any{"name": "b", "type": "string", "format": "odd", "jsonPath": ".a"}}
	},
	"deprecation":                func(s map[string]any) { version(s)["deprecationWarning"] = "do not" },
	"deprecation with a control": func(s map[string]any) { version(s)["deprecated"] = true; version(s)["deprecationWarning"] = "a\tb" },
	"webhook without client":     func(s map[string]any) { s["conversion"] = map[string]any{"strategy": "Webhook"} },
	"webhook by url and odd reviews": func(s map[string]any) {
		s["conversion"] = map[string]any{"strategy": "Webhook", "webhook": map[string]any{"conversionReviewVersions": []any{"v7"}, "clientConfig": map[string]any{"url": "http://x"}}}
	},
	"client without webhook": func(s map[string]any) {
		s["conversion"] = map[string]any{"strategy": "None", "webhook": map[string]any{"conversionReviewVersions": []any{"v1"}}}
	},
	"odd strategy": func(s map[string]any) { s["conversion"] = map[string]any{"strategy": "Magic"} },
	"selectable field that is not there": func(s map[string]any) {
		version(s)["selectableFields"] = []any{map[string]any{"jsonPath": ".spec"}, map[string]any{"jsonPath": ".spec.p"}, map[string]any{"jsonPath": ".spec.p"}}
	},
	"embedded object without type": func(s map[string]any) { property(s, map[string]any{"x-kubernetes-embedded-resource": true}) },
	"embedded inside metadata of embedded": func(s map[string]any) {
		property(s, map[string]any{"type": "object", "x-kubernetes-embedded-resource": true, "properties": map[string]any{
			"metadata": map[string]any{"type": "object", "x-kubernetes-embedded-resource": true}, "spec": typed("object")}})
	},
}

func names(s map[string]any) map[string]any   { return s["names"].(map[string]any) }
func version(s map[string]any) map[string]any { return s["versions"].([]any)[0].(map[string]any) }
func typed(kind string) map[string]any        { return map[string]any{"type": kind} }
func root(s map[string]any) map[string]any {
	return version(s)["schema"].(map[string]any)["openAPIV3Schema"].(map[string]any)
}

func property(s map[string]any, p map[string]any) {
	root(s)["properties"].(map[string]any)["spec"].(map[string]any)["properties"].(map[string]any)["p"] = p
}

const gadget = `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: gadgets.test.example.com},
spec: {group: test.example.com, scope: Namespaced, names: {plural: gadgets, kind: Gadget}, versions: [{name: v1, served: true, storage: true,
schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {p: {type: string}}}}}}}]}}`

// TestDefinitionsLikeTheServer creates definitions on a real server and compares acceptance, causes, warnings and the
// stored object.
func TestDefinitionsLikeTheServer(t *testing.T) {
	real := realServer(t)
	counts := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(edits)) {
		t.Run(name, func(t *testing.T) {
			obj := &unstructured.Unstructured{Object: parse(t, gadget)}
			edits[name](obj.Object["spec"].(map[string]any))
			obj = (&unstructured.Unstructured{Object: obj.Object}).DeepCopy()

			real.take()
			stored, err := real.Resource(definitions).Create(t.Context(), obj, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			want := serverCauses(t, err)
			crd.Default(obj)
			crd.PrepareCreate(obj)
			assert.Equal(t, want, ourCauses(crd.Validate(obj, crd.Options{})))
			if err != nil {
				counts["refused"]++
				return
			}
			counts["accepted"]++
			assert.ElementsMatch(t, real.take(), crd.Warnings(obj, nil, crd.Options{}))
			assert.Equal(t, sections(t, stored), sections(t, obj))
		})
	}
	t.Logf("definitions: %v", counts)
}

// sections returns what the two servers must agree on, in a comparable form.
func sections(t testing.TB, obj *unstructured.Unstructured) string {
	t.Helper()
	raw, err := json.MarshalIndent(map[string]any{"spec": obj.Object["spec"], "status": obj.Object["status"]}, "", " ")
	require.NoError(t, err)
	return string(raw)
}

// TestAcceptLikeTheServer compares the verdict on names.
func TestAcceptLikeTheServer(t *testing.T) {
	real := realServer(t)
	first := real.define(t, &unstructured.Unstructured{Object: parse(t, gadget)})

	ours := &unstructured.Unstructured{Object: parse(t, gadget)}
	ours = accepted(t, ours)
	assert.Equal(t, statusOf(t, first), statusOf(t, ours))

	text := strings.NewReplacer("gadgets", "rivals", "kind: Gadget", "kind: Gadget, singular: gadget, listKind: RivalList").Replace(gadget)
	created, err := real.Resource(definitions).Create(t.Context(), &unstructured.Unstructured{Object: parse(t, text)}, metav1.CreateOptions{})
	require.NoError(t, err)
	t.Cleanup(func() {
		_ = real.Resource(definitions).Delete(context.Background(), created.GetName(), metav1.DeleteOptions{})
	})
	require.NoError(t, wait.PollUntilContextTimeout(t.Context(), 20*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		created, err = real.Resource(definitions).Get(ctx, "rivals.test.example.com", metav1.GetOptions{})
		conditions, _, _ := unstructured.NestedSlice(created.Object, "status", "conditions")
		return len(conditions) == 2, err
	}))
	rival := &unstructured.Unstructured{Object: parse(t, text)}
	crd.Default(rival)
	crd.PrepareCreate(rival)
	rival, _, err = crd.Accept(rival, []*unstructured.Unstructured{ours}, noon)
	require.NoError(t, err)
	assert.Equal(t, statusOf(t, created), statusOf(t, rival))
}

// statusOf leaves out the times.
func statusOf(t testing.TB, obj *unstructured.Unstructured) string {
	t.Helper()
	obj = obj.DeepCopy()
	conditions, _, _ := unstructured.NestedSlice(obj.Object, "status", "conditions")
	for _, c := range conditions {
		delete(c.(map[string]any), "lastTransitionTime")
	}
	require.NoError(t, unstructured.SetNestedSlice(obj.Object, conditions, "status", "conditions"))
	raw, err := json.MarshalIndent(obj.Object["status"], "", " ")
	require.NoError(t, err)
	return string(raw)
}

func TestCorpusLikeTheServer(t *testing.T) {
	paths, real := corpus(t), realServer(t)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			stored, err := real.Resource(definitions).Create(t.Context(), load(t, path), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
			require.NoError(t, err)
			obj := load(t, path)
			crd.Default(obj)
			crd.PrepareCreate(obj)
			assert.Equal(t, sections(t, stored), sections(t, obj))
		})
	}
}

// TestSchemaLikeTheServer compares the published schema, descriptions aside.
func TestSchemaLikeTheServer(t *testing.T) {
	real := realServer(t)
	d, err := crd.Compile(real.define(t, load(t, "testdata/widget.yaml")), crd.Options{IgnoreRules: true})
	require.NoError(t, err)
	client, err := discovery.NewDiscoveryClientForConfig(real.config)
	require.NoError(t, err)
	for _, version := range []string{"v1", "v2"} {
		var theirs map[string]any
		require.NoError(t, wait.PollUntilContextTimeout(t.Context(), 50*time.Millisecond, time.Minute, true, func(context.Context) (bool, error) {
			paths, err := client.OpenAPIV3().Paths()
			path, ok := paths["apis/test.example.com/"+version]
			if err != nil || !ok {
				return false, err
			}
			raw, err := path.Schema("application/json")
			if err != nil {
				return false, err
			}
			require.NoError(t, json.Unmarshal(raw, &theirs))
			schemas, _, _ := unstructured.NestedMap(theirs, "components", "schemas")
			return schemas[d.Version(version).SchemaName()] != nil, nil
		}))
		shared := map[string]*spec.Schema{}
		schemas := theirs["components"].(map[string]any)["schemas"].(map[string]any)
		for name, schema := range schemas {
			raw, err := json.Marshal(schema)
			require.NoError(t, err)
			shared[name] = &spec.Schema{}
			require.NoError(t, json.Unmarshal(raw, shared[name]))
		}
		raw, err := json.Marshal(crd.OpenAPI("test.example.com", version, []*crd.Definition{d}, shared))
		require.NoError(t, err)
		var ours map[string]any
		require.NoError(t, json.Unmarshal(raw, &ours))
		published := ours["components"].(map[string]any)["schemas"].(map[string]any)
		assert.ElementsMatch(t, slices.Collect(maps.Keys(schemas)), slices.Collect(maps.Keys(published)))
		for name, schema := range schemas {
			assert.Equal(t, plain(t, schema), plain(t, published[name]), name)
		}
		assert.ElementsMatch(t, slices.Collect(maps.Keys(theirs["paths"].(map[string]any))), slices.Collect(maps.Keys(ours["paths"].(map[string]any))))
	}
}

// plain prints a schema without its descriptions.
func plain(t testing.TB, schema any) string {
	t.Helper()
	var strip func(x any)
	strip = func(x any) {
		switch x := x.(type) {
		case map[string]any:
			if _, ok := x["description"].(string); ok {
				delete(x, "description")
			}
			for _, value := range x {
				strip(value)
			}
		case []any:
			for _, value := range x {
				strip(value)
			}
		}
	}
	strip(schema)
	raw, err := json.MarshalIndent(schema, "", " ")
	require.NoError(t, err)
	return string(raw)
}

// TestValuesLikeTheServer writes random objects to a real server and compares acceptance, causes, unknown fields and the
// stored object, for creation and for a replacement.
func TestValuesLikeTheServer(t *testing.T) {
	s := *seed
	if s == 0 {
		s = uint64(time.Now().UnixNano())
	}
	t.Logf("seed %d", s)
	random := rand.New(rand.NewPCG(s, 0))
	real := realServer(t)
	definition, err := crd.Compile(real.define(t, load(t, "testdata/widget.yaml")), crd.Options{IgnoreRules: true})
	require.NoError(t, err)
	v := definition.Version("v1")
	namespace := kubetest.Namespace(t, real.config)
	widgets := real.Resource(schema.GroupVersionResource{Group: "test.example.com", Version: "v1", Resource: "widgets"}).Namespace(namespace)

	counts := map[string]int{}
	var stored *unstructured.Unstructured // the last accepted one
	for i := range *count {
		obj := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "test.example.com/v1", "kind": "Widget", "metadata": map[string]any{"name": "w"}, "spec": randomSpec(random),
		}}
		update := stored != nil && random.IntN(2) == 0
		input, _ := json.Marshal(obj.Object)
		var got *unstructured.Unstructured
		real.take()
		options := []string{metav1.DryRunAll}
		if update {
			obj.SetResourceVersion(stored.GetResourceVersion())
			got, err = widgets.Update(t.Context(), obj, metav1.UpdateOptions{DryRun: options, FieldValidation: "Warn"})
		} else {
			if stored != nil {
				obj.SetName(fmt.Sprint("w", i))
			} else {
				options = nil
			}
			got, err = widgets.Create(t.Context(), obj, metav1.CreateOptions{DryRun: options, FieldValidation: "Warn"})
		}

		ours := obj.DeepCopy()
		unknown, decodeErr := v.Decode(ours.Object)
		if decodeErr != nil {
			require.True(t, apierrors.IsBadRequest(err), "%d: %s\nserver: %v\nours: %v", i, input, err, decodeErr)
			counts["bad request"]++
			continue
		}
		errs := v.Validate(ours.Object)
		if update {
			errs = v.ValidateUpdate(ours.Object, stored.Object)
		}
		require.Equal(t, serverCauses(t, err), ourCauses(errs), "%d (update %v): %s", i, update, input)
		var warnings []string
		for _, path := range unknown {
			warnings = append(warnings, fmt.Sprintf("unknown field %q", path))
		}
		require.ElementsMatch(t, real.take(), warnings, "%d: %s", i, input)
		verb := map[bool]string{true: "update", false: "create"}[update]
		if err != nil {
			counts[verb+" refused"]++
			continue
		}
		counts[verb+" accepted"]++
		require.Equal(t, sections(t, got), sections(t, ours), "%d: %s", i, input)
		if stored == nil {
			stored = got
		}
	}
	t.Logf("objects: %v", counts)
	assert.Greater(t, counts["create accepted"]+counts["update accepted"], *count/3)
	assert.Positive(t, counts["create refused"])
	assert.Positive(t, counts["update refused"])
}

// randomSpec fills some of the widget's fields, now and then with what does not belong there.
func randomSpec(r *rand.Rand) map[string]any {
	pick := func(values ...any) func() any { return func() any { return values[r.IntN(len(values))] } }
	embedded := func() any {
		out := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "p"}}
		switch r.IntN(8) {
		case 0:
			delete(out, "kind")
		case 1:
			out["apiVersion"] = "a/b/c"
		case 2:
			out["metadata"] = map[string]any{"name": "p", "odd": true, "labels": map[string]any{"a": "b"}}
		case 3:
			out["metadata"] = map[string]any{"name": "not/valid", "namespace": "UP"}
		case 4:
			out["spec"] = map[string]any{"a": "b", "c": int64(1)}
		case 5:
			out["kind"] = "not a kind"
		}
		return out
	}
	ports := func() any {
		var list []any
		for range r.IntN(4) {
			item := map[string]any{"number": int64(r.IntN(3))}
			if r.IntN(3) == 0 {
				item["protocol"] = pick("TCP", "UDP")()
			}
			if r.IntN(4) == 0 {
				item["note"] = pick("ok", "long", nil)()
			}
			if r.IntN(10) == 0 {
				delete(item, "number")
			}
			list = append(list, item)
		}
		return append([]any{}, list...)
	}
	fields := map[string]func() any{
		"replicas": pick(int64(1), int64(5), int64(10), int64(11), int64(-1), "3", 2.5, nil),
		"ratio":    pick(0.5, 1.5, int64(2), 0.3, int64(0), int64(-1)),
		"name":     pick("ab", "abcd", "abcde", "A", "abcdef", int64(3)),
		"when":     pick("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z", "yesterday"),
		"mail":     pick("a@b.de", "a@b.de", "nobody"),
		"port":     pick(int64(80), "http", 1.5, true),
		"maybe":    pick("x", nil, int64(1)),
		"mode":     pick("x", nil),
		"tier":     pick("x", nil),
		"flag":     pick(true, false, "true", nil),
		"nested":   pick(map[string]any{}, map[string]any{"more": map[string]any{}}, map[string]any{"depth": int64(1), "odd": int64(1)}, nil, "x"),
		"free":     pick(map[string]any{"known": int64(1), "other": []any{nil}}, map[string]any{"known": "x"}, map[string]any{}),
		"any":      pick(int64(1), "x", []any{map[string]any{"a": nil}}, map[string]any{"b": nil}),
		"template": embedded,
		"strict":   embedded,
		"labels":   pick(map[string]any{"a.b": "c"}, map[string]any{"a": int64(1)}, map[string]any{"a": nil}, map[string]any{"a": "", "b": "", "c": ""}),
		"settings": pick(map[string]any{"a": map[string]any{}}, map[string]any{"a": map[string]any{"active": false, "idle": true}}, map[string]any{"a": nil}),
		"ports":    ports,
		"tags":     pick([]any{}, []any{"a", "b"}, []any{"a", "a"}, []any{"a", int64(1)}, "a"),
		"plain":    pick([]any{"a", nil}, []any{}, []any{int64(1)}, nil),
		"choice":   pick(map[string]any{"a": "x"}, map[string]any{"b": "x"}, map[string]any{"a": "x", "b": "x"}, map[string]any{}),
		"unknown":  pick(int64(1), nil, map[string]any{"a": "b"}),
	}
	spec := map[string]any{"size": pick("small", "large", "small", "large", "small", "large", "small", "huge")()}
	if r.IntN(15) == 0 {
		delete(spec, "size")
	}
	keys := slices.Sorted(maps.Keys(fields))
	for range r.IntN(4) {
		name := keys[r.IntN(len(keys))]
		spec[name] = fields[name]()
	}
	return spec
}
