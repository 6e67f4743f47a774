package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/cluster"
)

const levelDebug = slog.LevelDebug

var (
	// errNoAnswer is the cause of a request's end by the Timeout of the configuration.
	errNoAnswer = fmt.Errorf("%w: no answer within the configured timeout", cluster.ErrUnavailable)
	// errUnserved marks an answer 404 that is about the path and not about an object.
	errUnserved = errors.New("the server serves no such path")
)

// broken is the error of a call that got no answer.
func (c *Client) broken(ctx context.Context, call call, err error) *cluster.Error {
	e := &cluster.Error{Op: call.op, Ref: call.ref}
	if ctx.Err() != nil {
		e.Err = context.Cause(ctx)
		return e
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // Its own text repeats the address, query included.
	}
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var certificate *tls.CertificateVerificationError
	message := c.secrets.Replace(err.Error())
	switch {
	case errors.Is(err, errNobody):
		e.Err = err
	case errors.As(err, &unknown), errors.As(err, &host), errors.As(err, &certificate):
		e.Err = fmt.Errorf("the server's certificate is not trusted: %s", message)
	case strings.HasPrefix(message, "getting credentials"):
		e.Err = fmt.Errorf("%w: %s", cluster.ErrUnauthorized, message)
	default:
		e.Err = fmt.Errorf("%w: %s", cluster.ErrUnavailable, message)
	}
	return e
}

// refused is the error of a call that the server answered with a code of 400 and above.
func (c *Client) refused(call call, code int, h http.Header, body []byte) *cluster.Error {
	var status metav1.Status
	if json.Unmarshal(body, &status) != nil || status.Kind != "Status" {
		status = metav1.Status{Message: strings.TrimSpace(cut(string(body), 300))}
	}
	status.Code = int32(code)
	return c.statusError(call, status, retryAfter(h))
}

// statusError translates the server's own description of a failure.
func (c *Client) statusError(call call, status metav1.Status, wait time.Duration) *cluster.Error {
	clean := func(s string) string { return c.secrets.Replace(call.mask.String(s)) }
	if status.Details == nil {
		status.Details = &metav1.StatusDetails{}
	}
	if wait == 0 {
		wait = time.Duration(status.Details.RetryAfterSeconds) * time.Second
	}
	e := &cluster.Error{Op: call.op, Ref: call.ref, Code: int(status.Code), RetryAfter: wait}
	message := clean(status.Message)
	because := func(sentinel error) error {
		if message == "" {
			return sentinel
		}
		return fmt.Errorf("%w: %s", sentinel, message)
	}
	switch {
	case status.Code == http.StatusNotFound:
		e.Err = absence(call, status)
	case status.Code == http.StatusConflict && status.Reason == metav1.StatusReasonAlreadyExists:
		e.Err = cluster.ErrAlreadyExists
	case status.Code == http.StatusConflict:
		if conflict := fieldConflicts(status.Details.Causes); conflict != nil {
			e.Err = conflict
		} else {
			e.Err = because(cluster.ErrConflict)
		}
	case status.Code == http.StatusUnauthorized:
		e.Err = cluster.ErrUnauthorized
	case status.Code == http.StatusForbidden:
		if _, after, ok := strings.Cut(message, " is forbidden: "); ok {
			message = after
		}
		e.Err = because(cluster.ErrForbidden)
	case status.Code == http.StatusGone:
		e.Err = &expired{message: message, rest: status.Continue}
	case status.Code == http.StatusUnprocessableEntity:
		e.Err = invalid(status, clean)
	case call.writes() && (status.Code == http.StatusBadRequest || untyped(status)):
		e.Err = &cluster.InvalidError{Message: message}
	case status.Code == http.StatusTooManyRequests, status.Code == http.StatusBadGateway,
		status.Code == http.StatusServiceUnavailable, status.Code == http.StatusGatewayTimeout:
		e.Err = because(cluster.ErrUnavailable)
	case message != "":
		e.Err = errors.New(message)
	default:
		e.Err = fmt.Errorf("the server answered %d %s", status.Code, http.StatusText(int(status.Code)))
	}
	return e
}

// absence tells an object that is not there from a namespace that is not there and from a path that is not served.
func absence(call call, status metav1.Status) error {
	d := status.Details
	switch {
	case d.Name == "":
		return errUnserved
	case d.Kind == "namespaces" && d.Name == call.ref.Namespace:
		return fmt.Errorf("namespace %s: %w", d.Name, cluster.ErrNotFound)
	case d.Name != call.ref.Name:
		return fmt.Errorf("%s %s: %w", d.Kind, d.Name, cluster.ErrNotFound)
	}
	return cluster.ErrNotFound
}

// invalid translates an answer 422. A server that finds another UID under the name says that metadata.uid is immutable,
// which is no fault of what the object says.
func invalid(status metav1.Status, clean func(string) string) error {
	e := &cluster.InvalidError{Message: clean(status.Message)}
	for _, cause := range status.Details.Causes {
		if cause.Field == "metadata.uid" {
			return fmt.Errorf("%w: another object has its name now", cluster.ErrConflict)
		}
		e.Causes = append(e.Causes, cluster.Cause{Type: string(cause.Type), Field: clean(cause.Field), Message: clean(cause.Message)})
	}
	return e
}

// untyped recognises an applied object that does not match its schema, which API servers report as their own fault (500).
func untyped(status metav1.Status) bool {
	return status.Code == http.StatusInternalServerError && strings.Contains(status.Message, "failed to create typed patch object")
}

// expired is an answer 410.
type expired struct {
	message string
	// rest is a continue token for what a list had left, at a later moment; empty when the server gives none.
	rest string
}

// Error returns the sentinel's text and the server's message.
func (e *expired) Error() string {
	if e.message == "" {
		return cluster.ErrExpired.Error()
	}
	return cluster.ErrExpired.Error() + ": " + e.message
}

// Unwrap returns [cluster.ErrExpired].
func (e *expired) Unwrap() error { return cluster.ErrExpired }

// writes says whether the call carries an object or a patch.
func (c call) writes() bool { return c.body != nil && c.method != http.MethodDelete }

// attrs describes a call and its failure to a logger.
func attrs(call call, e *cluster.Error) []slog.Attr {
	return []slog.Attr{
		slog.String("op", call.op), slog.String("object", call.ref.String()),
		slog.Duration("wait", e.RetryAfter), slog.String("cause", e.Err.Error()),
	}
}

// cut shortens s to at most n bytes, on a boundary between runes.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
