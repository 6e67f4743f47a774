package differential_test

import (
	"net/http"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// nearly is how exactly the size that etcd takes is met, in bytes.
const nearly = 128

// What is too large for etcd is refused in the same words, and what is nearly so is not.
func TestTooLarge(t *testing.T) {
	cluster := kubetest.Shared(t, nil)
	sides := newSides(t, cluster)
	run := kubetest.Namespace(t, cluster.Config())
	define(t, sides, run)
	filling := func(n int) string { return strings.Repeat("x", n) }
	for name, test := range map[string]struct {
		path string
		body func(n int) map[string]any
	}{
		"protocol buffers": {"/apis/rbac.authorization.k8s.io/v1/namespaces/" + run + "/roles", func(n int) map[string]any {
			return map[string]any{"metadata": map[string]any{"name": "large"}, "rules": []any{map[string]any{
				"apiGroups": []any{""}, "resources": []any{"pods"}, "verbs": []any{"get"}, "resourceNames": []any{filling(n)},
			}}}
		}},
		"a custom resource": {"/apis/diff.setpoint.dev/v1/namespaces/" + run + "/widgets", func(n int) map[string]any {
			return map[string]any{
				"apiVersion": "diff.setpoint.dev/v1", "kind": "Widget", "metadata": map[string]any{"name": "large"},
				"spec": map[string]any{"free": map[string]any{"text": filling(n)}},
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			create := func(s *side, n int, query string) reply {
				return s.do(t, operation{method: http.MethodPost, path: test.path + query, media: mediaJSON, body: encoded(test.body(n))}, nil)
			}
			remove := func(s *side) { s.do(t, operation{method: http.MethodDelete, path: test.path + "/large"}, nil) }
			const least, most = 1 << 20, 3 << 19
			limit := least + sort.Search(most-least, func(n int) bool {
				defer remove(sides[1])
				return !create(sides[1], least+n, "").accepted()
			})
			require.Less(t, limit, most)
			for _, s := range sides {
				assert.True(t, create(s, limit-nearly, "").accepted(), s.name)
				r := s.do(t, operation{method: http.MethodPatch, path: test.path + "/large", media: mediaMerge, body: encoded(test.body(limit + nearly))}, nil)
				assert.Equal(t, http.StatusInternalServerError, r.code, "an update of %s", s.name)
				remove(s)
			}
			replies := [2]reply{create(sides[0], limit+nearly, ""), create(sides[1], limit+nearly, "")}
			assert.Equal(t, http.StatusInternalServerError, replies[0].code)
			assert.Empty(t, differences(replies[0], replies[1]))
			assert.True(t, create(sides[0], limit+nearly, "?dryRun=All").accepted(), "nobody asks etcd")
			assert.True(t, create(sides[1], limit+nearly, "?dryRun=All").accepted())
		})
	}
}
