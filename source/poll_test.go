package source_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/source"
)

// counter is a number that a timer may raise while the test reads it.
type counter struct{ n atomic.Int64 }

func (c *counter) add() int { return int(c.n.Add(1)) }
func (c *counter) get() int { return int(c.n.Load()) }

// script is a source that answers what the test says, with the number of its revision as content.
type script struct {
	at      counter
	closed  int
	fetches int
	err     error
	onFetch func() error
}

func (s *script) digest() string { return fmt.Sprintf("test:%d", s.at.get()) }

func (s *script) Fetch(_ context.Context, at source.Revision) (*source.Snapshot, error) {
	s.fetches++
	if s.onFetch != nil {
		if err := s.onFetch(); err != nil {
			return nil, err
		}
	}
	if s.err != nil {
		return nil, s.err
	}
	return &source.Snapshot{
		Revision: source.Revision{Name: at.Name, Digest: s.digest()},
		FS:       fstest.MapFS{"n": &fstest.MapFile{Data: []byte(fmt.Sprint(s.at.get()))}},
		Release:  func() error { s.closed++; return nil },
	}, nil
}

// resolving is a script that is a Resolver too.
type resolving struct {
	*script
	asked int
}

func (r *resolving) Resolve(context.Context) (source.Revision, error) {
	r.asked++
	return source.Revision{Name: "main", Digest: r.digest()}, r.err
}

var exact = &source.PollOptions{Jitter: -1}

func TestPollYieldsChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, cheap := range []bool{true, false} {
			s := &script{}
			r := &resolving{script: s}
			var f source.Fetcher = s
			if cheap {
				f = r
			}
			start := time.Now()
			var seen []string
			for snapshot, err := range source.Poll(t.Context(), f, exact) {
				require.NoError(t, err)
				content, err := fs.ReadFile(snapshot.FS, "n")
				require.NoError(t, err)
				seen = append(seen, fmt.Sprintf("%s at %v", content, time.Since(start)))
				require.NoError(t, snapshot.Close())
				if len(seen) == 3 {
					break
				}
				time.AfterFunc(time.Duration(len(seen))*140*time.Second, func() { s.at.add() })
			}
			assert.Equal(t, []string{"0 at 0s", "1 at 3m0s", "2 at 8m0s"}, seen)
			assert.Equal(t, s.fetches, s.closed, "what is not yielded is closed")
			if cheap {
				assert.Equal(t, 3, s.fetches)
				assert.Equal(t, 9, r.asked)
			} else {
				assert.Equal(t, 9, s.fetches)
			}
		}
	})
}

func TestPollJitter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		last := time.Now()
		different := map[time.Duration]bool{}
		for snapshot, err := range source.Poll(t.Context(), s, &source.PollOptions{Interval: time.Hour}) {
			require.NoError(t, err)
			require.NoError(t, snapshot.Close())
			if wait := time.Since(last); wait > 0 {
				assert.InDelta(t, time.Hour, wait, float64(6*time.Minute))
				different[wait] = true
			}
			last = time.Now()
			if s.at.add() == 50 {
				break
			}
		}
		assert.Greater(t, len(different), 40)
	})
}

func TestPollGoesOnAfterTemporaryErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		down := &source.Error{Op: "fetch", Source: "x", Err: source.ErrUnreachable}
		s := &script{err: down}
		var waits []time.Duration
		opts := &source.PollOptions{Jitter: -1, MaxBackoff: 5 * time.Second, OnError: func(err error, wait time.Duration) {
			assert.ErrorIs(t, err, source.ErrUnreachable)
			if waits = append(waits, wait); len(waits) == 5 {
				s.err = nil
			}
		}}
		for snapshot, err := range source.Poll(t.Context(), s, opts) {
			require.NoError(t, err)
			require.NoError(t, snapshot.Close())
			if s.at.add() == 2 {
				break
			}
			s.err = down
			waits = waits[:4:4]
		}
		assert.Equal(t, []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, time.Second}, waits, "success starts over")
	})
}

func TestPollEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ends := func(ctx context.Context, f source.Fetcher, opts *source.PollOptions) error {
			var errs []error
			for snapshot, err := range source.Poll(ctx, f, opts) {
				if err != nil {
					assert.Nil(t, snapshot)
					errs = append(errs, err)
				}
			}
			require.Len(t, errs, 1)
			return errs[0]
		}
		for _, final := range []error{source.ErrUnauthorized, source.ErrUnknownRevision, source.ErrCorrupt, errors.New("other")} {
			assert.ErrorIs(t, ends(t.Context(), &script{err: final}, nil), final)
		}
		never := &source.PollOptions{Retry: func(error) bool { return false }}
		assert.ErrorIs(t, ends(t.Context(), &script{err: source.ErrUnreachable}, never), source.ErrUnreachable)

		why := errors.New("shutting down")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(10*time.Minute, func() { cancel(why) })
		assert.ErrorIs(t, ends(ctx, &script{}, nil), why)
		assert.ErrorIs(t, ends(ctx, &script{err: source.ErrUnreachable}, nil), why, "also before the first look")
	})
}

func TestPollAfterARevisionThatMoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &resolving{script: &script{}}
		r.onFetch = func() error {
			r.onFetch = nil
			r.at.add()
			return source.ErrUnknownRevision
		}
		for snapshot, err := range source.Poll(t.Context(), r, nil) {
			require.NoError(t, err)
			assert.Equal(t, "test:1", snapshot.Revision.Digest)
			break
		}
	})
}

func TestTrigger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{}
		var trigger source.Trigger
		trigger.Fire()
		opts := &source.PollOptions{Interval: time.Hour, Trigger: &trigger}
		start := time.Now()
		var seen []time.Duration
		for snapshot, err := range source.Poll(t.Context(), s, opts) {
			require.NoError(t, err)
			require.NoError(t, snapshot.Close())
			seen = append(seen, time.Since(start))
			n := s.at.add()
			switch n {
			case 1:
				time.AfterFunc(time.Second, func() { trigger.Fire(); trigger.Fire() })
			case 2:
				trigger.Fire() // while the caller works: the next look is at once
			}
			if n == 3 {
				break
			}
		}
		assert.Equal(t, []time.Duration{0, time.Second, time.Second}, seen)
	})
}

func TestTriggerWhileFetching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var trigger source.Trigger
		s := &script{}
		s.onFetch = func() error {
			s.onFetch = nil
			trigger.Fire()
			return nil
		}
		start := time.Now()
		for snapshot, err := range source.Poll(t.Context(), s, &source.PollOptions{Trigger: &trigger}) {
			require.NoError(t, err)
			require.NoError(t, snapshot.Close())
			if s.at.add() == 2 {
				break
			}
		}
		assert.Zero(t, time.Since(start), "what was pushed during the fetch does not wait for the next look")
	})
}
