package diff_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/diff"
)

// everything is all that a comparison can be made to say.
func everything(t *testing.T, c *diff.Comparison) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, diff.Fprint(&b, c, nil))
	require.NoError(t, diff.FprintUnified(&b, c, nil))
	require.NoError(t, diff.FprintMarkdown(&b, &diff.Set{Comparisons: []*diff.Comparison{c}}, nil))
	raw, err := json.Marshal(c)
	require.NoError(t, err)
	return b.String() + string(raw) + fmt.Sprintf("%v %+v %#v", c, c, c)
}

// What an expression fails with on a Secret is not repeated, whatever was in it.
func TestFailedExpressionsKeepSecrets(t *testing.T) {
	rules, err := diff.NewIgnore([]diff.IgnoreRule{{Kind: "Secret", JQPaths: []string{".data.password | .x"}}}, nil)
	require.NoError(t, err)
	c := diff.New(us, nil, &diff.Options{Ignore: rules})
	d, err := c.Prepare(object(t, "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: apps}, data: {password: NDcxMQ==}}"))
	require.NoError(t, err)
	live := newStore(t, "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: apps}}").apply(us, `{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: apps}, data: {password: c2hvcnQ=}}`).live()
	out, err := c.Compare(d, live)
	require.NoError(t, err)
	text := everything(t, out)
	assert.Contains(t, text, "the cause is withheld")
	assert.NotContains(t, text, "NDcxMQ")
	assert.NotContains(t, text, "c2hvcnQ")
}

// A manager's fields are left alone but for what tells an object or an item what it is, and what the kind requires.
func TestManagersCannotTakeWhatIsEssential(t *testing.T) {
	rules, err := diff.NewIgnore([]diff.IgnoreRule{{Group: "apps", Kind: "Deployment", Managers: []string{"helm"}}}, nil)
	require.NoError(t, err)
	for name, make := range map[string]func(*store) *store{
		"by apply":  func(s *store) *store { return s.apply("helm", twoContainers) },
		"by update": func(s *store) *store { return s.apply(us, twoContainers).update("helm", func(map[string]any) {}) },
	} {
		t.Run(name, func(t *testing.T) {
			live := make(newStore(t, twoContainers)).live()
			c := diff.New(us, nil, &diff.Options{Ignore: rules})
			d, err := c.Prepare(object(t, strings.Replace(twoContainers, "image: \"web:1\"", "image: \"web:2\", workingDir: /x", 1)))
			require.NoError(t, err)
			out, err := c.Compare(d, live)
			require.NoError(t, err)
			assert.Equal(t, diff.Differs, out.Verdict, "%v", out.Unsure)
			for _, change := range out.Changes {
				assert.NotContains(t, change.Path, `name=""`)
			}
			sent := out.Object()
			selector, _, _ := unstructured.NestedMap(sent.Object, "spec", "selector")
			assert.NotEmpty(t, selector)
			containers, _, _ := unstructured.NestedSlice(sent.Object, "spec", "template", "spec", "containers")
			for _, item := range containers {
				assert.NotEmpty(t, item.(map[string]any)["name"])
			}
		})
	}
}

// kubectl's record of what it applied is content too, of then and of now.
func TestRecordOfASecretIsContent(t *testing.T) {
	with := func(pin string) string {
		return fmt.Sprintf(`{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: apps, annotations: {other: shown, kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"pin":"%s"}}'}}, data: {pin: NDcxMQ==}}`, pin)
	}
	live := newStore(t, with("4711")).apply("kubectl", with("4711")).live()
	c := diff.New("kubectl", nil, nil)
	d, err := c.Prepare(object(t, with("9999")))
	require.NoError(t, err)
	out, err := c.Compare(d, live)
	require.NoError(t, err)
	text := everything(t, out)
	assert.NotContains(t, text, "4711")
	assert.NotContains(t, text, "9999")
	created, err := c.Compare(d, nil)
	require.NoError(t, err)
	text = everything(t, created)
	assert.NotContains(t, text, "9999")
	assert.Contains(t, text, "shown")
}

// The faults of a set's objects, and the paths of conflicts, are masked with the set's Secrets.
func TestFaultsOfASetAreMasked(t *testing.T) {
	c := diff.New(us, nil, nil)
	secret := object(t, "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: apps}, stringData: {p: hunter2hunter2}}")
	_, err := c.PrepareAll([]*unstructured.Unstructured{secret, object(t, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: apps}, spec: {replicas: hunter2hunter2}}")})
	require.Error(t, err)
	assert.NotContains(t, err.Error(), "hunter2hunter2")

	keyed := "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: apps}, data: {hunter2hunter2: %s}}"
	ds, err := c.PrepareAll([]*unstructured.Unstructured{secret, object(t, fmt.Sprintf(keyed, "mine"))})
	require.NoError(t, err)
	live := newStore(t, fmt.Sprintf(keyed, "x")).apply("helm", fmt.Sprintf(keyed, "theirs")).live()
	set, err := c.CompareAll(t.Context(), ds, []*unstructured.Unstructured{nil, live})
	require.NoError(t, err)
	require.Equal(t, diff.Conflict, set.Comparisons[1].Verdict)
	assert.NotContains(t, everything(t, set.Comparisons[1]), "hunter2hunter2")
	assert.Equal(t, ".data.(redacted)", set.Comparisons[1].Conflicts[0].Field)
}

// An empty rule is named beside others that are at fault.
func TestEveryEmptyRuleIsNamed(t *testing.T) {
	_, err := diff.NewIgnore([]diff.IgnoreRule{{Kind: "[", JSONPointers: []string{"/spec"}}, {Kind: "Pod"}}, nil)
	require.ErrorContains(t, err, `ignore rule 0: "[": syntax error in pattern`)
	require.ErrorContains(t, err, "ignore rule 1")
	require.ErrorContains(t, err, "names no field")
}
