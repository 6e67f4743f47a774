package diff_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/diff"
)

// awkward are texts that forms of output could trip over.
var awkward = []string{
	"", " ", "\n", "\t", "a\n", "a\n\n", "\na", " a", "a ", "a \nb", "a\r\nb", "a\rb", "\x00", "\x1b[31m", "\u2028", "\u0085", "\ufeff", "\u202e", "a\\b", "'", `"`,
	"-", "--- a", "+++ b", "@@ -1 +1 @@", "- a\n+ b", "```", "~~~", " ````\n`````", "</summary></details>", "<!--", "`", "``", "a`b``c", "|", "# a", "@someone", "[a](b)",
	"yes", "null", "~", "1", "1e3", "0x1f", "1_000", "2001-01-01", "=", "<<", "? a", ": a", "{a: b}", "%", "*a", "&a", "!a", "é", "日本語", "\U0001F600",
	strings.Repeat("long ", 60), strings.Repeat("line\n", 30), strings.Repeat("`", 90),
}

// awkwardPair is a live object with other managers, and a desired one, of texts that trip things.
func awkwardPair(t *testing.T, r *rand.Rand) (*unstructured.Unstructured, *unstructured.Unstructured) {
	text := func() string {
		s := awkward[r.IntN(len(awkward))]
		if r.IntN(2) == 0 {
			s += awkward[r.IntN(len(awkward))]
		}
		return s
	}
	base := map[string]any{}
	for range r.IntN(6) {
		base[text()] = text()
	}
	config := func() *unstructured.Unstructured {
		data := map[string]any{}
		for k, v := range base {
			switch r.IntN(5) {
			case 0:
			case 1:
				data[k] = text()
			default:
				data[k] = v
			}
		}
		for range r.IntN(4) {
			data[text()] = text()
		}
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "x", "namespace": "shop", "annotations": map[string]any{"a": text()}}, "data": data,
		}}
	}
	first := config()
	manifest := asManifest(t, first.Object)
	s := newStore(t, manifest).apply(us, manifest)
	if r.IntN(2) == 0 {
		s.update("editor", func(obj map[string]any) { obj["data"] = config().Object["data"] })
	}
	return s.live(), config()
}

// asManifest writes an object as YAML reads it.
func asManifest(t *testing.T, obj map[string]any) string {
	var b strings.Builder
	for _, r := range asText(t, obj) {
		if r < 0x7f {
			b.WriteRune(r)
			continue
		}
		fmt.Fprintf(&b, `\U%08x`, r)
	}
	return b.String()
}

// randomPair is a live object with a history and a desired one, of any family.
func randomPair(t *testing.T, r *rand.Rand, f family) (*unstructured.Unstructured, *unstructured.Unstructured) {
	first := asText(t, f.object(r, "x").Object)
	s := newStore(t, first).apply(us, first)
	if r.IntN(2) == 0 {
		require.NoError(t, s.manager.Apply(f.object(r, "x"), "helm", true))
	}
	return s.live(), f.object(r, "x")
}

// What is printed as a patch, of either form, makes of the live object what is predicted. The unified form is applied by the
// tools that people have.
func TestPatchesMakeWhatIsPredicted(t *testing.T) {
	seed := ourSeed(t)
	c := diff.New(us, nil, nil)
	patched, dir := 0, t.TempDir()
	_, err := exec.LookPath("patch")
	withPatch := err == nil
	if !withPatch {
		t.Log("there is no patch on this machine: git alone applies what is printed")
	}
	for i := range 120 {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		var live, desired *unstructured.Unstructured
		if f := families[i%len(families)]; i%2 == 0 || f.versions != nil {
			live, desired = awkwardPair(t, r)
		} else {
			live, desired = randomPair(t, r, f)
		}
		if desired.GetKind() == "Secret" {
			continue // Its content is not in what is printed.
		}
		d, err := c.Prepare(desired)
		require.NoError(t, err)
		out, err := c.Compare(d, live)
		require.NoError(t, err)
		if len(out.Changes) == 0 {
			continue
		}
		patched++
		patches(t, out, live)

		var unified bytes.Buffer
		require.NoError(t, diff.FprintUnified(&unified, out, &diff.UnifiedOptions{Context: r.IntN(5) - 1}))
		before, after := diff.Documents(out)
		var read map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(after), &read), after)
		predicted, err := out.Predicted()
		require.NoError(t, err)
		want := predicted.Object
		delete(want, "status")
		for _, field := range []string{"managedFields", "resourceVersion", "uid", "generation", "creationTimestamp"} {
			unstructured.RemoveNestedField(want, "metadata", field)
		}
		require.Equal(t, asText(t, want), asText(t, read), "the text is the object")
		if before == after {
			assert.Empty(t, unified.String())
			continue
		}
		file := filepath.Join(dir, fmt.Sprintf("live-%d.yaml", i))
		require.NoError(t, os.WriteFile(file, []byte(before), 0o600))
		if withPatch {
			run(t, dir, unified.String(), "patch", "--quiet", "--binary", filepath.Base(file))
			got, err := os.ReadFile(file)
			require.NoError(t, err)
			require.Equal(t, after, string(got), "%s", unified.String())
		}

		name := filepath.Join(dir, out.Ref.String())
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(before), 0o600))
		run(t, dir, unified.String(), "git", "apply", "--unidiff-zero", "--whitespace=nowarn", "-p1", "-")
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, after, string(got), "%s", unified.String())
	}
	t.Logf("%d patches", patched)
	assert.Greater(t, patched, 60)
}

// run gives a command an input.
func run(t *testing.T, dir, input, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(input)
	output, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s\n%s", output, input)
}

// patches applies the JSON patch of a comparison to the live object: it comes to what was predicted.
func patches(t *testing.T, c *diff.Comparison, live *unstructured.Unstructured) int {
	t.Helper()
	patch, err := c.JSONPatch()
	require.NoError(t, err)
	if string(patch) == "[]" {
		return 0
	}
	decoded, err := jsonpatch.DecodePatch(patch)
	require.NoError(t, err)
	raw, err := live.MarshalJSON()
	require.NoError(t, err)
	got, err := decoded.Apply(raw)
	require.NoError(t, err, "%s on %s", patch, raw)
	predicted, err := c.Predicted()
	require.NoError(t, err)
	want, err := predicted.MarshalJSON()
	require.NoError(t, err)
	after, wanted := map[string]any{}, map[string]any{}
	require.NoError(t, json.Unmarshal(got, &after))
	require.NoError(t, json.Unmarshal(want, &wanted))
	for _, o := range []map[string]any{after, wanted} {
		unstructured.RemoveNestedField(o, "metadata", "managedFields")
	}
	assert.Equal(t, asText(t, wanted), asText(t, after), "%s", patch)
	return 1
}
