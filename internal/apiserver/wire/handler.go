package wire

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/setpoint-dev/setpoint/internal/apiserver"
)

// Handler serves the protocol. Use [NewHandler].
type Handler struct {
	core   *apiserver.Server
	log    Log
	faults Faults
	sleep  func(ctx context.Context, d time.Duration) error
	// Authorize is asked before a request is served; nil allows everything. It is set before the first request.
	Authorize Authorize

	swaggers swaggers
}

// NewHandler returns the handler for a core. sleep waits out the latency of faults, by a timer when it is nil.
func NewHandler(core *apiserver.Server, sleep func(ctx context.Context, d time.Duration) error) *Handler {
	if sleep == nil {
		sleep = byTimer
	}
	return &Handler{core: core, sleep: sleep}
}

// Log returns the log of requests.
func (h *Handler) Log() *Log { return &h.log }

// maxBody is how much of a request's body is read, as the real server limits it.
const maxBody = 3 << 20

// call is one request on its way.
type call struct {
	*Handler
	w      http.ResponseWriter
	r      *http.Request
	query  url.Values
	target target
	served *apiserver.Served
	verb   string
	format format
	entry  *Request
	cut    *cut // where a watch is to end, nil for nowhere
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Handler: h, r: r, query: r.URL.Query()}
	t, isResource := parseTarget(r.URL.Path)
	c.target = t
	c.verb = strings.ToLower(r.Method)
	if isResource {
		c.verb = verbOf(r, t, c.query)
	}
	kind := ""
	if served, ok := h.core.Catalog().Resource(t.gvr); ok {
		kind = served.GVK.Kind
	}
	c.entry = h.log.begin(Request{
		Verb: c.verb, Path: r.URL.Path, Query: r.URL.RawQuery,
		Group: t.gvr.Group, Version: t.gvr.Version, Kind: kind, Resource: t.gvr.Resource, Subresource: t.subresource,
		Namespace: t.namespace, Name: t.name,
		UserAgent: r.UserAgent(), User: r.Header.Get("Impersonate-User"),
		PatchType: patchType(r), Manager: c.query.Get("fieldManager"), DryRun: c.query.Has("dryRun"), Watch: c.verb == "watch",
	})
	c.w = &recorder{ResponseWriter: w, answered: func(code int) { h.log.answer(c.entry, code) }}
	defer func() {
		if fault := recover(); fault != nil {
			if fault == http.ErrAbortHandler {
				panic(fault) // what it wants to say is said by not answering
			}
			h.core.Logger().Error("request panicked", slog.String("method", r.Method), slog.String("path", r.URL.Path),
				slog.Any("panic", fault), slog.String("stack", string(debug.Stack())))
			sendError(c.w, format{}, apierrors.NewInternalError(fmt.Errorf("panic: %v", fault)))
		}
	}()
	if !c.strike() {
		return
	}
	select {
	case <-h.core.Done():
		sendError(c.w, format{}, &apierrors.StatusError{ErrStatus: metav1.Status{
			Code: http.StatusServiceUnavailable, Reason: metav1.StatusReasonServiceUnavailable, Message: ErrClosed.Error(),
		}})
		return
	default:
	}
	if err := checkIdentity(r.Header); err != nil {
		sendError(c.w, c.acceptable(), err)
		return
	}
	if c.mayNot() {
		return
	}
	if !isResource {
		c.serveDocument()
		return
	}
	if err := c.serveResource(); err != nil {
		sendError(c.w, c.format, err)
	}
}

// patchType is the media type of a patch, empty for other requests.
func patchType(r *http.Request) string {
	if r.Method != http.MethodPatch {
		return ""
	}
	media, err := bodyMedia(r)
	if err != nil {
		return ""
	}
	return media
}

// recorder tells the log the code of an answer.
type recorder struct {
	http.ResponseWriter
	answered func(code int)
	done     bool
}

func (r *recorder) WriteHeader(code int) {
	if r.done {
		return
	}
	r.done = true
	r.answered(code)
	r.ResponseWriter.WriteHeader(code)
}

func (r *recorder) Write(p []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	return r.ResponseWriter.Write(p)
}

