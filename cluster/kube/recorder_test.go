package kube_test

import (
	"net/http"
	"sync"
)

// recorder counts requests on their way to a server and can act on them.
type recorder struct {
	mu   sync.Mutex
	seen []*http.Request
	// before, when set, may answer in the server's place.
	before func(*http.Request) (*http.Response, error)
}

// wrap is for [rest.Config.Wrap].
func (r *recorder) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTrip(func(req *http.Request) (*http.Response, error) {
		r.mu.Lock()
		r.seen = append(r.seen, req)
		before := r.before
		r.mu.Unlock()
		if before != nil {
			if resp, err := before(req); resp != nil || err != nil {
				return resp, err
			}
		}
		return next.RoundTrip(req)
	})
}

// reset forgets the requests.
func (r *recorder) reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = nil
}

// methods returns the methods of the requests in order.
func (r *recorder) methods() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]string, len(r.seen))
	for i, req := range r.seen {
		out[i] = req.Method
	}
	return out
}

// paths returns the paths of the requests in order.
func (r *recorder) paths() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]string, len(r.seen))
	for i, req := range r.seen {
		out[i] = req.URL.Path
	}
	return out
}

// roundTrip adapts a function to [http.RoundTripper].
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
