package memory_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// ruled is the definition of gadgets with a rule about spec.
func ruled(t *testing.T, rule string) string {
	t.Helper()
	body := strings.Replace(gadgets, "spec: {type: object,", "spec: {type: object, x-kubernetes-validations: ["+rule+"],", 1)
	require.NotEqual(t, gadgets, body)
	return body
}

// post sends a definition as YAML.
func post(s http.Handler, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/yaml")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// A rule that nothing can evaluate is refused with its place and a next step; told to be ignored, it is not kept secret.
func TestRulesWithoutCompiler(t *testing.T) {
	body := ruled(t, `{rule: "self.size > 1"}`)
	refused := post(start(t, nil), body)
	require.Equal(t, http.StatusUnprocessableEntity, refused.Code, refused.Body.String())
	assert.Contains(t, refused.Body.String(), "spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule")
	assert.Contains(t, refused.Body.String(), "Options.IgnoreRules")

	accepted := post(start(t, &memory.Options{IgnoreRules: true}), body)
	require.Equal(t, http.StatusCreated, accepted.Code, accepted.Body.String())
	assert.Contains(t, strings.Join(accepted.Header().Values("Warning"), "\n"), "x-kubernetes-validations")
}

// blamed is an error about the messageExpression.
type blamed struct{ error }

func (blamed) InMessageExpression() bool { return true }

// limits understands rules of the forms "at most N" and "may not shrink" about spec.size, and nothing else.
func limits(_ *apiextensionsv1.JSONSchemaProps, root bool, rule apiextensionsv1.ValidationRule) (
	bool, func(context.Context, any, any) (bool, string, error), error,
) {
	size := func(v any) int64 { return v.(map[string]any)["size"].(int64) }
	var most int64
	switch n, _ := fmt.Sscanf(rule.Rule, "at most %d", &most); {
	case root:
		return false, nil, errors.New("a rule about spec is not about the whole object")
	case rule.MessageExpression == "bad":
		return false, nil, blamed{errors.New("no such message")}
	case n == 1:
		return false, func(_ context.Context, self, _ any) (bool, string, error) {
			return size(self) <= most, rule.MessageExpression, nil
		}, nil
	case rule.Rule == "may not shrink":
		return true, func(_ context.Context, self, oldSelf any) (bool, string, error) {
			return size(self) >= size(oldSelf), "", nil
		}, nil
	}
	return false, nil, fmt.Errorf("do not understand %q", rule.Rule)
}

// The server walks to the rules, tells what is new from what was there, and words refusals.
func TestRulesWithCompiler(t *testing.T) {
	s := start(t, &memory.Options{Rules: limits})
	bad := post(s, ruled(t, `{rule: "nonsense"}`))
	require.Equal(t, http.StatusUnprocessableEntity, bad.Code)
	assert.Contains(t, bad.Body.String(), `do not understand`)
	bad = post(s, ruled(t, `{rule: "at most 1", messageExpression: bad}`))
	assert.Contains(t, bad.Body.String(), `x-kubernetes-validations[0].messageExpression: Invalid value`)

	made := post(s, ruled(t, `{rule: "at most 5", message: too big, fieldPath: .size, reason: FieldValueForbidden}, {rule: "may not shrink"}`))
	require.Equal(t, http.StatusCreated, made.Code, made.Body.String())
	assert.Empty(t, made.Header().Values("Warning"), "the rules are evaluated")

	ctx, gadgets := t.Context(), dyn(t, s).Resource(gadgetResource("v1")).Namespace("default")
	gadget := func(size int) *unstructured.Unstructured {
		return parse(t, fmt.Sprintf(`{apiVersion: example.com/v1, kind: Gadget, metadata: {name: g}, spec: {size: %d}}`, size))
	}
	causes := func(err error) []string {
		t.Helper()
		require.True(t, apierrors.IsInvalid(err), "%v", err)
		var out []string
		for _, c := range err.(*apierrors.StatusError).ErrStatus.Details.Causes {
			out = append(out, fmt.Sprintf("%s: %s: %s", c.Field, c.Type, c.Message))
		}
		return out
	}
	_, err := gadgets.Create(ctx, gadget(6), metav1.CreateOptions{})
	assert.Equal(t, []string{"spec.size: FieldValueForbidden: Forbidden: too big"}, causes(err))
	live, err := gadgets.Create(ctx, gadget(4), metav1.CreateOptions{})
	require.NoError(t, err, "a rule about change does not concern what is new")

	require.NoError(t, unstructured.SetNestedField(live.Object, int64(3), "spec", "size"))
	_, err = gadgets.Update(ctx, live, metav1.UpdateOptions{})
	assert.Equal(t, []string{`spec: FieldValueInvalid: Invalid value: failed rule: may not shrink`}, causes(err))

	// What was stored before the rule is let pass for as long as it stays.
	definition, err := dyn(t, s).Resource(definitions).Get(ctx, "gadgets.example.com", metav1.GetOptions{})
	require.NoError(t, err)
	versions := definition.Object["spec"].(map[string]any)["versions"].([]any)
	for _, v := range versions {
		require.NoError(t, unstructured.SetNestedSlice(v.(map[string]any), []any{map[string]any{"rule": "at most 2"}},
			"schema", "openAPIV3Schema", "properties", "spec", "x-kubernetes-validations"))
	}
	_, err = dyn(t, s).Resource(definitions).Update(ctx, definition, metav1.UpdateOptions{})
	require.NoError(t, err)
	live, err = gadgets.Get(ctx, "g", metav1.GetOptions{})
	require.NoError(t, err)
	live.SetLabels(map[string]string{"a": "b"})
	live, err = gadgets.Update(ctx, live, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.NoError(t, unstructured.SetNestedField(live.Object, int64(5), "spec", "size"))
	_, err = gadgets.Update(ctx, live, metav1.UpdateOptions{})
	assert.Len(t, causes(err), 1)
}
