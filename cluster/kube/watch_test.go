package kube_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

func TestWatch(t *testing.T) {
	c, ns := real(t, nil)
	ctx := t.Context()
	for _, name := range []string{"a", "b"} {
		_, err := c.Create(ctx, configMap(ns, name, "k", "1"), by("us"))
		require.NoError(t, err)
	}
	for _, metadataOnly := range []bool{false, true} {
		t.Run(fmt.Sprint("metadata only ", metadataOnly), func(t *testing.T) {
			next, stop := pull(t, c.Watch(t.Context(), cluster.Selector{Kind: "ConfigMap", Namespace: ns, MetadataOnly: metadataOnly}))
			defer stop()
			expect := func(kind cluster.EventType, name string) {
				t.Helper()
				e, err := next()
				require.NoError(t, err)
				require.Equal(t, kind, e.Type)
				if name == "" {
					require.Nil(t, e.Object)
					return
				}
				require.Equal(t, name, e.Object.GetName())
				require.Equal(t, "ConfigMap", e.Object.GetKind())
				require.Equal(t, "v1", e.Object.GetAPIVersion())
				_, has := e.Object.Object["data"]
				require.Equal(t, !metadataOnly, has)
			}
			expect(cluster.Added, "a")
			expect(cluster.Added, "b")
			expect(cluster.Synced, "")
			_, err := c.Create(t.Context(), configMap(ns, "c", "k", "1"), by("us"))
			require.NoError(t, err)
			expect(cluster.Added, "c")
			_, err = c.Replace(t.Context(), configMap(ns, "c", "k", "2"), by("us"))
			require.NoError(t, err)
			expect(cluster.Modified, "c")
			require.NoError(t, c.Delete(t.Context(), cluster.Ref{Kind: "ConfigMap", Namespace: ns, Name: "c"}, cluster.DeleteOptions{}))
			expect(cluster.Deleted, "c")
		})
	}
}

// TestWatchSelects checks that an object that ceases to match is gone for the watch.
func TestWatchSelects(t *testing.T) {
	c, ns := real(t, nil)
	obj := configMap(ns, "a")
	obj.SetLabels(map[string]string{"app": "web"})
	_, err := c.Create(t.Context(), obj, by("us"))
	require.NoError(t, err)
	next, stop := pull(t, c.Watch(t.Context(), cluster.Selector{Kind: "ConfigMap", Namespace: ns, Labels: "app=web"}))
	defer stop()
	for _, want := range []cluster.EventType{cluster.Added, cluster.Synced} {
		e, err := next()
		require.NoError(t, err)
		require.Equal(t, want, e.Type)
	}
	_, err = c.Patch(t.Context(), cluster.RefOf(obj), cluster.Patch{Type: types.MergePatchType, Data: []byte(`{"metadata":{"labels":{"app":"db"}}}`)}, by("us"))
	require.NoError(t, err)
	e, err := next()
	require.NoError(t, err)
	assert.Equal(t, cluster.Deleted, e.Type)
}

