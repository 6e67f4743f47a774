package sync

import (
	"errors"
	"fmt"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/health"
)

// Sentinels for what callers branch on, matched with [errors.Is].
var (
	// ErrDuplicate: the desired state has the same object twice.
	ErrDuplicate = errors.New("the same object twice")
	// ErrNamespace: an object of a namespaced kind has no namespace, one of a cluster-scoped kind has one, or the
	// namespace neither exists nor is among the desired objects.
	ErrNamespace = errors.New("namespace")
	// ErrDependency: an object depends on one that is not applied, not yet applied, or on itself.
	ErrDependency = errors.New("dependency")
	// ErrForeign: the live object carries the marks of another set.
	ErrForeign = errors.New("belongs to another set")
	// ErrHookLost: the object of a hook went before its outcome was seen, so that nobody knows whether it did its work.
	ErrHookLost = errors.New("hook lost")
	// ErrSelection: a selection names an object that is not desired, or picks none.
	ErrSelection = errors.New("selection")
	// ErrGuard: pruning so much has to be allowed first.
	ErrGuard = errors.New("prune refused")
	// ErrStale: the world is no longer the one that the plan was made for. Plan again.
	ErrStale = errors.New("stale plan")
	// ErrTarget: a plan was made for another cluster, inventory or field manager.
	ErrTarget = errors.New("plan is for another target")
	// ErrUnhealthy: objects did not become healthy, or not in time.
	ErrUnhealthy = errors.New("not healthy")
)

// Error is a fault with one object.
type Error struct {
	// Op is "plan", "apply", "hook", "prune", "wait" or "bind".
	Op  string
	Ref cluster.Ref
	// Origin is where the desired object came from; zero for a prune.
	Origin cluster.Origin
	Err    error
}

// Error returns "apply Deployment apps/web (web.yaml:12): conflict with …".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if r := e.Ref.String(); r != "" {
		b.WriteString(" " + r)
	}
	if o := e.Origin.String(); o != "" {
		b.WriteString(" (" + o + ")")
	}
	cause := e.Err
	// The request names the object again; once is enough.
	if ce, ok := cause.(*cluster.Error); ok && ce.Ref == e.Ref {
		cause = ce.Err
	}
	b.WriteString(": " + cause.Error())
	return b.String()
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// Unhealthy is an object that is not, or not yet, healthy.
type Unhealthy struct {
	Ref    cluster.Ref
	Origin cluster.Origin
	health.Result
}

// String returns "Deployment apps/web is Progressing: 1 of 2 replicas are available".
func (u Unhealthy) String() string {
	s := u.Ref.String() + " is " + string(u.Status)
	if why := firstNonEmpty(u.Message, u.Reason); why != "" {
		s += ": " + why
	}
	return s
}

// HealthError names the objects for which a gate or [Engine.Wait] gave up. It matches [ErrUnhealthy].
type HealthError struct {
	// Objects are sorted by Ref.
	Objects []Unhealthy
	// Deadline says that time ran out; otherwise an object had failed.
	Deadline bool
}

// Error names every object with its reason.
func (e *HealthError) Error() string {
	parts := make([]string, len(e.Objects))
	for i, u := range e.Objects {
		parts[i] = u.String()
	}
	head := "not healthy"
	if e.Deadline {
		head = "not healthy in time"
	}
	return head + ": " + strings.Join(parts, "; ")
}

// Unwrap returns [ErrUnhealthy].
func (e *HealthError) Unwrap() error { return ErrUnhealthy }

func stale(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrStale, fmt.Errorf(format, args...))
}

func firstNonEmpty(s ...string) string {
	for _, v := range s {
		if v != "" {
			return v
		}
	}
	return ""
}
