package render

import (
	"errors"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Sentinels for what callers branch on, matched with [errors.Is].
var (
	// ErrNoManifests: the directory exists and holds nothing to render.
	ErrNoManifests = errors.New("no manifests")
	// ErrSyntax: a file is not well-formed.
	ErrSyntax = errors.New("syntax error")
	// ErrNotManifest: well-formed content that is no Kubernetes object: apiVersion, kind or name is missing.
	ErrNotManifest = errors.New("not a manifest")
	// ErrDuplicate: the same object comes from two places.
	ErrDuplicate = errors.New("the same object twice")
	// ErrRemote: the tree refers to something outside of it, which a renderer does not fetch.
	ErrRemote = errors.New("refers to a remote resource")
	// ErrUnsupported: the tree needs a renderer that is not there.
	ErrUnsupported = errors.New("not supported")
	// ErrTooLarge: the tree passes a configured bound.
	ErrTooLarge = errors.New("too large")
)

// Error is a fault in the tree, at a place.
type Error struct {
	Origin cluster.Origin
	// Ref is the object at fault, as far as it is known.
	Ref cluster.Ref
	// Err is, or wraps, a sentinel of this package where one fits.
	Err error
}

// Error returns "render web.yaml:12: Deployment apps/web: cause".
func (e *Error) Error() string {
	s := "render"
	if place := e.Origin.String(); place != "" {
		s += " " + place
	}
	if e.Ref != (cluster.Ref{}) {
		s += ": " + e.Ref.String()
	}
	return s + ": " + e.Err.Error()
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }
