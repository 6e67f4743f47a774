package diff_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
)

// What a server said of a comparison, as a person reads it.
func TestConfirmedPrints(t *testing.T) {
	const text = "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}, data: {level: info, size: \"3\"}}"
	live := newStore(t, text).apply(us, text).live()
	computed := compare(t, reworded(reworded(text, "info", "debug"), "3", "4"), live)
	for name, row := range map[string]struct {
		answer   func(out *unstructured.Unstructured) error
		want     string
		markdown string
	}{
		"admission": {
			func(out *unstructured.Unstructured) error {
				change("data.size", "4")(out.Object)
				change("data.seen", "yes")(out.Object)
				return nil
			},
			`~ ConfigMap shop/settings: 2 changes
  + .data.seen: "yes"
      set by admission along with any write
  ~ .data.size: "3" → "4"
  · .data.level: "info" by admission, not "debug"
`,
			"- overruled: `.data.level: \"info\" by admission, not \"debug\"`\n",
		},
		"in vain": {
			func(*unstructured.Unstructured) error { return nil },
			`= ConfigMap shop/settings: as far as admission lets it
  · .data.level: "info" by admission, not "debug"
  · .data.size: "3" by admission, not "4"
`, "",
		},
		"refused": {
			func(*unstructured.Unstructured) error {
				return &cluster.Error{Op: "apply", Ref: cluster.RefOf(live), Code: 422, Err: &cluster.InvalidError{Causes: []cluster.Cause{{Field: "data", Message: "is immutable"}}}}
			},
			`! ConfigMap shop/settings: refused by the server
  ~ .data.level: "info" → "debug"
  ~ .data.size: "3" → "4"
  ! invalid: data: is immutable
`,
			"- `! invalid: data: is immutable`\n",
		},
		"not said": {
			func(*unstructured.Unstructured) error {
				return &cluster.Error{Op: "apply", Ref: cluster.RefOf(live), Code: 500, Err: errors.New("failed calling webhook")}
			},
			`~ ConfigMap shop/settings: 2 changes
  ~ .data.level: "info" → "debug"
  ~ .data.size: "3" → "4"
  ? not confirmed: failed calling webhook
`,
			"- `? not confirmed: failed calling webhook`\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := diff.NewConfirmer(applier(func(context.Context, *unstructured.Unstructured, cluster.WriteOptions) (*cluster.Written, error) {
				out := live.DeepCopy()
				err := row.answer(out)
				return &cluster.Written{Object: out}, err
			}), nil)
			set, err := s.ConfirmAll(t.Context(), &diff.Set{Comparisons: []*diff.Comparison{computed}})
			require.NoError(t, err)
			var printed, markdown bytes.Buffer
			require.NoError(t, diff.Fprint(&printed, set.Comparisons[0], nil))
			assert.Equal(t, row.want, printed.String())
			require.NoError(t, diff.FprintMarkdown(&markdown, set, nil))
			assert.Contains(t, markdown.String(), row.markdown)
			assert.Equal(t, name == "in vain", set.Equal(), fmt.Sprint(set.Comparisons[0].Verdict))
		})
	}
}
