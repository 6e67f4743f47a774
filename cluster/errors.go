package cluster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Sentinels for what callers branch on, matched with [errors.Is].
var (
	// ErrNotFound: the object does not exist.
	ErrNotFound = errors.New("not found")
	// ErrAlreadyExists: an object of that name exists.
	ErrAlreadyExists = errors.New("already exists")
	// ErrConflict: the stored object is not the one that the write's UID or resourceVersion named. Read again.
	ErrConflict = errors.New("the object has changed or was replaced")
	// ErrNoKind: the cluster serves no such kind, or not at that version; its group's discovery succeeded.
	ErrNoKind = errors.New("no such kind")
	// ErrForbidden: the identity of the request may not do this.
	ErrForbidden = errors.New("forbidden")
	// ErrUnauthorized: the server does not accept the credentials.
	ErrUnauthorized = errors.New("unauthorized")
	// ErrExpired: a resourceVersion or a continue token is older than what the server remembers.
	ErrExpired = errors.New("resource version expired")
	// ErrUnavailable: the server did not answer, or answered that it cannot now.
	ErrUnavailable = errors.New("server unavailable")
)

// Error is a request that failed: what was tried, on what, and why. Err is, or wraps, a sentinel of this package, a
// [*ConflictError], an [*InvalidError], a [*DiscoveryError], a context's error, or the transport's fault.
type Error struct {
	// Op is the verb: "get", "list", "watch", "apply", "create", "replace", "patch", "delete", "discover".
	Op string
	// Ref is the object; of a list or watch, its kind and namespace.
	Ref Ref
	// Code is the HTTP status, zero when no answer came.
	Code int
	// RetryAfter is the server's advice, zero without one.
	RetryAfter time.Duration
	Err        error
}

// Error returns "apply Deployment apps/web: conflict with …", and of a list "list Deployment apps: forbidden".
func (e *Error) Error() string {
	return e.Op + " " + strings.TrimRight(e.Ref.String(), " /") + ": " + e.Err.Error()
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// FieldConflict is one field that another manager owns.
type FieldConflict struct {
	// Manager and Operation ("Apply" or "Update") identify the owner's entry in managedFields; Subresource too, when
	// the owner wrote through one.
	Manager, Operation, Subresource string
	// Field is the path in the server's notation, such as ".spec.replicas".
	Field string
}

// ConflictError is an apply that would change fields which other managers own. Nothing was written. Either leave the
// fields out of the desired object, or apply with [WriteOptions].Force.
type ConflictError struct{ Conflicts []FieldConflict }

// Error returns `conflict with "helm" over .spec.replicas`, naming every manager and its fields.
func (e *ConflictError) Error() string {
	fields := map[string][]string{}
	var managers []string
	for _, c := range e.Conflicts {
		if _, ok := fields[c.Manager]; !ok {
			managers = append(managers, c.Manager)
		}
		fields[c.Manager] = append(fields[c.Manager], c.Field)
	}
	slices.Sort(managers)
	for i, m := range managers {
		managers[i] = fmt.Sprintf("%q over %s", m, strings.Join(fields[m], ", "))
	}
	return "conflict with " + strings.Join(managers, " and with ")
}

// Cause is one fault that the server found in an object.
type Cause struct {
	// Type is the server's word, such as "FieldValueInvalid".
	Type string
	// Field is the path, such as "spec.template.spec.containers[0].image"; empty when the fault has no place.
	Field   string
	Message string
}

// InvalidError is an object that the server refuses for what it says.
type InvalidError struct {
	// Message is the server's summary.
	Message string
	Causes  []Cause
}

// Error returns every cause with its field, or the summary when there are none.
func (e *InvalidError) Error() string {
	if len(e.Causes) == 0 {
		return "invalid: " + e.Message
	}
	parts := make([]string, len(e.Causes))
	for i, c := range e.Causes {
		if parts[i] = c.Message; c.Field != "" {
			parts[i] = c.Field + ": " + c.Message
		}
	}
	return "invalid: " + strings.Join(parts, "; ")
}

// DiscoveryError is a group whose kinds could not be learned. It concerns that group only, and proves nothing about the
// absence of a kind.
type DiscoveryError struct {
	// Group is the failed group, "" for the core group.
	Group string
	Err   error
}

// Error returns "discover group metrics.k8s.io: cause".
func (e *DiscoveryError) Error() string {
	group := e.Group
	if group == "" {
		group = "core"
	}
	return "discover group " + group + ": " + e.Err.Error()
}

// Unwrap returns e.Err.
func (e *DiscoveryError) Unwrap() error { return e.Err }

// Retryable reports whether the same request may succeed later without anybody changing anything about it: the server was
// not available, asked for patience, or timed out. A conflict and an invalid object are not retryable whatever the code,
// since the request has to change.
func Retryable(err error) bool {
	var invalid *InvalidError
	if err == nil || errors.Is(err, ErrConflict) || errors.As(err, &invalid) {
		return false
	}
	var e *Error
	if errors.As(err, &e) && (e.Code == 429 || e.Code >= 500 || e.RetryAfter > 0) {
		return true
	}
	return errors.Is(err, ErrUnavailable)
}
