package memory_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

type request struct{ method, path, media, body string }

// odd are requests with something wrong about them, from which worse ones are bred.
var odd = []request{
	{"GET", "/api/v1/namespaces/default/configmaps?labelSelector=a%20in%20(b", "", ""},
	{"GET", "/apis/apps/v1/deployments?limit=1&continue=x", "", ""},
	{"POST", "/api/v1/namespaces/default/configmaps", "application/json", `{"metadata":{"name":"x"},"data":null}`},
	{"POST", "/api/v1/namespaces", "application/yaml", "metadata: {name: y, finalizers: [a, a]}"},
	{"PATCH", "/api/v1/namespaces/default/services/kubernetes", "application/strategic-merge-patch+json", `{"spec":{"ports":[{"$patch":"delete"}]}}`},
	{"PATCH", "/apis/apps/v1/namespaces/default/deployments/x?fieldManager=f", "application/apply-patch+yaml", `{"apiVersion":"apps/v1","kind":"Deployment","spec":{"template":{"spec":{"containers":[{"name":1}]}}}}`},
	{"PATCH", "/api/v1/namespaces/default", "application/json-patch+json", `[{"op":"move","from":"/metadata","path":"/spec"}]`},
	{"PATCH", "/api/v1/namespaces/default", "application/merge-patch+json", `{"metadata":{"managedFields":[{"fieldsV1":{"f:x":[]}}]}}`},
	{"PUT", "/apis/apps/v1/namespaces/default/deployments/x/scale", "application/json", `{"spec":{"replicas":"a"}}`},
	{"POST", "/api/v1/namespaces/default/pods", "application/vnd.kubernetes.protobuf", "k8s\x00\x0a\x01"},
	{"POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", "application/json", `{"metadata":{"name":"a.b"},"spec":{"group":"b","versions":[{"name":"v1","schema":{"openAPIV3Schema":{"type":"object","properties":{"a":{"$ref":"#"}}}}}]}}`},
	{"DELETE", "/api/v1/namespaces/default/configmaps", "application/json", `{"gracePeriodSeconds":-1,"propagationPolicy":"Foreground"}`},
	{"GET", "/openapi/v3/apis/apps/v1", "", ""},
	{"GET", "/apis//v1/x", "", ""},
}

// accepts are formats that are wanted back, most of them not to be had.
var accepts = []string{
	"", "application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "application/json;as=Table;g=meta.k8s.io;v=v1",
	"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json", "application/vnd.kubernetes.protobuf;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
	"application/cbor", "application/json;as=Table;as=Table", ";;;,,,", "text/html;q=9, */*", "application/json;g=\xff",
}

// try sends a request and fails the test if the server panics, or is not there afterwards.
func try(t *testing.T, s *memory.Server, q request) int {
	t.Helper()
	return tryFor(t, s, q, "")
}

func tryFor(t *testing.T, s *memory.Server, q request, accept string) int {
	t.Helper()
	w := sendFor(t, s, q, accept)
	check := httptest.NewRecorder()
	s.ServeHTTP(check, httptest.NewRequest(http.MethodGet, "/api/v1/namespaces/default", nil))
	require.Equal(t, http.StatusOK, check.Code, "after %.300v", q)
	return w.Code
}

// No request, however malformed, makes the server panic or hang.
func FuzzHandler(f *testing.F) {
	for i, q := range odd {
		f.Add(q.method, q.path, q.media, q.body, accepts[i%len(accepts)])
	}
	for _, q := range absurd() {
		if len(q.path)+len(q.media)+len(q.body) < 10_000 {
			f.Add(q.method, q.path, q.media, q.body, "")
		}
	}
	s, err := memory.New(&memory.Options{Controllers: true})
	require.NoError(f, err)
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, method, path, media, body, accept string) {
		tryFor(t, s, request{method, path, media, body}, accept)
	})
}

