package apiserver

import (
	"context"
	"errors"
	"iter"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/internal/apiserver/store"
)

// Notice is one event of a watch. A bookmark has no object: everything up to its version has been told.
type Notice struct {
	Type    ChangeType
	Object  *unstructured.Unstructured
	Version uint64
}

// Bookmark is the type of a [Notice] that only tells a version.
const Bookmark ChangeType = "BOOKMARK"

// Watch yields what happens to the selected objects after version, until ctx, the server or the kind ends. Whenever it has told
// everything there is it yields a bookmark, and then waits. The pair is (notice, nil) or, once and last, an error: a
// version that the log no longer reaches is Expired (410).
func (s *Server) Watch(ctx context.Context, served *Served, sel Selection, version uint64) iter.Seq2[Notice, error] {
	return func(yield func(Notice, error) bool) {
		for {
			// What made the kind go is in the log by the time that the catalog is without it.
			catalog, turned := s.current()
			entries, changed, err := s.store.Since(version)
			if errors.Is(err, store.ErrExpired) {
				yield(Notice{}, apierrors.NewResourceExpired(expired(version, s.store.Version())))
				return
			}
			for _, e := range entries {
				version = e.Version
				notice, ok, err := s.notice(served, sel, e)
				if err != nil {
					yield(Notice{}, apierrors.NewInternalError(err))
					return
				}
				if ok && !yield(notice, nil) {
					return
				}
			}
			if !yield(Notice{Type: Bookmark, Version: version}, nil) {
				return
			}
			if _, ok := catalog.Resource(served.GVR); !ok {
				return
			}
			select {
			case <-changed:
			case <-turned:
			case <-ctx.Done():
				return
			case <-s.done:
				return
			}
		}
	}
}

// notice translates an entry for a watcher: an object that comes into its selection is added, one that leaves it deleted.
func (s *Server) notice(served *Served, sel Selection, e store.Entry) (Notice, bool, error) {
	if e.Key.Resource != served.resource() || sel.Namespace != "" && sel.Namespace != e.Key.Namespace {
		return Notice{}, false, nil
	}
	obj, err := s.decode(served, e.Record)
	if err != nil {
		return Notice{}, false, err
	}
	was := e.Old != nil
	is := !e.Deleted
	if !sel.all() {
		is = is && sel.matches(served, obj)
		if was {
			old, err := s.decodeAt(served, e.Old, e.Version) // the version is that of the event
			if err != nil {
				return Notice{}, false, err
			}
			was = sel.matches(served, old)
			if was && !is {
				// A watcher knows the object as it was when it last saw it.
				obj = old
			}
		}
	}
	n := Notice{Object: obj, Version: e.Version}
	switch {
	case is && was:
		n.Type = Modified
	case is:
		n.Type = Added
	case was:
		n.Type = Deleted
	default:
		return Notice{}, false, nil
	}
	return n, true, nil
}
