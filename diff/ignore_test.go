package diff_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/diff"
)

// Every rule that cannot be used is named, with its number and its text.
func TestNewIgnoreNamesEveryFault(t *testing.T) {
	_, err := diff.NewIgnore([]diff.IgnoreRule{
		{Kind: "[", JSONPointers: []string{"/spec"}},
		{JSONPointers: []string{"spec/replicas", "/metadata/name", ""}},
		{JQPaths: []string{".spec[", "$ENV.HOME | error", "input"}},
	}, nil)
	require.Error(t, err)
	for _, want := range []string{
		`ignore rule 0: "[": syntax error in pattern`,
		`ignore rule 1: "spec/replicas": a JSON pointer begins with a slash`,
		`ignore rule 1: "/metadata/name": names what the object is, which cannot be ignored`,
		`ignore rule 2: ".spec["`,
	} {
		assert.ErrorContains(t, err, want)
	}
	var one *diff.IgnoreError
	require.ErrorAs(t, err, &one)
	assert.Equal(t, 0, one.Rule)

	_, err = diff.NewIgnore([]diff.IgnoreRule{{Kind: "Pod"}}, nil)
	assert.ErrorContains(t, err, "names no field")
}

const twoContainers = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: apps}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "web:1"}, {name: proxy, image: "proxy:1"}]}
`

// What the kind requires, or tells items of a list apart by, is found out when an object is prepared.
func TestRulesAboutKeysAndRequiredFields(t *testing.T) {
	for _, c := range []struct {
		rule diff.IgnoreRule
		want string
	}{
		{diff.IgnoreRule{Group: "apps", JSONPointers: []string{"/spec/template/spec/containers/0/name"}}, `.spec.template.spec.containers[name="web"].name tells the items of its list apart`},
		{diff.IgnoreRule{Group: "apps", JQPaths: []string{".spec.selector"}}, `.spec.selector is required`},
		{diff.IgnoreRule{Group: "*", JQPaths: []string{".metadata.name"}}, `names what the object is`},
		{diff.IgnoreRule{Group: "*", JQPaths: []string{"."}}, `names the whole object`},
	} {
		ignore, err := diff.NewIgnore([]diff.IgnoreRule{c.rule}, nil)
		require.NoError(t, err)
		_, err = diff.New("us", nil, &diff.Options{Ignore: ignore}).Prepare(object(t, twoContainers))
		var rule *diff.IgnoreError
		require.ErrorAs(t, err, &rule)
		assert.ErrorContains(t, err, c.want)
		assert.ErrorContains(t, err, "prepare Deployment apps/web: ignore rule 0")
	}
}

// The object to apply depends on who owns the field: left out when others do, as it is when nobody but us does.
func TestWhatIsAppliedOfIgnoredFields(t *testing.T) {
	live := func(fields ...string) *unstructured.Unstructured {
		obj := object(t, twoContainers)
		require.NoError(t, unstructured.SetNestedField(obj.Object, int64(7), "spec", "replicas"))
		var entries []any
		for _, f := range fields {
			manager, operation, _ := strings.Cut(f, " ")
			entries = append(entries, map[string]any{
				"manager": manager, "operation": operation, "apiVersion": "apps/v1", "fieldsType": "FieldsV1", "time": "2026-01-01T00:00:00Z",
				"fieldsV1": map[string]any{"f:spec": map[string]any{"f:replicas": map[string]any{}}},
			})
		}
		require.NoError(t, unstructured.SetNestedSlice(obj.Object, entries, "metadata", "managedFields"))
		return obj
	}
	for _, rule := range []diff.IgnoreRule{
		{Group: "apps", Kind: "Deploy*", JSONPointers: []string{"/spec/replicas"}},
		{Group: "apps", Name: "web", Namespace: "apps", JQPaths: []string{".spec.replicas"}},
	} {
		ignore, err := diff.NewIgnore([]diff.IgnoreRule{rule}, nil)
		require.NoError(t, err)
		c := diff.New("us", nil, &diff.Options{Ignore: ignore})
		d, err := c.Prepare(object(t, twoContainers))
		require.NoError(t, err)
		for _, row := range []struct {
			live *unstructured.Unstructured
			want any
		}{
			{live("hpa Update"), nil},
			{live("hpa Update", "us Apply"), nil},
			{live("us Apply"), int64(7)},
		} {
			out, err := c.Compare(d, row.live)
			require.NoError(t, err)
			got, _, _ := unstructured.NestedFieldNoCopy(out.Object().Object, "spec", "replicas")
			assert.Equal(t, row.want, got)
			assert.NotContains(t, fmt.Sprint(out.Changes), "replicas")
			assert.Equal(t, ".spec.replicas", out.Ignored[0].Path)
			assert.Equal(t, 0, out.Ignored[0].Rule)
		}
		out, err := c.Compare(d, nil)
		require.NoError(t, err)
		assert.Equal(t, int64(3), out.Object().Object["spec"].(map[string]any)["replicas"], "a new object is created as desired")
		other := object(t, strings.ReplaceAll(twoContainers, "Deployment", "StatefulSet"))
		other.SetName("other")
		d, err = c.Prepare(other)
		require.NoError(t, err)
		moved := other.DeepCopy()
		require.NoError(t, unstructured.SetNestedField(moved.Object, int64(7), "spec", "replicas"))
		out, err = c.Compare(d, moved)
		require.NoError(t, err)
		assert.Contains(t, fmt.Sprint(out.Changes), "replicas", "the rule is not about this object")
	}
}

// An expression that goes on for ever ends, and the comparison says that it does not know.
func TestExpressionsEnd(t *testing.T) {
	ignore, err := diff.NewIgnore([]diff.IgnoreRule{{Group: "*", JQPaths: []string{`.spec | until(false; .)`}}}, &diff.IgnoreOptions{Timeout: time.Millisecond})
	require.NoError(t, err)
	c := diff.New("us", nil, &diff.Options{Ignore: ignore})
	d, err := c.Prepare(object(t, twoContainers))
	require.NoError(t, err)
	live := object(t, twoContainers)
	require.NoError(t, unstructured.SetNestedField(live.Object, int64(7), "spec", "replicas"))
	out, err := c.Compare(d, live)
	require.NoError(t, err)
	require.NotEmpty(t, out.Unsure)
	assert.Contains(t, out.Unsure[0].Message, "it took longer than 1ms")
}

// Argo CD's forms.
func TestParseArgoCD(t *testing.T) {
	rules, err := diff.ParseIgnoreDifferences([]byte(`
