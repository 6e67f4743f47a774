package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// hold applies so many objects of each of the ten kinds.
func (l *lab) hold(ctx context.Context, on side, perKind int) error {
	client, err := dynamic.NewForConfig(on.config)
	if err != nil {
		return err
	}
	return parallel(ctx, perKind*len(tenKinds), func(ctx context.Context, i int) error {
		kind := tenKinds[i%len(tenKinds)]
		name := fmt.Sprintf("object-%d", i/len(tenKinds))
		_, err := client.Resource(kind.resource).Namespace(on.namespace).
			Apply(ctx, name, kind.object(name, first), metav1.ApplyOptions{FieldManager: "bench"})
		return err
	})
}

// parallel calls f for 0 to n-1, a few at a time.
func parallel(ctx context.Context, n int, f func(ctx context.Context, i int) error) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i := range n {
		group.Go(func() error { return f(ctx, i) })
	}
	return group.Wait()
}

// heap returns the megabytes that the live heap has more with a server that holds the objects.
func (l *lab) heap(ctx context.Context) (float64, error) {
	before := live()
	server, err := memory.New(nil)
	if err != nil {
		return 0, err
	}
	defer server.Close()
	if err := l.hold(ctx, side{config: server.Config(), namespace: "default"}, l.perKind); err != nil {
		return 0, err
	}
	after := live()
	runtime.KeepAlive(server)
	return (float64(after) - float64(before)) / (1 << 20), nil
}

// live returns the bytes of the heap that are in use.
func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what finalizers and pools let go in the first
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// resident returns the megabytes that etcd and kube-apiserver have resident when they hold the objects.
func (l *lab) resident(ctx context.Context) (float64, error) {
	others, err := childrenRunning("etcd", "kube-apiserver") // of the control plane that the other cases share
	if err != nil {
		return 0, err
	}
	plane, err := kubetest.Run(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer plane.Close()
	name, _, err := l.newNamespace(ctx, plane)
	if err != nil {
		return 0, err
	}
	if err := l.hold(ctx, side{config: plane.Config(), namespace: name}, l.perKind); err != nil {
		return 0, err
	}
	all, err := childrenRunning("etcd", "kube-apiserver")
	if err != nil {
		return 0, err
	}
	pids := slices.DeleteFunc(all, func(pid int) bool { return slices.Contains(others, pid) })
	if len(pids) != 2 {
		return 0, fmt.Errorf("found %d processes of the control plane, not 2", len(pids))
	}
	return resident(pids)
}

// smallTest returns the milliseconds of a test: a server, its objects, its end.
func (l *lab) smallTest(ctx context.Context) (float64, error) {
	start := time.Now()
	server, err := memory.New(nil)
	if err != nil {
		return 0, err
	}
	defer server.Close()
	if err := l.hold(ctx, side{config: server.Config(), namespace: "default"}, 2); err != nil {
		return 0, err
	}
	server.Close()
	return since(start), nil
}

// smallPeerTest does the same in a namespace of a control plane that runs.
func (l *lab) smallPeerTest(ctx context.Context) (float64, error) {
	plane, err := l.running(ctx)
	if err != nil {
		return 0, err
	}
	start := time.Now()
	name, remove, err := l.newNamespace(ctx, plane)
	if err != nil {
		return 0, err
	}
	if err := l.hold(ctx, side{config: plane.Config(), namespace: name}, 2); err != nil {
		return 0, err
	}
	if err := remove(); err != nil {
		return 0, err
	}
	return since(start), nil
}
