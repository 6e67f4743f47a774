package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
)

// stream opens one watch connection and reads it to its end, which is nil when the server ended it in order. It reports
// whether anything was heard. With initial, the server sends what is present first.
func (w *watcher) stream(ctx context.Context, initial bool) (heard bool, err error) {
	query := selection(w.selector)
	query.Set("watch", "true")
	query.Set("allowWatchBookmarks", "true")
	query.Set("timeoutSeconds", strconv.Itoa(shortest+rand.IntN(longest-shortest+1)))
	if initial {
		query.Set("sendInitialEvents", "true")
		// A server that does not know sendInitialEvents would ignore it, and refuses this.
		query.Set("resourceVersionMatch", string(metav1.ResourceVersionMatchNotOlderThan))
	} else {
		query.Set("resourceVersion", w.version)
	}
	request := w.call
	request.method, request.path, request.query = http.MethodGet, w.at.path(""), query
	if w.selector.MetadataOnly {
		request.accept = mediaPartial
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	resp, err := w.client.open(ctx, request)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	lines := json.NewDecoder(resp.Body)
	for {
		var event struct {
			Type   watch.EventType `json:"type"`
			Object json.RawMessage `json:"object"`
		}
		if err := lines.Decode(&event); err != nil {
			if errors.Is(err, io.EOF) {
				return heard, nil
			}
			return heard, w.client.broken(ctx, request, err)
		}
		if err := w.take(event.Type, event.Object); err != nil {
			return heard, err
		}
		heard = true
	}
}

// take handles one event of a stream.
func (w *watcher) take(kind watch.EventType, data []byte) error {
	if kind == watch.Error {
		var status metav1.Status
		if err := json.Unmarshal(data, &status); err != nil {
			return fmt.Errorf("read an error event: %w", err)
		}
		return w.client.statusError(w.call, status, 0)
	}
	obj, err := decode(data)
	if err != nil {
		return err
	}
	w.at.label(obj, w.selector.MetadataOnly)
	looking := w.view.seen != nil
	switch kind {
	case watch.Added, watch.Modified:
		err = w.view.present(obj)
	case watch.Deleted:
		err = w.view.gone(obj)
	case watch.Bookmark:
		if looking && obj.GetAnnotations()[metav1.InitialEventsAnnotationKey] == "true" {
			looking = false
			err = w.view.complete(w.at.apiVersion(), w.at.kind.Kind)
		}
	default:
		err = fmt.Errorf("the server sent an event of the unknown type %q", kind)
	}
	// What is present comes in the order of names, so that no point before its end can be resumed from.
	if v := obj.GetResourceVersion(); v != "" && !looking {
		w.version = v
	}
	return err
}
