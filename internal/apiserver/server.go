package apiserver

import (
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/version"

	"github.com/setpoint-dev/setpoint/internal/apiserver/crd"
	"github.com/setpoint-dev/setpoint/internal/apiserver/store"
	"github.com/setpoint-dev/setpoint/internal/apiserver/strategy"
)

// Options configures a [Server]. The zero value is a working one.
type Options struct {
	// Now is the clock. Nil means [time.Now].
	Now func() time.Time
	// History is how many writes the log remembers. Zero means 10,000.
	History int
	// Logger receives faults of controllers. Nil discards them.
	Logger *slog.Logger
	// Definitions says what is accepted of definitions of kinds.
	Definitions crd.Options
}

// Server is the core: kinds, objects, the log, and the controllers that read it. Safe for concurrent use.
type Server struct {
	store  *store.Store
	now    func() time.Time
	logger *slog.Logger
	pools  pools

	defining crd.Options

	catalogMu sync.Mutex // guards declared and the building of catalogs
	declared  map[string]*declared
	catalog   atomic.Pointer[Catalog]
	turned    chan struct{} // closed when the catalog is replaced, guarded by catalogMu

	controllers controllers

	admissionMu sync.Mutex // held by writers of admission
	admission   atomic.Pointer[[]Admission]

	done      chan struct{}
	closeOnce sync.Once
}

// firstVersion is where versions start; a real server has written a few objects of its own by the time it is ready, and no
// client may take 0 for a version.
const firstVersion = 1

// New returns a server with the built-in kinds and the objects that every cluster has. Close it.
func New(opts Options) (*Server, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.History == 0 {
		opts.History = 10_000
	}
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		store: store.New(opts.History, firstVersion), now: opts.Now, logger: opts.Logger,
		defining: opts.Definitions, declared: map[string]*declared{}, done: make(chan struct{}),
	}
	s.pools.init()
	s.catalog.Store(builtinCatalog())
	s.turned = make(chan struct{})
	s.controllers.next = firstVersion
	s.Register(definitions{s})
	if err := s.seed(); err != nil {
		return nil, fmt.Errorf("seed: %w", err)
	}
	return s, nil
}

// seed creates what every cluster has.
func (s *Server) seed() error {
	for _, obj := range strategy.Seeds() {
		u := &unstructured.Unstructured{Object: obj}
		if _, err := s.API().Create(u, WriteOptions{Manager: "kube-apiserver"}); err != nil {
			return err
		}
	}
	return nil
}

var builtinCatalog = sync.OnceValue(func() *Catalog { return newCatalog(builtins(), nil) })

// Catalog returns what is served now.
func (s *Server) Catalog() *Catalog { return s.catalog.Load() }

// current returns the catalog and what is closed when another takes its place.
func (s *Server) current() (*Catalog, <-chan struct{}) {
	s.catalogMu.Lock()
	defer s.catalogMu.Unlock()
	return s.catalog.Load(), s.turned
}

// Close ends every watch. The objects stay readable, which tests of a server that goes away do not see through a client.
func (s *Server) Close() { s.closeOnce.Do(func() { close(s.done) }) }

// Done is closed when the server is.
func (s *Server) Done() <-chan struct{} { return s.done }

// Version returns the resourceVersion of the last write.
func (s *Server) Version() uint64 { return s.store.Version() }

// Forget makes the server forget the past, so that watches from before get 410.
func (s *Server) Forget() { s.store.Forget() }

// time returns the server's time as objects carry it: UTC, whole seconds.
func (s *Server) time() metav1.Time {
	return metav1.NewTime(s.now().UTC().Truncate(time.Second))
}

// Logger is where faults go that no request can tell anybody about.
func (s *Server) Logger() *slog.Logger { return s.logger }

// Time is when it is on the server's clock, as objects tell it.
func (s *Server) Time() metav1.Time { return s.time() }

func newUID() types.UID { return uuid.NewUUID() }

func key(served *Served, namespace, name string) store.Key {
	return store.Key{Resource: served.resource(), Namespace: namespace, Name: name}
}

func sortVersions(versions []string) {
	slices.SortFunc(versions, func(a, b string) int { return -version.CompareKubeAwareVersionStrings(a, b) })
}
