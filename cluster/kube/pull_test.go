package kube_test

import (
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/cluster"
)

// pull reads a watch event by event. A watch that says nothing for half a minute fails the test.
func pull(t *testing.T, seq iter.Seq2[cluster.Event, error]) (next func() (cluster.Event, error), stop func()) {
	t.Helper()
	type step struct {
		event cluster.Event
		err   error
	}
	steps := make(chan step)
	quit, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for e, err := range seq {
			select {
			case steps <- step{e, err}:
			case <-quit:
				return
			}
		}
	}()
	next = func() (cluster.Event, error) {
		t.Helper()
		select {
		case s := <-steps:
			return s.event, s.err
		case <-ended:
			require.FailNow(t, "the watch has ended")
		case <-time.After(30 * time.Second):
			require.FailNow(t, "the watch says nothing")
		}
		return cluster.Event{}, nil
	}
	return next, func() { close(quit) }
}
