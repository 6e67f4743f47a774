package diff_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/diff"
)

const credentials = `
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop, annotations: {copy: "password is correct horse battery"}}
stringData: {password: correct horse battery, user: admin-user}
`

// No way of showing a comparison shows what is in a Secret, the old values and the new ones.
func TestSecretsNeverShow(t *testing.T) {
	const before = `
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop, annotations: {copy: "password is staple staple staple"}}
data: {password: c3RhcGxlIHN0YXBsZSBzdGFwbGU=, gone: b2xkLXNlY3JldC12YWx1ZQ==}
`
	live := newStore(t, before).apply(us, before).live()
	for name, c := range map[string]*diff.Comparison{
		"update": compare(t, credentials, live),
		"create": compare(t, credentials, nil),
	} {
		shown := map[string]string{}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			shown[verb] = fmt.Sprintf(verb, c) + fmt.Sprintf(verb, *c) + fmt.Sprintf(verb, c.Changes)
			for _, change := range c.Changes {
				shown[verb] += fmt.Sprintf(verb, change) + fmt.Sprintf(verb, change.Old) + fmt.Sprintf(verb, change.New) + fmt.Sprintf(verb, &change.New)
			}
		}
		prepared, err := diff.New(us, nil, nil).Prepare(object(t, credentials))
		require.NoError(t, err)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			shown[verb] += fmt.Sprintf(verb, prepared) + fmt.Sprintf(verb, *prepared)
		}
		data, err := json.Marshal(c)
		require.NoError(t, err)
		shown["json"] = string(data)
		data, err = yaml.Marshal(c)
		require.NoError(t, err)
		shown["yaml"] = string(data)
		var b bytes.Buffer
		require.NoError(t, diff.Fprint(&b, c, nil))
		shown["print"] = b.String()
		b.Reset()
		slog.New(slog.NewTextHandler(&b, nil)).Info("x", "prepared", prepared, "comparison", c, "changes", c.Changes, "value", c.Changes[0].New)
		slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "prepared", prepared, "comparison", c, "changes", c.Changes, "value", c.Changes[0].New)
		shown["log"] = b.String()
		for how, text := range shown {
			for _, secret := range []string{
				"correct horse", "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5", "admin-user", "YWRtaW4tdXNlcg==",
				"staple", "c3RhcGxlIHN0YXBsZSBzdGFwbGU=", "old-secret", "b2xkLXNlY3JldC12YWx1ZQ==",
				fmt.Sprintf("%x", "correct horse battery"),
			} {
				assert.NotContains(t, text, secret, "%s, %s", name, how)
			}
		}
		assert.Contains(t, shown["print"], "(redacted)", name)
		assert.Contains(t, shown["json"], "(redacted)", name)
	}
}

// The names of the entries show, and that they differ.
func TestSecretChangesAreNamed(t *testing.T) {
	const before = "{apiVersion: v1, kind: Secret, metadata: {name: db, namespace: shop}, data: {password: b2xkLXZhbHVl, user: YWRtaW4tdXNlcg==}}"
	const after = "{apiVersion: v1, kind: Secret, metadata: {name: db, namespace: shop}, data: {password: bmV3LXZhbHVl, user: YWRtaW4tdXNlcg==}}"
	out := compare(t, after, newStore(t, before).apply(us, before).live())
	require.Len(t, out.Changes, 1)
	assert.Equal(t, ".data.password", out.Changes[0].Path)
	assert.True(t, out.Changes[0].New.Secret())
	assert.Equal(t, "(redacted)", out.Changes[0].New.Interface())
	other := compare(t, `{apiVersion: v1, kind: Secret, metadata: {name: db, namespace: shop}, data: {password: YW5vdGhlcg==, user: YWRtaW4tdXNlcg==}}`, newStore(t, before).apply(us, before).live())
	assert.NotEqual(t, out.Fingerprint(), other.Fingerprint(), "redacted values are told apart all the same")
}
