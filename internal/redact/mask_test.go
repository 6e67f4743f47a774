package redact_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/internal/redact"
)

func secret(field string, values map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": "s"}, field: values,
	}}
}

func TestEveryFormOfAValueIsMasked(t *testing.T) {
	const value = "p\"ss<word>\nline two\n"
	encoded := base64.StdEncoding.EncodeToString([]byte(value))
	quoted, err := json.Marshal(value)
	require.NoError(t, err)
	for name, m := range map[string]*redact.Mask{
		"data":       redact.Of(secret("data", map[string]any{"k": encoded})),
		"stringData": redact.Of(secret("stringData", map[string]any{"k": value})),
	} {
		for _, form := range []string{value, encoded, string(quoted), fmt.Sprintf("%q", value), strings.TrimSpace(value)} {
			got := m.String("before " + form + " after")
			assert.NotContains(t, got, "line two", name)
			assert.NotContains(t, got, encoded, name)
			assert.Contains(t, got, redact.Marker, name)
			assert.Contains(t, got, "before ", name)
			assert.Contains(t, got, " after", name)
		}
	}
}

// Other encoders than Go's quote otherwise: jq leaves angle brackets as they are, and Python writes ASCII.
func TestTheQuotationsOfOtherEncodersAreMasked(t *testing.T) {
	m := redact.Of(secret("stringData", map[string]any{"k": "pass<wörd>\"\U0001F600"}))
	for _, form := range []string{`pass<wörd>\"😀`, `pass<w\u00f6rd>\"\ud83d\ude00`, `pass\u003cwörd\u003e\"😀`} {
		assert.Equal(t, "{(redacted)}", m.String("{"+form+"}"))
	}
}

func TestShortValuesAndOtherKindsAreLeft(t *testing.T) {
	assert.Nil(t, redact.Of(nil, secret("stringData", map[string]any{"k": "seven77"})))
	config := secret("data", map[string]any{"k": "not a secret at all"})
	config.SetKind("ConfigMap")
	assert.Nil(t, redact.Of(config))
	other := secret("data", map[string]any{"k": "not a secret at all"})
	other.SetAPIVersion("example.com/v1")
	assert.Nil(t, redact.Of(other))
	var none *redact.Mask
	assert.Equal(t, "as it is", none.String("as it is"))
}

func TestTheLongerOfTwoValuesIsMaskedWhole(t *testing.T) {
	m := redact.Of(secret("stringData", map[string]any{"a": "password", "b": "password-of-the-root"}))
	assert.Equal(t, "x (redacted) y (redacted)", m.String("x password-of-the-root y password"))
}

func TestErrorKeepsItsChainOnlyWhenItIsClean(t *testing.T) {
	m := redact.Of(secret("stringData", map[string]any{"a": "hunter2hunter2"}))
	clean := errors.New("no such host")
	assert.Same(t, clean, m.Error(clean))
	dirty := fmt.Errorf("apply: %w", errors.New(`Invalid value: "hunter2hunter2"`))
	got := m.Error(dirty)
	assert.EqualError(t, got, `apply: Invalid value: "(redacted)"`)
	assert.NoError(t, errors.Unwrap(got))
}

func TestValueMasksStringsAndKeys(t *testing.T) {
	m := redact.Of(secret("stringData", map[string]any{"a": "hunter2hunter2"}))
	in := map[string]any{"l": []any{"x hunter2hunter2", int64(1)}, "hunter2hunter2": nil}
	assert.Equal(t, map[string]any{"l": []any{"x (redacted)", int64(1)}, "(redacted)": nil}, m.Value(in))
	assert.Contains(t, in, "hunter2hunter2")
}

func ExampleOf() {
	s := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "Secret",
		"data": map[string]any{"password": "Y29ycmVjdCBob3JzZQ=="},
	}}
	mask := redact.Of(s)
	fmt.Println(mask.String(`DATABASE_URL=postgres://app:correct horse@db`))
	fmt.Println(mask.String(`data: Y29ycmVjdCBob3JzZQ==`))
	// Output:
	// DATABASE_URL=postgres://app:(redacted)@db
	// data: (redacted)
}
