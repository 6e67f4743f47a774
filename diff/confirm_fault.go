package diff

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/internal/redact"
)

// ErrNoDryRun: the apply passes an admission webhook that has side effects, so that the server refuses to try it. It is what
// [Comparison].Fault wraps then, with the name of the webhook, which cannot be confirmed as long as its sideEffects are neither None
// nor NoneOnDryRun (Kubernetes docs, Dynamic Admission Control, Side effects).
var ErrNoDryRun = errors.New("a webhook has side effects and takes part in no dry run")

// noDryRun is how a server says so, as 400 BadRequest (k8s.io/apiserver, NewDryRunUnsupportedErr).
var noDryRun = regexp.MustCompile(`admission webhook ("[^"]*") does not support dry run`)

// denied is how a server passes on the refusal of a webhook, which chooses the code (k8s.io/apiserver, ToStatusErr).
var denied = regexp.MustCompile(`admission webhook "[^"]*" denied the request`)

// failed answers for a dry run that was not accepted.
func (w *comparing) failed(c *Comparison, s said, err error) *Comparison {
	if found := noDryRun.FindStringSubmatch(err.Error()); found != nil {
		return w.unconfirmed(c, fmt.Errorf("%w: %s", ErrNoDryRun, found[1]))
	}
	var invalid *cluster.InvalidError
	if !errors.As(err, &invalid) && !errors.Is(err, cluster.ErrForbidden) && !denied.MatchString(err.Error()) {
		return w.unconfirmed(c, err)
	}
	out := w.unconfirmed(c, err)
	out.Verdict, out.Precision, out.Unsure = Refused, Confirmed, nil
	if s.conflicts != nil {
		out.Conflicts = s.conflicts
	}
	return out
}

// unconfirmed leaves the answer as it was computed and says why.
func (w *comparing) unconfirmed(c *Comparison, err error) *Comparison {
	out := *c
	out.Precision = Unconfirmed
	out.Fault = &Error{Op: "confirm", Ref: c.Ref, Err: masked(w.mask, err)}
	return &out
}

// masked hides the content of Secrets in an error. Those of package cluster keep their types.
func masked(mask *redact.Mask, err error) error {
	var request *cluster.Error
	if mask == nil || mask.String(err.Error()) == err.Error() {
		return err
	}
	if errors.As(err, &request) {
		hidden := *request
		hidden.Err = masked(mask, request.Err)
		return &hidden
	}
	var invalid *cluster.InvalidError
	if errors.As(err, &invalid) {
		hidden := &cluster.InvalidError{Message: mask.String(invalid.Message)}
		for _, c := range invalid.Causes {
			hidden.Causes = append(hidden.Causes, cluster.Cause{Type: c.Type, Field: mask.String(c.Field), Message: mask.String(c.Message)})
		}
		return hidden
	}
	for _, sentinel := range []error{cluster.ErrForbidden, cluster.ErrConflict, cluster.ErrUnavailable, cluster.ErrNotFound} {
		if errors.Is(err, sentinel) {
			return fmt.Errorf("%w: %s", sentinel, strings.TrimPrefix(mask.String(err.Error()), sentinel.Error()+": "))
		}
	}
	return mask.Error(err)
}
