package live

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
)

// ErrClosed is the cause of every request after [View.Close].
var ErrClosed = errors.New("the view is closed")

const (
	// rest is how long reads of a kind go to the server after its watch has ended for good, restForbidden how long
	// when the reason was that it is not allowed.
	rest          = time.Minute
	restForbidden = 10 * time.Minute
)

// Options adjusts a [View]. Nil and the zero value mean the defaults.
type Options struct {
	// Patience is how long a read waits, for the first state of a kind or for a write to come back through the watch,
	// before it asks the server itself. Zero means five seconds.
	Patience time.Duration
	// Logger is told when the watch of a kind has ended for good. Nil discards.
	Logger *slog.Logger
}

// View is a client whose reads come from memory. It is made by [Open].
type View struct {
	client   cluster.Client
	patience time.Duration
	log      *slog.Logger

	mu      sync.Mutex
	closed  bool
	follows map[scope]*follow
	running sync.WaitGroup
	// life spans from Open to Close, longer than any call, which is why it is kept.
	life context.Context
	end  context.CancelCauseFunc
}

var (
	_ cluster.Client  = (*View)(nil)
	_ cluster.OpenAPI = (*View)(nil)
)

// scope is what one watch follows.
type scope struct {
	group, kind, version string
	// namespace is empty for all of them.
	namespace    string
	metadataOnly bool
}

// Open returns a view over client. It makes no request: a kind is followed from the first read of it on. The caller
// closes it.
func Open(client cluster.Client, opts *Options) *View {
	if opts == nil {
		opts = &Options{}
	}
	v := &View{
		client:   client,
		patience: cmp.Or(max(opts.Patience, 0), 5*time.Second),
		log:      opts.Logger,
		follows:  map[scope]*follow{},
	}
	if v.log == nil {
		v.log = slog.New(slog.DiscardHandler)
	}
	v.life, v.end = context.WithCancelCause(context.Background())
	return v
}

// Close ends every watch and returns when they have ended. Requests after it, and reads that are waiting, fail with
// [ErrClosed]. A second Close does nothing.
func (v *View) Close() {
	v.mu.Lock()
	v.closed = true
	v.end(ErrClosed)
	v.mu.Unlock()
	v.running.Wait()
}

// Kind asks the client behind the view.
func (v *View) Kind(ctx context.Context, group, kind string) (cluster.Kind, error) {
	if err := v.open("discover", cluster.Ref{Group: group, Kind: kind}); err != nil {
		return cluster.Kind{}, err
	}
	return v.client.Kind(ctx, group, kind)
}

// Watch asks the client behind the view: it is a watch of its own.
func (v *View) Watch(ctx context.Context, sel cluster.Selector) iter.Seq2[cluster.Event, error] {
	if err := v.open("watch", cluster.Ref{Group: sel.Group, Kind: sel.Kind, Namespace: sel.Namespace}); err != nil {
		return func(yield func(cluster.Event, error) bool) { yield(cluster.Event{}, err) }
	}
	return v.client.Watch(ctx, sel)
}

// OpenAPI asks the client behind the view. The error matches [cluster.ErrNoKind] when that publishes no documents.
func (v *View) OpenAPI(ctx context.Context, group, version string) ([]byte, string, error) {
	ref := cluster.Ref{Group: group, Kind: "OpenAPI", Name: version}
	if err := v.open("discover", ref); err != nil {
		return nil, "", err
	}
	if documents, ok := v.client.(cluster.OpenAPI); ok {
		return documents.OpenAPI(ctx, group, version)
	}
	return nil, "", &cluster.Error{Op: "discover", Ref: ref, Err: fmt.Errorf("%w: the client publishes no schemas", cluster.ErrNoKind)}
}

// open returns an error when the view is closed.
func (v *View) open(op string, ref cluster.Ref) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return &cluster.Error{Op: op, Ref: ref, Err: ErrClosed}
	}
	return nil
}

// follow returns the watch that answers for s, starting it when there is none. The error is ErrClosed, or why the watch
// ended while reads go to the server.
func (v *View) follow(s scope) (*follow, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return nil, ErrClosed
	}
	if s.metadataOnly {
		whole := s
		whole.metadataOnly = false
		if f := v.follows[whole]; f != nil {
			if _, ended := f.end(); ended == nil {
				return f, nil
			}
		}
	}
	if f := v.follows[s]; f != nil {
		at, ended := f.end()
		if ended == nil {
			return f, nil
		}
		pause := rest
		if errors.Is(ended, cluster.ErrForbidden) {
			pause = restForbidden
		}
		if !errors.Is(ended, cluster.ErrNoKind) && time.Since(at) < pause {
			return nil, ended
		}
	}
	f := newFollow(s)
	v.follows[s] = f
	v.running.Go(func() { v.run(f) })
	return f, nil
}

// run feeds f until its watch ends.
func (v *View) run(f *follow) {
	selector := cluster.Selector{
		Group: f.scope.group, Version: f.scope.version, Kind: f.scope.kind,
		Namespace: f.scope.namespace, MetadataOnly: f.scope.metadataOnly,
	}
	ended := errors.New("the watch ended without an error")
	for event, err := range v.client.Watch(v.life, selector) {
		if err != nil {
			ended = err
			break
		}
		f.take(event)
	}
	if v.life.Err() != nil {
		ended = ErrClosed
	}
	f.fail(ended)
	if !errors.Is(ended, ErrClosed) {
		v.log.Warn("a kind is not followed any more", "kind", f.scope.kind, "group", f.scope.group,
			"namespace", f.scope.namespace, "cause", ended.Error())
	}
}
