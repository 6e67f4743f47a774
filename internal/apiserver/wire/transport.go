package wire

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
)

// ErrClosed is the transport's error after its server was closed.
var ErrClosed = errors.New("the in-memory API server is closed")

// errReset is what a client sees of a handler that aborts.
var errReset = &net.OpError{Op: "read", Net: "memory", Err: os.NewSyscallError("read", syscall.ECONNRESET)}

// Transport is an [http.RoundTripper] that calls a handler in a goroutine of its own and streams the answer as it is written. The
// goroutine ends when the handler returns, which closing the body, or the end of the request's context, makes a watch do.
type Transport struct {
	Handler http.Handler
	// Done, when closed, makes new requests fail with [ErrClosed].
	Done <-chan struct{}
}

// RoundTrip implements [http.RoundTripper].
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-t.Done:
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, ErrClosed
	default:
	}
	if err := r.Context().Err(); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	ctx, cancel := context.WithCancel(r.Context())
	in := r.Clone(ctx)
	in.RequestURI, in.RemoteAddr = r.URL.RequestURI(), "memory"
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	reader, writer := io.Pipe()
	a := &answer{header: http.Header{}, body: writer, started: make(chan struct{}), silent: r.Method == http.MethodHead}
	stop := context.AfterFunc(ctx, func() { _ = reader.CloseWithError(context.Cause(ctx)) })
	go func() {
		defer stop()
		defer func() { _ = in.Body.Close() }()
		defer func() {
			if fault := recover(); fault != nil {
				if fault == http.ErrAbortHandler {
					_ = writer.CloseWithError(errReset)
					a.end(errReset)
					return
				}
				_ = writer.CloseWithError(fmt.Errorf("handler panicked: %v", fault))
				a.start(http.StatusInternalServerError)
			}
		}()
		t.Handler.ServeHTTP(a, in)
		a.start(http.StatusOK)
		_ = a.flush() // As in Flush.
		_ = writer.Close()
	}()
	select {
	case <-a.started:
	case <-ctx.Done():
		cancel()
		return nil, context.Cause(ctx)
	}
	if a.err != nil {
		cancel()
		return nil, a.err
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", a.code, http.StatusText(a.code)), StatusCode: a.code,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.sent, ContentLength: -1, Request: r,
		Body: &body{Reader: reader, close: func() error { cancel(); return reader.Close() }},
	}, nil
}

// body ends the handler when it is closed.
type body struct {
	io.Reader
	close func() error
}

func (b *body) Close() error { return b.close() }

// answer is the handler's side of a round trip. What is written waits in a buffer until it is flushed, so that an answer that
// is written in one piece needs one handover.
type answer struct {
	header http.Header
	body   *io.PipeWriter
	buffer bytes.Buffer

	once    sync.Once
	started chan struct{}
	code    int
	sent    http.Header
	err     error // in place of an answer
	silent  bool  // an answer to HEAD, which has no body
}

var (
	_ http.ResponseWriter = (*answer)(nil)
	_ http.Flusher        = (*answer)(nil)
)

func (a *answer) start(code int) {
	a.once.Do(func() {
		a.code, a.sent = code, a.header.Clone()
		close(a.started)
	})
}

// end ends the round trip without an answer, unless that has begun.
func (a *answer) end(err error) {
	a.once.Do(func() {
		a.err = err
		close(a.started)
	})
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(code int) { a.start(code) }

const bufferLimit = 64 << 10

func (a *answer) Write(p []byte) (int, error) {
	a.start(http.StatusOK)
	if a.silent {
		return len(p), nil
	}
	a.buffer.Write(p)
	if a.buffer.Len() >= bufferLimit {
		if err := a.flush(); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (a *answer) flush() error {
	if a.buffer.Len() == 0 {
		return nil
	}
	_, err := a.buffer.WriteTo(a.body)
	return err
}

// Flush implements [http.Flusher].
func (a *answer) Flush() {
	a.start(http.StatusOK)
	_ = a.flush() // A reader that went away ends the handler through its context.
}
