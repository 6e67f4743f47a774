package kube

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/setpoint-dev/setpoint/cluster"
)

const (
	// firstPause and longestPause bound the wait between two connections of a watch, which doubles with every fault
	// in a row and is spread over its upper half.
	firstPause   = 200 * time.Millisecond
	longestPause = 30 * time.Second
	// shortLife is how long a connection lasts that was not worth making at once again.
	shortLife = time.Second
	// shortest and longest bound the time, in seconds, after which the server is asked to end a watch, so that
	// connections spread over its replicas.
	shortest, longest = 300, 600
)

// Watch follows the selected objects. The initial state comes through the watch itself when the server can (WatchList,
// KEP-3157) and from a list otherwise. After a gap in the stream, an object that vanished meanwhile is reported as
// [cluster.Deleted] with its metadata's identity, labels and owners alone, since no more is kept of each object here.
func (c *Client) Watch(ctx context.Context, sel cluster.Selector) iter.Seq2[cluster.Event, error] {
	return func(yield func(cluster.Event, error) bool) {
		w := &watcher{client: c, selector: sel, call: call{op: "watch", ref: selectorRef(sel)}, view: view{yield: yield}}
		if err := w.run(ctx); err != nil {
			yield(cluster.Event{}, err)
		}
	}
}

// watcher is one watch and the connections that it takes.
type watcher struct {
	client   *Client
	selector cluster.Selector
	call     call
	at       target
	located  bool
	view     view
	// version is where the next connection resumes; empty means with everything present.
	version string
	// listed says that the server does not send what is present through a watch.
	listed bool
}

// errStopped says that the caller broke out.
var errStopped = errors.New("stopped")

// run connects until the caller breaks out, which is no error, or a fault does not pass.
func (w *watcher) run(ctx context.Context) error {
	pause := time.Duration(0)
	for {
		began := time.Now()
		heard, err := w.connect(ctx)
		switch {
		case errors.Is(err, errStopped):
			return nil
		case ctx.Err() != nil:
			return w.client.broken(ctx, w.call, ctx.Err())
		case err == nil:
		case errors.Is(err, cluster.ErrExpired):
			w.version = ""
		case !passes(err):
			return err
		}
		if heard {
			pause = 0
		}
		if heard && err == nil && time.Since(began) >= shortLife {
			continue
		}
		pause = min(max(2*pause, firstPause), longestPause)
		wait := pause/2 + rand.N(pause/2)
		var e *cluster.Error
		if errors.As(err, &e) {
			wait = max(wait, min(e.RetryAfter, patience))
		}
		if err != nil {
			w.client.log.LogAttrs(ctx, levelDebug, "a watch has to connect again",
				slog.String("object", w.call.ref.String()), slog.Duration("wait", wait), slog.String("cause", err.Error()))
		}
		if sleep(ctx, wait) != nil {
			return w.client.broken(ctx, w.call, ctx.Err())
		}
	}
}

// passes says whether a watch survives err.
func passes(err error) bool {
	var e *cluster.Error
	return cluster.Retryable(err) || !errors.As(err, &e)
}

// connect makes one connection and reads it to its end. It reports whether anything was heard on it.
func (w *watcher) connect(ctx context.Context) (heard bool, err error) {
	if !w.located {
		if w.at, err = w.client.selected(ctx, "watch", w.selector); err != nil {
			return false, err
		}
		w.located = true
	}
	initial := w.version == ""
	if initial {
		w.view.begin()
	}
	if initial && w.listed {
		if err := w.list(ctx); err != nil {
			return false, err
		}
		initial = false
	}
	heard, err = w.stream(ctx, initial)
	if initial && !heard && refusesInitial(err) {
		w.listed = true
		return w.connect(ctx)
	}
	if errors.Is(err, errUnserved) {
		w.located = false
		err = w.client.unserved(ctx, w.at, w.call)
	}
	return heard, err
}

// refusesInitial recognises a server that does not know how to send what is present through a watch.
func refusesInitial(err error) bool {
	var e *cluster.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code {
	case 400, 405, 406, 415, 422:
		return true
	}
	return false
}

// list takes what is present from a list. Unlike [Client.List] it needs one moment for all of it, since the stream
// resumes there: when the server forgets that moment, everything is read again in one piece.
func (w *watcher) list(ctx context.Context) error {
	limit, next := w.client.pageSize, ""
	for {
		page, err := w.client.page(ctx, w.at, w.selector, limit, next)
		if errors.Is(err, cluster.ErrExpired) && next != "" {
			limit, next = 0, ""
			w.view.begin()
			continue
		}
		if err != nil {
			return asWatch(err)
		}
		for _, obj := range page.objects {
			if err := w.view.present(obj); err != nil {
				return err
			}
		}
		if next = page.next; next == "" {
			w.version = page.version
			return w.view.complete(w.at.apiVersion(), w.at.kind.Kind)
		}
	}
}

// asWatch names the verb that the caller asked for.
func asWatch(err error) error {
	var e *cluster.Error
	if errors.As(err, &e) {
		e.Op = "watch"
	}
	return err
}
