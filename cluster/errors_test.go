package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/setpoint-dev/setpoint/cluster"
)

func TestErrorMessages(t *testing.T) {
	web := cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: "apps", Name: "web"}
	for want, err := range map[string]error{
		"get Deployment apps/web: not found": &cluster.Error{Op: "get", Ref: web, Err: cluster.ErrNotFound},
		"list Deployment: forbidden":         &cluster.Error{Op: "list", Ref: cluster.Ref{Group: "apps", Kind: "Deployment"}, Err: cluster.ErrForbidden},
		"list Deployment apps: forbidden":    &cluster.Error{Op: "list", Ref: cluster.Ref{Group: "apps", Kind: "Deployment", Namespace: "apps"}, Err: cluster.ErrForbidden},
		`apply Deployment apps/web: conflict with "helm" over .spec.replicas, .spec.paused and with "kubectl" over .metadata.labels.a`: &cluster.Error{
			Op: "apply", Ref: web, Err: &cluster.ConflictError{Conflicts: []cluster.FieldConflict{
				{Manager: "kubectl", Field: ".metadata.labels.a"}, {Manager: "helm", Field: ".spec.replicas"}, {Manager: "helm", Field: ".spec.paused"},
			}},
		},
		"invalid: spec.replicas: must not be negative; too many": &cluster.InvalidError{Message: "summary", Causes: []cluster.Cause{
			{Field: "spec.replicas", Message: "must not be negative"}, {Message: "too many"},
		}},
		"invalid: summary":                                  &cluster.InvalidError{Message: "summary"},
		"discover group core: server unavailable":           &cluster.DiscoveryError{Err: cluster.ErrUnavailable},
		"discover group metrics.k8s.io: server unavailable": &cluster.DiscoveryError{Group: "metrics.k8s.io", Err: cluster.ErrUnavailable},
	} {
		assert.EqualError(t, err, want)
	}
}

func TestRetryable(t *testing.T) {
	wrap := func(code int, wait time.Duration, err error) error {
		return fmt.Errorf("step 3: %w", &cluster.Error{Op: "get", Code: code, RetryAfter: wait, Err: err})
	}
	plain := errors.New("plain")
	for name, tt := range map[string]struct {
		err  error
		want bool
	}{
		"nil":                     {nil, false},
		"plain":                   {plain, false},
		"context":                 {context.Canceled, false},
		"unavailable":             {cluster.ErrUnavailable, true},
		"discovery":               {&cluster.DiscoveryError{Err: cluster.ErrUnavailable}, true},
		"discovery, forbidden":    {&cluster.DiscoveryError{Err: cluster.ErrForbidden}, false},
		"429":                     {wrap(429, 0, plain), true},
		"500":                     {wrap(500, 0, plain), true},
		"advice":                  {wrap(403, time.Second, plain), true},
		"404":                     {wrap(404, 0, cluster.ErrNotFound), false},
		"conflict":                {wrap(409, time.Second, cluster.ErrConflict), false},
		"500 about the object":    {wrap(500, 0, &cluster.InvalidError{}), false},
		"field conflict":          {wrap(409, 0, &cluster.ConflictError{}), false},
		"expired":                 {wrap(410, 0, cluster.ErrExpired), false},
		"unavailable, no answer":  {wrap(0, 0, cluster.ErrUnavailable), true},
		"unauthorized, no answer": {wrap(0, 0, cluster.ErrUnauthorized), false},
	} {
		assert.Equal(t, tt.want, cluster.Retryable(tt.err), name)
	}
}
