package plain_test

import (
	stdjson "encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	kjson "sigs.k8s.io/json"

	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

var texts = []string{
	`{}`, ` { } `, `{"a":1}`, `{"a":-0,"b":0,"c":-1}`, `{"a":9223372036854775807,"b":-9223372036854775808}`,
	`{"a":9223372036854775808}`, `{"a":1.5,"b":1e3,"c":-2E-2,"d":1.0}`, `{"a":1e400}`, `{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":-}`, `{"a":+1}`,
	`{"a":[],"b":{},"c":[[]],"d":[1,"x",null,true,false]}`, `{"a":"\"\\\/\b\f\n\r\t"}`, `{"a":"\u0041\u00e9\u2028"}`,
	`{"a":"\ud83d\ude00"}`, `{"a":"\ud83d"}`, `{"a":"\ud83dx"}`, `{"a":"\u12"}`, `{"a":"\u00zz"}`, `{"a":"\u+123"}`, `{"a":"\x"}`, "{\"a\":\"\n\"}",
	`{"a":"日本語"}`, "{\"a\":\"\xff\"}", "{\"\xff\":1}", "{\"a\":\"\\n\xff\"}", `{"a":1,"a":2}`, `{"a":{"b":1},"a":{"c":2}}`, `{"a":1,}`, `{"a" 1}`, `{"a":1 "b":2}`,
	`{"":""}`, `[]`, `null`, `1`, `"a"`, ``, ` `, `{`, `{"a"`, `{"a":`, `{"a":1`, `{"a":[1`, `{"a":"`, `{"a":"\`, `{}x`, `{} {}`, `{"a":tru}`, `{"a":nul}`,
	`{"a":truex}`, "\ufeff{}", `{"a":1}` + "\x00", "{\"a\":\"\x00\"}", "{\"a\":\"\x7f\"}", `{"A":1,"a":2}`,
	`{"a":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}`,
	`{"a":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
}

// same holds what is decoded to what the careful decoder makes of it, the error included.
func same(t require.TestingT, text []byte) {
	var want map[string]any
	wantErr := kjson.UnmarshalCaseSensitivePreserveInts(text, &want)
	got, err := plain.Decode(text)
	if wantErr != nil {
		require.EqualError(t, err, wantErr.Error(), "%q", text)
		return
	}
	require.NoError(t, err, "%q", text)
	require.Equal(t, want, got, "%q", text)
	if parsed, ok := plain.Parse(text); ok {
		require.Equal(t, want, parsed, "%q", text)
		faults, err := kjson.UnmarshalStrict(text, &map[string]any{})
		require.NoError(t, err, "%q", text)
		require.Empty(t, faults, "%q", text)
	}
}

func TestDecode(t *testing.T) {
	for _, text := range texts {
		same(t, []byte(text))
	}
}

// What is easy takes the short way: else the package would be for nothing.
func TestParseReadsObjects(t *testing.T) {
	for _, text := range []string{
		`{"apiVersion":"v1","data":{"a":"\u003c\"\n"},"n":[1,-2.5,true,null,{}]}`, " {\n\t\"a\" : [ 1 , 2 ] } ", `{"a":"é"}`,
	} {
		_, ok := plain.Parse([]byte(text))
		assert.True(t, ok, text)
	}
}

func FuzzDecode(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { same(t, text) })
}

func TestEncode(t *testing.T) {
	for _, value := range []any{
		nil, "", "a", "é", "日本語", "\"\\/\b\f\n\r\t\x00\x1f\x7f<>&", "\u2028\u2029", "\xff", "a\xffb", "\ufffd", "\xed\xa0\x80",
		true, false, int64(0), int64(-1), int64(math.MaxInt64), int64(math.MinInt64), 1.5, 1e21, 1e-7, float64(3), 0.1, 7, int32(5),
		map[string]any{}, map[string]any(nil), []any{}, []any(nil), map[string]any{"b": int64(1), "a": []any{nil, "x"}, "<": "\n", "": nil},
		map[string]string{"b": "1", "a": "2"}, []string{"x"}, struct{ A int }{1}, stdjson.Number("12"), stdjson.RawMessage(`{"a": 1}`),
		map[string]any{"nested": map[string]any{"s": []string{"<"}}},
	} {
		want, err := stdjson.Marshal(value)
		require.NoError(t, err)
		got, err := plain.Encode(value)
		require.NoError(t, err, "%#v", value)
		assert.Equal(t, string(want), string(got), "%#v", value)
	}
	for _, value := range []any{math.NaN(), map[string]any{"a": []any{math.Inf(1)}}, map[string]any{"a": func() {}}} {
		_, err := plain.Encode(value)
		_, want := stdjson.Marshal(value)
		assert.Error(t, want)
		assert.Error(t, err)
	}
	got, err := plain.Append([]byte("x"), "a\xff")
	require.NoError(t, err)
	assert.Equal(t, "x\"a\\ufffd\"", string(got))
}

// Random values are written as encoding/json writes them, and read back as they were.
func TestRoundTrip(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for range 2000 {
		value := random(r, 5)
		want, err := stdjson.Marshal(value)
		require.NoError(t, err)
		got, err := plain.Encode(value)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
		same(t, got)
	}
}

func random(r *rand.Rand, depth int) map[string]any {
	m := map[string]any{}
	for range r.IntN(12) {
		m[text(r)] = item(r, depth)
	}
	return m
}

func item(r *rand.Rand, depth int) any {
	if depth == 0 {
		return text(r)
	}
	switch r.IntN(8) {
	case 0:
		return random(r, depth-1)
	case 1:
		list := []any{}
		for range r.IntN(5) {
			list = append(list, item(r, depth-1))
		}
		return list
	case 2:
		return int64(r.Uint64())
	case 3:
		return r.NormFloat64() * math.Pow(10, float64(r.IntN(60)-30))
	case 4:
		return r.IntN(2) == 0
	case 5:
		return nil
	}
	return text(r)
}

func text(r *rand.Rand) string {
	alphabet := []rune("abcABC019 .:/-_\"\\\n\t\r\b\x00\x1b<>&é日😀\u2028\ufffd\x7f")
	var b strings.Builder
	for range r.IntN(12) {
		b.WriteRune(alphabet[r.IntN(len(alphabet))])
	}
	return b.String()
}

func ExampleDecode() {
	obj, err := plain.Decode([]byte(`{"replicas": 3, "share": 0.5}`))
	fmt.Printf("%T %T %v\n", obj["replicas"], obj["share"], err)
	// Output: int64 float64 <nil>
}

func ExampleEncode() {
	data, err := plain.Encode(map[string]any{"b": int64(1), "a": []any{"x", nil}})
	fmt.Println(string(data), err)
	// Output: {"a":["x",null],"b":1} <nil>
}
