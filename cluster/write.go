package cluster

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// Validation says what a server does with unknown and duplicate fields (KEP-2885).
type Validation string

const (
	// ValidationDefault is the zero value: the server's default, which is to warn.
	ValidationDefault Validation = ""
	// ValidationStrict refuses the object.
	ValidationStrict Validation = "Strict"
	// ValidationWarn accepts it, drops the field and returns a warning.
	ValidationWarn Validation = "Warn"
	// ValidationIgnore accepts it and drops the field silently.
	ValidationIgnore Validation = "Ignore"
)

// WriteOptions qualifies a write. The zero value takes nothing over by force and checks no precondition.
type WriteOptions struct {
	// Manager is the field manager that the write is recorded under. [Applier.Apply] requires it.
	Manager string
	// Force takes over fields that other managers own, in an apply. Without it, such fields are a [*ConflictError].
	Force bool
	// DryRun runs the whole write on the server and stores nothing.
	DryRun bool
	// Validation is for unknown and duplicate fields.
	Validation Validation
	// UID and ResourceVersion, when set, must be those of the stored object; else the error matches [ErrConflict]
	// and nothing is written. An apply with either never creates.
	UID             types.UID
	ResourceVersion string
	// Absent is the opposite, for an apply: the object must not exist; else the error matches [ErrConflict], or is a
	// [*ConflictError], and nothing is written. A create has no need of it, and other writes do not look at it.
	Absent bool
}

// Written is the server's answer to a write.
type Written struct {
	// Object is the stored object, or what would be stored by a dry run.
	Object *unstructured.Unstructured
	// Created says that the object was not there before.
	Created bool
	// Changed is false when the object is known to be as it was: the answer carries the resourceVersion that the write
	// named as its precondition. A write without that precondition reports true.
	Changed bool
	// Warnings are the server's, in its words.
	Warnings []string
}

// Applier writes by server-side apply (KEP-555).
type Applier interface {
	// Apply makes the fields of obj the ones that opts.Manager owns. Fields that the manager owned and obj no longer
	// has are removed unless another manager owns them too. obj names its apiVersion; a namespaced object names its
	// namespace. The error is a [*ConflictError] when another manager owns a field with another value.
	Apply(ctx context.Context, obj *unstructured.Unstructured, opts WriteOptions) (*Written, error)
}

// Patch is a change to one object.
type Patch struct {
	// Type is the media type: JSON patch (RFC 6902), merge patch (RFC 7386) or strategic merge patch.
	Type types.PatchType
	// Data is the patch as JSON.
	Data []byte
	// Version is the API version that Data is written for; empty means the kind's preferred one.
	Version string
	// Subresource is "status" or "scale", or empty for the object itself.
	Subresource string
}

// Editor writes whole objects and patches.
type Editor interface {
	// Create stores a new object. The error matches [ErrAlreadyExists] when the name is taken.
	Create(ctx context.Context, obj *unstructured.Unstructured, opts WriteOptions) (*Written, error)
	// Replace stores obj in place of the object of the same name. A precondition comes from opts, or from obj's own
	// metadata.resourceVersion.
	Replace(ctx context.Context, obj *unstructured.Unstructured, opts WriteOptions) (*Written, error)
	// Patch changes the object that ref names. Preconditions are not supported by every patch type on the server, so
	// implementations put them into the patch itself.
	Patch(ctx context.Context, ref Ref, p Patch, opts WriteOptions) (*Written, error)
}

// Propagation says what becomes of the objects that a deleted object owns.
type Propagation string

const (
	// PropagationDefault is the zero value: the kind's default on the server.
	PropagationDefault Propagation = ""
	// PropagationForeground deletes them first; the owner stays, marked for deletion, until they are gone.
	PropagationForeground Propagation = "Foreground"
	// PropagationBackground deletes the owner first.
	PropagationBackground Propagation = "Background"
	// PropagationOrphan leaves them, without their owner.
	PropagationOrphan Propagation = "Orphan"
)

// DeleteOptions qualifies a delete. The zero value checks no precondition.
type DeleteOptions struct {
	// UID and ResourceVersion, when set, must be those of the stored object; else the error matches [ErrConflict].
	UID             types.UID
	ResourceVersion string
	Propagation     Propagation
	// GracePeriodSeconds overrides the kind's grace period when not nil.
	GracePeriodSeconds *int64
	DryRun             bool
}

// Deleter deletes objects.
type Deleter interface {
	// Delete asks for the deletion of one object and returns when the server has accepted it; finalizers may keep the
	// object for longer. The error matches [ErrNotFound] when there is none.
	Delete(ctx context.Context, ref Ref, opts DeleteOptions) error
}

// Client is everything that one can do with objects.
type Client interface {
	Reader
	Watcher
	Kinds
	Applier
	Editor
	Deleter
}
