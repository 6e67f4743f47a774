package kube

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/net"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/redact"
)

const (
	mediaJSON = "application/json"
	// attempts bounds how often a request is sent that the server turned away unexecuted.
	attempts = 6
	// patience bounds a single wait that the server may ask for.
	patience = 30 * time.Second
)

// call is one request, and what errors about it say.
type call struct {
	op  string
	ref cluster.Ref

	method, path string
	query        url.Values
	accept       string
	contentType  string
	body         []byte
	etag         string
	// mask hides the values of a Secret in what the server says about it; nil hides nothing.
	mask *redact.Mask
}

// answer is a response that was read to its end.
type answer struct {
	code     int
	header   http.Header
	url      *url.URL
	body     []byte
	warnings []string
}

// do sends the call and returns an answer with a code below 400, or a [*cluster.Error].
func (c *Client) do(ctx context.Context, call call) (*answer, error) {
	outer := ctx
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.timeout, errNoAnswer)
		defer cancel()
	}
	for attempt := 1; ; attempt++ {
		got, err := c.once(ctx, call)
		if err == nil {
			return got, nil
		}
		var e *cluster.Error
		if attempt == attempts || !errors.As(err, &e) || !turnedAway(call.method, e) {
			return nil, err
		}
		c.log.LogAttrs(ctx, levelDebug, "the server asked for patience", attrs(call, e)...)
		if sleep(ctx, min(e.RetryAfter, patience)) != nil {
			if outer.Err() != nil {
				err = c.broken(outer, call, outer.Err())
			}
			return nil, err
		}
	}
}

// turnedAway says whether the same request may be sent again at once: an answer 429 means that it was not executed, and a
// read may be repeated whenever the server names a time for that.
func turnedAway(method string, e *cluster.Error) bool {
	if e.RetryAfter == 0 {
		return false
	}
	return e.Code == http.StatusTooManyRequests || method == http.MethodGet && e.Code >= http.StatusInternalServerError
}

// once sends the call and reads the answer.
func (c *Client) once(ctx context.Context, call call) (*answer, error) {
	resp, err := c.open(ctx, call)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, c.broken(ctx, call, err)
	}
	got := &answer{code: resp.StatusCode, header: resp.Header, body: body, url: resp.Request.URL}
	warnings, _ := net.ParseWarningHeaders(resp.Header.Values("Warning"))
	for _, w := range warnings {
		got.warnings = append(got.warnings, c.secrets.Replace(call.mask.String(w.Text)))
	}
	return got, nil
}

// open sends the call and returns a response with a code below 400, whose body the caller closes.
func (c *Client) open(ctx context.Context, call call) (*http.Response, error) {
	if c.limiter != nil {
		if err := c.limiter.Wait(ctx); err != nil {
			return nil, c.broken(ctx, call, err)
		}
	}
	u := *c.base
	u.Path += call.path
	u.RawQuery = call.query.Encode()
	var body io.Reader
	if call.body != nil {
		body = bytes.NewReader(call.body)
	}
	req, err := http.NewRequestWithContext(ctx, call.method, u.String(), body)
	if err != nil {
		return nil, c.broken(ctx, call, err)
	}
	req.Header.Set("Accept", mediaJSON)
	if call.accept != "" {
		req.Header.Set("Accept", call.accept)
	}
	if call.contentType != "" {
		req.Header.Set("Content-Type", call.contentType)
	}
	if call.etag != "" {
		req.Header.Set("If-None-Match", call.etag)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.broken(ctx, call, err)
	}
	if resp.StatusCode < 400 {
		return resp, nil
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return nil, c.broken(ctx, call, err)
	}
	return nil, c.refused(call, resp.StatusCode, resp.Header, text)
}

// retryAfter reads the header of that name, in seconds or as a date.
func retryAfter(h http.Header) time.Duration {
	value := h.Get("Retry-After")
	if n, err := strconv.Atoi(value); err == nil && n > 0 {
		return time.Duration(n) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}

// sleep waits for d, or returns ctx's error.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
