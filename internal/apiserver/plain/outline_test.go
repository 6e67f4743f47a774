package plain_test

import (
	"maps"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

// outlineOf is what an outline is, taken from the whole.
func outlineOf(t *testing.T, data []byte) map[string]any {
	t.Helper()
	all, err := plain.Decode(data)
	require.NoError(t, err)
	maps.DeleteFunc(all, func(key string, _ any) bool { return key != "apiVersion" && key != "kind" && key != "metadata" })
	if metadata, ok := all["metadata"].(map[string]any); ok {
		delete(metadata, "managedFields")
	}
	return all
}

func TestOutline(t *testing.T) {
	for _, text := range []string{
		`{}`, `{"apiVersion":"v1","data":{"a":"}\"]"},"kind":"ConfigMap","metadata":{"managedFields":[{"a":"\\"}],"name":"a","uid":"b"}}`,
		` { "spec" : 1 , "kind" : "A" , "x" : [ true, null ] } `, `{"metadata":{}}`, `{"metadata":null,"kind":1}`, `{"a":1,"metadata":"x"}`,
		`{"kind":"A","kind":"B"}`, `{"spec":-1.5e3}`, `{"spec":"","metadata":{"managedFields":null}}`,
	} {
		got, err := plain.Outline([]byte(text))
		require.NoError(t, err, text)
		assert.Equal(t, outlineOf(t, []byte(text)), got, text)
	}
	for _, text := range []string{``, `{`, `{"a":`, `{"a":"`, `{"a":"\`, `{"a":[`, `{"metadata":{"a"`, `{"a":1`, `{} x`} {
		_, err := plain.Outline([]byte(text))
		assert.Error(t, err, text)
	}
}

func TestOutlineOfAnyObject(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 2))
	for range 1000 {
		obj := random(r, 3)
		obj["kind"], obj["spec"] = text(r), random(r, 3)
		metadata := random(r, 3)
		metadata["managedFields"], metadata["name"] = item(r, 3), text(r)
		obj["metadata"] = metadata
		data, err := plain.Encode(obj)
		require.NoError(t, err)
		got, err := plain.Outline(data)
		require.NoError(t, err)
		require.Equal(t, outlineOf(t, data), got, "%s", data)
	}
}
