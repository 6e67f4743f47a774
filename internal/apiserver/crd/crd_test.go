package crd_test

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/kube-openapi/pkg/validation/spec"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/internal/apiserver/crd"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

// parse reads one YAML document with numbers as the server has them.
func parse(t testing.TB, text string) map[string]any {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	require.NoError(t, err)
	var out map[string]any
	require.NoError(t, utiljson.Unmarshal(raw, &out))
	return out
}

func load(t testing.TB, path string) *unstructured.Unstructured {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	return &unstructured.Unstructured{Object: parse(t, string(raw))}
}

// accepted returns a definition as a server stores it.
func accepted(t testing.TB, obj *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	crd.Default(obj)
	crd.PrepareCreate(obj)
	require.Empty(t, crd.Validate(obj, crd.Options{IgnoreRules: true}))
	out, changed, err := crd.Accept(obj, nil, noon)
	require.NoError(t, err)
	require.True(t, changed)
	return out
}

func compiled(t testing.TB, path string) *crd.Definition {
	t.Helper()
	d, err := crd.Compile(accepted(t, load(t, path)), crd.Options{IgnoreRules: true})
	require.NoError(t, err)
	return d
}

func widget(t testing.TB) *crd.Version { return compiled(t, "testdata/widget.yaml").Version("v1") }

func causes(errs field.ErrorList) []string {
	var out []string
	for _, e := range errs {
		out = append(out, e.Error())
	}
	return out
}

func TestCompile(t *testing.T) {
	d := compiled(t, "testdata/widget.yaml")
	assert.Equal(t, "test.example.com", d.Group)
	assert.Equal(t, "WidgetList", d.Names.ListKind, "defaulted")
	assert.Equal(t, "widget", d.Names.Singular, "defaulted")
	assert.True(t, d.Namespaced)
	assert.Equal(t, "v1", d.Storage().Name)
	assert.Nil(t, d.Version("v3"))

	v1, v2 := d.Version("v1"), d.Version("v2")
	assert.True(t, v1.Status)
	assert.Equal(t, ".spec.replicas", v1.Scale.SpecReplicasPath)
	assert.Equal(t, "Size", v1.Columns[0].Name)
	assert.Empty(t, v1.Warning)
	assert.Equal(t, "test.example.com/v2 Widget is deprecated", v2.Warning)
	assert.Equal(t, "Age", v2.Columns[0].Name, "the column of a version that names none")
	assert.Nil(t, v2.Scale)
}

func TestCompileCorpus(t *testing.T) {
	for _, path := range corpus(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			d := compiled(t, path)
			assert.Equal(t, "monitoring.coreos.com", d.Group)
			assert.NotNil(t, d.Storage())
		})
	}
}

// corpus returns the definitions of kube-prometheus below the folder that SETPOINT_CORPUS names.
func corpus(t testing.TB) []string {
	t.Helper()
	root := os.Getenv("SETPOINT_CORPUS")
	if root == "" {
		t.Skip("SETPOINT_CORPUS does not name the folder with kube-prometheus")
	}
	paths, err := filepath.Glob(filepath.Join(root, "kube-prometheus/manifests/setup/*CustomResourceDefinition.yaml"))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return paths
}