- group: apps
  kind: Deployment
  jsonPointers: [/spec/replicas]
- group: "*"
  kind: "*"
  managedFieldsManagers: [kube-controller-manager]
- kind: ConfigMap
  name: a
  namespace: b
  jqPathExpressions: ['.data["x"]']
`))
	require.NoError(t, err)
	assert.Equal(t, []diff.IgnoreRule{
		{Group: "apps", Kind: "Deployment", JSONPointers: []string{"/spec/replicas"}},
		{Group: "*", Kind: "*", Managers: []string{"kube-controller-manager"}},
		{Kind: "ConfigMap", Name: "a", Namespace: "b", JQPaths: []string{`.data["x"]`}},
	}, rules)
	_, err = diff.NewIgnore(rules, nil)
	require.NoError(t, err)
	for _, bad := range []string{`- {group: apps, jsonPointers: [/a]}`, `- {kind: A, pointers: [/a]}`, `{}`} {
		_, err := diff.ParseIgnoreDifferences([]byte(bad))
		assert.ErrorContains(t, err, "read ignoreDifferences", bad)
	}

	rules, err = diff.ParseSystemIgnores(map[string]string{
		"resource.customizations.ignoreDifferences.all":                                                       "managedFieldsManagers: [hpa]",
		"resource.customizations.ignoreDifferences.admissionregistration.k8s.io_MutatingWebhookConfiguration": "jqPathExpressions: ['.webhooks[]?.clientConfig.caBundle']",
		"resource.compareoptions": "ignoreResourceStatusField: crd",
		"resource.exclusions":     "not: looked at",
	})
	require.NoError(t, err)
	assert.Equal(t, []diff.IgnoreRule{
		{Group: "admissionregistration.k8s.io", Kind: "MutatingWebhookConfiguration", JQPaths: []string{".webhooks[]?.clientConfig.caBundle"}},
		{Group: "*", Managers: []string{"hpa"}},
		{Group: "apiextensions.k8s.io", Kind: "CustomResourceDefinition", Status: true},
	}, rules)
	_, err = diff.ParseSystemIgnores(map[string]string{"resource.compareoptions": "ignoreResourceStatusField: some"})
	assert.Error(t, err)

	options, err := diff.ParseCompareOptions("IgnoreExtraneous, ServerSideDiff=true,IncludeMutationWebhook=true")
	require.NoError(t, err)
	assert.True(t, options.IgnoreExtraneous && *options.ServerSideDiff && options.IncludeMutationWebhook)
	_, err = diff.ParseCompareOptions("ServerSideDif=true")
	assert.True(t, err != nil && !errors.Is(err, errRefused))
}

// An item that is not there yet is created as desired, and one that is dropped goes whole, whatever rules say of its fields.
func TestItemsComeAndGoWhole(t *testing.T) {
	ignore, err := diff.NewIgnore([]diff.IgnoreRule{{Group: "apps", JQPaths: []string{".spec.template.spec.containers[].image"}}}, nil)
	require.NoError(t, err)
	c := diff.New("us", nil, &diff.Options{Ignore: ignore})
	one := object(t, strings.Replace(twoContainers, `, {name: proxy, image: "proxy:1"}`, "", 1))
	containers := func(desired, applied *unstructured.Unstructured) []any {
		t.Helper()
		before, err := c.Prepare(applied)
		require.NoError(t, err)
		live, err := c.Applied(before)
		require.NoError(t, err)
		d, err := c.Prepare(desired)
		require.NoError(t, err)
		out, err := c.Compare(d, live)
		require.NoError(t, err)
		list, _, err := unstructured.NestedSlice(out.Object().Object, "spec", "template", "spec", "containers")
		require.NoError(t, err)
		return list
	}
	assert.Contains(t, containers(object(t, twoContainers), one), map[string]any{"name": "proxy", "image": "proxy:1"})
	assert.Len(t, containers(one, object(t, twoContainers)), 1)
}
