package kube

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Options adjusts a [Client]. Nil and the zero value mean the defaults.
type Options struct {
	// PageSize is the number of objects that one request of a list asks for. Zero means 500, kubectl's default.
	PageSize int
	// QPS limits the requests per second that clients sharing one [New] start, with bursts of Burst. Zero means no
	// limit. A RateLimiter in the [rest.Config] takes its place; the QPS and Burst of the config do not count, since
	// their zero values mean limits that predate priority and fairness.
	QPS float32
	// Burst is the number of requests above QPS that may start at once. Zero means twice the QPS.
	Burst int
	// UserAgent is sent with every request. Empty means the config's, or "setpoint" when that is empty too.
	UserAgent string
	// Logger is told what no error reports: waits that the server asked for, and watches that had to reconnect. Nil
	// discards.
	Logger *slog.Logger
}

// Client reads, watches and writes the objects of one API server. It is made by [New] or [FromKubeconfig].
type Client struct {
	*shared
	http *http.Client
}

// shared is what clients of different identities have in common.
type shared struct {
	base     *url.URL
	own      *http.Client // of the configuration's identity
	timeout  time.Duration
	pageSize int
	limiter  flowcontrol.RateLimiter
	log      *slog.Logger
	secrets  *strings.Replacer
	core     directory
	named    directory
	schemas  schemas
	uid      atomic.Pointer[types.UID]
}

var (
	_ cluster.Client  = (*Client)(nil)
	_ cluster.OpenAPI = (*Client)(nil)
)

// New returns a client for the server that cfg names. It makes no request. cfg is copied. A Timeout in cfg limits every
// request but a watch.
func New(cfg *rest.Config, opts *Options) (*Client, error) {
	if cfg == nil {
		return nil, errors.New("kube: no configuration; load one with FromKubeconfig")
	}
	if opts == nil {
		opts = &Options{}
	}
	own := rest.CopyConfig(cfg)
	own.Timeout = 0 // An http.Client applies it to watches as well.
	own.UserAgent = cmp.Or(opts.UserAgent, cfg.UserAgent, "setpoint")
	base, _, err := rest.DefaultServerUrlFor(own)
	if err != nil {
		return nil, fmt.Errorf("kube: read the server's address: %w", errors.New(withoutUserinfo(err.Error(), cfg.Host)))
	}
	base.User = nil
	client, err := rest.HTTPClientFor(own)
	if err != nil {
		return nil, fmt.Errorf("kube: prepare the connection to %s: %w", base.Host, err)
	}
	base.Path = strings.TrimRight(base.Path, "/")
	s := &shared{
		base:     base,
		own:      client,
		timeout:  cfg.Timeout,
		pageSize: cmp.Or(max(opts.PageSize, 0), 500),
		limiter:  cfg.RateLimiter,
		log:      opts.Logger,
		secrets:  credentialMask(cfg),
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.limiter == nil && opts.QPS > 0 {
		s.limiter = flowcontrol.NewTokenBucketRateLimiter(opts.QPS, cmp.Or(opts.Burst, max(1, int(2*opts.QPS))))
	}
	s.core.path, s.named.path = "/api", "/apis"
	return &Client{shared: s, http: client}, nil
}

// Forget drops what was learned about kinds and OpenAPI documents, so that the next call asks the server. It is for
// callers that know of a change which no unknown kind betrays, such as a new schema of a known CustomResourceDefinition.
func (c *Client) Forget() {
	c.core.forget()
	c.named.forget()
	c.schemas.forget()
}

// root returns the client of the configuration's own identity, which reads what all share.
func (c *Client) root() *Client { return &Client{shared: c.shared, http: c.own} }

// withoutUserinfo returns message without the user and password that host may carry.
func withoutUserinfo(message, host string) string {
	rest := host
	if _, after, ok := strings.Cut(host, "://"); ok {
		rest = after
	}
	rest, _, _ = strings.Cut(rest, "/")
	i := strings.LastIndex(rest, "@")
	if i <= 0 {
		return message
	}
	return strings.ReplaceAll(message, rest[:i], "…")
}

// credentialMask hides the credentials that cfg states in whatever message may echo them.
func credentialMask(cfg *rest.Config) *strings.Replacer {
	var pairs []string
	for _, secret := range []string{cfg.BearerToken, cfg.Password} {
		if len(secret) >= 4 {
			pairs = append(pairs, secret, "…")
		}
	}
	return strings.NewReplacer(pairs...)
}
