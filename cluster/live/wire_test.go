package live_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wire records the requests below a client, and delays, cuts or holds up its watches.
type wire struct {
	mu      sync.Mutex
	seen    []string
	open    map[*body]struct{}
	lag     time.Duration
	held    string
	holding chan struct{}
	release chan struct{}
	lose    bool
	below   http.RoundTripper
}

func newWire() *wire {
	return &wire{open: map[*body]struct{}{}, holding: make(chan struct{}, 1), release: make(chan struct{})}
}

// wrap is for [rest.Config.Wrap].
func (w *wire) wrap(next http.RoundTripper) http.RoundTripper {
	w.below = next
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		verb := r.Method
		if r.URL.Query().Get("watch") == "true" {
			verb = "WATCH"
		}
		w.mu.Lock()
		w.seen = append(w.seen, verb+" "+r.URL.Path)
		held := w.held == r.URL.Path
		w.mu.Unlock()
		if held {
			select {
			case w.holding <- struct{}{}:
			default:
			}
			select {
			case <-r.Context().Done():
				return nil, r.Context().Err()
			case <-w.release:
			}
		}
		ctx, cancel := context.WithCancel(r.Context())
		resp, err := next.RoundTrip(r.WithContext(ctx))
		w.mu.Lock()
		lose := w.lose && err == nil && (verb == "PATCH" || verb == "DELETE")
		w.lose = w.lose && !lose
		w.mu.Unlock()
		if lose {
			cancel()
			_ = resp.Body.Close()
			return nil, io.ErrUnexpectedEOF
		}
		if err != nil {
			cancel()
			return nil, err
		}
		b := &body{ReadCloser: resp.Body, wire: w, cancel: cancel}
		resp.Body = b
		if verb == "WATCH" {
			w.mu.Lock()
			w.open[b] = struct{}{}
			w.mu.Unlock()
		}
		return resp, nil
	})
}

// requests returns "VERB path" of each request in order.
func (w *wire) requests() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.seen)
}

func (w *wire) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = nil
}

// delay makes watches late by d.
func (w *wire) delay(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lag = d
}

// cut ends the open watch connections.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for b := range w.open {
		b.cancel()
	}
	clear(w.open)
}

// block holds up requests of a path until they are cancelled or all are let go.
func (w *wire) block(path string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = path
}

// cancelBlocked lets go of what is held up, once.
func (w *wire) cancelBlocked() { close(w.release) }

// loseAnswer makes the answer to the next write go missing.
func (w *wire) loseAnswer() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose = true
}

// awaitBlocked returns when a request is held up.
func (w *wire) awaitBlocked(t *testing.T) {
	t.Helper()
	select {
	case <-w.holding:
	case <-time.After(30 * time.Second):
		require.FailNow(t, "no request came to be held up")
	}
}

// idle closes connections that nobody uses.
func (w *wire) idle() {
	type closer interface{ CloseIdleConnections() }
	for rt := w.below; rt != nil; {
		if c, ok := rt.(closer); ok {
			c.CloseIdleConnections()
		}
		wrapped, ok := rt.(interface{ WrappedRoundTripper() http.RoundTripper })
		if !ok {
			return
		}
		rt = wrapped.WrappedRoundTripper()
	}
}

// body is a response.
type body struct {
	io.ReadCloser
	wire   *wire
	cancel context.CancelFunc
}

func (b *body) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.wire.mu.Lock()
	lag := b.wire.lag
	b.wire.mu.Unlock()
	if lag > 0 {
		time.Sleep(lag) // This is the network's latency, which the test is about, and not a wait for anything.
	}
	return n, err
}

// roundTrip adapts a function to [http.RoundTripper].
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
