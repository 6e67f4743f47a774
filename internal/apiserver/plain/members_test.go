package plain_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

func TestMembers(t *testing.T) {
	const text = ` {"x":{"c":1},"a":{"n":null,"b":{"c": {"d":"}\""},"e":[1,{"c":2}],"f":3}}, "g":"h"}`
	for _, tt := range []struct {
		path []string
		want map[string]string
	}{
		{nil, map[string]string{"x": `{"c":1}`, "a": `{"n":null,"b":{"c": {"d":"}\""},"e":[1,{"c":2}],"f":3}}`, "g": `"h"`}},
		{[]string{"a", "b"}, map[string]string{"c": `{"d":"}\""}`, "e": `[1,{"c":2}]`, "f": "3"}},
		{[]string{"a", "n"}, map[string]string{}},
		{[]string{"g"}, map[string]string{}},
		{[]string{"nowhere"}, map[string]string{}},
	} {
		got, err := plain.Members([]byte(text), tt.path...)
		require.NoError(t, err)
		texts := map[string]string{}
		for k, v := range got {
			texts[k] = string(v)
		}
		assert.Equal(t, tt.want, texts, "%v", tt.path)
	}
	for _, text := range []string{``, `[]`, `{"a":`, `{"a":{"b":[`} {
		_, err := plain.Members([]byte(text), "a")
		assert.Error(t, err, text)
	}
}
