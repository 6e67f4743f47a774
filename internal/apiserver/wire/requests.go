package wire

import (
	"slices"
	"sync"
)

// Request is an entry of the log of requests.
type Request struct {
	// Sequence counts the requests from 1.
	Sequence int
	// Verb is the word of the authorization API, such as "patch"; for paths that name no resource it is the method in
	// lower case.
	Verb string
	// Path is the URL's path and Query its query.
	Path, Query string
	// Group, Version, Kind, Resource, Subresource, Namespace and Name are what the path names; all empty for others.
	Group, Version, Kind, Resource, Subresource, Namespace, Name string
	// PatchType is the media type of a patch.
	PatchType string
	// UserAgent and User are what the client said; User is the impersonated one, empty without.
	UserAgent, User string
	// Manager is the field manager of a write.
	Manager string
	// DryRun and Watch qualify the request.
	DryRun, Watch bool
	// Code is the status of the answer, zero while there is none.
	Code int
	// Injected says what went wrong on purpose.
	Injected string
}

// logged is how many requests are kept.
const logged = 100_000

// Log keeps the last requests in the order in which they came.
type Log struct {
	mu       sync.Mutex
	requests []*Request
	sequence int
}

func (l *Log) begin(r Request) *Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sequence++
	r.Sequence = l.sequence
	if len(l.requests) == 2*logged {
		l.requests = slices.Clone(l.requests[logged:])
	}
	l.requests = append(l.requests, &r)
	return &r
}

func (l *Log) answer(r *Request, code int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.Code == 0 {
		r.Code = code
	}
}

func (l *Log) inject(r *Request, what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Injected = what
}

func (l *Log) copy(r *Request) Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	return *r
}

// All returns a copy of the log.
func (l *Log) All() []Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := l.requests[max(0, len(l.requests)-logged):]
	out := make([]Request, len(last))
	for i, r := range last {
		out[i] = *r
	}
	return out
}

// Since returns the requests after a sequence number.
func (l *Log) Since(sequence int) []Request {
	all := l.All()
	i := slices.IndexFunc(all, func(r Request) bool { return r.Sequence > sequence })
	if i < 0 {
		return nil
	}
	return all[i:]
}

// Mark returns the sequence number of the last request, for [Log.Since].
func (l *Log) Mark() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sequence
}

// Reset forgets all requests. Sequence numbers go on.
func (l *Log) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = nil
}
