package wire

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"

	"github.com/setpoint-dev/setpoint/source"
)

const (
	maxRedirects = 10
	// maxRefs bounds the list of refs; a ref takes about 80 bytes.
	maxRefs   = 256 << 20
	userAgent = "git/2.0 (setpoint)"
)

// HTTP speaks the smart HTTP protocol, gitprotocol-http(5).
type HTTP struct {
	Address Address
	// Roots are who may sign for the server; nil means the system's.
	Roots *x509.CertPool
	// Login is asked before each connection.
	Login func(context.Context) (Login, error)
}

// errRedirect ends a chain of redirects.
type errRedirect string

func (e errRedirect) Error() string { return string(e) }

// Connect asks for the refs, and goes where the server redirects that to.
func (w *HTTP) Connect(ctx context.Context) (*Session, error) {
	creds, err := w.Login(ctx)
	if err != nil {
		return nil, err
	}
	base := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 30 * time.Second}
	if w.Roots != nil {
		base.TLSClientConfig = &tls.Config{RootCAs: w.Roots, MinVersion: tls.VersionTLS12}
	}
	origin := w.Address.url("", "")
	client := &http.Client{
		Transport:     signer{base, origin, creds},
		CheckRedirect: checkRedirect,
	}
	closeAll := base.CloseIdleConnections
	fail := func(err error) error { return explainHTTP(ctx, creds, err) }

	res, err := do(ctx, client, http.MethodGet, w.Address.url("info/refs", "service=git-upload-pack"), nil)
	if err == nil {
		defer res.Body.Close()
		err = w.check(res, origin)
	}
	if err != nil {
		closeAll()
		return nil, fail(err)
	}
	adv, err := advertised(io.LimitReader(res.Body, maxRefs))
	if err != nil {
		closeAll()
		return nil, fail(notGit(err))
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 4096)) // so that the connection is used again
	// The pack comes from where the refs came from, as in Git.
	found := *res.Request.URL
	found.Path = strings.TrimSuffix(found.Path, "/info/refs") + "/git-upload-pack"
	found.RawQuery = w.Address.Query
	return &Session{
		Refs:    adv,
		Close:   closeAll,
		explain: fail,
		send: func(request []byte) (io.ReadCloser, error) {
			res, err := do(ctx, client, http.MethodPost, &found, request)
			if err == nil {
				err = w.check(res, origin)
			}
			if err != nil {
				return nil, fail(err)
			}
			return res.Body, nil
		},
	}, nil
}

func do(ctx context.Context, client *http.Client, method string, u *url.URL, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-git-upload-pack-request")
		req.Header.Set("Accept", "application/x-git-upload-pack-result")
	}
	return client.Do(req)
}

// check closes the body of an answer that is not a Git server's.
func (w *HTTP) check(res *http.Response, origin *url.URL) error {
	kind := strings.TrimSpace(strings.Split(res.Header.Get("Content-Type"), ";")[0])
	if res.StatusCode == http.StatusOK && strings.HasPrefix(kind, "application/x-git-upload-pack-") {
		return nil
	}
	defer res.Body.Close()
	switch code := res.StatusCode; {
	case code == http.StatusOK:
		return fmt.Errorf("%w: a server answers there, but not as Git does (it sends %q)", source.ErrNotRepository, clip(kind))
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusProxyAuthRequired:
		if !sameOrigin(origin, res.Request.URL) {
			return fmt.Errorf("%w: redirected to host %s, where the credentials are not sent; use that address", source.ErrUnauthorized, res.Request.URL.Host)
		}
		return fmt.Errorf("%w: status %d", source.ErrUnauthorized, code)
	case code == http.StatusNotFound, code == http.StatusGone:
		return fmt.Errorf("%w: status %d; it may be hidden from these credentials", source.ErrNotRepository, code)
	case code == http.StatusTooManyRequests, code >= 500:
		return fmt.Errorf("%w: status %d", source.ErrUnreachable, code)
	default:
		return fmt.Errorf("%w: status %d", source.ErrNotRepository, code)
	}
}

// signer adds the credentials to each request for the repository's own origin, and to no other: redirects pass through it.
type signer struct {
	base   http.RoundTripper
	origin *url.URL
	creds  Login
}

func (s signer) RoundTrip(r *http.Request) (*http.Response, error) {
	if sameOrigin(s.origin, r.URL) {
		r = r.Clone(r.Context())
		s.creds.authorize(r)
	}
	return s.base.RoundTrip(r)
}

// sameOrigin reports whether what may be sent to a may be sent to b: the same scheme, host and port, or the step up from
// http to https on the default ports.
func sameOrigin(a, b *url.URL) bool {
	if !strings.EqualFold(a.Hostname(), b.Hostname()) {
		return false
	}
	if a.Scheme == b.Scheme {
		return port(a) == port(b)
	}
	return a.Scheme == "http" && b.Scheme == "https" && port(a) == "80" && port(b) == "443"
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}

// checkRedirect follows the request for refs only, and never from https to anything else.
func checkRedirect(r *http.Request, via []*http.Request) error {
	last := via[len(via)-1]
	switch {
	case len(via) > maxRedirects:
		return errRedirect("too many redirects")
	case last.Method != http.MethodGet:
		return errRedirect("the request for the pack is redirected to host " + r.URL.Host)
	case last.URL.Scheme == "https" && r.URL.Scheme != "https":
		return errRedirect("redirected from https to " + r.URL.Scheme)
	case r.URL.Scheme != "http" && r.URL.Scheme != "https":
		return errRedirect("redirected to scheme " + r.URL.Scheme)
	case !strings.HasSuffix(r.URL.Path, "/info/refs"):
		return errRedirect("redirected to a page that is no repository, on host " + r.URL.Host)
	}
	r.URL.User = nil
	return nil
}

func notGit(err error) error {
	var data *packp.ErrUnexpectedData
	if errors.As(err, &data) || errors.Is(err, packp.ErrEmptyInput) || errors.Is(err, pktline.ErrInvalidPktLen) {
		return fmt.Errorf("%w: a server answers there, but not as Git does", source.ErrNotRepository)
	}
	return err
}

// explainHTTP sorts an error and takes URLs and secrets out of it.
func explainHTTP(ctx context.Context, creds Login, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var said *pktline.ErrorLine
	if errors.As(err, &said) {
		return serverWords(creds.scrub(said.Text))
	}
	var redirect errRedirect
	if errors.As(err, &redirect) {
		return fmt.Errorf("%w: %s", source.ErrNotRepository, redirect)
	}
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return fmt.Errorf("%w: %s; set Options.CA if you trust it", source.ErrUntrusted, creds.scrub(certificate.Err.Error()))
	}
	if sorted(err) {
		return err
	}
	return fmt.Errorf("%w: %s", source.ErrUnreachable, creds.scrub(innermost(err).Error()))
}

// sorted reports whether an error already says what a caller branches on.
func sorted(err error) bool {
	for _, kind := range []error{
		source.ErrUnreachable, source.ErrUnauthorized, source.ErrUntrusted, source.ErrNotRepository, source.ErrUnknownRevision,
		source.ErrCorrupt, source.ErrTooLarge, source.ErrUnstable,
	} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// innermost drops the wrapping that repeats a URL, and keeps what happened.
func innermost(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Err != nil {
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	return err
}