func TestWatchEnds(t *testing.T) {
	plane := kubetest.Shared(t, nil)
	c, ns := real(t, nil)
	for range c.Watch(t.Context(), cluster.Selector{Kind: "ConfigMap", Namespace: ns}) {
		break // Returning is the test: the loop ends with its connection.
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	var last error
	for e, err := range c.Watch(ctx, cluster.Selector{Kind: "ConfigMap", Namespace: ns}) {
		if e.Type == cluster.Synced {
			cancel(io.ErrClosedPipe)
		}
		last = err
	}
	assert.ErrorIs(t, last, io.ErrClosedPipe, "the cause of ctx's end")

	config, err := plane.User("nobody")
	require.NoError(t, err)
	nobody, err := kube.New(config, nil)
	require.NoError(t, err)
	n := 0
	for _, err := range nobody.Watch(t.Context(), cluster.Selector{Kind: "ConfigMap", Namespace: ns}) {
		assert.ErrorIs(t, err, cluster.ErrForbidden)
		n++
	}
	for _, err := range c.Watch(t.Context(), cluster.Selector{Kind: "Gadget"}) {
		assert.ErrorIs(t, err, cluster.ErrNoKind)
		n++
	}
	for _, err := range c.Watch(t.Context(), cluster.Selector{Kind: "ConfigMap", Labels: "a b"}) {
		assert.ErrorContains(t, err, "watch ConfigMap: ")
		n++
	}
	assert.Equal(t, 3, n, "one error ends each")
}

// TestWatchFolds cuts the connection of a watch at random, and sometimes forgets its resourceVersion, while objects are
// created, changed, deleted and replaced by others of the same name. Folding the events must lead to what is there, without an event that
// contradicts what came before.
func TestWatchFolds(t *testing.T) {
	plane := kubetest.Shared(t, nil)
	for name, inline := range map[string]bool{"watch list": true, "list and watch": false} {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			random := rand.New(rand.NewPCG(seed, 1))
			writer, ns := real(t, nil)
			cuts := newCutter(inline)
			config := plane.Config()
			config.Wrap(cuts.wrap)
			c, err := kube.New(config, &kube.Options{PageSize: 3})
			require.NoError(t, err)

			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			type folded struct {
				uid     types.UID
				version string
			}
			var mu sync.Mutex
			state := map[string]folded{}
			syncs := 0
			var wg sync.WaitGroup
			wg.Go(func() {
				for e, err := range c.Watch(ctx, cluster.Selector{Kind: "ConfigMap", Namespace: ns}) {
					if err != nil {
						assert.ErrorIs(t, err, context.Canceled)
						return
					}
					mu.Lock()
					if e.Type == cluster.Synced {
						syncs++
						mu.Unlock()
						continue
					}
					old, had := state[e.Object.GetName()]
					now := folded{e.Object.GetUID(), e.Object.GetResourceVersion()}
					switch e.Type {
					case cluster.Added:
						assert.False(t, had, "added twice: %s", e.Object.GetName())
						state[e.Object.GetName()] = now
					case cluster.Modified:
						assert.True(t, had)
						assert.Equal(t, old.uid, now.uid)
						assert.NotEqual(t, old.version, now.version)
						state[e.Object.GetName()] = now
					case cluster.Deleted:
						assert.True(t, had)
						assert.Equal(t, old.uid, now.uid)
						delete(state, e.Object.GetName())
					}
					mu.Unlock()
				}
			})
			const rounds = 8
			for round := range rounds {
				for step := range 20 {
					obj := configMap(ns, fmt.Sprintf("cm-%d", random.IntN(12)), "step", fmt.Sprint(round, step))
					switch random.IntN(5) {
					case 0, 1, 2:
						_, err := writer.Apply(ctx, obj, forced(by("us")))
						require.NoError(t, err)
					case 3:
						_ = writer.Delete(ctx, cluster.RefOf(obj), cluster.DeleteOptions{})
					case 4:
						_ = writer.Delete(ctx, cluster.RefOf(obj), cluster.DeleteOptions{})
						_, err := writer.Create(ctx, obj, by("us"))
						require.NoError(t, err)
					}
					if step == 10 {
						cuts.cut(random.IntN(2) == 0)
					}
				}
				// What was written after the cut is the gap; the next round is written to a watch that is connected.
				require.Eventually(t, func() bool { n, _ := cuts.totals(); return n >= round+1 }, 30*time.Second, time.Millisecond)
			}
			want := map[string]folded{}
			for obj, err := range writer.List(ctx, cluster.Selector{Kind: "ConfigMap", Namespace: ns}) {
				require.NoError(t, err)
				want[obj.GetName()] = folded{obj.GetUID(), obj.GetResourceVersion()}
			}
			require.EventuallyWithT(t, func(t *assert.CollectT) {
				mu.Lock()
				defer mu.Unlock()
				assert.Equal(t, want, state)
			}, 30*time.Second, 10*time.Millisecond)
			cancel()
			wg.Wait()
			assert.Equal(t, 1, syncs)
			connections, forgot := cuts.totals()
			t.Logf("%d connections, %d times forgotten", connections, forgot)
			assert.GreaterOrEqual(t, connections, rounds)
		})
	}
}

// cutter breaks watch connections on request.
type cutter struct {
	mu          sync.Mutex
	inline      bool
	open        map[*body]struct{}
	forget      bool
	connections int
	forgot      int
}

func newCutter(inline bool) *cutter { return &cutter{inline: inline, open: map[*body]struct{}{}} }

// cut breaks the open connections. With forget, attempts to resume are answered 410 until everything was read anew.
func (c *cutter) cut(forget bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget = forget
	for b := range c.open {
		b.cancel()
	}
	clear(c.open)
}

func (c *cutter) totals() (connections, forgot int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.connections, c.forgot
}

func (c *cutter) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		q := r.URL.Query()
		c.mu.Lock()
		defer c.mu.Unlock()
		if q.Get("resourceVersion") == "" {
			c.forget = false
		}
		if q.Get("watch") != "true" {
			return next.RoundTrip(r)
		}
		if q.Get("sendInitialEvents") != "" && !c.inline {
			return answer(r, 422, `{"kind":"Status","apiVersion":"v1","code":422,"reason":"Invalid","message":"sendInitialEvents: Forbidden"}`), nil
		}
		if q.Get("resourceVersion") != "" && c.forget {
			c.forgot++
			return answer(r, 200, `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","code":410,"reason":"Expired","message":"too old resource version"}}`), nil
		}
		ctx, cancel := context.WithCancel(r.Context())
		c.mu.Unlock()
		resp, err := next.RoundTrip(r.WithContext(ctx))
		c.mu.Lock()
		if err != nil {
			cancel()
			return nil, err
		}
		c.connections++
		b := &body{ReadCloser: resp.Body, cancel: cancel}
		c.open[b] = struct{}{}
		resp.Body = b
		return resp, nil
	})
}

