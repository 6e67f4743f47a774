package cluster

import (
	"context"
	"slices"
)

// Kind describes a kind as the cluster serves it.
type Kind struct {
	Group string
	Kind  string
	// Resource is the plural name in request paths, such as "deployments".
	Resource   string
	Namespaced bool
	// Versions are those served, the preferred one first.
	Versions []string
	// Status and Scale say whether the kind has these subresources.
	Status, Scale bool
}

// Serves reports whether version is among k.Versions.
func (k Kind) Serves(version string) bool { return slices.Contains(k.Versions, version) }

// Kinds looks kinds up.
type Kinds interface {
	// Kind describes one kind. The error matches [ErrNoKind] when the cluster does not have the kind, which an
	// implementation may claim only after the group's discovery succeeded; a group whose discovery failed is an
	// [*DiscoveryError] and says nothing about the kind.
	Kind(ctx context.Context, group, kind string) (Kind, error)
}

// KindsFunc adapts a function to [Kinds].
type KindsFunc func(ctx context.Context, group, kind string) (Kind, error)

// Kind calls f.
func (f KindsFunc) Kind(ctx context.Context, group, kind string) (Kind, error) {
	return f(ctx, group, kind)
}
