package memory

import "github.com/setpoint-dev/setpoint/internal/apiserver/wire"

// Request is a request that the server has received.
type Request struct {
	// Sequence counts the requests from 1.
	Sequence int
	// Verb is the word of the authorization API: get, list, watch, create, update, patch, delete or deletecollection. For
	// paths that name no resource, such as discovery, it is the method in lower case.
	Verb string
	// Path and Query are those of the URL.
	Path, Query string
	// Group, Version, Kind, Resource, Subresource, Namespace and Name are what the path names. They are empty for paths that
	// name no resource, and Kind also for a resource that is not served.
	Group, Version, Kind, Resource, Subresource, Namespace, Name string
	// PatchType is the media type of a patch, such as "application/apply-patch+yaml".
	PatchType string
	// UserAgent is the client's, User the identity that it impersonates.
	UserAgent, User string
	// Manager is the field manager that a write is recorded under.
	Manager string
	// DryRun says that nothing is stored; Watch that the request is a stream.
	DryRun, Watch bool
	// Code is the status of the answer, zero while there is none. An answer that a [Fault] lost has the code that it had.
	Code int
	// Injected says what a [Fault] did to the request, such as "latency 2s, status 503"; empty when nothing.
	Injected string
}

// Writes reports whether the request is one that may change what is stored: a write verb that is not a dry run. Questions
// that are asked by a create, such as SelfSubjectAccessReview, count as writes to their resource.
func (r Request) Writes() bool {
	switch r.Verb {
	case "create", "update", "patch", "delete", "deletecollection":
		return !r.DryRun
	}
	return false
}

// Requests returns the log of requests since the server started or [Server.ResetRequests] was called, in the order in which
// they came; the last 100,000 are kept. What simulated controllers do is not in it.
func (s *Server) Requests() []Request { return convert(s.handler.Log().All()) }

// RequestsSince returns the requests after a mark.
func (s *Server) RequestsSince(mark int) []Request { return convert(s.handler.Log().Since(mark)) }

// Mark returns the sequence number of the last request, for [Server.RequestsSince].
func (s *Server) Mark() int { return s.handler.Log().Mark() }

// ResetRequests empties the log. Sequence numbers go on.
func (s *Server) ResetRequests() { s.handler.Log().Reset() }

func convert(in []wire.Request) []Request {
	out := make([]Request, len(in))
	for i, r := range in {
		out[i] = Request(r)
	}
	return out
}
