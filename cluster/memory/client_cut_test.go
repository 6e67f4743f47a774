package memory_test

import (
	"io"
	"net/http"
	"sync"

	"k8s.io/client-go/rest"
)

// cutter breaks the connections of watches while they are open.
type cutter struct {
	mu     sync.Mutex
	bodies map[*cuttable]bool
	// opened counts the watches so far.
	opened int
}

// wrap makes the clients of a configuration breakable.
func (c *cutter) wrap(config *rest.Config) *rest.Config {
	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return trip(func(r *http.Request) (*http.Response, error) {
			response, err := next.RoundTrip(r)
			if err != nil || r.URL.Query().Get("watch") == "" {
				return response, err
			}
			body := &cuttable{ReadCloser: response.Body, from: c}
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.bodies == nil {
				c.bodies = map[*cuttable]bool{}
			}
			c.bodies[body] = true
			c.opened++
			response.Body = body
			return response, nil
		})
	})
	return config
}

// cut breaks every watch that is open and returns their number.
func (c *cutter) cut() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(c.bodies)
	for body := range c.bodies {
		body.broken = true
		_ = body.ReadCloser.Close()
		delete(c.bodies, body)
	}
	return n
}

func (c *cutter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened
}

type trip func(*http.Request) (*http.Response, error)

func (f trip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// cuttable is the body of a watch. Its reader sees a connection that was reset.
type cuttable struct {
	io.ReadCloser
	from   *cutter
	broken bool
}

func (b *cuttable) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.from.mu.Lock()
	defer b.from.mu.Unlock()
	if err != nil && b.broken {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

func (b *cuttable) Close() error {
	b.from.mu.Lock()
	delete(b.from.bodies, b)
	b.from.mu.Unlock()
	return b.ReadCloser.Close()
}
