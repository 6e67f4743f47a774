package differential_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
	kjson "sigs.k8s.io/json"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/gc"
	"github.com/setpoint-dev/setpoint/internal/apiserver/wire"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// side is one of the two servers of a differential test.
type side struct {
	name   string
	host   string
	client *http.Client
}

const differentialAgent = "differential"

func newSide(t *testing.T, name string, config *rest.Config) *side {
	t.Helper()
	config = rest.CopyConfig(config)
	config.UserAgent = differentialAgent + "/1"
	client, err := rest.HTTPClientFor(config)
	require.NoError(t, err)
	client.Transport = patient{client.Transport}
	return &side{name: name, host: config.Host, client: client}
}

// patient asks again when a server is not ready for a kind: the cache of one that was just defined fills beside the answer.
type patient struct{ next http.RoundTripper }

func (p patient) RoundTrip(r *http.Request) (*http.Response, error) {
	for start := time.Now(); ; {
		response, err := p.next.RoundTrip(r)
		if err != nil || response.StatusCode != http.StatusTooManyRequests || time.Since(start) > waitForWrites {
			return response, err
		}
		_ = response.Body.Close()
		select {
		case <-time.After(pollCRD):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
		if r.GetBody != nil {
			if r.Body, err = r.GetBody(); err != nil {
				return nil, err
			}
		}
	}
}

// newSides returns kube-apiserver without kube-controller-manager, and the core of memory without what does the work of
// kube-controller-manager. What remains of memory's controllers is the one that kube-apiserver runs itself.
func newSides(t *testing.T, cluster *kubetest.ControlPlane) []*side {
	t.Helper()
	return []*side{newSide(t, "kube-apiserver", cluster.Config()), newMemory(t, nil)}
}

// newMemory returns the side of memory. A nil clock is the time.
func newMemory(t *testing.T, now func() time.Time) *side {
	t.Helper()
	core, err := apiserver.New(apiserver.Options{Now: now})
	require.NoError(t, err)
	t.Cleanup(core.Close)
	core.Register(gc.Definitions())
	core.Register(protector{})
	config := &rest.Config{
		Host: "http://memory.invalid", Transport: &wire.Transport{Handler: wire.NewHandler(core, nil), Done: core.Done()}, QPS: -1,
	}
	return newSide(t, "memory", config)
}

// protector leaves the finalizers that protect volumes and claims where they are, as they are without
// kube-controller-manager.
type protector struct{}

func (protector) Name() string                                 { return "protector" }
func (protector) Protects() bool                               { return true }
func (protector) Handle(apiserver.API, apiserver.Change) error { return nil }

// reply is what a server answered.
type reply struct {
	code     int
	body     map[string]any
	warnings []string
}

func (r reply) accepted() bool { return r.code < http.StatusBadRequest }

func (s *side) do(t *testing.T, o operation, own map[string]any) reply {
	t.Helper()
	body := o.body
	if o.from != nil {
		body = o.from(own)
	}
	r, err := http.NewRequestWithContext(t.Context(), o.method, s.host+o.path, bytes.NewReader(body))
	require.NoError(t, err)
	if o.media != "" {
		r.Header.Set("Content-Type", o.media)
	}
	r.Header.Set("Accept", "application/json")
	if o.accept != "" {
		r.Header.Set("Accept", o.accept)
	}
	r.Header.Set("User-Agent", differentialAgent+"/1")
	response, err := s.client.Do(r)
	require.NoError(t, err, s.name)
	defer func() { _ = response.Body.Close() }()
	raw, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	out := reply{code: response.StatusCode, warnings: response.Header.Values("Warning")}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &out.body); err != nil {
		out.body = map[string]any{"text": string(raw)}
	}
	return out
}

// both sends an operation to both sides at once.
func both(t *testing.T, sides []*side, o operation, own [2]map[string]any) (out [2]reply) {
	t.Helper()
	var wait sync.WaitGroup
	wait.Go(func() { out[1] = sides[1].do(t, o, own[1]) })
	out[0] = sides[0].do(t, o, own[0])
	wait.Wait()
	return out
}

// operation is one request, the same to both servers but for what a server has chosen itself.
type operation struct {
	verb, method, path, media string
	accept                    string
	body                      []byte
	// from makes the body from the server's own object.
	from func(own map[string]any) []byte
}

func (o operation) String() string {
	body := o.body
	if o.from != nil {
		body = o.from(nil)
	}
	return fmt.Sprintf("%s %s %s", o.method, o.path, body)
}