// The same without the fuzzer: bodies and paths with bytes and pieces moved, doubled and lost.
func TestMangledRequests(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 2))
	s := start(t, &memory.Options{Controllers: true})
	mangle := func(text string) string {
		for range random.IntN(4) {
			if text == "" {
				return text
			}
			i := random.IntN(len(text))
			j := i + random.IntN(len(text)-i)
			switch random.IntN(4) {
			case 0:
				text = text[:i] + text[j:]
			case 1:
				text = text[:j] + text[i:j] + text[j:]
			case 2:
				text = text[:i] + string([]byte{byte(random.IntN(256))}) + text[i+1:]
			case 3:
				text = text[:i] + strings.Repeat(text[i:j], 20) + text[j:]
			}
		}
		return text
	}
	codes := map[int]int{}
	for range 3000 {
		q, other := odd[random.IntN(len(odd))], odd[random.IntN(len(odd))]
		q.body = mangle(q.body)
		switch random.IntN(6) {
		case 0:
			q.path = mangle(q.path)
		case 1:
			q.path = other.path
		case 2:
			q.media = other.media
		case 3:
			q.method = other.method
		}
		codes[tryFor(t, s, q, mangle(accepts[random.IntN(len(accepts))]))]++
	}
	t.Logf("answers by code: %v", codes)
}

// Deep nesting is an error, not the end of the process.
func TestDeepNesting(t *testing.T) {
	s := start(t, nil)
	for _, body := range []string{
		`{"metadata":{"name":"x"},"data":` + strings.Repeat("[", 200_000),
		`{"metadata":{"name":"x"},"a":` + strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_001),
	} {
		for _, media := range []string{"application/json", "application/yaml"} {
			assert.Contains(t, []int{201, 400, 422}, try(t, s, request{"POST", "/api/v1/namespaces/default/configmaps", media, body}))
		}
		code := try(t, s, request{"PATCH", "/api/v1/namespaces/default/configmaps/x?fieldManager=f", "application/apply-patch+yaml", body})
		assert.GreaterOrEqual(t, code, 400)
	}
}

// A body larger than the limit is refused with the code that says so.
func TestBodyTooLarge(t *testing.T) {
	s := start(t, nil)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/v1/namespaces/default/configmaps", io.LimitReader(zeros{}, 4<<20)))
	assert.Equal(t, http.StatusRequestEntityTooLarge, w.Code)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// Close ends watches, later requests fail, and nothing keeps running.
func TestCloseEndsEverything(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s, err := memory.New(nil)
	require.NoError(t, err)
	client, err := dynamic.NewForConfig(s.Config())
	require.NoError(t, err)
	watch, err := client.Resource(configMaps).Watch(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	stopped, err := client.Resource(configMaps).Watch(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	stopped.Stop()
	ctx, cancel := context.WithCancel(t.Context())
	cancelled, err := client.Resource(configMaps).Watch(ctx, metav1.ListOptions{})
	require.NoError(t, err)
	cancel()
	for range cancelled.ResultChan() { // until it is closed
	}
	s.Close()
	s.Close()
	for event := range watch.ResultChan() {
		t.Log(event.Type)
	}
	_, err = client.Resource(configMaps).List(t.Context(), metav1.ListOptions{})
	require.ErrorContains(t, err, "the in-memory API server is closed")
}

// Concurrent writers of one object lose nothing: every accepted write is in the result.
func TestConcurrentWriters(t *testing.T) {
	s := start(t, &memory.Options{Controllers: true})
	c := dyn(t, s).Resource(configMaps).Namespace("default")
	_, err := c.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{})
	require.NoError(t, err)
	var wg sync.WaitGroup
	const writers, writes = 8, 10
	for i := range writers {
		wg.Go(func() {
			for j := range writes {
				key := string(rune('a'+i)) + string(rune('0'+j))
				_, err := c.Patch(t.Context(), "a", types.MergePatchType, []byte(`{"data":{"`+key+`":"v"}}`), metav1.PatchOptions{})
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	got, err := c.Get(t.Context(), "a", metav1.GetOptions{})
	require.NoError(t, err)
	assert.Len(t, got.Object["data"], writers*writes)
}

// The server works for clients that need a socket.
func TestBehindASocket(t *testing.T) {
	s := start(t, nil)
	socket := httptest.NewServer(s)
	defer socket.Close()
	response, err := http.Get(socket.URL + "/readyz") // a test
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, "ok", string(body))
}
