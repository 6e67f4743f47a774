package main

import (
	"context"
	"time"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// newServer returns how long an API server in the process takes to be ready.
func newServer(context.Context) (float64, error) {
	start := time.Now()
	server, err := memory.New(nil)
	if err != nil {
		return 0, err
	}
	defer server.Close()
	return since(start), nil
}

// laterServer returns how long it takes when the process had one before.
func laterServer(ctx context.Context) (float64, error) {
	if _, err := newServer(ctx); err != nil {
		return 0, err
	}
	return newServer(ctx)
}

// newPlane returns how long etcd and kube-apiserver take to be ready.
func newPlane(ctx context.Context) (float64, error) {
	if _, err := kubetest.Build(ctx); err != nil { // once for each machine, and no part of a start
		return 0, err
	}
	start := time.Now()
	plane, err := kubetest.Run(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer plane.Close()
	return since(start), nil
}

// since returns the milliseconds since start.
func since(start time.Time) float64 { return float64(time.Since(start)) / float64(time.Millisecond) }
