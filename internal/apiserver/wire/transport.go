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

// errExited is what a client sees of a handler whose goroutine was ended.
var errExited = errors.New("the goroutine of the request was ended while it was handled; a failed assertion in a function that the server calls does that")

// Transport is an [http.RoundTripper] that calls a handler in a goroutine of its own and streams the answer as it is written. The
// goroutine ends when the handler returns, which closing the body, or the end of the request's context, makes a watch do. It
// waits for nobody to read once Done is closed.
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
	a := &answer{
		header: http.Header{}, silent: r.Method == http.MethodHead, gone: ctx, closed: t.Done,
		started: make(chan struct{}), chunks: make(chan []byte), finished: make(chan struct{}),
	}
	go func() {
		defer close(a.finished)
		defer func() { _ = in.Body.Close() }()
		returned := false
		defer func() {
			fault := recover()
			if returned {
				return
			}
			a.buffer.Reset()
			switch fault {
			case http.ErrAbortHandler:
				a.last = errReset
				a.end(errReset)
			case nil: // A function of a test has ended its goroutine, as a failed assertion does.
				a.last = errExited
				a.end(errExited)
			default:
				a.last = fmt.Errorf("handler panicked: %v", fault)
				a.start(http.StatusInternalServerError)
			}
		}()
		t.Handler.ServeHTTP(a, in)
		a.start(http.StatusOK)
		returned = true
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
		Body: &body{answer: a, cancel: cancel},
	}, nil
}

// body is the client's side of a round trip. It ends the handler when it is closed.
type body struct {
	answer *answer
	cancel context.CancelFunc
	rest   []byte
	ended  bool
}

func (b *body) Read(p []byte) (int, error) {
	if err := b.answer.gone.Err(); err != nil {
		return 0, context.Cause(b.answer.gone)
	}
	if len(p) == 0 {
		return 0, nil
	}
	for len(b.rest) == 0 {
		if b.ended {
			return 0, b.answer.last
		}
		select {
		case b.rest = <-b.answer.chunks:
		case <-b.answer.finished:
			b.rest, b.ended = b.answer.buffer.Bytes(), true
			if b.answer.last == nil {
				b.answer.last = io.EOF
			}
		case <-b.answer.gone.Done():
			return 0, context.Cause(b.answer.gone)
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *body) Close() error {
	b.cancel()
	return nil
}

// answer is the handler's side of a round trip. What is written waits in a buffer until it is flushed or the handler returns, so
// that an answer that is written in one piece needs no handover.
type answer struct {
	header http.Header
	buffer bytes.Buffer // the reader's once finished is closed
	silent bool         // an answer to HEAD, which has no body

	chunks   chan []byte // what is handed over before the end
	gone     context.Context
	closed   <-chan struct{}
	finished chan struct{}
	last     error // what the reader gets after the end; nil is the proper one

	once    sync.Once
	started chan struct{}
	code    int
	sent    http.Header
	err     error // in place of an answer
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

// flush hands what was written to the reader. After the server was closed it stays for when the handler has returned.
func (a *answer) flush() error {
	if a.buffer.Len() == 0 {
		return nil
	}
	select {
	case a.chunks <- a.buffer.Bytes():
		a.buffer = bytes.Buffer{} // the reader has the old one
		return nil
	case <-a.gone.Done():
		return context.Cause(a.gone)
	case <-a.closed:
		return nil
	}
}

// Flush implements [http.Flusher].
func (a *answer) Flush() {
	a.start(http.StatusOK)
	_ = a.flush() // A reader that went away ends the handler through its context.
}
