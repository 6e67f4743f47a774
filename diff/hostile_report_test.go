package diff_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
)

// hostile makes texts that mean to get out of where they are put. Each has the word HOSTILE.
func hostile(r *rand.Rand) string {
	parts := []string{
		"`", "``", "```", "````", "~~~", "\n", "\n\n", "\r\n", "\n```\n", "\n````diff\n", " ", "\t", "</code>", "</summary>", "</details>", "<details>", "<!--", "-->", "<script>", "&lt;", "@all",
		"HOSTILE", "# HOSTILE", "**HOSTILE**", "[HOSTILE](https://evil.example)", "![HOSTILE](x)", "\x1b[31m", "\x00", "\u2028", "\u202e", "\\", "|", "- ", "+++ ", "--- ", "@@ -1 +1 @@", strings.Repeat("`", 400), strings.Repeat("é", 300),
	}
	var b strings.Builder
	for range 1 + r.IntN(6) {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	b.WriteString("HOSTILE")
	for range r.IntN(4) {
		b.WriteString(parts[r.IntN(len(parts))])
	}
	return b.String()
}

// hostileSet is a set of comparisons in which every text is hostile, of every verdict.
func hostileSet(t *testing.T, r *rand.Rand) *diff.Set {
	t.Helper()
	names := make([]string, 6)
	for i := range names {
		names[i] = fmt.Sprint(hostile(r), i)
	}
	made := func(kind, name string) *unstructured.Unstructured {
		version := "v1"
		if kind != "ConfigMap" {
			version = hostile(r) + "/v1"
		}
		return &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": version, "kind": kind, "metadata": map[string]any{"name": name, "namespace": names[0]},
			"data": map[string]any{hostile(r): hostile(r), "both": hostile(r)},
		}}
	}
	rules, err := diff.NewIgnore([]diff.IgnoreRule{{JSONPointers: []string{"/data/both"}, Kind: "ConfigMap", Namespace: "*"}}, nil)
	require.NoError(t, err)
	c := diff.New(us, nil, &diff.Options{Ignore: rules, Origin: func(ref cluster.Ref, path string) cluster.Origin {
		return cluster.Origin{File: names[1] + path, Line: 3}
	}})
	var desired []*diff.Desired
	var live []*unstructured.Unstructured
	for i, name := range names {
		kind := "ConfigMap"
		if i == 5 {
			kind = hostile(r) // Of which there is no schema.
		}
		d, err := c.Prepare(made(kind, name))
		require.NoError(t, err)
		desired = append(desired, d)
		if i == 0 {
			continue // To be created.
		}
		was := d.Object()
		was.Object["data"] = made(kind, name).Object["data"]
		was.SetManagedFields(nil)
		if i > 2 {
			fields := map[string]any{}
			for k := range was.Object["data"].(map[string]any) {
				fields["f:"+k] = map[string]any{}
			}
			was.Object["metadata"].(map[string]any)["managedFields"] = []any{map[string]any{
				"manager": hostile(r), "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1", "time": "2026-01-01T00:00:00Z",
				"fieldsV1": map[string]any{"f:data": fields}, "subresource": "",
			}}
		}
		live = append(live, was)
	}
	live = append(live, made("ConfigMap", hostile(r)+"extra"))
	set, err := c.CompareAll(t.Context(), desired, live)
	require.NoError(t, err)
	return set
}

var (
	fenceLine   = regexp.MustCompile("^ {0,3}(`{3,})([^`]*)$")
	summaryLine = regexp.MustCompile("^<details><summary><code>[^<>\n]*</code></summary>$")
)

