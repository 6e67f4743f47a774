package diff_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/diff"
)

// A value of the wrong type is told as the object says it.
func TestMisfits(t *testing.T) {
	const configMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: o}\n"
	const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: o}\nspec: "
	container := func(fields string) string {
		return deployment + "{template: {spec: {containers: [{name: a}, {name: b, " + fields + "}]}}}"
	}
	const b = `.spec.template.spec.containers[name="b"]`
	for manifest, want := range map[string]string{
		configMap + "data: {a: 5}":                                        `.data.a: expected string, got 5`,
		configMap + "data: {a: 1.5}":                                      `.data.a: expected string, got 1.5`,
		configMap + "data: {a: true}":                                     `.data.a: expected string, got true`,
		configMap + "data: {a: {b: c}}":                                   `.data.a: expected string, got a map`,
		configMap + "data: {a.b: [1]}":                                    `.data.a.b: expected string, got a list`,
		configMap + "data: {a: 5, b: 6}":                                  `.data.a: expected string, got 5; .data.b: expected string, got 6`,
		configMap + "data: 5":                                             `.data: expected map, got 5`,
		configMap + "data: " + strings.Repeat("long", 50):                 `.data: expected map, got a string`,
		configMap + `immutable: "true"`:                                   `.immutable: expected boolean, got "true"`,
		"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: o, labels: x}": `.metadata.labels: expected map, got "x"`,
		deployment + "5":                                                  `.spec: expected map, got 5`,
		deployment + `{replicas: "3"}`:                                    `.spec.replicas: expected number, got "3"`,
		container("image: 7"):                                             b + `.image: expected string, got 7`,
		container("args: [x, 8]"):                                         b + `.args[1]: expected string, got 8`,
		container("args: x"):                                              b + `.args: expected list, got "x"`,
		container("ports: [{containerPort: 80, name: 9}]"):                b + `.ports[containerPort=80,protocol="TCP"].name: expected string, got 9`,
		container("resources: {limits: {cpu: many}}"):                     b + `.resources.limits.cpu: expected quantity such as 500m or 1Gi, got "many"`,
		deployment + "{replicas: 2.5}":                                    `.spec.replicas: expected integer, got 2.5`,
		configMap + `binaryData: {a.b: "?"}`:                              `.binaryData["a.b"]: expected base64, got "?"`,
		container("resources: {limits: {cpu: {a: 1}}}"):                   b + `.resources.limits.cpu: expected string, number or boolean, got a map`,
	} {
		_, err := diff.New(us, nil, nil).Prepare(object(t, manifest))
		var e *diff.Error
		if assert.ErrorAs(t, err, &e, manifest) {
			assert.Equal(t, want, strings.TrimPrefix(strings.TrimPrefix(err.Error(), "prepare ConfigMap o: "), "prepare Deployment o: "))
		}
	}
}

// Of a Secret, which may have its content in any wrong place, nothing shows but types.
func TestMisfitsOfASecret(t *testing.T) {
	const head = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n"
	for body, want := range map[string]string{
		"stringData: {pin: 73571}":      ".stringData.pin: expected string, got a number",
		"data: {pin: hunter}":           ".data.pin: expected base64, got a string",
		"data: {pin: true}":             ".data.pin: expected string, got a boolean",
		"data: hunter":                  ".data: expected map, got a string",
		"stringData: [hunter]":          ".stringData: expected map, got a list",
		"stringData: {a: {pin: 73571}}": ".stringData.a: expected string, got a map",
		"immutable: hunter":             ".immutable: expected boolean, got a string",
	} {
		_, err := diff.New(us, nil, nil).Prepare(object(t, head+body))
		assert.EqualError(t, err, "prepare Secret s: "+want)
	}
}

// What is wrong with the live object is told in the same words.
func TestMisfitOfTheLiveObject(t *testing.T) {
	c := diff.New(us, nil, nil)
	for manifest, want := range map[string]string{
		"{apiVersion: v1, kind: ConfigMap, metadata: {name: o}, data: {a: x}}": ".data.a the live object does not fit the schema: expected string, got 5",
		"{apiVersion: v1, kind: Secret, metadata: {name: o}, data: {a: eA==}}": ".data.a the live object does not fit the schema: expected string, got a number",
	} {
		d, err := c.Prepare(object(t, manifest))
		require.NoError(t, err)
		live := object(t, manifest)
		live.Object["data"] = map[string]any{"a": int64(5)}
		out, err := c.Compare(d, live)
		require.NoError(t, err)
		require.Len(t, out.Unsure, 1)
		assert.Equal(t, want, out.Unsure[0].Path+" "+out.Unsure[0].Message)
	}
}
