package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	core "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster/memory"
	"github.com/setpoint-dev/setpoint/internal/kubetest"
)

// scale is how much work a measure does.
type scale struct {
	// writes is for rates of writes: ours, and the peer's, which are slower.
	writes, peerWrites int
	// listed is how many objects are listed and watched, perKind how many of each of ten kinds are held.
	listed, perKind int
	// events is how many single events are waited for.
	events int
	// compared is how many objects are compared, in so many passes.
	compared, passes int
}

var full = scale{writes: 3000, peerWrites: 400, listed: 1000, perKind: 1000, events: 200, compared: 200, passes: 100}

// memoryArea measures the API server of package cluster/memory next to kube-apiserver with etcd.
func memoryArea(o options) *area {
	l := &lab{scale: o.scale}
	return &area{
		peer: "kube-apiserver + etcd",
		cases: []benchmark{
			{name: "ready: first server of a process", unit: "ms", setpoint: inChild("ready"), peer: newPlane},
			{name: "ready: later server", unit: "ms", setpoint: laterServer, peer: newPlane},
			l.rate("apply a ConfigMap of 1 KB", applyConfigMaps),
			l.rate("apply a Deployment of two containers", applyDeployments),
			l.rate("update a ConfigMap of 1 KB, protobuf", updateConfigMaps),
			l.rate("update a Deployment of two containers, protobuf", updateDeployments),
			l.both("list 1,000 ConfigMaps of 1 KB", "ms", listDynamic),
			l.both("list 1,000 ConfigMaps of 1 KB, protobuf", "ms", listTyped),
			l.both("watch: 1,000 objects that are there", "ms", watchInitial),
			l.both("watch: from a write to its event", "ms", watchLatency),
			{name: "test with a server of its own and 20 objects", unit: "ms", setpoint: l.smallTest, peer: l.smallPeerTest},
			{name: "memory of 10,000 objects of ten kinds", unit: "MB", once: true, setpoint: l.heap, peer: l.resident},
		},
		notes: []string{
			"Clients are those of client-go, rate limits off: the dynamic one with JSON, the typed one where it says protobuf. They run in the process that measures and are part of every figure.",
			"Rates are writes for each second of processor time, so that other work on the machine does not count: ours of the one process, with GOMAXPROCS=1; the peer's of etcd, kube-apiserver and the client together. One client waits for each answer; each write changes its object. The peer is spoken to over TLS on loopback, and its etcd does not sync to disk.",
			"ready is the time of memory.New, and of the peer from the start of etcd until /readyz answers.",
			"A test on the peer, which was running already, is a namespace, 20 objects, and the request that deletes the namespace.",
			"memory is what the live heap grew by, of the peer what both processes have resident.",
		},
		close: l.Close,
	}
}

// lab holds the control plane that the cases share.
type lab struct {
	scale
	mu    sync.Mutex
	plane *kubetest.ControlPlane
	last  int
}

// Close ends the control plane.
func (l *lab) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.plane != nil {
		l.plane.Close()
	}
}

// work is done on either side, in a namespace that is its own.
type work func(ctx context.Context, l *lab, on side) (float64, error)

// side is a cluster to work on.
type side struct {
	config    *rest.Config
	namespace string
	// writes is how many writes a rate is taken from.
	writes int
	// clock tells the time that rates are taken by: what the side has had of the processors.
	clock func() (time.Duration, error)
}

// both is a case that does the same on both sides.
func (l *lab) both(name, unit string, w work) benchmark {
	return benchmark{name: name, unit: unit, setpoint: l.ours(w), peer: l.theirs(w)}
}

// rate is a case of writes, of which ours get one core.
func (l *lab) rate(name string, w work) benchmark {
	return benchmark{name: name, unit: "1/s of a core", setpoint: onOneCore(l.ours(w)), peer: l.theirs(w)}
}

// peerTime returns the processor time of the control plane and of this process, its client.
func peerTime() (time.Duration, error) {
	pids, err := childrenRunning("etcd", "kube-apiserver")
	if err != nil {
		return 0, err
	}
	own, err := ownTime()
	if err != nil {
		return 0, err
	}
	theirs, err := processorTime(pids)
	return own + theirs, err
}

func onOneCore(m measure) measure {
	return func(ctx context.Context) (float64, error) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
		return m(ctx)
	}
}

func (l *lab) ours(w work) measure {
	return func(ctx context.Context) (float64, error) {
		server, err := memory.New(nil)
		if err != nil {
			return 0, err
		}
		defer server.Close()
		runtime.GC() // of what the case before has left
		return w(ctx, l, side{config: server.Config(), namespace: "default", writes: l.writes, clock: ownTime})
	}
}

func (l *lab) theirs(w work) measure {
	return func(ctx context.Context) (figure float64, err error) {
		plane, err := l.running(ctx)
		if err != nil {
			return 0, err
		}
		name, remove, err := l.newNamespace(ctx, plane)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, remove()) }()
		return w(ctx, l, side{config: plane.Config(), namespace: name, writes: l.peerWrites, clock: peerTime})
	}
}

// running returns the control plane that cases share, and starts it for the first.
func (l *lab) running(ctx context.Context) (*kubetest.ControlPlane, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.plane == nil {
		plane, err := kubetest.Run(ctx, nil)
		if err != nil {
			return nil, err
		}
		l.plane = plane
	}
	return l.plane, nil
}

// newNamespace makes a namespace and returns what deletes it again.
func (l *lab) newNamespace(ctx context.Context, plane *kubetest.ControlPlane) (string, func() error, error) {
	client, err := kubernetes.NewForConfig(plane.Config())
	if err != nil {
		return "", nil, err
	}
	l.mu.Lock()
	l.last++
	name := fmt.Sprintf("bench-%d", l.last)
	l.mu.Unlock()
	home := &core.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if _, err := client.CoreV1().Namespaces().Create(ctx, home, metav1.CreateOptions{}); err != nil {
		return "", nil, err
	}
	return name, func() error {
		return client.CoreV1().Namespaces().Delete(context.WithoutCancel(ctx), name, metav1.DeleteOptions{})
	}, nil
}
