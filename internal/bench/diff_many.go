package main

import (
	"context"
	"runtime"

	"github.com/setpoint-dev/setpoint/diff"
)

// prepareAll returns the milliseconds that preparing all objects takes.
func (s *sample) prepareAll() measure {
	return func(context.Context) (float64, error) {
		c := s.comparer()
		return milliseconds(func() error {
			_, err := c.PrepareAll(s.desired)
			return err
		})
	}
}

// firstPass returns the milliseconds that comparing all objects takes when none was compared before.
func (s *sample) firstPass() measure {
	return func(ctx context.Context) (float64, error) {
		c := s.comparer()
		prepared, err := c.PrepareAll(s.desired)
		if err != nil {
			return 0, err
		}
		return milliseconds(func() error {
			_, err := c.CompareAll(ctx, prepared, s.live)
			return err
		})
	}
}

// secondPass returns the milliseconds that it takes again, with the same live objects as a view hands them out.
func (s *sample) secondPass() measure {
	return s.later(func(ctx context.Context, c *diff.Comparer, prepared []*diff.Desired) error {
		_, err := c.CompareAll(ctx, prepared, s.live)
		return err
	})
}

// movedPass is a second pass in which one object of a hundred is another one, and differs.
func (s *sample) movedPass() measure {
	return s.later(func(ctx context.Context, c *diff.Comparer, prepared []*diff.Desired) error {
		_, err := c.CompareAll(ctx, prepared, s.moved)
		return err
	})
}

func (s *sample) later(work func(context.Context, *diff.Comparer, []*diff.Desired) error) measure {
	return func(ctx context.Context) (float64, error) {
		c := s.comparer()
		prepared, err := c.PrepareAll(s.desired)
		if err != nil {
			return 0, err
		}
		if _, err := c.CompareAll(ctx, prepared, s.live); err != nil {
			return 0, err
		}
		return milliseconds(func() error { return work(ctx, c, prepared) })
	}
}

// preparedMemory returns the megabytes that prepared objects take beside those they are made from.
func (s *sample) preparedMemory() measure {
	return func(context.Context) (float64, error) {
		before := live()
		prepared, err := s.comparer().PrepareAll(s.desired)
		after := live()
		runtime.KeepAlive(prepared)
		return (float64(after) - float64(before)) / (1 << 20), err
	}
}

// resultMemory returns the megabytes that the comparisons of all objects take beside those.
func (s *sample) resultMemory() measure {
	return func(ctx context.Context) (float64, error) {
		c := s.comparer()
		prepared, err := c.PrepareAll(s.desired)
		if err != nil {
			return 0, err
		}
		before := live()
		set, err := c.CompareAll(ctx, prepared, s.live)
		after := live()
		runtime.KeepAlive(set)
		runtime.KeepAlive(prepared)
		return (float64(after) - float64(before)) / (1 << 20), err
	}
}

// milliseconds of processor time.
func milliseconds(work func() error) (float64, error) {
	took, err := microseconds(1, 1, func(int) error { return work() })
	return took / 1e3, err
}
