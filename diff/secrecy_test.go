package diff_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/diff"
)

// secretText makes a value of a Secret, of eight bytes and more: letters, what encodings escape, lines, bytes of any value.
func secretText(r *rand.Rand) string {
	alphabets := []string{
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
		`abc"\<>&'/=+{}[]:;,.!?#%$@ `,
		"abcé日本\U0001F600ü",
		"ab\n\t c\r",
	}
	letters := []rune(alphabets[r.IntN(len(alphabets))])
	var b strings.Builder
	b.WriteString("k")
	for range 12 + r.IntN(40) {
		b.WriteRune(letters[r.IntN(len(letters))])
	}
	b.WriteString("z")
	if r.IntN(6) == 0 {
		raw := make([]byte, 24)
		for i := range raw {
			raw[i] = byte(r.IntN(256))
		}
		return string(raw)
	}
	return b.String()
}

// spellings are the forms in which a value would be found in what is printed.
func spellings(v string) []string {
	out := []string{v, fmt.Sprintf("%x", v), fmt.Sprintf("%X", v), fmt.Sprint([]byte(v))}
	for _, e := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
		out = append(out, e.EncodeToString([]byte(v)))
	}
	quoted, _ := json.Marshal(v)
	var plain bytes.Buffer
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	_ = e.Encode(v)
	twice, _ := json.Marshal(string(quoted))
	for _, q := range []string{string(quoted), strings.TrimSpace(plain.String()), strconv.Quote(v), strconv.QuoteToASCII(v), string(twice)} {
		out = append(out, strings.Trim(q, `"\`))
	}
	if text, err := yaml.Marshal(map[string]string{"k": v}); err == nil {
		for line := range strings.SplitSeq(string(text), "\n") {
			if line = strings.TrimSpace(line); len(line) >= 12 && !strings.HasPrefix(line, "k:") {
				out = append(out, line)
			}
		}
	}
	return out
}

// No content of a Secret is in anything that is made of a comparison, wherever it stands: in the Secret, in its annotation of what was
// applied last, in that of another object, in the middle of a text.
func TestNoSecretIsShown(t *testing.T) {
	seed := ourSeed(t)
	shown := 0
	for i := range 50 {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		var values []string
		secret := func(name string) *unstructured.Unstructured {
			obj := map[string]any{"apiVersion": "v1", "kind": "Secret", "metadata": map[string]any{"name": name, "namespace": "shop"}}
			data, text := map[string]any{}, map[string]any{}
			for j := range 1 + r.IntN(4) {
				v := secretText(r)
				values = append(values, v)
				key := fmt.Sprint("key", j)
				switch encoded := base64.StdEncoding.EncodeToString([]byte(v)); {
				case r.IntN(2) == 0:
					data[key] = encoded
				case strings.ToValidUTF8(v, "") == v:
					text[key] = v
				default:
					data[key] = encoded
				}
			}
			if len(data) > 0 {
				obj["data"] = data
			}
			if len(text) > 0 {
				obj["stringData"] = text
			}
			return &unstructured.Unstructured{Object: obj}
		}
		annotate := func(obj, applied *unstructured.Unstructured) *unstructured.Unstructured {
			var text strings.Builder
			e := json.NewEncoder(&text)
			e.SetEscapeHTML(r.IntN(2) == 0) // Not everybody's encoder does.
			require.NoError(t, e.Encode(applied.Object))
			obj.SetAnnotations(map[string]string{"kubectl.kubernetes.io/last-applied-configuration": text.String()})
			return obj
		}
		config := func(of *unstructured.Unstructured) *unstructured.Unstructured {
			v := values[r.IntN(len(values))]
			obj := &unstructured.Unstructured{Object: map[string]any{
				"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "copy", "namespace": "shop"},
				"data": map[string]any{"url": "postgres://user:" + strings.ToValidUTF8(v, "?") + "@db", "encoded": "x" + base64.StdEncoding.EncodeToString([]byte(v)), "n": fmt.Sprint(r.IntN(3))},
			}}
			if strings.ToValidUTF8(v, "") != v {
				delete(obj.Object["data"].(map[string]any), "url")
			}
			return annotate(obj, of)
		}
		old, young := secret("db"), secret("db")
		before := []*unstructured.Unstructured{annotate(old.DeepCopy(), old), config(old), secret("gone")}
		after := []*unstructured.Unstructured{annotate(young.DeepCopy(), young), config(young), secret("new")}
		c := diff.New(us, nil, nil)
		set, err := c.CompareRevisions(t.Context(), before, after)
		require.NoError(t, err)
		require.NotZero(t, set.Count(diff.Differs))
		out := map[string]string{}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			out[verb] = fmt.Sprintf(verb, set) + fmt.Sprintf(verb, *set)
			for _, one := range set.Comparisons {
				out[verb] += fmt.Sprintf(verb+verb+verb, one, *one, one.Changes)
			}
		}
		var b bytes.Buffer
		require.NoError(t, diff.FprintMarkdown(&b, set, &diff.MarkdownOptions{MaxBytes: 1 << 20, Unchanged: true}))
		out["markdown"] = b.String()
		b.Reset()
		slog.New(slog.NewTextHandler(&b, nil)).Info("x", "set", set, "one", set.Comparisons[0], "changes", set.Comparisons[0].Changes)
		slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "set", set, "one", set.Comparisons[0], "changes", set.Comparisons[0].Changes)
		out["log"] = b.String()
		for _, one := range set.Comparisons {
			b.Reset()
			require.NoError(t, diff.Fprint(&b, one, &diff.PrintOptions{Width: 4000}))
			out["print"] += b.String()
			b.Reset()
			require.NoError(t, diff.FprintUnified(&b, one, nil))
			out["unified"] += b.String()
			patch, err := one.JSONPatch()
			require.NoError(t, err)
			out["json patch"] += string(patch)
		}
		data, err := json.Marshal(set)
		require.NoError(t, err)
		out["json"] = string(data)
		data, err = yaml.Marshal(set)
		require.NoError(t, err)
		out["yaml"] = string(data)
		out["errors"] = faults(t, c, young)
		for how, text := range out {
			for _, v := range values {
				for _, form := range spellings(v) {
					if strings.Contains(text, form) {
						at := strings.Index(text, form)
						t.Errorf("%s shows %q as %q: …%s", how, v, form, text[max(0, at-60):min(len(text), at+len(form)+20)])
						return
					}
				}
			}
			shown += strings.Count(text, "(redacted)")
		}
	}
	assert.Positive(t, shown)
}

// faults returns the errors that a Secret gives which does not fit its kind.
func faults(t *testing.T, c *diff.Comparer, secret *unstructured.Unstructured) string {
	var all []error
	value := func(obj *unstructured.Unstructured) any {
		for _, field := range []string{"data", "stringData"} {
			if m, ok := obj.Object[field].(map[string]any); ok {
				for _, v := range m {
					return v
				}
			}
		}
		return nil
	}
	for _, field := range []string{"data", "stringData", "type", "immutable", "unknown"} {
		for _, wrap := range []func(any) any{
			func(v any) any { return v }, func(v any) any { return []any{v} }, func(v any) any { return map[string]any{"k": []any{v}} }, func(v any) any { return map[string]any{"k": map[string]any{"k": v}} },
		} {
			bad := secret.DeepCopy()
			bad.Object[field] = wrap(value(secret))
			d, err := c.Prepare(bad)
			all = append(all, err)
			if err == nil {
				live := secret.DeepCopy()
				live.Object["metadata"].(map[string]any)["managedFields"] = []any{value(secret)}
				_, err = c.Compare(d, live)
				all = append(all, err)
			}
		}
	}
	err := errors.Join(all...)
	require.Error(t, err)
	return fmt.Sprintf("%v %+v %#v", err, err, all)
}
