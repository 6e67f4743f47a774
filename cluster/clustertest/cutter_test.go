package clustertest_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster/clustertest"
	"github.com/setpoint-dev/setpoint/cluster/kube"
)

// cuttable is a client whose watches can be cut.
type cuttable struct {
	*kube.Client
	*cuttingTransport
}

var _ clustertest.Cutter = cuttable{}

// newCuttable returns a client with a transport of its own, so that cutting its watches concerns no other.
func newCuttable(t testing.TB, config *rest.Config) cuttable {
	t.Helper()
	transport := &cuttingTransport{}
	config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		transport.next = next
		return transport
	})
	c, err := kube.New(config, &kube.Options{PageSize: 7})
	require.NoError(t, err)
	return cuttable{c, transport}
}

// cuttingTransport stands between a client and its server.
type cuttingTransport struct {
	next http.RoundTripper

	mu    sync.Mutex
	open  []*stream
	held  int  // cuts that were not restored
	stale bool // the next watch from a version is told that it is forgotten
}

func (c *cuttingTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	query := r.URL.Query()
	if query.Get("watch") != "true" && query.Get("watch") != "1" {
		return c.next.RoundTrip(r)
	}
	c.mu.Lock()
	held, stale := c.held > 0, c.stale && c.held == 0 && query.Get("resourceVersion") != ""
	if stale {
		c.stale = false
	}
	c.mu.Unlock()
	switch {
	case held:
		return nil, syscall.ECONNRESET
	case stale:
		body := `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version","reason":"Expired","code":410}`
		return &http.Response{
			Status: "410 Gone", StatusCode: http.StatusGone, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
			Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
		}, nil
	}
	response, err := c.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	s := &stream{ReadCloser: response.Body}
	response.Body = s
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held > 0 { // between the question and the answer
		s.cut()
	}
	c.open = append(c.open, s)
	return response, nil
}

// Cut implements [clustertest.Cutter].
func (c *cuttingTransport) Cut(expire bool) (restore func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held++
	c.stale = c.stale || expire
	for _, s := range c.open {
		s.cut()
	}
	c.open = nil
	return sync.OnceFunc(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.held--
	})
}

// stream is the body of a watch.
type stream struct {
	io.ReadCloser
	mu     sync.Mutex
	broken bool
}

func (s *stream) cut() {
	s.mu.Lock()
	s.broken = true
	s.mu.Unlock()
	_ = s.ReadCloser.Close()
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken {
		return 0, syscall.ECONNRESET
	}
	return n, err
}
