package clustertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
)

// limit bounds one rule, so that a client which never answers fails it.
const limit = 2 * time.Minute

// errSlow is the cause of a rule's end by its limit.
var errSlow = errors.New("the rule took longer than two minutes")

// Rule is one thing that holds of every cluster.Client.
type Rule struct {
	// Name is "area/what-holds", such as "apply/conflict-writes-nothing".
	Name string
	// Why says what holds and where Kubernetes promises it.
	Why string

	check func(s *scene)
}

// areas are the tables of rules, in the order in which a reader learns the API.
var areas = [][]Rule{
	discovering, reading, watching, cutting, creating, replacing, patching, applying, owning, merging, dryRunning, counting,
	subresources, deleting, collecting, namespaces, defaulting, validating, fixing, definitions, definedSchemas, failing, racing,
}

// Rules returns every rule, in the order in which [Run] starts them. The slice is the caller's.
func Rules() []Rule { return slices.Concat(areas...) }

// Run checks every rule, each in a sub-test of its name. newClient is called once for each, with the sub-test's t, and may
// return the same client each time. The sub-tests run in parallel, each in a namespace of its own, so that they need
// neither an empty cluster nor one client each.
func Run(t *testing.T, newClient func(t *testing.T) cluster.Client) {
	for _, rule := range Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			t.Parallel()
			switch err := rule.Check(t.Context(), newClient(t)); {
			case errors.Is(err, ErrSkipped):
				t.Skip(err)
			case err != nil:
				t.Error(err)
			}
		})
	}
}

// ErrSkipped says that a rule was not checked, because the client has not what it needs. The error that matches it says what.
var ErrSkipped = errors.New("skipped")

// Check reports how c breaks the rule, or nil when it does not. The error says what holds, what was found, and at which line
// of this package's source. Everything that the check creates is deleted again; the deletion is not waited for. A check
// that takes longer than two minutes fails. The error matches [ErrSkipped] when the client cannot be checked.
func (r Rule) Check(ctx context.Context, c cluster.Client) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errSlow)
	defer cancel()
	s := newScene(ctx, c)
	ended := make(chan struct{})
	// A goroutine of its own lets the check end at its first finding, as a test does.
	go func() {
		defer close(ended)
		defer s.clear()
		defer func() {
			if fault := recover(); fault != nil {
				s.Errorf("panic: %v", fault)
			}
		}()
		r.check(s)
	}()
	<-ended
	if s.skipped != "" {
		return fmt.Errorf("%w: %s", ErrSkipped, s.skipped)
	}
	if len(s.findings) == 0 {
		return nil
	}
	return fmt.Errorf("%s\n%s\n%s", r.Name, r.Why, strings.Join(s.findings, "\n"))
}