func TestDecode(t *testing.T) {
	tests := map[string]struct {
		in, want string
		unknown  []string
		err      string
	}{
		"defaults at every depth, metadata kept": {
			in:   `{metadata: {name: a, labels: {x: "y"}}, spec: {size: small}}`,
			want: `{metadata: {name: a, labels: {x: "y"}}, spec: {size: small, replicas: 1, mode: auto, tier: basic, nested: {depth: 3}}}`,
		},
		"an unknown field is removed, also in metadata": {
			in:      `{metadata: {name: a, nonsense: 1}, wild: 1, spec: {size: small, extra: {b: 1}, nested: {c: 1}}}`,
			want:    `{metadata: {name: a}, spec: {size: small, replicas: 1, mode: auto, tier: basic, nested: {depth: 3}}}`,
			unknown: []string{"metadata.nonsense", "spec.extra", "spec.nested.c", "wild"},
		},
		"nulls": {
			in:   `{spec: {size: small, maybe: null, mode: null, tier: null, flag: null, plain: [null], nested: {more: {}}}}`,
			want: `{spec: {size: small, maybe: null, mode: null, tier: basic, plain: [null], replicas: 1, nested: {depth: 3, more: {x: why}}}}`,
		},
		"unknown fields are kept where the schema says so": {
			in:   `{spec: {size: small, free: {known: 1, other: {deep: true}}, any: [1, {z: null}], settings: {one: {}, two: {active: false}}}}`,
			want: `{spec: {size: small, free: {known: 1, other: {deep: true}}, any: [1, {z: null}], settings: {one: {active: true}, two: {active: false}}, replicas: 1, mode: auto, tier: basic, nested: {depth: 3}}}`,
		},
		"an embedded object has the fields of every object": {
			in:      `{spec: {size: small, strict: {apiVersion: v1, kind: Pod, metadata: {name: p, odd: 1}, spec: {a: b, c: d}, status: {}}}}`,
			want:    `{spec: {size: small, strict: {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {a: b}}, replicas: 1, mode: auto, tier: basic, nested: {depth: 3}}}`,
			unknown: []string{"spec.strict.spec.c", "spec.strict.status", "spec.strict.metadata.odd"},
		},
		"keys of list maps are defaulted": {
			in:   `{spec: {size: small, ports: [{number: 1}]}}`,
			want: `{spec: {size: small, ports: [{number: 1, protocol: TCP}], replicas: 1, mode: auto, tier: basic, nested: {depth: 3}}}`,
		},
		"malformed metadata": {in: `{metadata: {labels: {a: 1}}, spec: {size: small}}`, err: "cannot unmarshal number"},
		"malformed kind":     {in: `{kind: 5}`, err: "expected string"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			obj := parse(t, test.in)
			unknown, err := widget(t).Decode(obj)
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, parse(t, test.want), obj)
			assert.ElementsMatch(t, test.unknown, unknown)

			again := (&unstructured.Unstructured{Object: obj}).DeepCopy().Object
			_, err = widget(t).Decode(again)
			require.NoError(t, err)
			assert.Equal(t, obj, again, "decoding twice is decoding once")
		})
	}
}

func TestReadDropsWhatIsMalformed(t *testing.T) {
	obj := parse(t, `{apiVersion: test.example.com/v1, kind: Widget, metadata: {name: a, labels: {x: 1}}, spec: {size: small, gone: 1}}`)
	widget(t).Read(obj)
	assert.Equal(t, parse(t, `{name: a}`), obj["metadata"])
	assert.NotContains(t, obj["spec"], "gone")
	assert.Contains(t, obj["spec"], "replicas")
}

func TestConvert(t *testing.T) {
	d := compiled(t, "testdata/widget.yaml")
	obj := &unstructured.Unstructured{Object: parse(t, `{apiVersion: test.example.com/v1, kind: Widget, metadata: {name: a}, spec: {size: small}}`)}
	obj, err := d.Convert(obj, "v2")
	require.NoError(t, err)
	d.Version("v2").Read(obj.Object)
	assert.Equal(t, parse(t, `{size: small, colour: grey}`), obj.Object["spec"])
	_, err = d.Convert(obj, "v9")
	require.ErrorContains(t, err, `widgets.test.example.com has no version "v9"`)

	d.Webhook = true
	_, err = d.Convert(obj, "v2")
	require.NoError(t, err, "nothing to convert")
	_, err = d.Convert(obj, "v1")
	require.ErrorContains(t, err, "needs a webhook, which this server does not call")
}