// body is a response that can break.
type body struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// answer makes a response.
func answer(r *http.Request, code int, content string) *http.Response {
	reader, writer := io.Pipe()
	go func() {
		_, _ = io.WriteString(writer, content)
		_ = writer.Close()
	}()
	return &http.Response{StatusCode: code, Header: http.Header{"Content-Type": {"application/json"}}, Body: reader, Request: r}
}

// TestWatchBacksOff checks the pauses of a watch whose server stays away, and that it goes on when the server is back.
func TestWatchBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var at []time.Duration
		config := &rest.Config{Host: "http://server.invalid", Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/api" {
				return discovered(r), nil
			}
			at = append(at, time.Since(began))
			switch {
			case len(at) < 12:
				return nil, io.ErrUnexpectedEOF
			case len(at) == 12:
				resp := answer(r, 503, `{}`)
				resp.Header.Set("Retry-After", "20")
				return resp, nil
			}
			return answer(r, 200, `{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"7","annotations":{"k8s.io/initial-events-end":"true"}}}}`), nil
		})}
		c, err := kube.New(config, nil)
		require.NoError(t, err)
		for e, err := range c.Watch(t.Context(), cluster.Selector{Kind: "ConfigMap"}) {
			require.NoError(t, err)
			assert.Equal(t, cluster.Synced, e.Type)
			break
		}
		require.Len(t, at, 13)
		longest := 200 * time.Millisecond
		for i := 1; i < 12; i++ {
			pause := at[i] - at[i-1]
			assert.GreaterOrEqual(t, pause, longest/2, "pause %d", i)
			assert.LessOrEqual(t, pause, longest, "pause %d", i)
			longest = min(2*longest, 30*time.Second)
		}
		assert.GreaterOrEqual(t, at[12]-at[11], 20*time.Second, "the server's advice")
	})
}

// TestWatchResumes checks where a cut watch goes on: after the last event, a bookmark among them.
func TestWatchResumes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var from []string
		item := func(kind, name, version string) string {
			return `{"type":"` + kind + `","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"namespace":"n","name":"` + name + `","uid":"u","resourceVersion":"` + version + `"}}}`
		}
		end := `{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"20","annotations":{"k8s.io/initial-events-end":"true"}}}}`
		scripts := []string{
			item("ADDED", "a", "10"), // Cut before everything present was sent: from the start again.
			item("ADDED", "a", "10") + item("ADDED", "b", "3") + end,
			item("MODIFIED", "a", "21") + item("MODIFIED", "a", "22")[:30], // Cut in mid-event.
			`{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"30"}}}`,
			`{"type":"ERROR","object":{"kind":"Status","code":500,"message":"for a moment"}}`,
			item("DELETED", "a", "31"),
		}
		config := &rest.Config{Host: "http://server.invalid", Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Path == "/api" {
				return discovered(r), nil
			}
			from = append(from, r.URL.Query().Get("resourceVersion"))
			return answer(r, 200, scripts[len(from)-1]), nil
		})}
		c, err := kube.New(config, nil)
		require.NoError(t, err)
		var got []string
		for e, err := range c.Watch(t.Context(), cluster.Selector{Kind: "ConfigMap"}) {
			require.NoError(t, err)
			name := ""
			if e.Object != nil {
				name = " " + e.Object.GetName()
			}
			got = append(got, string(e.Type)+name)
			if e.Type == cluster.Deleted {
				break
			}
		}
		assert.Equal(t, []string{"", "", "20", "21", "30", "30"}, from)
		assert.Equal(t, []string{"Added a", "Added b", "Synced", "Modified a", "Deleted a"}, got)
	})
}

// discovered is the answer of coreDiscovery.
func discovered(r *http.Request) *http.Response {
	w := &captured{header: http.Header{}}
	coreDiscovery(w, r)
	resp := answer(r, 200, string(w.content))
	resp.Header = w.header
	return resp
}

// captured keeps what a handler writes.
type captured struct {
	header  http.Header
	content []byte
}

func (c *captured) Header() http.Header { return c.header }
func (c *captured) WriteHeader(int)     {}
func (c *captured) Write(p []byte) (int, error) {
	c.content = append(c.content, p...)
	return len(p), nil
}
