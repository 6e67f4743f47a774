package celrules_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster/memory/celrules"
)

// A rule at the root reads the object's identity, whatever the schema says about it.
func TestRootRulesReadTheIdentity(t *testing.T) {
	node := &apiextensionsv1.JSONSchemaProps{Type: "object"}
	rule := apiextensionsv1.ValidationRule{Rule: "self.kind == 'Widget' && self.metadata.name.size() < 4"}
	_, eval, err := celrules.Compile(node, true, rule)
	require.NoError(t, err)
	object := func(name string) any {
		return map[string]any{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": map[string]any{"name": name, "labels": map[string]any{}}}
	}
	ok, _, err := eval(t.Context(), object("abc"), nil)
	require.NoError(t, err)
	assert.True(t, ok)
	ok, _, err = eval(t.Context(), object("abcd"), nil)
	require.NoError(t, err)
	assert.False(t, ok)

	_, _, err = celrules.Compile(node, false, rule)
	assert.ErrorContains(t, err, "undefined field 'kind'")
}

// A rule that goes on for too long ends, by its cost or by its context.
func TestEvaluationEnds(t *testing.T) {
	node := &apiextensionsv1.JSONSchemaProps{
		Type:  "array",
		Items: &apiextensionsv1.JSONSchemaPropsOrArray{Schema: &apiextensionsv1.JSONSchemaProps{Type: "integer"}},
	}
	_, eval, err := celrules.Compile(node, false, apiextensionsv1.ValidationRule{Rule: "self.all(a, self.all(b, self.all(c, a + b + c >= 0)))"})
	require.NoError(t, err)
	items := make([]any, 1000)
	for i := range items {
		items[i] = int64(i)
	}
	ok, _, err := eval(t.Context(), items, nil)
	assert.False(t, ok)
	require.ErrorContains(t, err, "no further validation rules will be run due to call cost exceeds limit for rule: self.all")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ok, _, err = eval(ctx, items, nil)
	assert.False(t, ok)
	assert.Error(t, err)
}

// Every rule of the definitions in the corpora can be compiled.
func TestCorpusRulesCompile(t *testing.T) {
	root := os.Getenv("SETPOINT_CORPUS")
	if root == "" {
		t.Skip("SETPOINT_CORPUS names no folder of manifests")
	}
	files, err := filepath.Glob(filepath.Join(root, "kube-prometheus/manifests/setup/*.yaml"))
	require.NoError(t, err)
	rules := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		var crd apiextensionsv1.CustomResourceDefinition
		require.NoError(t, yaml.Unmarshal(raw, &crd))
		for _, v := range crd.Spec.Versions {
			var walk func(at string, node *apiextensionsv1.JSONSchemaProps)
			walk = func(at string, node *apiextensionsv1.JSONSchemaProps) {
				for _, rule := range node.XValidations {
					rules++
					_, _, err := celrules.Compile(node, at == "", rule)
					assert.NoError(t, err, "%s %s: %s", crd.Name, at, rule.Rule)
				}
				for name, property := range node.Properties {
					walk(at+"."+name, &property)
				}
				if node.Items != nil {
					walk(at+"[]", node.Items.Schema)
				}
				if node.AdditionalProperties != nil && node.AdditionalProperties.Schema != nil {
					walk(at+".*", node.AdditionalProperties.Schema)
				}
			}
			if v.Schema != nil {
				walk("", v.Schema.OpenAPIV3Schema)
			}
		}
	}
	require.NotZero(t, rules, strings.Join(files, " "))
	t.Logf("%d rules", rules)
}
