package memory

import (
	"fmt"
	"time"

	"github.com/setpoint-dev/setpoint/internal/apiserver/fault"
	"github.com/setpoint-dev/setpoint/internal/apiserver/wire"
)

// Fault is something that goes wrong on the wire, for tests of what a client makes of it. The first fields say which requests
// are concerned, empty ones all of them; the next say which of these are hit; the rest say how.
//
//	lost, err := server.Inject(memory.Fault{Verb: "patch", Kind: "Deployment", After: 2, Times: 1, Break: memory.BreakAnswer})
//
// hits the third patch of a Deployment, which is stored while its answer is lost. A fault that does nothing counts.
type Fault struct {
	// Verb, Group, Kind, Subresource, Namespace and Name are those of the [Request]. Kinds need not be served yet.
	Verb, Group, Kind, Subresource, Namespace, Name string
	// Match decides about requests that the fields before do not exclude, for instance by PatchType, UserAgent or Path. It
	// must not call the server. Nil excludes none.
	Match func(Request) bool

	// After is how many of the requests concerned pass first, Times how many are hit then, zero meaning all further ones.
	After, Times int
	// Rate is the probability with which each is hit, up to 1; zero means 1. Seed starts the random numbers, so that the same sequence
	// of requests is hit in the same places.
	Rate float64
	Seed uint64

	// Latency passes before the request is handled, or what follows happens to it.
	Latency time.Duration
	// Break is where the connection breaks, and goes before Err.
	Break Break
	// Events is how many events a watch brings before [BreakWatch] or [EndWatch], bookmarks not counted.
	Events int
	// Err is answered in place of handling the request: one of [k8s.io/apimachinery/pkg/api/errors] with its code, reason and
	// advice when to retry, any other as a 500.
	Err error
}

// Break is where a connection breaks. Through [Server.Config] the client sees a connection reset; behind a socket the
// connection is closed, of which net/http's client itself repeats requests that it takes for safe to repeat.
type Break string

const (
	// BreakRequest breaks it before the request is handled: nothing is stored.
	BreakRequest Break = Break(wire.BreakRequest)
	// BreakAnswer breaks it after the request was handled and before anything of the answer is sent: a write is stored, and
	// its client does not know.
	BreakAnswer Break = Break(wire.BreakAnswer)
	// BreakWatch breaks a watch. Other requests are not concerned.
	BreakWatch Break = Break(wire.BreakWatch)
	// EndWatch ends a watch as a server does that has had enough of it. Other requests are not concerned.
	EndWatch Break = Break(wire.EndWatch)
)

// Injection is a [Fault] that is in effect. Its methods are safe for concurrent use.
type Injection struct {
	injected *fault.Injection[wire.Request, wire.Effect]
}

// Inject puts a fault into effect for requests that come from now on. Several faults may hit one request, in the order in
// which they were injected: latencies add up, and the first Break or Err decides. Each counts for itself what it concerns.
// Requests of simulated controllers are not on the wire and are not hit. A fault that cannot mean anything, such as a negative
// number or a verb that no request has, is refused with an error that names the setting.
func (s *Server) Inject(f Fault) (*Injection, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("inject: %w", err)
	}
	choice := fault.Choice[wire.Request]{Match: f.matches, After: f.After, Times: f.Times, Rate: f.Rate, Seed: f.Seed}
	effect := wire.Effect{Latency: f.Latency, Err: f.Err, Break: wire.Break(f.Break), Events: f.Events}
	return &Injection{injected: s.handler.Faults().Add(choice, effect)}, nil
}

// Remove ends the fault. Requests that it has hit already stay hit. It may be called more than once.
func (i *Injection) Remove() { i.injected.Remove() }

// Hits returns how many requests the fault has hit.
func (i *Injection) Hits() int { return i.injected.Hits() }

func (f Fault) matches(r wire.Request) bool {
	for _, pair := range [...][2]string{
		{f.Verb, r.Verb}, {f.Group, r.Group}, {f.Kind, r.Kind}, {f.Subresource, r.Subresource}, {f.Namespace, r.Namespace}, {f.Name, r.Name},
	} {
		if pair[0] != "" && pair[0] != pair[1] {
			return false
		}
	}
	return f.Match == nil || f.Match(Request(r))
}