// A function in the place of a webhook may change everything but the identity of the object, as the webhook may.
func TestConvertByFunction(t *testing.T) {
	definition := load(t, "testdata/widget.yaml")
	definition.Object["spec"].(map[string]any)["conversion"] = parse(t,
		`{strategy: Webhook, webhook: {conversionReviewVersions: [v1], clientConfig: {url: "https://example.com"}}}`)
	crd.Default(definition)
	crd.PrepareCreate(definition)
	assert.Equal(t, []string{"spec.conversion.strategy: Forbidden: this server does not call webhooks: set Options.Convert to a function that " +
		"converts widgets.test.example.com, or declare the strategy None"}, causes(crd.Validate(definition, crd.Options{IgnoreRules: true})))

	var answer func(obj *unstructured.Unstructured) error
	opts := crd.Options{IgnoreRules: true, Convert: map[schema.GroupKind]crd.Convert{
		{Group: "test.example.com", Kind: "Widget"}: func(obj *unstructured.Unstructured, version string) (*unstructured.Unstructured, error) {
			obj.SetAPIVersion("test.example.com/" + version)
			return obj, answer(obj)
		},
	}}
	require.Empty(t, crd.Validate(definition, opts))
	d, err := crd.Compile(definition, opts)
	require.NoError(t, err)
	obj := &unstructured.Unstructured{Object: parse(t, `{apiVersion: test.example.com/v1, kind: Widget, metadata: {name: a, uid: u, finalizers: [x/y]}, spec: {size: small}}`)}
	tests := map[string]struct {
		answer func(obj *unstructured.Unstructured) error
		want   string
		err    string
	}{
		"labels and fields change, finalizers do not": {
			answer: func(obj *unstructured.Unstructured) error {
				obj.SetLabels(map[string]string{"by": "convert"})
				obj.SetFinalizers(nil)
				return unstructured.SetNestedField(obj.Object, int64(1), "spec", "replicas")
			},
			want: `{apiVersion: test.example.com/v2, kind: Widget, metadata: {name: a, uid: u, finalizers: [x/y], labels: {by: convert}}, spec: {size: small, replicas: 1}}`,
		},
		"values of Go become those of JSON": {
			answer: func(obj *unstructured.Unstructured) error {
				obj.Object["spec"] = map[string]any{"replicas": 7}
				return nil
			},
			want: `{apiVersion: test.example.com/v2, kind: Widget, metadata: {name: a, uid: u, finalizers: [x/y]}, spec: {replicas: 7}}`,
		},
		"an error":      {answer: func(*unstructured.Unstructured) error { return errors.New("boom") }, err: "boom"},
		"another name":  {answer: func(obj *unstructured.Unstructured) error { obj.SetName("b"); return nil }, err: "must have the same name: a != b"},
		"another UID":   {answer: func(obj *unstructured.Unstructured) error { obj.SetUID("v"); return nil }, err: "must have the same UID: u != v"},
		"not converted": {answer: func(obj *unstructured.Unstructured) error { obj.SetAPIVersion("x/v1"); return nil }, err: "invalid groupVersion (expected test.example.com/v2, received x/v1)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			answer = test.answer
			before := obj.DeepCopy()
			out, err := d.Convert(obj, "v2")
			assert.Equal(t, before, obj, "the argument stays")
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, parse(t, test.want), out.Object)
		})
	}
}

func TestValidateUpdateRatchets(t *testing.T) {
	v := widget(t)
	object := func(spec string) map[string]any {
		return parse(t, `{apiVersion: test.example.com/v1, kind: Widget, metadata: {name: a}, spec: `+spec+`}`)
	}
	tests := map[string]struct {
		old, new string
		want     []string
	}{
		"a fault that was there stays":            {old: `{size: huge}`, new: `{size: huge, tier: x}`},
		"a new fault is one":                      {old: `{size: huge}`, new: `{size: giant}`, want: []string{`spec.size: Unsupported value: "giant": supported values: "small", "large"`}},
		"an item of a list map is known by keys":  {old: `{size: small, ports: [{number: 1, protocol: TCP, note: long}]}`, new: `{size: small, ports: [{number: 2, protocol: TCP}, {number: 1, protocol: TCP, note: long}]}`},
		"an item of a plain list is not":          {old: `{size: small, plain: [1]}`, new: `{size: small, plain: [1, x]}`, want: []string{`spec.plain[0]: Invalid value: "integer": spec.plain[0] in body must be of type string: "integer"`}},
		"a duplicate that was there stays":        {old: `{size: small, tags: [a, a]}`, new: `{size: small, tags: [a, a, b, b]}`},
		"a duplicate that was not there is a one": {old: `{size: small, tags: [a]}`, new: `{size: small, tags: [a, a]}`, want: []string{`spec.tags[1]: Duplicate value: "a"`}},
		"a missing field stays missing":           {old: `{}`, new: `{}`},
		"a missing field where something changes": {old: `{}`, new: `{tier: x}`, want: []string{"spec.size: Required value"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, causes(v.ValidateUpdate(object(test.new), object(test.old))))
		})
	}
}

