package manifest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/render"
	"github.com/setpoint-dev/setpoint/render/internal/manifest"
)

func objects(t *testing.T, text string) (found []manifest.Located, faults []error) {
	t.Helper()
	docs, errs := new(manifest.Reader).Decode("a.yaml", []byte(text))
	require.Empty(t, errs)
	require.Len(t, docs, 1)
	for _, l := range manifest.Objects("a.yaml", docs[0]) {
		if l.Err != nil {
			faults = append(faults, l.Err)
		} else {
			found = append(found, l)
		}
	}
	return found, faults
}

func TestListsBecomeTheirItems(t *testing.T) {
	tests := []struct {
		name, text string
		want       []string // kind, name and place
	}{
		{"no list", "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n", []string{"v1 Secret a a.yaml:1"}},
		{"List", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: a}\n- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {name: b}\n",
			[]string{"v1 Secret a a.yaml:4", "apps/v1 Deployment b a.yaml:7"}},
		{"RoleList without kinds", "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleList\nitems:\n- metadata: {name: a}\n",
			[]string{"rbac.authorization.k8s.io/v1 Role a a.yaml:4"}},
		{"ConfigMapList with kinds", "apiVersion: v1\nkind: ConfigMapList\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n",
			[]string{"v1 ConfigMap a a.yaml:4"}},
		{"list in a list", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n  - {apiVersion: v1, kind: Secret, metadata: {name: a}}\n",
			[]string{"v1 Secret a a.yaml:4"}},
		{"a kind that ends in List", "apiVersion: acme.example/v1\nkind: AllowList\nmetadata: {name: a}\nspec: {items: [1]}\n",
			[]string{"acme.example/v1 AllowList a a.yaml:1"}},
		{"no items", "apiVersion: v1\nkind: List\nitems: []\n", nil},
		{"null items", "apiVersion: v1\nkind: PodList\nitems:\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, errs := objects(t, tt.text)
			require.Empty(t, errs)
			var got []string
			for _, o := range found {
				got = append(got, o.Object.GetAPIVersion()+" "+o.Object.GetKind()+" "+o.Object.GetName()+" "+o.Origin.String())
			}
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestWhatIsNoManifest(t *testing.T) {
	const whole = "apiVersion: v1\nkind: Secret\nmetadata: "
	tests := []struct{ name, text, want string }{
		{"a list", "- a\n", "render a.yaml:1: not a manifest: expected an object, found a list"},
		{"a word", "hello\n", "render a.yaml:1: not a manifest: expected an object, found a string"},
		{"empty", "{}\n", "render a.yaml:1: not a manifest: apiVersion is missing; kind is missing; metadata.name is missing"},
		{"no apiVersion", "kind: Secret\nmetadata: {name: a, namespace: b}\n", "render a.yaml:1: Secret b/a: not a manifest: apiVersion is missing"},
		{"odd apiVersion", "apiVersion: a/b/c\nkind: Secret\nmetadata: {name: a}\n", `render a.yaml:1: Secret a: not a manifest: apiVersion "a/b/c" is not of the form group/version`},
		{"no kind", "apiVersion: v1\nmetadata: {name: a}\n", "render a.yaml:1: not a manifest: kind is missing"},
		{"a number for a kind", "apiVersion: v1\nkind: 1\nmetadata: {name: a}\n", "render a.yaml:1: not a manifest: kind is a number, not a string; quote it"},
		{"no metadata", "apiVersion: v1\nkind: Secret\n", "render a.yaml:1: not a manifest: metadata.name is missing"},
		{"text for metadata", whole + "x\n", "render a.yaml:1: not a manifest: metadata is a string, not an object"},
		{"no name", whole + "{namespace: a}\n", "render a.yaml:1: not a manifest: metadata.name is missing"},
		{"a number for a name", whole + "{name: 12}\n", "render a.yaml:1: not a manifest: metadata.name is a number, not a string; quote it"},
		{"a boolean for a label", whole + "{name: a, labels: {b: yes, a: 'yes', c: null}}\n", `render a.yaml:1: Secret a: not a manifest: metadata.labels["b"] is a boolean, not a string; quote it`},
		{"labels", whole + "{name: a, labels: [b]}\n", "render a.yaml:1: Secret a: not a manifest: metadata.labels is a list, not an object"},
		{"items", "apiVersion: v1\nkind: List\nitems: {a: b}\n", "render a.yaml:1: not a manifest: List: items is an object, not a list"},
		{"an item", "apiVersion: v1\nkind: List\nitems:\n- 1\n", "render a.yaml:4: not a manifest: expected an object, found a number"},
		{"null item", "apiVersion: v1\nkind: List\nitems:\n-\n", "not a manifest: expected an object, found null"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, errs := objects(t, tt.text)
			require.Len(t, errs, 1)
			require.ErrorIs(t, errs[0], render.ErrNotManifest)
			assert.Contains(t, errs[0].Error(), tt.want)
		})
	}
	found, errs := objects(t, whole+"{generateName: a-}\n")
	require.Empty(t, errs)
	assert.Len(t, found, 1)
}
