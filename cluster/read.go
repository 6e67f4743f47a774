package cluster

import (
	"context"
	"iter"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// GetOptions narrows a [Reader.Get].
type GetOptions struct {
	// Version is the API version to read at; empty means the kind's preferred one.
	Version string
	// AtLeast is a resourceVersion: the answer is not older than it. Empty means the most recent state.
	AtLeast string
}

// Selector chooses objects of one kind. Fields other than Kind may be empty.
type Selector struct {
	Group string
	// Version is the API version to read at; empty means the kind's preferred one.
	Version string
	Kind    string
	// Namespace limits a namespaced kind to one namespace; empty means all.
	Namespace string
	// Labels and Fields are selectors in the form that kubectl takes, such as "app=web,tier!=db" and
	// "metadata.name=web".
	Labels, Fields string
	// MetadataOnly asks for apiVersion, kind and metadata alone, which costs the server and the network less.
	MetadataOnly bool
}

// Reader reads objects. Its methods take the most recent state, never a cache that may be behind.
type Reader interface {
	// Get reads one object. The error matches [ErrNotFound] when there is none and [ErrNoKind] when there is no such
	// kind.
	Get(ctx context.Context, ref Ref, opts GetOptions) (*unstructured.Unstructured, error)
	// List yields the selected objects, a page at a time, in the server's order. The pair is (object, nil), or
	// (nil, err) once, which ends it. Breaking out stops the paging. Each call of the returned iterator lists anew.
	List(ctx context.Context, sel Selector) iter.Seq2[*unstructured.Unstructured, error]
}

// EventType says what an [Event] reports.
type EventType string

const (
	// Added reports an object that is there; all those present at the start come first, before [Synced].
	Added EventType = "Added"
	// Modified reports a new state of an object that was there.
	Modified EventType = "Modified"
	// Deleted reports an object that is gone, in the last state known. When it went while the watch was cut, that may be
	// its apiVersion, kind and metadata with name, namespace, UID, resourceVersion, labels and owners alone.
	Deleted EventType = "Deleted"
	// Synced comes once, after everything present at the start was reported.
	Synced EventType = "Synced"
)

// Event is a step in the life of the watched objects.
type Event struct {
	Type EventType
	// Object is the object's state, nil for [Synced].
	Object *unstructured.Unstructured
}

// Watcher follows objects.
type Watcher interface {
	// Watch yields every selected object that is present as [Added], then [Synced] once, then each change. When the
	// server ends the connection it resumes where it was; when the server has forgotten that point it lists again and
	// yields the differences, a vanished object as [Deleted] included, so that a caller who folds the events into a map
	// holds the truth. Faults that may pass are retried with backoff inside. The pair is (event, nil), or (zero, err)
	// once, which ends the stream: the error is ctx's cause or a fault that does not pass, such as [ErrForbidden] or
	// [ErrNoKind]. Breaking out closes the connection before it returns. A returned sequence is used once.
	Watch(ctx context.Context, sel Selector) iter.Seq2[Event, error]
}