func TestValidateStatus(t *testing.T) {
	v := widget(t)
	old := parse(t, `{apiVersion: test.example.com/v1, kind: Widget, spec: {size: wrong}}`)
	obj := parse(t, `{apiVersion: test.example.com/v1, kind: Widget, spec: {size: wrong}, status: {phase: Odd, replicas: 1}}`)
	assert.Equal(t, []string{`status.phase: Unsupported value: "Odd": supported values: "Ready", "Waiting"`}, causes(v.ValidateStatus(obj, old)))
}

func TestAccept(t *testing.T) {
	definition := func(text string) *unstructured.Unstructured {
		obj := &unstructured.Unstructured{Object: parse(t, text)}
		crd.Default(obj)
		crd.PrepareCreate(obj)
		return obj
	}
	first, changed, err := crd.Accept(definition(`{metadata: {name: as.x.io}, spec: {group: x.io, names: {plural: as, kind: A, shortNames: [z]}, versions: [{name: v1, storage: true}]}}`), nil, noon)
	require.NoError(t, err)
	require.True(t, changed)
	assert.True(t, crd.Established(first))
	_, changed, err = crd.Accept(first, nil, noon.Add(time.Hour))
	require.NoError(t, err)
	assert.False(t, changed, "a verdict is given once")

	second := definition(`{metadata: {name: bs.x.io}, spec: {group: x.io, names: {plural: bs, kind: B, shortNames: [z, q]}, versions: [{name: v1, storage: true}]}}`)
	refused, changed, err := crd.Accept(second, []*unstructured.Unstructured{first, second}, noon)
	require.NoError(t, err)
	require.True(t, changed)
	assert.False(t, crd.Established(refused))
	conditions, _, _ := unstructured.NestedSlice(refused.Object, "status", "conditions")
	assert.Equal(t, "ShortNamesConflict", conditions[0].(map[string]any)["reason"])
	assert.Equal(t, `"z" is already in use`, conditions[0].(map[string]any)["message"])

	rival, _, err := crd.Accept(definition(`{metadata: {name: rs.x.io}, spec: {group: x.io, names: {plural: rs, singular: as, kind: A}, versions: [{name: v1, storage: true}]}}`),
		[]*unstructured.Unstructured{first}, noon)
	require.NoError(t, err)
	accepted, _, _ := unstructured.NestedMap(rival.Object, "status", "acceptedNames")
	assert.Equal(t, map[string]any{"plural": "rs", "kind": ""}, accepted, "what is free is granted")

	freed, changed, err := crd.Accept(refused, nil, noon)
	require.NoError(t, err)
	assert.True(t, changed)
	assert.True(t, crd.Established(freed), "the name is free now")
}

func TestPrepare(t *testing.T) {
	obj := load(t, "testdata/widget.yaml")
	crd.Default(obj)
	obj.Object["status"] = map[string]any{"storedVersions": []any{"forged"}}
	crd.PrepareCreate(obj)
	stored, _, _ := unstructured.NestedStringSlice(obj.Object, "status", "storedVersions")
	assert.Equal(t, []string{"v1"}, stored, "a client cannot write status")

	next := obj.DeepCopy()
	versions := next.Object["spec"].(map[string]any)["versions"].([]any)
	versions[0].(map[string]any)["storage"], versions[1].(map[string]any)["storage"] = false, true
	crd.PrepareUpdate(next, obj)
	stored, _, _ = unstructured.NestedStringSlice(next.Object, "status", "storedVersions")
	assert.Equal(t, []string{"v1", "v2"}, stored)
}

