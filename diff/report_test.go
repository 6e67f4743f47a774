package diff_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
)

func revision(t *testing.T, text string) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	for doc := range strings.SplitSeq(text, "\n---\n") {
		out = append(out, object(t, doc))
	}
	return out
}

// Each case is two revisions, "before" and "after", and the report of each form.
func TestReports(t *testing.T) {
	files, err := filepath.Glob("testdata/report/*.txtar")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			require.NoError(t, err)
			in := map[string]string{}
			for _, f := range archive.Files {
				in[f.Name] = string(f.Data)
			}
			c := diff.New(us, nil, &diff.Options{Origin: func(ref cluster.Ref, path string) cluster.Origin {
				if path == `.spec.template.spec.containers[name="web"].image` {
					return cluster.Origin{File: "shop/overlay.yaml", Line: 7, Via: "kustomization.yaml"}
				}
				return cluster.Origin{File: "shop/" + ref.Name + ".yaml", Line: 1}
			}})
			set, err := c.CompareRevisions(t.Context(), revision(t, in["before"]), revision(t, in["after"]))
			require.NoError(t, err)

			var markdown, unified, patches bytes.Buffer
			require.NoError(t, diff.FprintMarkdown(&markdown, set, &diff.MarkdownOptions{
				Title: "Preview", Unchanged: true,
			}))
			for _, one := range set.Comparisons {
				require.NoError(t, diff.FprintUnified(&unified, one, nil))
				patch, err := one.JSONPatch()
				require.NoError(t, err)
				fmt.Fprintf(&patches, "%s: %s\n", one.Ref, patch)
			}
			data, err := json.MarshalIndent(set, "", "  ")
			require.NoError(t, err)
			got := []txtar.File{
				{Name: "before", Data: []byte(in["before"])}, {Name: "after", Data: []byte(in["after"])},
				{Name: "markdown", Data: markdown.Bytes()}, {Name: "unified", Data: unified.Bytes()},
				{Name: "json patch", Data: patches.Bytes()}, {Name: "json", Data: append(data, '\n')},
			}
			if *update {
				require.NoError(t, os.WriteFile(file, txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: got}), 0o644))
				return
			}
			for _, f := range got {
				assert.Equal(t, in[f.Name], string(f.Data), f.Name)
			}
			all := markdown.String() + unified.String() + patches.String() + string(data) + fmt.Sprintf("%v %+v %#v", set, set.Comparisons, set.Comparisons[1])
			for _, secret := range []string{"first-token-value", "second-token-value", "an-unchanged-user", "Zmlyc3QtdG9rZW4tdmFsdWU", "c2Vjb25kLXRva2VuLXZhbHVl"} {
				assert.NotContains(t, all[strings.Index(all, "Preview"):], secret)
			}
		})
	}
}

// A revision compared with itself is equal, whatever the kinds; and one with another says what a comparison with the applied
// objects says.
func TestRevisions(t *testing.T) {
	seed := ourSeed(t)
	c := diff.New(us, nil, nil)
	var before, after []*unstructured.Unstructured
	for i, f := range slices.Repeat(families, 3) {
		if f.versions != nil {
			continue // Its definition is not embedded.
		}
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		before, after = append(before, f.object(r, fmt.Sprint("x", i))), append(after, f.object(r, fmt.Sprint("x", i)))
	}
	set, err := c.CompareRevisions(t.Context(), before, before)
	require.NoError(t, err)
	for _, one := range set.Comparisons {
		assert.Equal(t, diff.Same, one.Verdict, "%s %v", one.Ref, briefs(one))
	}
	assert.True(t, set.Equal())

	set, err = c.CompareRevisions(t.Context(), before, after)
	require.NoError(t, err)
	require.Len(t, set.Comparisons, len(after))
	old, err := c.PrepareAll(before)
	require.NoError(t, err)
	patched := 0
	for i, one := range set.Comparisons {
		require.Equal(t, cluster.RefOf(after[i]), one.Ref, "the order is that of the desired objects")
		live, err := c.Applied(old[i])
		require.NoError(t, err)
		d, err := c.Prepare(after[i])
		require.NoError(t, err)
		alone, err := c.Compare(d, live)
		require.NoError(t, err)
		assert.Equal(t, alone.Fingerprint(), one.Fingerprint(), one.Ref)
		if after[i].GetKind() != "Secret" {
			patched += patches(t, one, live)
		}
	}
	assert.NotZero(t, patched)

	set, err = c.CompareRevisions(t.Context(), before[1:], before[:len(before)-1])
	require.NoError(t, err)
	assert.Equal(t, 1, set.Count(diff.Missing))
	assert.Len(t, set.Extra, 1)
	_, err = c.CompareRevisions(t.Context(), nil, []*unstructured.Unstructured{before[0], before[0]})
	assert.ErrorContains(t, err, "the object is desired twice")
}

// A report is never longer than it may be, and loses nothing without saying so.
func TestMarkdownIsBounded(t *testing.T) {
	c := diff.New(us, nil, nil)
	var after []*unstructured.Unstructured
	for i := range 200 {
		after = append(after, object(t, fmt.Sprintf("{apiVersion: v1, kind: ConfigMap, metadata: {name: c%d, namespace: ns}, data: {a: %q}}", i, strings.Repeat("`é", i))))
	}
	set, err := c.CompareRevisions(t.Context(), nil, after)
	require.NoError(t, err)
	for _, most := range []int{100, 1000, 5000, 20_000, 60_000, 1_000_000} {
		var b bytes.Buffer
		require.NoError(t, diff.FprintMarkdown(&b, set, &diff.MarkdownOptions{MaxBytes: most}))
		assert.LessOrEqual(t, b.Len(), most)
		assert.Contains(t, b.String(), "**200 to create**")
		named := 0
		for i := range 200 {
			if strings.Contains(b.String(), fmt.Sprintf("ns/c%d:", i)) {
				named++
			}
		}
		if named < 200 && most > 100 {
			assert.Contains(t, b.String(), fmt.Sprintf("… and %d more objects", 200-named))
		}
		if most >= 20_000 {
			assert.Equal(t, 200, named)
		}
	}
}
