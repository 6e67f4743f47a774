package source

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"time"
)

// PollOptions say how often [Poll] looks. Zero fields mean the defaults.
type PollOptions struct {
	// Interval is the time between two looks; the default is one minute.
	Interval time.Duration
	// Jitter is the share of the interval by which each wait is longer or shorter, by chance, so that many polls do not
	// arrive together; the default is 0.1. Negative means none, and no more than 1 counts.
	Jitter float64
	// MaxBackoff bounds the wait after failures: it starts at a second and doubles; the default is five minutes.
	MaxBackoff time.Duration
	// Trigger, when not nil, makes Poll look at once when it is fired, also while it waits after a failure.
	Trigger *Trigger
	// Retry reports whether to go on after an error. Nil means [Temporary].
	Retry func(error) bool
	// OnError is told each error after which Poll goes on, and how long it will wait. Nil means that nobody is told.
	OnError func(err error, wait time.Duration)
}

// Temporary reports whether an error may pass by itself: [ErrUnreachable] and [ErrUnstable].
func Temporary(err error) bool {
	return errors.Is(err, ErrUnreachable) || errors.Is(err, ErrUnstable)
}

// Poll yields the newest snapshot of a source, and then a new one each time its Digest has changed. It asks a [Resolver]
// whether there is something to fetch, and otherwise fetches each time. A source whose revisions have no Digest counts as
// changed at every look.
//
// Each pair is (snapshot, nil) or (nil, err). An error ends the stream, except those that opts.Retry lets pass, after which
// Poll waits and tries again. When ctx ends, its cause is yielded once. The caller closes the snapshots, and the next look
// starts when the loop's body is done. Breaking ends the poll at once; no goroutine runs. The sequence may be used several
// times, and each use starts anew.
//
// A revision that vanishes between Resolve and Fetch is one that moved again, so Poll tries again.
func Poll(ctx context.Context, f Fetcher, opts *PollOptions) iter.Seq2[*Snapshot, error] {
	var o PollOptions
	if opts != nil {
		o = *opts
	}
	if o.Interval <= 0 {
		o.Interval = time.Minute
	}
	if o.MaxBackoff <= 0 {
		o.MaxBackoff = 5 * time.Minute
	}
	if o.Jitter == 0 {
		o.Jitter = 0.1
	}
	o.Jitter = min(max(o.Jitter, 0), 1)
	if o.Retry == nil {
		o.Retry = Temporary
	}
	return func(yield func(*Snapshot, error) bool) {
		var last string
		backoff := time.Second
		for {
			if ctx.Err() != nil {
				yield(nil, context.Cause(ctx))
				return
			}
			// Taken before looking: what fires meanwhile is not lost.
			fired := o.Trigger.fired()
			snapshot, err := look(ctx, f, last)
			wait := o.spread(o.Interval)
			switch {
			case err != nil && ctx.Err() != nil:
				yield(nil, context.Cause(ctx))
				return
			case err != nil && !errors.Is(err, errMoved) && !o.Retry(err):
				yield(nil, err)
				return
			case err != nil:
				wait = o.spread(min(backoff, o.MaxBackoff))
				backoff = min(2*backoff, o.MaxBackoff)
				if o.OnError != nil {
					o.OnError(err, wait)
				}
			default:
				backoff = time.Second
				if snapshot != nil {
					last = snapshot.Revision.Digest
					if !yield(snapshot, nil) {
						return
					}
				}
			}
			timer := time.NewTimer(wait)
			select {
			case <-timer.C:
			case <-fired:
			case <-ctx.Done():
			}
			timer.Stop()
		}
	}
}

// errMoved: what was resolved is not there any more.
var errMoved = errors.New("the revision moved while it was fetched")

// look returns the newest snapshot, or nil when its digest is last.
func look(ctx context.Context, f Fetcher, last string) (*Snapshot, error) {
	var at Revision
	if r, ok := f.(Resolver); ok {
		var err error
		if at, err = r.Resolve(ctx); err != nil {
			return nil, err
		}
		if at.Digest != "" && at.Digest == last {
			return nil, nil
		}
	}
	snapshot, err := f.Fetch(ctx, at)
	if err != nil {
		if at.Digest != "" && errors.Is(err, ErrUnknownRevision) {
			err = fmt.Errorf("%w: %w", errMoved, err)
		}
		return nil, err
	}
	if snapshot.Revision.Digest != "" && snapshot.Revision.Digest == last {
		return nil, snapshot.Close()
	}
	return snapshot, nil
}

// spread makes a wait longer or shorter by chance.
func (o PollOptions) spread(d time.Duration) time.Duration {
	return d + time.Duration((2*rand.Float64()-1)*o.Jitter*float64(d))
}
