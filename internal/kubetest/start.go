package kubetest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

const kubeconfigVariable = "SETPOINT_TEST_KUBECONFIG"

// Start gives a test a control plane of its own, which ends with the test.
func Start(t testing.TB, opts *Options) *ControlPlane {
	t.Helper()
	if os.Getenv(kubeconfigVariable) != "" {
		t.Skipf("needs a control plane of its own, and %s names an existing cluster", kubeconfigVariable)
	}
	skipShort(t)
	c, err := runFor(t, opts)
	judge(t, err)
	t.Cleanup(c.Close)
	return c
}

var (
	sharedMutex sync.Mutex
	shared      = make(map[Options]*ControlPlane)
	sharedError = make(map[Options]error)
)

// Shared gives a test the control plane that all tests of the process with the same options share. The first of them
// starts it; it ends with the process. Isolate with Namespace, and remove what is cluster-scoped.
func Shared(t testing.TB, opts *Options) *ControlPlane {
	t.Helper()
	skipShort(t)
	var key Options
	if opts != nil {
		key = *opts
	}
	sharedMutex.Lock()
	defer sharedMutex.Unlock()
	if c := shared[key]; c != nil {
		return c
	}
	if sharedError[key] == nil {
		shared[key], sharedError[key] = startShared(t, &key)
	}
	judge(t, sharedError[key])
	return shared[key]
}

func startShared(t testing.TB, opts *Options) (*ControlPlane, error) {
	if path := os.Getenv(kubeconfigVariable); path != "" {
		return existing(path)
	}
	return runFor(t, opts)
}

// runFor runs a control plane, and gives up in time for the test to report why.
func runFor(t testing.TB, opts *Options) (*ControlPlane, error) {
	ctx := t.Context()
	if d, ok := t.(interface{ Deadline() (time.Time, bool) }); ok {
		if deadline, ok := d.Deadline(); ok {
			var cancel context.CancelFunc
			cause := fmt.Errorf("out of time; the first build takes minutes, so use go test -timeout 30m, or build ahead with go run ./internal/kubetest/serve -build")
			ctx, cancel = context.WithDeadlineCause(ctx, deadline.Add(-20*time.Second), cause)
			defer cancel()
		}
	}
	return Run(ctx, opts)
}

func skipShort(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("needs a control plane; left out with -short")
	}
}

// judge fails the test, or skips it on a machine that cannot build a control plane.
func judge(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, errNoBuild) && os.Getenv("CI") != "true":
		t.Skipf("no control plane: %v", err)
	default:
		t.Fatalf("no control plane: %v", err)
	}
}
