package diff_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
)

// Every comparison says where its object comes from, whatever the verdict and however it was come by; a change does when the desired
// object is its cause.
func TestOrigins(t *testing.T) {
	asked := map[string]int{}
	opts := &diff.Options{Origin: func(ref cluster.Ref, path string) cluster.Origin {
		asked[path]++
		return cluster.Origin{File: ref.Name + ".yaml", Via: path}
	}}
	file := cluster.Origin{File: "web.yaml"}
	field := cluster.Origin{File: "web.yaml", Via: ".spec.replicas"}
	more := strings.Replace(web, "spec:", "spec:\n  minReadySeconds: 3", 1)
	drifted := func(s *store) *store { return s.update("edit", change("spec.replicas", int64(9))) }
	leave, err := diff.NewIgnore([]diff.IgnoreRule{{Group: "*", JSONPointers: []string{"/spec/minReadySeconds"}}}, nil)
	require.NoError(t, err)
	for name, row := range map[string]struct {
		desired string
		live    *store
		ignore  *diff.Ignore
		verdict diff.Verdict
		want    map[string]cluster.Origin
	}{
		"missing":  {web, nil, nil, diff.Missing, map[string]cluster.Origin{"": file}},
		"same":     {web, newStore(t, web).apply(us, web), nil, diff.Same, map[string]cluster.Origin{}},
		"desired":  {web, drifted(newStore(t, web).apply(us, web)), nil, diff.Conflict, map[string]cluster.Origin{".spec.replicas": field}},
		"dropped":  {web, newStore(t, web).apply(us, more), nil, diff.Differs, map[string]cluster.Origin{".spec.minReadySeconds": {}}},
		"ignoring": {web, drifted(newStore(t, web).apply(us, web)), leave, diff.Conflict, map[string]cluster.Origin{".spec.replicas": field}},
	} {
		t.Run(name, func(t *testing.T) {
			o := *opts
			o.Ignore = row.ignore
			c := diff.New(us, nil, &o)
			d, err := c.Prepare(object(t, row.desired))
			require.NoError(t, err)
			var out *diff.Comparison
			if row.live == nil {
				out, err = c.Compare(d, nil)
			} else {
				out, err = c.Compare(d, row.live.live())
			}
			require.NoError(t, err)
			assert.Equal(t, row.verdict, out.Verdict)
			assert.Equal(t, file, out.Origin)
			got := map[string]cluster.Origin{}
			for _, change := range out.Changes {
				got[change.Path] = change.Origin
			}
			assert.Equal(t, row.want, got)
		})
	}
	assert.Equal(t, map[string]int{"": 5, ".spec.replicas": 2}, asked, "it is asked for what is shown")
}

// An origin is somebody's file name: it does not break out of its line.
func TestOriginsStayInTheirLines(t *testing.T) {
	c := diff.New(us, nil, &diff.Options{Origin: func(cluster.Ref, string) cluster.Origin {
		return cluster.Origin{File: "a\n+++ b`</code>\x1b[31m.yaml"}
	}})
	d, err := c.Prepare(object(t, web))
	require.NoError(t, err)
	set, err := c.CompareAll(t.Context(), []*diff.Desired{d}, nil)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, diff.Fprint(&b, set.Comparisons[0], nil))
	require.NoError(t, diff.FprintUnified(&b, set.Comparisons[0], nil))
	require.NoError(t, diff.FprintMarkdown(&b, set, nil))
	assert.NotContains(t, b.String(), "\x1b")
	assert.NotContains(t, b.String(), "\n+++ b")
	_, summary, _ := strings.Cut(b.String(), "<summary>")
	summary, _, _ = strings.Cut(summary, "\n")
	assert.Equal(t, 1, strings.Count(summary, "</code>"), summary)
}
