package memory_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"sigs.k8s.io/yaml"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// absurd are requests of a size, depth or number that nobody means. Where the libraries that the real server reads them with
// too take quadratic time, they are smaller than they might be: many keys in an apply, long numbers, depth in a merge patch.
func absurd() map[string]request {
	const (
		one    = "/api/v1/namespaces/default/configmaps/absurd"
		all    = "/api/v1/namespaces/default/configmaps"
		apply  = one + "?fieldManager=f"
		prefix = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"absurd"},`
	)
	nested := func(open, middle, end string, n int) string {
		return strings.Repeat(open, n) + middle + strings.Repeat(end, n)
	}
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		p := string(c - 1)
		bomb += fmt.Sprintf("%c: &%c [*%s,*%s,*%s,*%s,*%s,*%s,*%s,*%s,*%s]\n", c, c, p, p, p, p, p, p, p, p, p)
	}
	var doubling []string
	for i := range 40 {
		doubling = append(doubling, fmt.Sprintf(`{"op":"copy","from":"/data","path":"/data/k%d"}`, i))
	}
	many := make([]string, 20_000)
	for i := range many {
		many[i] = fmt.Sprintf(`{"op":"add","path":"/metadata/labels/l%d","value":"v"}`, i)
	}
	long := strings.Repeat("x", 1<<20)
	return map[string]request{
		"json array depth":           {"POST", all, "application/json", prefix + `"data":` + nested("[", "", "]", 10_000) + "}"},
		"json object depth":          {"POST", all, "application/json", prefix + `"data":` + nested(`{"a":`, "1", "}", 10_000) + "}"},
		"json unclosed depth":        {"POST", all, "application/json", prefix + `"data":` + strings.Repeat("[", 1<<20)},
		"yaml flow depth":            {"POST", all, "application/yaml", prefix + `"data":` + nested("[", "", "]", 10_000) + "}"},
		"yaml block depth":           {"POST", all, "application/yaml", nested("- ", "x", "", 10_000)},
		"yaml anchors":               {"POST", all, "application/yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: absurd}\n" + bomb},
		"yaml anchors in an apply":   {"PATCH", apply, "application/apply-patch+yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: absurd}\n" + bomb},
		"yaml merge keys":            {"PATCH", apply, "application/apply-patch+yaml", "a: &a {x: 1}\n" + strings.Repeat("b: {<<: *a, <<: *a}\n", 1000)},
		"depth in an apply":          {"PATCH", apply, "application/apply-patch+yaml", prefix + `"data":` + nested(`{"a":`, "1", "}", 10_000) + "}"},
		"depth in a merge patch":     {"PATCH", one, "application/merge-patch+json", nested(`{"a":`, "1", "}", 2_000)},
		"depth in a strategic patch": {"PATCH", one, "application/strategic-merge-patch+json", nested(`{"a":`, "1", "}", 9_990)},
		"depth in a json patch":      {"PATCH", one, "application/json-patch+json", `[{"op":"add","path":"/data","value":` + nested(`{"a":`, "1", "}", 9_000) + `}]`},
		"json patch doubling":        {"PATCH", one, "application/json-patch+json", "[" + strings.Join(doubling, ",") + "]"},
		"json patch operations":      {"PATCH", one, "application/json-patch+json", "[" + strings.Join(many, ",") + "]"},
		"json patch test":            {"PATCH", one, "application/json-patch+json", `[{"op":"test","path":"/` + strings.Repeat("a/", 500_000) + `","value":1}]`},
		"json patch of nothing":      {"PATCH", one, "application/json-patch+json", `[{"op":"remove","path":""},{"op":"add","path":"","value":null}]`},
		"json patch null":            {"PATCH", one, "application/json-patch+json", `[null]`},
		"body too large":             {"POST", all, "application/json", prefix + `"data":{"x":"` + strings.Repeat("x", 3<<20) + `"}}`},
		"body too large, protobuf":   {"POST", all, "application/vnd.kubernetes.protobuf", "k8s\x00" + strings.Repeat("\x0a", 3<<20)},
		"body too large, delete":     {"DELETE", one, "application/json", strings.Repeat(" ", 3<<20+1)},
		"as large as may be":         {"POST", all, "application/json", prefix + `"data":{"x":"` + strings.Repeat("x", 3<<20-200) + `"}}`},
		"many keys":                  {"POST", all, "application/json", prefix + `"data":{` + keys(20_000) + `}}`},
		"many keys in an apply":      {"PATCH", apply, "application/apply-patch+yaml", prefix + `"data":{` + keys(20_000) + `}}`},
		"many unknown fields":        {"POST", all, "application/json", prefix + keys(20_000) + `}`},
		"many of one field":          {"POST", all, "application/json", prefix + strings.Repeat(`"data":{},`, 100_000) + `"data":{}}`},
		"many ports":                 {"POST", "/api/v1/namespaces/default/services", "application/json", `{"metadata":{"name":"absurd"},"spec":{"ports":[` + strings.Repeat(`{"port":1},`, 50_000) + `{"port":1}]}}`},
		"many selectors":             {"GET", all + "?labelSelector=" + strings.Repeat("a%3Db,", 50_000) + "a%3Db", "", ""},
		"many values":                {"GET", all + "?labelSelector=a+in+(" + strings.Repeat("b,", 100_000) + "b)", "", ""},
		"open selector":              {"GET", all + "?labelSelector=" + strings.Repeat("(", 100_000), "", ""},
		"many field selectors":       {"GET", all + "?fieldSelector=" + strings.Repeat("metadata.name%3Db,", 50_000) + "metadata.name%3Db", "", ""},
		"huge limit":                 {"GET", all + "?limit=9223372036854775807", "", ""},
		"too huge a limit":           {"GET", all + "?limit=9223372036854775808", "", ""},
		"negative limit":             {"GET", all + "?limit=-1", "", ""},
		"negative version":           {"GET", all + "?resourceVersion=-1", "", ""},
		"version of the future":      {"GET", all + "?resourceVersion=18446744073709551615", "", ""},
		"too large a version":        {"GET", all + "?resourceVersion=18446744073709551616", "", ""},
		"odd continue":               {"GET", all + "?limit=1&continue=eyJydiI6LTF9", "", ""},
		"continue from the future":   {"GET", all + "?limit=1&continue=eyJydiI6OTk5OTk5OSwibmFtZSI6IngifQ", "", ""},
		"negative timeout":           {"GET", all + "?watch=true&timeoutSeconds=-1", "", ""},
		"huge timeout":               {"GET", all + "?watch=true&timeoutSeconds=99999999999999999999", "", ""},
		"watch of the future":        {"GET", all + "?watch=true&resourceVersion=18446744073709551615", "", ""},
		"negative grace":             {"DELETE", one + "?gracePeriodSeconds=-9223372036854775808", "", ""},
		"invalid UTF-8 name":         {"GET", all + "/%ff%fe", "", ""},
		"invalid UTF-8 body":         {"POST", all, "application/json", prefix + "\"data\":{\"x\":\"\xff\xfe\"}}"},
		"invalid UTF-8 yaml":         {"POST", all, "application/yaml", "metadata: {name: absurd}\ndata: {x: \"\xff\xfe\"}"},
		"invalid UTF-8 manager":      {"PATCH", one + "?fieldManager=%ff%00", "application/apply-patch+yaml", prefix + `"data":{}}`},
		"null byte":                  {"GET", all + "/%00", "", ""},
		"dots":                       {"GET", "/api/v1/namespaces/../../../etc/passwd", "", ""},
		"encoded slash":              {"GET", all + "/a%2Fb", "", ""},
		"long path":                  {"GET", "/" + strings.Repeat("a/", 100_000), "", ""},
		"long name":                  {"GET", all + "/" + long, "", ""},
		"empty segments":             {"GET", "/api/v1/namespaces//configmaps//", "", ""},
		"path of no host":            {"OPTIONS", "*", "", ""},
		"long media type":            {"POST", all, "application/" + long, `{}`},
		"many media parameters":      {"POST", all, "application/json" + strings.Repeat(";a=b", 100_000), `{}`},
		"unknown method":             {"BREW", all, "", ""},
		"connect":                    {"CONNECT", one, "", ""},
		"huge numbers":               {"POST", "/apis/apps/v1/namespaces/default/deployments", "application/json", `{"metadata":{"name":"x"},"spec":{"replicas":1e400}}`},
		"huge quantity":              {"POST", "/api/v1/namespaces/default/pods", "application/json", `{"metadata":{"name":"x"},"spec":{"containers":[{"name":"c","image":"i","resources":{"limits":{"cpu":"1e999999999"}}}]}}`},
		"long quantity":              {"POST", "/api/v1/namespaces/default/pods", "application/json", `{"metadata":{"name":"x"},"spec":{"containers":[{"name":"c","image":"i","resources":{"limits":{"cpu":"` + strings.Repeat("9", 20_000) + `"}}}]}}`},
		"many replicas":              {"POST", "/apis/apps/v1/namespaces/default/replicasets", "application/json", `{"metadata":{"name":"x"},"spec":{"replicas":-5,"selector":{},"template":{}}}`},
		"protobuf of nothing":        {"POST", all, "application/vnd.kubernetes.protobuf", "k8s\x00"},
		"protobuf length":            {"POST", all, "application/vnd.kubernetes.protobuf", "k8s\x00\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"},
		"protobuf nesting":           {"POST", all, "application/vnd.kubernetes.protobuf", "k8s\x00" + strings.Repeat("\x0b", 1<<20)},
		"managedFields":              {"PATCH", one, "application/merge-patch+json", `{"metadata":{"managedFields":[{"manager":"m","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1","fieldsV1":` + nested(`{"f:a":`, "{}", "}", 2_000) + `}]}}`},
		"definition pattern":         {"POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "application/json", definition(`{"type":"object","properties":{"a":{"type":"string","pattern":"(((((((((((a{1,1000}){1,1000}){1,1000}))))))))"}}}`)},
		"definition depth":           {"POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "application/json", definition(nested(`{"type":"object","properties":{"a":`, `{"type":"string"}`, "}}", 3_000))},
		"definition enum":            {"POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "application/json", definition(`{"type":"object","properties":{"a":{"type":"string","enum":[` + strings.Repeat(`"x",`, 100_000) + `"y"]}}}`)},
		"definition default":         {"POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "application/json", definition(`{"type":"object","properties":{"a":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"default":` + nested(`{"a":`, "1", "}", 9_000) + `}}}`)},
	}
}

func definition(schema string) string {
	return `{"metadata":{"name":"absurds.example.com"},"spec":{"group":"example.com","scope":"Namespaced","names":{"kind":"Absurd","plural":"absurds"},` +
		`"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":` + schema + `}}]}}`
}

func keys(n int) string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf(`"k%d":""`, i)
	}
	return strings.Join(out, ",")
}

// maxAllocated bounds what one request may make the server allocate in all, and with it what it needs at once. A body may be
// 3 MiB, and what reads nested ones reads them once for each level.
const maxAllocated = 4 << 30

// Whatever a request says, it is answered with a Status or the text of an unknown path, in bounded memory.
func TestAbsurdRequests(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	for name, q := range absurd() {
		t.Run(name, func(t *testing.T) {
			s := start(t, &memory.Options{Controllers: true})
			send(t, s, request{"POST", "/api/v1/namespaces/default/configmaps", "application/json", `{"metadata":{"name":"absurd","labels":{"a":"b"}},"data":{"x":"1"}}`})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			code := try(t, s, q)
			runtime.ReadMemStats(&after)
			allocated := after.TotalAlloc - before.TotalAlloc
			t.Logf("%d, %d MB allocated", code, allocated>>20)
			assert.Less(t, allocated, uint64(maxAllocated))
			if strings.HasPrefix(name, "body too large") {
				assert.Equal(t, http.StatusRequestEntityTooLarge, code)
			}
		})
	}
}

// flushed ends a request when its answer begins to be streamed.
type flushed struct {
	*httptest.ResponseRecorder
	end func()
}

func (f flushed) Flush() { f.end() }

// send sends a request, of a watch until it has something to tell, and returns the answer. It fails the test when the answer
// is not one of those that there are.
func send(t *testing.T, s *memory.Server, q request) *httptest.ResponseRecorder {
	t.Helper()
	return sendFor(t, s, q, "")
}

// sendFor is send with the formats that are wanted back.
func sendFor(t *testing.T, s *memory.Server, q request, accept string) *httptest.ResponseRecorder {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), q.method, "http://memory.invalid", strings.NewReader(q.body))
	if err != nil {
		t.Skip("net/http refuses it too")
	}
	path, query, _ := strings.Cut(q.path, "?")
	r.URL.Path, r.URL.RawQuery = path, query
	if p, err := r.URL.Parse(q.path); err == nil {
		r.URL = p
	}
	r.Header["Content-Type"] = []string{q.media}
	if accept != "" {
		r.Header["Accept"] = []string{accept}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r = r.WithContext(ctx)
	w := httptest.NewRecorder()
	s.ServeHTTP(flushed{w, cancel}, r)
	require.NotContains(t, w.Body.String(), "panic:", "%.300v", q)
	if w.Code < 400 || q.method == http.MethodHead {
		return w
	}
	if text := w.Body.String(); w.Code == http.StatusNotFound && (text == "" || text == "404 page not found\n") {
		return w // a path that names nothing
	}
	var status struct {
		Kind, Status, Message string
		Code                  int
	}
	switch media := w.Header().Get("Content-Type"); {
	case strings.HasPrefix(media, "application/vnd.kubernetes.protobuf"):
		require.True(t, bytes.HasPrefix(w.Body.Bytes(), []byte("k8s\x00")), "%.300v", q)
		return w
	case strings.HasPrefix(media, "application/yaml"):
		require.NoError(t, yaml.Unmarshal(w.Body.Bytes(), &status), "%.300v", q)
	default:
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &status), "%.300v", q)
	}
	require.Equal(t, "Status", status.Kind)
	require.Equal(t, w.Code, status.Code)
	require.NotEmpty(t, status.Message)
	return w
}
