package live

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/setpoint-dev/setpoint/cluster"
)

// follow is the memory of one watch. Objects in it are never changed, so that a reader may use them without the lock.
type follow struct {
	scope scope

	mu      sync.Mutex
	objects map[types.NamespacedName]*unstructured.Unstructured
	notes   map[types.NamespacedName]*note
	synced  bool
	ended   error
	endedAt time.Time
	changed chan struct{} // closed at the next change
}

func newFollow(s scope) *follow {
	return &follow{
		scope:   s,
		objects: map[types.NamespacedName]*unstructured.Unstructured{},
		notes:   map[types.NamespacedName]*note{},
		changed: make(chan struct{}),
	}
}

// take adds an event of the watch.
func (f *follow) take(event cluster.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if event.Type == cluster.Synced {
		f.synced = true
		f.wake()
		return
	}
	key := types.NamespacedName{Namespace: event.Object.GetNamespace(), Name: event.Object.GetName()}
	if event.Type == cluster.Deleted {
		delete(f.objects, key)
		if n := f.notes[key]; n != nil && n.ended(event.Object.GetUID()) {
			delete(f.notes, key)
		}
	} else {
		f.objects[key] = event.Object
		if n := f.notes[key]; n != nil && n.settled(event.Object) {
			delete(f.notes, key)
		}
	}
	f.wake()
}

// fail ends the following. Reads find out and go elsewhere.
func (f *follow) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ended, f.endedAt = err, time.Now()
	f.objects, f.notes = nil, nil
	f.wake()
}

// wake lets waiting readers look again.
func (f *follow) wake() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// end returns when and why the watch ended; the error is nil while it runs.
func (f *follow) end() (time.Time, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.endedAt, f.ended
}

// errBehind says that the watch did not come far enough in time.
var errBehind = errors.New("the watch is behind")

// get returns an object, nil when there is none, in a state that is not older than what was written. The error is
// errBehind, the watch's, or ctx's; with errBehind comes the note that is the reason, if any.
func (f *follow) get(ctx context.Context, key types.NamespacedName, patience time.Duration) (obj *unstructured.Unstructured, n *note, err error) {
	err = f.wait(ctx, patience, func() verdict {
		obj, n = f.objects[key], f.notes[key]
		return n.judge(obj)
	})
	return obj, n, err
}

// list returns the objects of a namespace, or of all, in the server's order, in a state that is not older than what was
// written. The errors are those of get.
func (f *follow) list(ctx context.Context, namespace string, patience time.Duration) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	err := f.wait(ctx, patience, func() verdict {
		objects = objects[:0]
		for key, n := range f.notes {
			if namespace != "" && key.Namespace != namespace {
				continue
			}
			if v := n.judge(f.objects[key]); v != current {
				return v
			}
		}
		for key, obj := range f.objects {
			if namespace == "" || key.Namespace == namespace {
				objects = append(objects, obj)
			}
		}
		return current
	})
	slices.SortFunc(objects, func(a, b *unstructured.Unstructured) int {
		return strings.Compare(a.GetNamespace()+"/"+a.GetName(), b.GetNamespace()+"/"+b.GetName())
	})
	return objects, err
}

// wait calls look under the lock, after every change, until it finds what is in memory current.
func (f *follow) wait(ctx context.Context, patience time.Duration, look func() verdict) error {
	var timer *time.Timer
	for {
		f.mu.Lock()
		if f.ended != nil {
			err := f.ended
			f.mu.Unlock()
			return err
		}
		v := behind
		if f.synced {
			v = look()
		}
		changed := f.changed
		f.mu.Unlock()
		switch {
		case v == current:
			return nil
		case v == doubtful:
			return errBehind
		}
		if timer == nil {
			timer = time.NewTimer(patience)
			defer timer.Stop()
		}
		select {
		case <-changed:
		case <-timer.C:
			return errBehind
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
