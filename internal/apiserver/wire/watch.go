package wire

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
	"github.com/setpoint-dev/setpoint/internal/apiserver/plain"
)

// bookmarkEvery is after how many writes to anything a watch that heard of none gets a bookmark, so that it can resume from
// there when the log has forgotten where it began.
const bookmarkEvery = 1000

// initialEventsEnd marks the bookmark after the objects that were there at the start (KEP-3157).
const initialEventsEnd = "k8s.io/initial-events-end"

// watch streams events until the client, the server or the timeout ends it.
func (c *call) watch() error {
	opts, err := c.listing()
	if err != nil {
		return err
	}
	sel, err := c.selection(opts)
	if err != nil {
		return err
	}
	version, fault := parseVersion(opts.ResourceVersion)
	if fault != nil {
		return unworded(fault.Error())
	}
	initial := opts.SendInitialEvents != nil && *opts.SendInitialEvents
	if initial {
		if err := c.reached(version); err != nil {
			return err
		}
	}
	ctx := c.r.Context()
	if seconds := opts.TimeoutSeconds; seconds != nil && *seconds > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(*seconds)*time.Second)
		defer cancel()
	}
	stream := newStream(c)
	stream.bookmarks = opts.AllowWatchBookmarks
	if c.cut.due(stream) != nil {
		return nil
	}
	switch {
	case initial:
		page, err := c.core.List(c.served, apiserver.ListOptions{Selection: sel})
		if err != nil {
			return err
		}
		stream.open()
		for _, obj := range page.Items {
			if err := stream.send(apiserver.Notice{Type: apiserver.Added, Object: obj, Version: page.Version}); err != nil {
				return nil // the client went away
			}
		}
		version = page.Version
		if stream.bookmarks {
			if err := stream.bookmark(version, true); err != nil {
				return nil // the client went away
			}
		}
	case version == 0:
		version = c.core.Version() // from now on
	}
	c.follow(ctx, stream, sel, version)
	return nil
}

// follow tells what happens after version.
func (c *call) follow(ctx context.Context, stream *stream, sel apiserver.Selection, version uint64) {
	told := version
	for notice, err := range c.core.Watch(ctx, c.served, sel, version) {
		stream.open()
		if err != nil {
			_ = stream.fail(err) // The client hears it, or has gone.
			return
		}
		switch {
		case notice.Type != apiserver.Bookmark:
			err = stream.send(notice)
			told = notice.Version
		case stream.bookmarks && notice.Version >= told+bookmarkEvery:
			err = stream.bookmark(notice.Version, false)
			told = notice.Version
		default:
			err = stream.flush()
		}
		if err != nil {
			return
		}
		version = notice.Version
	}
	stream.open()
	if stream.bookmarks && version > told && c.r.Context().Err() == nil {
		_ = stream.bookmark(version, false) // As the real server does before a timeout.
	}
}

// stream writes events in the form that the client asked for.
type stream struct {
	call   *call
	opened bool
	// bookmarks says that the client wants to be told versions, too.
	bookmarks bool
	write     func(kind string, object any, gvk schema.GroupVersionKind) error
}

func newStream(c *call) *stream {
	s := &stream{call: c}
	s.write = s.writeJSON
	if c.format.media == mediaProtobuf {
		s.write = s.writeProtobuf
	}
	return s
}

// open answers the request; the client then knows that it watches.
func (s *stream) open() {
	if s.opened {
		return
	}
	s.opened = true
	media := mediaJSON
	if s.call.format.media == mediaProtobuf {
		media = mediaProtobuf + ";stream=watch"
	}
	s.call.w.Header().Set("Content-Type", media)
	s.call.w.WriteHeader(http.StatusOK)
	_ = s.flush() // Whether the client is still there shows with the first event.
}

func (s *stream) flush() error { return http.NewResponseController(s.call.w).Flush() }

func (s *stream) send(n apiserver.Notice) error {
	n.Object.SetResourceVersion(strconv.FormatUint(versionOf(n), 10))
	value, _, err := s.call.present(n.Object)
	if err != nil {
		return s.fail(err)
	}
	gvk := s.call.served.GVK
	if s.call.format.as == "PartialObjectMetadata" {
		gvk = partialKind
	}
	if err := s.write(string(n.Type), value, gvk); err != nil {
		return err
	}
	if s.call.cut == nil {
		return nil
	}
	s.call.cut.told++
	return s.call.cut.due(s)
}

// versionOf is the version that an event's object carries: its own, or that of its deletion.
func versionOf(n apiserver.Notice) uint64 {
	if n.Type == apiserver.Deleted {
		return n.Version
	}
	v, err := strconv.ParseUint(n.Object.GetResourceVersion(), 10, 64)
	if err != nil {
		return n.Version
	}
	return v
}

// bookmark tells a version, and with end that all objects from the start have been told.
func (s *stream) bookmark(version uint64, end bool) error {
	obj, err := s.call.served.Empty() // with what a type shows of nothing
	if err != nil {
		return err
	}
	obj.SetResourceVersion(strconv.FormatUint(version, 10))
	if end {
		obj.SetAnnotations(map[string]string{initialEventsEnd: "true"})
	}
	value, gvk := any(obj.Object), s.call.served.GVK
	if s.call.format.as != "" {
		if value, _, err = s.call.present(obj); err != nil {
			return err
		}
		gvk = partialKind
	}
	if err := s.write(string(apiserver.Bookmark), value, gvk); err != nil {
		return err
	}
	return s.flush()
}

// fail tells an error as the last event.
func (s *stream) fail(err error) error {
	status := statusOf(err)
	if err := s.write("ERROR", &status, statusKind); err != nil {
		return err
	}
	return s.flush()
}

func (s *stream) writeJSON(kind string, object any, _ schema.GroupVersionKind) error {
	data, err := plain.Encode(map[string]any{"type": kind, "object": object})
	if err != nil {
		return err
	}
	_, err = s.call.w.Write(append(data, '\n'))
	return err
}
