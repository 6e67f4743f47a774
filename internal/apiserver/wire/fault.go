package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/setpoint-dev/setpoint/internal/apiserver/fault"
)

// Faults are what goes wrong with requests on purpose.
type Faults = fault.Set[Request, Effect]

// Effect is what happens to a request.
type Effect struct {
	// Latency passes before the request is looked at.
	Latency time.Duration
	// Err is the answer, in place of handling the request.
	Err error
	// Break is where the connection breaks.
	Break Break
	// Events is how many events come before the end of a watch.
	Events int
}

// Break is where a connection breaks.
type Break string

// The places where a connection breaks: before the request is handled, before the answer to the handled request is sent, in
// the middle of a watch; and the proper end of a watch.
const (
	BreakRequest Break = "request"
	BreakAnswer  Break = "answer"
	BreakWatch   Break = "watch"
	EndWatch     Break = "end"
)

// Faults returns what goes wrong on purpose.
func (h *Handler) Faults() *Faults { return &h.faults }

// strike lets faults happen to the request. False means that it is answered.
func (c *call) strike() bool {
	if c.faults.Empty() {
		return true
	}
	effects := c.faults.Hit(c.log.copy(c.entry))
	if len(effects) == 0 {
		return true
	}
	c.log.inject(c.entry, describe(effects))
	for _, e := range effects {
		if e.Latency > 0 && !c.delay(e.Latency) {
			panic(http.ErrAbortHandler)
		}
		switch e.Break {
		case BreakRequest:
			panic(http.ErrAbortHandler)
		case BreakAnswer:
			c.w = lost{c.w, func(code int) { c.log.answer(c.entry, code) }}
			return true
		case BreakWatch, EndWatch:
			if c.verb == "watch" && c.cut == nil {
				c.cut = &cut{after: e.Events, proper: e.Break == EndWatch}
			}
		}
		if e.Err != nil {
			sendError(c.w, format{}, asStatus(e.Err))
			return false
		}
	}
	return true
}

// delay waits, and reports whether there is still somebody to answer to.
func (c *call) delay(d time.Duration) bool {
	ctx, cancel := context.WithCancel(c.r.Context())
	defer cancel()
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		select {
		case <-c.core.Done():
			cancel()
		case <-stop:
		}
	}()
	_ = c.sleep(ctx, d) // An end before its time shows in the contexts.
	return c.r.Context().Err() == nil
}

// byTimer waits for d, or until ctx ends.
func byTimer(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// asStatus finds the answer that an error carries.
func asStatus(err error) error {
	var status apierrors.APIStatus
	if errors.As(err, &status) {
		s := status.Status()
		return &apierrors.StatusError{ErrStatus: s}
	}
	return err
}

// describe says for the log what happens to a request.
func describe(effects []Effect) string {
	var words []string
	for _, e := range effects {
		if e.Latency > 0 {
			words = append(words, "latency "+e.Latency.String())
		}
		switch e.Break {
		case "":
		case BreakWatch, EndWatch:
			words = append(words, fmt.Sprintf("break %s after %d events", e.Break, e.Events))
		default:
			words = append(words, "break "+string(e.Break))
		}
		if e.Err != nil {
			words = append(words, fmt.Sprintf("status %d", statusOf(asStatus(e.Err)).Code))
		}
	}
	return strings.Join(words, ", ")
}

// lost is the writer of an answer that does not arrive.
type lost struct {
	http.ResponseWriter
	answered func(code int)
}

func (l lost) WriteHeader(code int) {
	l.answered(code)
	panic(http.ErrAbortHandler)
}

func (l lost) Write([]byte) (int, error) {
	l.WriteHeader(http.StatusOK)
	return 0, nil
}

// cut ends a watch.
type cut struct {
	after  int
	proper bool
	told   int
}

// errCut ends a watch in the proper way.
var errCut = errors.New("the watch ends here")

// due ends the stream when so many events were told that it has to end.
func (k *cut) due(s *stream) error {
	if k == nil || k.told < k.after {
		return nil
	}
	s.open()
	if err := s.flush(); err != nil {
		return err
	}
	if !k.proper {
		panic(http.ErrAbortHandler)
	}
	return errCut
}
