package simulator

import (
	"context"
	"log"
	"time"

	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
)

const workers = 8

// A loop brings one object at a time to where it should be, again after an error with a growing delay. The same object is
// never in two workers at once.
type loop struct {
	what  string
	queue workqueue.TypedRateLimitingInterface[cache.ObjectName]
	sync  func(ctx context.Context, name cache.ObjectName) error
}

func newLoop(what string, sync func(context.Context, cache.ObjectName) error) *loop {
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[cache.ObjectName](10*time.Millisecond, 2*time.Second)
	return &loop{what: what, queue: workqueue.NewTypedRateLimitingQueue(limiter), sync: sync}
}

// watch puts every object that the informer reports into the queue. Deletions are left out: there is nothing to simulate
// for an object that is gone.
func (l *loop) watch(informer cache.SharedIndexInformer) {
	add := func(obj any) {
		if name, err := cache.ObjectToName(obj); err == nil {
			l.queue.Add(name)
		}
	}
	// AddEventHandler errs only after the informer has stopped.
	_, _ = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    add,
		UpdateFunc: func(_, obj any) { add(obj) },
	})
}

func (l *loop) run(ctx context.Context) {
	for range workers {
		go func() {
			for l.next(ctx) {
			}
		}()
	}
	<-ctx.Done()
	l.queue.ShutDown()
}

func (l *loop) next(ctx context.Context) bool {
	name, shutdown := l.queue.Get()
	if shutdown {
		return false
	}
	defer l.queue.Done(name)
	if err := l.sync(ctx, name); err != nil {
		log.Printf("%s %s: %v", l.what, name, err)
		l.queue.AddRateLimited(name)
		return true
	}
	l.queue.Forget(name)
	return true
}