func TestPrepareDelete(t *testing.T) {
	obj := accepted(t, load(t, "testdata/widget.yaml"))
	crd.PrepareDelete(obj, noon)
	assert.Equal(t, []string{crd.CleanupFinalizer}, obj.GetFinalizers())
	assert.True(t, crd.SetTerminating(obj, noon, false, "InstanceDeletionCompleted", "removed all instances"))
	assert.False(t, crd.SetTerminating(obj, noon, false, "InstanceDeletionCompleted", "removed all instances"), "nothing to change")
	assert.True(t, crd.Established(obj))
}

func TestRules(t *testing.T) {
	obj := &unstructured.Unstructured{Object: parse(t, gadget)}
	property(obj.Object["spec"].(map[string]any), map[string]any{"type": "string", "x-kubernetes-validations": []any{
		map[string]any{"rule": "self != 'x'", "message": "not x"}}})
	crd.Default(obj)
	crd.PrepareCreate(obj)

	assert.Equal(t, []string{"spec.validation.openAPIV3Schema.properties[spec].properties[p].x-kubernetes-validations[0].rule: Forbidden: " +
		"this server cannot evaluate CEL rules: set Options.Rules to a compiler of them, set Options.IgnoreRules to keep the rule unenforced, or remove it"},
		causes(crd.Validate(obj, crd.Options{})))
	assert.Empty(t, crd.Validate(obj, crd.Options{IgnoreRules: true}))
	assert.Equal(t, []string{"1 x-kubernetes-validations rules of gadgets.test.example.com are not evaluated by this server: v1 .spec.p"}, crd.Warnings(obj, obj, crd.Options{IgnoreRules: true}))
	assert.Equal(t, []crd.RuleAt{{Version: "v1", Path: ".spec.p", Text: "self != 'x'"}}, crd.RulesOf(obj))

	d, err := crd.Compile(obj, crd.Options{IgnoreRules: true})
	require.NoError(t, err)
	errs := d.Version("v1").Validate(parse(t, `{apiVersion: test.example.com/v1, kind: Gadget, spec: {p: 1}}`))
	require.Len(t, errs, 2)
	assert.Contains(t, errs[1].Error(), "some validation rules were not checked")
}

func TestOpenAPI(t *testing.T) {
	d := compiled(t, "testdata/widget.yaml")
	shared := map[string]*spec.Schema{
		"io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta": new(spec.Schema).Typed("object", "").
			SetProperty("deletionTimestamp", *spec.RefSchema("#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.Time")),
		"io.k8s.apimachinery.pkg.apis.meta.v1.Time":     new(spec.Schema).Typed("string", "date-time"),
		"io.k8s.apimachinery.pkg.apis.meta.v1.Unneeded": new(spec.Schema),
	}
	doc := crd.OpenAPI("test.example.com", "v1", []*crd.Definition{d}, shared)
	raw, err := json.Marshal(doc)
	require.NoError(t, err)
	var got map[string]any
	require.NoError(t, utiljson.Unmarshal(raw, &got))
	schemas, _, _ := unstructured.NestedMap(got, "components", "schemas")
	assert.ElementsMatch(t, []string{
		"com.example.test.v1.Widget", "com.example.test.v1.WidgetList",
		"io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta", "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
	}, slices.Collect(maps.Keys(schemas)), "what is referred to, and no more")
	kind := schemas["com.example.test.v1.Widget"].(map[string]any)
	assert.Equal(t, []any{map[string]any{"group": "test.example.com", "version": "v1", "kind": "Widget"}}, kind["x-kubernetes-group-version-kind"])
	ports, _, _ := unstructured.NestedMap(kind, "properties", "spec", "properties", "ports")
	assert.Equal(t, "map", ports["x-kubernetes-list-type"])
	assert.Equal(t, []any{"number", "protocol"}, ports["x-kubernetes-list-map-keys"])
	assert.Contains(t, doc.Paths.Paths, "/apis/test.example.com/v1/namespaces/{namespace}/widgets/{name}/scale")
}
