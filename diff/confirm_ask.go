package diff

import (
	"context"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

// said is what a server says of an apply.
type said struct {
	// object is what would be stored, by force where there are conflicts. Nobody changes it.
	object *unstructured.Unstructured
	// conflicts are those that an apply without force meets.
	conflicts []cluster.FieldConflict
}

// flight is a question that is under way.
type flight struct {
	done chan struct{}
	said said
	err  error
	// abandoned says that whoever asked does not wait for the answer any more.
	abandoned bool
}

// ask returns the server's answer: one that is kept, the one that is under way, or a new one.
func (s *Confirmer) ask(ctx context.Context, key confirmKey, c *Comparison) (said, error) {
	for {
		s.mu.Lock()
		if known, ok := s.answers.get(key); ok {
			s.mu.Unlock()
			return known, nil
		}
		f := s.flights[key]
		if f == nil {
			f = &flight{done: make(chan struct{}), abandoned: true}
			s.flights[key] = f
			s.mu.Unlock()
			s.fly(ctx, key, c, f)
			return f.said, f.err
		}
		s.mu.Unlock()
		select {
		case <-f.done:
			if !f.abandoned {
				return f.said, f.err
			}
		case <-ctx.Done():
			return said{}, context.Cause(ctx)
		}
	}
}

// fly carries a question through. If the client panics, those who wait ask for themselves.
func (s *Confirmer) fly(ctx context.Context, key confirmKey, c *Comparison, f *flight) {
	defer func() {
		s.mu.Lock()
		delete(s.flights, key)
		if f.err == nil && !f.abandoned {
			s.answers.put(key, f.said)
		}
		s.mu.Unlock()
		close(f.done)
	}()
	f.said, f.err = s.dryRun(ctx, key, c)
	f.abandoned = f.err != nil && ctx.Err() != nil
}

func (s *Confirmer) dryRun(ctx context.Context, key confirmKey, c *Comparison) (said, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.opts.Timeout, fmt.Errorf("%w: no answer to a dry run within %s", cluster.ErrUnavailable, s.opts.Timeout))
	defer cancel()
	opts := cluster.WriteOptions{Manager: c.manager, DryRun: true, UID: key.uid, ResourceVersion: key.version}
	apply := func() (*unstructured.Unstructured, error) {
		w, err := s.server.Apply(ctx, c.Object(), opts)
		if err != nil {
			return nil, err
		}
		if w == nil || w.Object == nil {
			return nil, errors.New("the answer to a dry run has no object")
		}
		return w.Object, nil
	}
	var out said
	var err error
	out.object, err = apply()
	var conflict *cluster.ConflictError
	if errors.As(err, &conflict) {
		out.conflicts = conflict.Conflicts
		opts.Force = true
		out.object, err = apply()
	}
	return out, err
}
