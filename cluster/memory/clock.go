package memory

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// clock is the time of the caller's clock and what the server has been moved ahead of it.
type clock struct {
	base  func() time.Time
	ahead atomic.Int64 // nanoseconds
}

func newClock(base func() time.Time) *clock {
	if base == nil {
		base = time.Now
	}
	return &clock{base: base}
}

func (c *clock) now() time.Time { return c.base().Add(time.Duration(c.ahead.Load())) }

// reach moves the clock to a time unless it is there already.
func (c *clock) reach(t time.Time) {
	if d := t.Sub(c.now()); d > 0 {
		c.ahead.Add(int64(d))
	}
}

// Now returns the time on the server's clock: that of Options.Now, moved ahead by every [Server.Advance].
func (s *Server) Now() time.Time { return s.clock.now() }

// Advance moves the server's clock ahead and does on the way what becomes due, each at its time: an hour for a CronJob of every
// ten minutes is six Jobs, one after the other. Nothing sleeps. Deadlines, minReadySeconds, back-off delays, times to live and
// grace periods are on this clock; what has become due otherwise, because Options.Now has moved, is done with the next write,
// [Server.Step] or Advance.
//
// The error is what controllers failed with, or tells that there is no end to what is due at one time. A negative time is
// refused: clocks of clusters do not go back.
func (s *Server) Advance(d time.Duration) error {
	if d < 0 {
		return fmt.Errorf("advance the clock by %s: time does not go back", d)
	}
	end := s.clock.now().Add(d)
	if s.sim == nil {
		s.clock.reach(end)
		return nil
	}
	var last time.Time
	for moves := 0; moves < maxMoves; moves++ {
		next, ok := s.Due()
		if !ok || next.After(end) {
			s.clock.reach(end)
			return s.core.Between(s.sim.Tick)
		}
		if next.After(last) {
			last, moves = next, 0
		}
		s.clock.reach(next)
		if err := s.core.Between(s.sim.Tick); err != nil {
			return err
		}
	}
	return fmt.Errorf("advance the clock by %s: there is no end to what is due at %s", d, last.UTC().Format(time.RFC3339))
}

// Due returns when the clock next makes a difference to a simulated object; false means that nothing waits for it.
func (s *Server) Due() (next time.Time, ok bool) {
	if s.sim == nil {
		return time.Time{}, false
	}
	_ = s.core.Between(func(apiserver.API) error {
		next, ok = s.sim.Due()
		return nil
	})
	return next, ok
}
