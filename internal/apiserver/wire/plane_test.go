package wire_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// request is what is asked of both servers. {ns} in the path and the body stands for the test's namespace.
type request struct {
	name               string
	method, path, body string
	header             map[string]string
	// want is the code, for a reader; both servers have to give it.
	want int
}

// answer is what a server says.
type answer struct {
	code   int
	header http.Header
	body   []byte
}

// plane is one of the two servers.
type plane struct {
	name      string
	client    *http.Client
	host      string
	namespace string
}

func newPlane(t *testing.T, name string, config *rest.Config, namespace string) *plane {
	t.Helper()
	config = rest.CopyConfig(config)
	config.QPS = -1
	client, err := rest.HTTPClientFor(config)
	require.NoError(t, err)
	return &plane{name: name, client: client, host: strings.TrimSuffix(config.Host, "/"), namespace: namespace}
}

// planes returns the server under test and a real one, with a namespace of the same name on both.
func planes(t *testing.T, opts *memory.Options) (memoryPlane, realPlane *plane) {
	t.Helper()
	control := kubetest.Shared(t, nil)
	namespace := kubetest.Namespace(t, control.Config())
	server, err := memory.New(opts)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	m := newPlane(t, "memory", server.Config(), namespace)
	created := m.do(t, request{method: "POST", path: "/api/v1/namespaces", body: `{"metadata":{"name":"{ns}"}}`})
	require.Equal(t, http.StatusCreated, created.code, "%s", created.body)
	return m, newPlane(t, "real", control.Config(), namespace)
}

func (p *plane) fill(s string) string { return strings.ReplaceAll(s, "{ns}", p.namespace) }

func (p *plane) do(t *testing.T, q request) answer {
	t.Helper()
	var body io.Reader
	if q.body != "" {
		body = strings.NewReader(p.fill(q.body))
	}
	r, err := http.NewRequestWithContext(t.Context(), q.method, p.host+p.fill(q.path), body)
	require.NoError(t, err)
	r.Header.Set("User-Agent", "plane/1")
	if q.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, value := range q.header {
		r.Header.Set(name, value)
	}
	response, err := p.client.Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return answer{code: response.StatusCode, header: response.Header, body: data}
}

// object returns the body as plain values, without what no two servers have in common.
func (a answer) object(t *testing.T) any {
	t.Helper()
	var out any
	require.NoError(t, json.Unmarshal(a.body, &out), "%s", a.body)
	return mask(out)
}

// unlike are the fields whose values differ between any two servers.
var unlike = []string{"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "time", "lastTransitionTime", "selfLink", "serverAddress"}

func mask(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			// The real server is a part of a larger program here, which its own writes are named after.
			if manager, _ := value.(string); name == "manager" && strings.HasPrefix(manager, "controlplane-") {
				v[name] = "kube-apiserver"
				continue
			}
			if name == "cells" {
				v[name] = ageless(value)
				continue
			}
			if _, text := value.(string); text && slices.Contains(unlike, name) {
				v[name] = "*"
				continue
			}
			v[name] = mask(value)
			if entries, ok := v[name].([]any); ok && name == "managedFields" {
				// Entries are in the order of their times, which depends on where a second ended.
				slices.SortFunc(entries, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			}
		}
	case []any:
		for i := range v {
			v[i] = mask(v[i])
		}
	}
	return v
}

// same asks both servers and compares the codes and the bodies.
func same(t *testing.T, ours, theirs *plane, requests []request) {
	t.Helper()
	for i, q := range requests {
		name := q.name
		if name == "" {
			name = fmt.Sprintf("%02d %s %s", i, q.method, strings.ReplaceAll(q.path, "/", "_"))
		}
		t.Run(name, func(t *testing.T) {
			t.Logf("%s %s %s", q.method, q.path, q.body)
			got, want := ours.do(t, q), theirs.do(t, q)
			require.Equal(t, want.code, got.code, "real: %s\nmemory: %s", want.body, got.body)
			if q.want != 0 {
				require.Equal(t, q.want, want.code, "the expectation: %s", want.body)
			}
			assert.Equal(t, want.header.Get("Content-Type"), got.header.Get("Content-Type"))
			if strings.HasPrefix(string(want.body), "{") {
				assert.Equal(t, want.object(t), got.object(t))
				return
			}
			assert.Equal(t, string(want.body), string(got.body))
		})
	}
}

var age = regexp.MustCompile(`^\d+s$`)

// ageless masks ages among the cells of a row.
func ageless(cells any) any {
	list, _ := cells.([]any)
	for i, cell := range list {
		if text, ok := cell.(string); ok && age.MatchString(text) {
			list[i] = "*"
		}
	}
	return cells
}
