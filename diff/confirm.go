package diff

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
)

// ConfirmOptions qualifies a [Confirmer]. Nil means the defaults.
type ConfirmOptions struct {
	// Concurrency is how many objects of a set are asked about at the same time. Zero means 16.
	Concurrency int
	// Timeout bounds what the server takes for one object, its webhooks included. Zero means 30 seconds, which is the longest
	// that one webhook may be configured to take.
	Timeout time.Duration
	// MaxAge is for how long an answer is good: webhooks and policies change without any object showing it. Zero means ten
	// minutes, less than zero that every comparison is asked about anew.
	MaxAge time.Duration
	// MaxBytes bounds the answers that are kept, by the size of their objects in JSON. The least recently used go first. Zero
	// means 32 MiB.
	MaxBytes int
}

// Confirmer settles comparisons by asking the server, which knows its webhooks, its policies and what it allocates. It is safe for
// concurrent use. Share one between the comparers of a cluster: what one has asked, no other needs to ask while neither the
// object to apply nor the live object changes.
type Confirmer struct {
	server cluster.Applier
	opts   ConfirmOptions

	mu      sync.Mutex
	answers answers
	flights map[confirmKey]*flight
}

// NewConfirmer returns a confirmer that sends dry runs through server. Whoever that is needs the rights of the apply itself.
func NewConfirmer(server cluster.Applier, opts *ConfirmOptions) *Confirmer {
	s := &Confirmer{server: server, flights: map[confirmKey]*flight{}}
	if opts != nil {
		s.opts = *opts
	}
	if s.opts.Concurrency <= 0 {
		s.opts.Concurrency = 16
	}
	if s.opts.Timeout <= 0 {
		s.opts.Timeout = 30 * time.Second
	}
	if s.opts.MaxAge == 0 {
		s.opts.MaxAge = 10 * time.Minute
	}
	if s.opts.MaxBytes <= 0 {
		s.opts.MaxBytes = 32 << 20
	}
	s.answers = newAnswers(s.opts.MaxBytes, s.opts.MaxAge)
	return s
}

// Confirm asks the server about a comparison that is [Differs], [Conflict] or [Unsure], and returns what it says: a comparison of
// precision [Confirmed] with the verdict, the conflicts, the changes and the prediction of the server. What its admission adds to
// an apply is told apart, as changes [FromAdmission] and in [Comparison].Overruled; when nothing of ours would be left after it, the
// verdict is [Same] or [Adopt], since to apply would be in vain. The verdict is [Refused] when the server would take the object in
// no case, with the reason in [Comparison].Fault.
//
// A comparison of another verdict, one that is confirmed already and one without a live object of a server are returned as they are.
//
// What keeps the server from saying is no error but the comparison with precision [Unconfirmed], and a Fault that wraps
// [ErrNoDryRun] where a webhook does not take part in dry runs; [cluster.ErrConflict] where the live object has changed since it was
// read, so that it has to be read and compared again; else the error of the client. The error is the cause of the end of the
// context, and nothing else.
//
// The request is made under the precondition that the live object is the one that was compared. There is one for equal
// questions, however many ask at a time, and a second one, with force, where the server names conflicts.
func (s *Confirmer) Confirm(ctx context.Context, c *Comparison) (*Comparison, error) {
	switch {
	case c.Verdict != Differs && c.Verdict != Conflict && c.Verdict != Unsure:
		return c, nil
	case c.work == nil || c.Precision == Confirmed:
		return c, nil
	}
	w := c.work()
	if w.uid == "" || w.version == "" {
		return c, nil
	}
	key, err := w.key(c)
	if err != nil {
		return w.unconfirmed(c, err), nil
	}
	said, err := s.ask(ctx, key, c)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		return w.failed(c, said, err), nil
	}
	return w.settle(c, said), nil
}

// ConfirmAll confirms the comparisons of a set, as [Confirmer.Confirm] does, and returns a set in the same order. One that cannot
// be confirmed does not touch the others. The error is the cause of the end of the context, and nothing else.
func (s *Confirmer) ConfirmAll(ctx context.Context, set *Set) (*Set, error) {
	out := &Set{Comparisons: make([]*Comparison, len(set.Comparisons)), Extra: set.Extra}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(s.opts.Concurrency)
	for i, c := range set.Comparisons {
		g.Go(func() (err error) {
			out.Comparisons[i], err = s.Confirm(ctx, c)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}

// confirmKey is what an answer depends on, besides what the server itself consists of.
type confirmKey struct {
	manager string
	ref     cluster.Ref
	uid     types.UID
	version string
	applied [sha256.Size]byte
}

// key identifies the question. What is applied may depend on the live object, by rules, so its own digest is taken.
func (w *comparing) key(c *Comparison) (confirmKey, error) {
	data, err := json.Marshal(c.apply())
	if err != nil {
		return confirmKey{}, fmt.Errorf("encode the object: %w", err)
	}
	return confirmKey{c.manager, c.Ref, w.uid, w.version, sha256.Sum256(data)}, nil
}
