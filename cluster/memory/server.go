package memory

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/sim"
	"github.com/setpoint-dev/setpoint/internal/apiserver/wire"
)

// Options configures a [Server]. Nil and the zero value mean the defaults.
type Options struct {
	// Controllers simulates the workload controllers, the nodes and what else makes a cluster live: Deployments get
	// ReplicaSets and Pods, Pods run, Jobs complete, LoadBalancer Services get an address. Without it, objects stay as
	// they are written, as on an API server that stands alone; garbage collection and the lifecycle of namespaces and
	// definitions work either way.
	Controllers bool
	// Script says how simulated objects fare, from the first on; [Server.Script] replaces it. It needs Controllers.
	Script []ScriptRule
	// Now is the clock of every timestamp in objects, and of everything that simulated controllers wait for. [Server.Advance]
	// moves the server ahead of it. Nil means [time.Now].
	Now func() time.Time
	// Objects are created before New returns, by the field manager "seed": namespaces and definitions first, then the others,
	// each in order. An object without a namespace goes to "default" when its kind is namespaced; a status is written too; of
	// what the server sets, such as uid and resourceVersion, the object has its own. One that is there already is passed
	// over. They are not changed. [Manifests] reads them from YAML.
	Objects []*unstructured.Unstructured
	// Admission is asked about every write from when New returns, those of simulated controllers included. Objects are
	// there without it.
	Admission []Admission
	// Authorize decides about every request that reaches the server from outside, discovery included, and answers the
	// access reviews (SelfSubjectAccessReview and its siblings). A request that is not allowed is answered 403 in the words of the real
	// server, with the reason, which may be empty, at the end. Nil allows everything. Roles and bindings are stored and
	// mean nothing to it. Safe for concurrent use.
	Authorize func(a Access) (allowed bool, reason string)
	// Sleep waits out the latency of a [Fault], and returns early when its context ends. Nothing else in the server waits for
	// time to pass but the timeout that a watch asks for. Nil waits by a timer, which package testing/synctest fakes.
	Sleep func(ctx context.Context, d time.Duration) error
	// History is how many writes can be watched from; a watch from further back is answered 410 Gone. Zero means 10,000.
	History int
	// Logger receives the faults of simulated controllers. Nil discards them.
	Logger *slog.Logger
	// Rules compiles the rules in CEL of CustomResourceDefinitions; package celrules has one. Nil means that the server cannot evaluate any: a definition
	// that has rules is refused (422) with a cause for each, unless IgnoreRules is set.
	Rules CompileRule
	// IgnoreRules accepts definitions with rules that nothing evaluates. They are stored and published, and not enforced; the
	// answer to the definition carries a warning that names them. With Rules it has no effect.
	IgnoreRules bool
	// Convert converts custom resources between the versions of their kind where the definition asks for a webhook (strategy
	// Webhook), by group and kind. It is held to what a webhook is: the identity of the object stays, and of its
	// metadata only labels and annotations change. A definition of several versions that asks for a webhook is
	// refused (422) when there is no function for its kind; definitions with the strategy None need none.
	Convert map[schema.GroupKind]Convert
}

// Server is an API server in the process. Create one with [New] and close it. All methods are safe for concurrent use.
type Server struct {
	core    *apiserver.Server
	handler *wire.Handler
	clock   *clock
	sim     *sim.Simulator // nil when no controllers are simulated
}

var _ http.Handler = (*Server)(nil)

// New starts an API server. It listens nowhere: clients reach it through [Server.Config], or through a server of
// net/http that is given it as handler. It runs no goroutine but those of requests that are on their way.
func New(opts *Options) (*Server, error) {
	if opts == nil {
		opts = &Options{}
	}
	if opts.History < 0 {
		return nil, fmt.Errorf("start API server: History is %d: use a number of writes, or zero for 10,000", opts.History)
	}
	clock := newClock(opts.Now)
	core, err := apiserver.New(apiserver.Options{
		Now: clock.now, History: opts.History, Logger: opts.Logger, Definitions: opts.definitions(),
	})
	if err != nil {
		return nil, fmt.Errorf("start API server: %w", err)
	}
	s := &Server{core: core, handler: wire.NewHandler(core, opts.Sleep), clock: clock}
	s.handler.Authorize = opts.authorize()
	s.register(opts.Controllers)
	if len(opts.Script) > 0 {
		if err := s.Script(opts.Script...); err != nil {
			return nil, fmt.Errorf("start API server: %w", err)
		}
	}
	if err := seed(core.API(), opts.Objects); err != nil {
		return nil, err
	}
	if len(opts.Admission) > 0 {
		core.Admit(admissions(opts.Admission)...)
	}
	return s, nil
}

// Close ends every watch and refuses new requests. It is safe to call more than once.
func (s *Server) Close() { s.core.Close() }

// Config returns a configuration for clients of client-go. Its transport calls the server without a socket; client-side
// rate limits are off. Each call returns a new value that the caller may change.
func (s *Server) Config() *rest.Config {
	return &rest.Config{
		Host:      "http://memory.invalid",
		Transport: &wire.Transport{Handler: s, Done: s.core.Done()},
		QPS:       -1,
	}
}

// ServeHTTP implements [http.Handler], for clients in other processes: httptest.NewServer(server).URL is what kubectl takes
// as --server.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Expire makes the server forget the past: every watch from before now is answered 410 Gone, and so is every continue
// token.
func (s *Server) Expire() { s.core.Forget() }

// ControllerErrors returns what simulated controllers failed with, joined, and nil when nothing failed. A test that relies on
// them should look.
func (s *Server) ControllerErrors() error { return errors.Join(s.core.Faults()...) }
