package manifest_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/internal/manifest"
)

// kubectl reads YAML the way that kubectl does: to JSON with sigs.k8s.io/yaml, and from there into an unstructured object.
func kubectl(text string) (any, error) {
	j, err := yaml.YAMLToJSONStrict([]byte(text))
	if err != nil {
		return nil, err
	}
	var v any
	err = utiljson.Unmarshal(j, &v)
	return v, err
}

func one(t *testing.T, text string) any {
	t.Helper()
	docs, errs := new(manifest.Reader).Decode("a.yaml", []byte(text))
	require.Empty(t, errs)
	require.Len(t, docs, 1)
	return docs[0].Value
}

// scalars are spellings whose type is easy to get wrong.
var scalars = strings.Fields(`y Y yes Yes YES yEs n no NO on On ON off OFF true True TRUE tRue false null Null NULL ~ nul
	0 1 -1 +1 007 0777 0o17 0x1F 0b101 -0b11 -0 1_000 _1 1_ 1__0 9223372036854775807 9223372036854775808 -9223372036854775808
	-9223372036854775809 18446744073709551615 18446744073709551616 1.0 1. .5 -.5 +.5 1e3 1E3 1e+3 1e-3 1.5e300 1e400 1e21 1e20
	-0.0 0.1 12e03 2001-01-01 2001-1-1 2001-12-14t21:59:43.10-05:00 190:20:30 1:30 0.0.0 1.2.3 10.0.0.1 0x 0xZZ 08 09 1e e1
	.inf -.inf +.inf .Inf .nan .NaN . .. ... - -- << = < 'yes' "no" '1' "1.0" !!str&1 a:b a#b 100m 1Gi 5s v1 apps/v1 é 日本 !!int&"12" !!float&1 !!bool&"yes" !!null&"" !!binary&aGk= !custom&x`)

func TestScalarsHaveTheTypesThatKubectlGivesThem(t *testing.T) {
	for _, s := range scalars {
		s = strings.ReplaceAll(s, "&", " ")
		text := "a: " + s + "\nb: [" + s + "]\n"
		want, wantErr := kubectl(text)
		docs, errs := new(manifest.Reader).Decode("a.yaml", []byte(text))
		if wantErr != nil {
			assert.NotEmpty(t, errs, "%q: kubectl says %v, got %v", s, wantErr, docs)
			continue
		}
		require.Empty(t, errs, "%q", s)
		require.Len(t, docs, 1, "%q", s)
		assert.Equal(t, want, docs[0].Value, "%q", s)
	}
}

func TestKeysAreThoseOfKubectl(t *testing.T) {
	for _, s := range scalars {
		s = strings.ReplaceAll(s, "&", " ")
		if s == "<<" {
			continue // a merge, not a key
		}
		text := s + ": v\n"
		want, wantErr := kubectl(text)
		docs, errs := new(manifest.Reader).Decode("a.yaml", []byte(text))
		if wantErr != nil || len(errs) > 0 {
			assert.True(t, wantErr != nil && len(errs) > 0, "%q: kubectl says %v (%v), we say %v", s, want, wantErr, errs)
			continue
		}
		require.Len(t, docs, 1, "%q", s)
		assert.Equal(t, want, docs[0].Value, "%q", s)
	}
}

// TestRandomDocumentsAreThoseOfKubectl grows documents of every style and compares.
func TestRandomDocumentsAreThoseOfKubectl(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	accepted := 0
	for range 3000 {
		g := grower{Rand: r}
		text := "root:" + g.value(1, 0)
		want, wantErr := kubectl(text)
		docs, errs := new(manifest.Reader).Decode("a.yaml", []byte(text))
		if wantErr != nil {
			require.NotEmpty(t, errs, "kubectl says %v of\n%s", wantErr, text)
			continue
		}
		accepted++
		require.Empty(t, errs, "%s", text)
		require.Len(t, docs, 1, "%s", text)
		require.Equal(t, want, docs[0].Value, "%s", text)
	}
	t.Logf("%d documents accepted by both", accepted)
	assert.Greater(t, accepted, 1500)
}

type grower struct {
	*rand.Rand
	anchors int
}

func (g *grower) value(indent, depth int) string {
	pad := "\n" + strings.Repeat("  ", indent)
	n := g.IntN(9)
	if depth > 4 {
		n = g.IntN(5)
	}
	switch n {
	case 0:
		return " |" + pad + "text: yes" + pad + "# no comment" + "\n"
	case 1:
		return " >-" + pad + "folded" + pad + "text" + "\n"
	case 2:
		if g.anchors > 0 {
			return fmt.Sprintf(" *a%d\n", g.IntN(g.anchors))
		}
		return " # a comment\n"
	case 5, 6:
		var b strings.Builder
		if g.IntN(4) == 0 {
			fmt.Fprintf(&b, " &a%d", g.anchors)
			defer func() { g.anchors++ }()
		}
		for i := range 1 + g.IntN(3) {
			fmt.Fprintf(&b, "%sk%d:%s", pad, i, g.value(indent+1, depth+1))
		}
		return b.String()
	case 7:
		var b strings.Builder
		for range 1 + g.IntN(3) {
			b.WriteString(pad + "-" + g.value(indent+1, depth+1))
		}
		return b.String()
	case 8:
		return " {a: " + g.flow() + ", 'b': [" + g.flow() + ", " + g.flow() + "]}\n"
	default:
		return " " + strings.ReplaceAll(scalars[g.IntN(len(scalars))], "&", " ") + "\n"
	}
}