// outside returns what is in none of the fences and code spans of a Markdown text, nor in a summary, as CommonMark reads it.
func outside(t *testing.T, text string) string {
	var out strings.Builder
	fence := ""
	for line := range strings.SplitSeq(text, "\n") {
		m := fenceLine.FindStringSubmatch(line)
		switch {
		case fence != "":
			if m != nil && len(m[1]) >= len(fence) && strings.TrimSpace(m[2]) == "" {
				fence = ""
			}
		case m != nil:
			fence = m[1]
		case summaryLine.MatchString(line):
		default:
			out.WriteString(withoutSpans(line) + "\n")
		}
	}
	assert.Empty(t, fence, "a fence stays open")
	return out.String()
}

// withoutSpans takes the code spans out of a line.
func withoutSpans(line string) string {
	var out strings.Builder
	for line != "" {
		i := strings.IndexByte(line, '`')
		if i < 0 {
			break
		}
		out.WriteString(line[:i])
		rest := strings.TrimLeft(line[i:], "`")
		ticks := len(line) - i - len(rest)
		end := -1
		for at := 0; at < len(rest); {
			j := strings.IndexByte(rest[at:], '`')
			if j < 0 {
				break
			}
			after := strings.TrimLeft(rest[at+j:], "`")
			if n := len(rest) - at - j - len(after); n == ticks {
				end = at + j
				break
			} else {
				at += j + n
			}
		}
		if end < 0 {
			out.WriteString(line[i : i+ticks])
			line = rest
			continue
		}
		line = rest[end+ticks:]
	}
	return out.String() + line
}

// Whatever the texts of the objects and of their managers are, a report stays in its bounds, its fences and its lines; and so does
// what is for a terminal.
func TestReportsHoldHostileText(t *testing.T) {
	seed := ourSeed(t)
	verdicts := map[diff.Verdict]int{}
	for i := range 50 {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		set := hostileSet(t, r)
		for _, most := range []int{0, -1, 1, 80, 300, 2000, 1_000_000} {
			var b bytes.Buffer
			require.NoError(t, diff.FprintMarkdown(&b, set, &diff.MarkdownOptions{Title: hostile(r), MaxBytes: most, Unchanged: true}))
			text := b.String()
			switch {
			case most <= 0:
				assert.LessOrEqual(t, len(text), 60_000)
			default:
				assert.LessOrEqual(t, len(text), most)
			}
			if len(text) < 300 {
				continue // The heading may be cut.
			}
			_, body, _ := strings.Cut(text, "\n")
			free := outside(t, body)
			if !assert.NotContains(t, free, "HOSTILE", "%s", text) || !assert.NotContains(t, free, "<!--") {
				return
			}
			assert.Equal(t, strings.Count(free, "</details>"), strings.Count(text, "\n<details><summary>"), "%s", free)
			for _, r := range text {
				if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
					require.Failf(t, "a control character", "%q in %q", r, text)
				}
			}
		}
		for _, c := range set.Comparisons {
			verdicts[c.Verdict]++
			var b bytes.Buffer
			require.NoError(t, diff.FprintUnified(&b, c, nil))
			for n, line := range strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n") {
				switch {
				case b.Len() == 0:
				case n == 0:
					assert.Regexp(t, `^--- (live/.*|/dev/null)$`, line)
				case n == 1:
					assert.Regexp(t, `^\+\+\+ desired/.*$`, line)
				default:
					assert.Regexp(t, `^([-+ ]|@@ -\d+(,\d+)? \+\d+(,\d+)? @@$)`, line)
				}
			}
			for _, width := range []int{-1, 0, 1, 2, 40} {
				b.Reset()
				require.NoError(t, diff.Fprint(&b, c, &diff.PrintOptions{Width: width}))
				for line := range strings.SplitSeq(strings.TrimSuffix(b.String(), "\n"), "\n") {
					assert.NotContains(t, line, "\x1b")
					if width > 0 {
						assert.LessOrEqual(t, len([]rune(line)), width)
					}
				}
			}
		}
	}
	t.Log(verdicts)
	for _, v := range []diff.Verdict{diff.Missing, diff.Differs, diff.Conflict, diff.Unsure} {
		assert.Positive(t, verdicts[v], v)
	}
}