// Unwrap lets [http.ResponseController] reach the flusher.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// serveResource dispatches a request about a resource.
func (c *call) serveResource() error {
	served, ok := c.core.Catalog().Resource(c.target.gvr)
	if !ok {
		if c.core.Catalog().IsStale(c.target.gvr.GroupVersion()) {
			return unavailable()
		}
		if c.core.Catalog().HasBuiltinGroup(c.target.gvr.Group) {
			return c.noResource()
		}
		return errNoPath
	}
	c.served = served
	f, err := negotiate(c.r, offer{
		protobuf: c.target.subresource == "scale" || served.Custom == nil && protobufKind(served.GVK),
		routed:   served.Custom == nil, streams: served.Custom == nil && (c.verb == "list" || c.verb == "watch"),
	})
	c.format = f
	if err != nil {
		return err
	}
	if err := c.checkShape(); err != nil {
		return err
	}
	if served.Virtual() {
		return c.review()
	}
	if served.Custom != nil && served.Custom.Warning != "" {
		c.warn(served.Custom.Warning)
	}
	if message := served.Deprecated(); message != "" {
		c.warn(message)
	}
	switch c.verb {
	case "get":
		return c.get()
	case "list":
		return c.list()
	case "watch":
		return c.watch()
	case "create":
		return c.create()
	case "update":
		return c.update()
	case "patch":
		return c.patch()
	case "delete":
		return c.delete()
	case "deletecollection":
		return c.deleteCollection()
	}
	return c.methodNotAllowed()
}

// checkShape holds a path to what the kind allows.
func (c *call) checkShape() error {
	s, t := c.served, c.target
	if s.Namespaced && t.namespace == "" && t.name != "" || !s.Namespaced && t.namespace != "" || s.Virtual() && t.name != "" {
		return c.noResource()
	}
	if s.Custom == nil && !routed(c.r.Method, t) {
		return c.methodNotAllowed()
	}
	if t.subresource == "" {
		if s.Namespaced && t.namespace == "" && (c.verb == "create" || c.verb == "deletecollection") {
			return c.methodNotAllowed()
		}
		if !s.Allows("", c.verb) {
			return c.methodNotAllowed()
		}
		return nil
	}
	if feature, ok := unimplemented[t.subresource]; ok && s.Has(t.subresource) {
		return notImplemented(feature)
	}
	if !s.Has(t.subresource) {
		return c.noResource()
	}
	verb := c.verb
	if !s.Allows(t.subresource, verb) {
		return c.methodNotAllowed()
	}
	return nil
}

// unimplemented names the subresources that need a node, or a signer, behind them.
var unimplemented = map[string]string{
	"log": "pod logs", "exec": "exec", "attach": "attach", "portforward": "port forwarding", "proxy": "proxying",
	"token": "service account tokens", "ephemeralcontainers": "ephemeral containers", "resize": "resizing of pods",
}

func (c *call) methodNotAllowed() error {
	if c.served != nil && c.served.Custom != nil {
		return apierrors.NewMethodNotSupported(c.target.gvr.GroupResource(), c.verb)
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusMethodNotAllowed, Reason: metav1.StatusReasonMethodNotAllowed,
		Message: "the server does not allow this method on the requested resource", Details: &metav1.StatusDetails{},
	}}
}

// noResource is the answer to a path that names nothing in a group that is served.
func (c *call) noResource() error {
	if c.served != nil && c.served.Custom != nil {
		return apierrors.NewNotFound(c.target.gvr.GroupResource(), c.target.name)
	}
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusNotFound, Reason: metav1.StatusReasonNotFound,
		Message: "the server could not find the requested resource", Details: &metav1.StatusDetails{},
	}}
}

// errNoPath is the answer to a path that names nothing. The real server answers it in plain text.
var errNoPath = errors.New("404 page not found")

func unavailable() error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{
		Status: metav1.StatusFailure, Code: http.StatusServiceUnavailable, Reason: metav1.StatusReasonServiceUnavailable,
		Message: "service unavailable",
	}}
}

// warn adds a Warning header (RFC 7234, code 299).
func (c *call) warn(message string) {
	text := fmt.Sprintf("299 - %q", strings.Map(printable, message))
	if !slices.Contains(c.w.Header().Values("Warning"), text) {
		c.w.Header().Add("Warning", text)
	}
}

func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}