func (g *grower) flow() string {
	for {
		s := strings.ReplaceAll(scalars[g.IntN(len(scalars))], "&", " ")
		if !strings.ContainsAny(s, "#:") {
			return s
		}
	}
}

func TestMergeKeysKeepWhatIsSet(t *testing.T) {
	text := "base: &b {p: 1, q: 2}\nmore: &m {q: 3, r: 4}\none: {<<: *b, p: 9}\nmany: {<<: [*b, *m]}\nquoted: {'<<': 1}\n"
	var want any
	require.NoError(t, yaml.Unmarshal([]byte(text), &want)) // not strict, which takes the key that is set for a second one
	got, err := yaml.Marshal(one(t, text))
	require.NoError(t, err)
	wanted, err := yaml.Marshal(want)
	require.NoError(t, err)
	assert.Equal(t, string(wanted), string(got))
}

func TestDocumentsAndTheirLines(t *testing.T) {
	tests := []struct {
		name, file, text string
		want             [][2]int // number and line
		items            []int
	}{
		{"one", "a.yaml", "a: 1\n", [][2]int{{1, 1}}, nil},
		{"no line end", "a.yaml", "a: 1", [][2]int{{1, 1}}, nil},
		{"two", "a.yaml", "a: 1\n---\nb: 1\n", [][2]int{{1, 1}, {2, 3}}, nil},
		{"comments count no document", "a.yaml", "# head\n---\n# of it\na: 1\n---\n", [][2]int{{1, 4}}, nil},
		{"an empty document counts", "a.yaml", "---\n---\na: 1\n", [][2]int{{2, 3}}, nil},
		{"content after the marker", "a.yaml", "---  {a: 1}\n--- # c\nb: 1\n", [][2]int{{1, 1}, {2, 3}}, nil},
		{"windows", "a.yaml", "a: 1\r\n---\r\nb: 1\r\n", [][2]int{{1, 1}, {2, 3}}, nil},
		{"end marker", "a.yaml", "a: 1\n...\n# c\nb: 1\n", [][2]int{{1, 1}, {2, 4}}, nil},
		{"directive", "a.yaml", "%YAML 1.1\n---\na: 1\n", [][2]int{{1, 3}}, nil},
		{"marker in a literal", "a.yaml", "a: |\n  ---\n  b\nc: ----\n", [][2]int{{1, 1}}, nil},
		{"byte order mark", "a.yaml", "\xEF\xBB\xBFa: 1\n", [][2]int{{1, 1}}, nil},
		{"items", "a.yaml", "---\nkind: List\nitems:\n- a: 1\n\n- b: 1\n", [][2]int{{1, 2}}, []int{4, 6}},
		{"json", "a.json", "\n{\"a\":\n1}\n{\"b\": 2}", [][2]int{{1, 2}, {2, 4}}, nil},
		{"json items", "a.json", "{\"items\": [\n{\"a\": 1},\n\n{\"b\": 2}]}", [][2]int{{1, 1}}, []int{2, 4}},
		{"json in yaml", "a.yaml", "{\"a\": \"\\ud83d\\ude00\"}", [][2]int{{1, 1}}, nil},
		{"nothing", "a.yaml", "\n# only words\n", nil, nil},
		{"empty", "a.json", "", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			docs, errs := new(manifest.Reader).Decode(tt.file, []byte(tt.text))
			require.Empty(t, errs)
			var got [][2]int
			var items []int
			for _, d := range docs {
				got = append(got, [2]int{d.Number, d.Line})
				items = append(items, d.Items...)
			}
			assert.Equal(t, tt.want, got)
			assert.Equal(t, tt.items, items)
		})
	}
}

func TestUTF16IsRead(t *testing.T) {
	for _, big := range []bool{true, false} {
		var b []byte
		for _, r := range "\uFEFFa: é\n---\nb: 1\n" {
			if big {
				b = append(b, byte(r>>8), byte(r))
			} else {
				b = append(b, byte(r), byte(r>>8))
			}
		}
		docs, errs := new(manifest.Reader).Decode("a.yaml", b)
		require.Empty(t, errs)
		require.Len(t, docs, 2)
		assert.Equal(t, map[string]any{"a": "é"}, docs[0].Value)
	}
}

