package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"

	"github.com/setpoint-dev/setpoint/source"
)

// stream speaks to git-upload-pack over a connection that stays open, which is ssh and git.
type stream struct {
	in  io.Reader
	out io.WriteCloser
	// stderr returns what the server complained about, after it has hung up.
	stderr func() string
	// hangUp closes the connection and returns after everything that served it has ended.
	hangUp func()
	creds  Login
}

// open reads the refs.
func (s *stream) open(ctx context.Context) (*Session, error) {
	stop := context.AfterFunc(ctx, s.hangUp)
	var once sync.Once
	asked := false
	done := func() {
		once.Do(func() {
			if !asked {
				// Tells the server that this was all, so that it logs no broken connection.
				_, _ = s.out.Write(pktline.FlushPkt)
			}
			stop()
			s.hangUp()
		})
	}
	explain := func(err error) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return s.explain(err)
	}
	adv, err := advertised(io.LimitReader(s.in, maxRefs))
	if err != nil {
		err = explain(err)
		asked = true
		done()
		return nil, err
	}
	return &Session{
		Refs:    adv,
		Close:   done,
		explain: explain,
		send: func(request []byte) (io.ReadCloser, error) {
			asked = true
			if _, err := s.out.Write(request); err != nil {
				return nil, explain(err)
			}
			return io.NopCloser(s.in), nil
		},
	}, nil
}

func (s *stream) explain(err error) error {
	var said *pktline.ErrorLine
	if errors.As(err, &said) {
		return serverWords(s.creds.scrub(said.Text))
	}
	if sorted(err) {
		return err
	}
	hungUp := errors.Is(err, packp.ErrEmptyInput) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)
	if s.stderr != nil && hungUp {
		if text := strings.TrimSpace(s.stderr()); text != "" {
			return serverWords(s.creds.scrub(text))
		}
	}
	return fmt.Errorf("%w: %s", source.ErrUnreachable, s.creds.scrub(innermost(err).Error()))
}

// dial opens a TCP connection that ends with ctx.
func dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err == nil {
		return conn, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	return nil, fmt.Errorf("%w: %v", source.ErrUnreachable, innermost(err))
}