func TestFaultsNameTheirLine(t *testing.T) {
	laughs := "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := 1; i < 9; i++ {
		laughs += fmt.Sprintf("a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), ", "))
	}
	tests := []struct {
		name, file, text string
		kind             error
		want             []string
	}{
		{"syntax", "a.yaml", "a: 1\n---\nb: 1\nc: [1,\n", render.ErrSyntax, []string{"render a.yaml:4: syntax error: "}},
		{"indent", "a.yaml", "a: 1\n---\nb: c: d\n", render.ErrSyntax, []string{"render a.yaml:3: syntax error: mapping values"}},
		{"tab", "a.yaml", "a:\n\tb: 1\n", render.ErrSyntax, []string{"render a.yaml:2: syntax error: found character that cannot start any token; the line is indented with a tab, use spaces"}},
		{"every document", "a.yaml", "a: [\n---\nb: {\n---\nc: 1\n", render.ErrSyntax, []string{"render a.yaml:", "render a.yaml:3"}},
		{"twice", "a.yaml", "---\na: 1\nb:\n  c: 1\n  c: 2\n", render.ErrSyntax, []string{`render a.yaml:5: syntax error: key "c" is already set at line 4`}},
		{"twice after conversion", "a.yaml", "1: a\n\"1\": b\n", render.ErrSyntax, []string{`render a.yaml:2: syntax error: key "1" is already set at line 1`}},
		{"key", "a.yaml", "[a]: 1\n", render.ErrSyntax, []string{"render a.yaml:1: syntax error: a key must be a string"}},
		{"anchor", "a.yaml", "a: 1\nb: *c\n", render.ErrSyntax, []string{"unknown anchor 'c' referenced"}},
		{"cycle", "a.yaml", "a: &x\n  b: *x\n", render.ErrSyntax, []string{`render a.yaml:2: syntax error: anchor "x" contains itself`}},
		{"laughs", "a.yaml", laughs, render.ErrTooLarge, []string{"aliases add more than 1048576 values"}},
		{"deep", "a.yaml", strings.Repeat("[", 2000) + strings.Repeat("]", 2000), render.ErrTooLarge, []string{"nested more than 1000 deep"}},
		{"deep json", "a.json", strings.Repeat("[", 2000) + strings.Repeat("]", 2000), render.ErrTooLarge, []string{"nested more than 1000 deep"}},
		{"nan", "a.yaml", "a: .nan\n", render.ErrSyntax, []string{"render a.yaml:1: syntax error: .nan is no number that JSON can hold"}},
		{"tag", "a.yaml", "a: !!int x\n", render.ErrSyntax, []string{`render a.yaml:1: syntax error: "x" is no int`}},
		{"text", "a.yaml", "a: \xff\n", render.ErrSyntax, []string{"render a.yaml: syntax error: not valid UTF-8 text"}},
		{"json", "a.json", "{\n\"a\": 1,\n}", render.ErrSyntax, []string{"render a.json:3: syntax error: "}},
		{"json end", "a.json", "{\n\"a\": 1\n", render.ErrSyntax, []string{"syntax error: unexpected EOF"}},
		{"json twice", "a.json", "{\"a\": 1,\n\"a\": 2}", render.ErrSyntax, []string{`render a.json:2: syntax error: key "a" is already set`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, errs := new(manifest.Reader).Decode(tt.file, []byte(tt.text))
			require.Len(t, errs, len(tt.want), "%v", errs)
			for i, err := range errs {
				require.ErrorIs(t, err, tt.kind)
				assert.Contains(t, err.Error(), tt.want[i])
			}
		})
	}
}

func TestAliasesOfARenderingShareOneBound(t *testing.T) {
	var r manifest.Reader
	const half = "a: &a [x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b, *b, *b]\n"
	for n := range 1 << 20 {
		_, errs := r.Decode("a.yaml", []byte(half))
		if len(errs) == 0 {
			continue
		}
		require.ErrorIs(t, errs[0], render.ErrTooLarge)
		t.Logf("refused at document %d", n+1)
		return
	}
	t.Fatal("documents without end")
}

func FuzzDecode(f *testing.F) {
	for _, s := range scalars {
		f.Add("a.yaml", []byte("a: "+strings.ReplaceAll(s, "&", " ")))
	}
	f.Add("a.yaml", []byte("a: &x {b: [*x]}\n---\n%TAG ! !\n...\n"))
	f.Add("a.json", []byte(`{"kind":"List","items":[{"a":1},null]}`))
	f.Fuzz(func(t *testing.T, file string, data []byte) {
		docs, _ := new(manifest.Reader).Decode(file, data)
		for _, d := range docs {
			if d.Line < 1 || d.Number < 1 {
				t.Fatalf("place %d:%d", d.Number, d.Line)
			}
			for _, o := range manifest.Objects(file, d) {
				if o.Object != nil {
					o.Object.DeepCopy()
				}
			}
		}
	})
}
