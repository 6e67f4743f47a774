package clustertest

import (
	"context"
	"iter"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

// stream is a watch that is read event by event.
type stream struct {
	scene *scene
	pull  func() (cluster.Event, error, bool)
	stop  func()
}

// watch starts a watch, which ends with the check.
func (s *scene) watch(sel cluster.Selector) *stream {
	return s.follow(s.client.Watch(s.ctx, sel))
}

func (s *scene) follow(seq iter.Seq2[cluster.Event, error]) *stream {
	pull, stop := iter.Pull2(seq)
	s.later(func(context.Context) { stop() })
	return &stream{scene: s, pull: pull, stop: stop}
}

// next returns the next event.
func (w *stream) next() cluster.Event {
	event, err, ok := w.pull()
	w.scene.NoError(err)
	w.scene.True(ok, "the watch has ended")
	return event
}

// expect checks the type and the object's name of the next event, and returns the object.
func (w *stream) expect(kind cluster.EventType, name string) *unstructured.Unstructured {
	event := w.next()
	if event.Type == cluster.Synced {
		w.scene.Equal(kind, event.Type, "while waiting for %s", name)
		return nil
	}
	w.scene.Equal(string(kind)+" "+name, string(event.Type)+" "+event.Object.GetName())
	return event.Object
}

// synced reads up to the end of what is present at the start and returns it.
func (w *stream) synced() []*unstructured.Unstructured {
	var present []*unstructured.Unstructured
	for {
		event := w.next()
		if event.Type == cluster.Synced {
			return present
		}
		w.scene.Equal(cluster.Added, event.Type, "before Synced")
		present = append(present, event.Object)
	}
}

// until waits until the object is in a state, nil when it is not there.
func (s *scene) until(obj *unstructured.Unstructured, done func(now *unstructured.Unstructured) bool) {
	gvk := obj.GroupVersionKind()
	w := s.watch(cluster.Selector{
		Group: gvk.Group, Version: gvk.Version, Kind: gvk.Kind, Namespace: obj.GetNamespace(), Fields: "metadata.name=" + obj.GetName(),
	})
	defer w.stop()
	var now *unstructured.Unstructured
	for _, present := range w.synced() {
		now = present
	}
	for !done(now) {
		event := w.next()
		if now = event.Object; event.Type == cluster.Deleted {
			now = nil
		}
	}
}

// gone waits until the object, with that UID, is not there.
func (s *scene) gone(obj *unstructured.Unstructured) {
	s.until(obj, func(now *unstructured.Unstructured) bool { return now == nil || now.GetUID() != obj.GetUID() })
}

// eventually repeats try until it returns true, for states that no watch tells.
func (s *scene) eventually(try func() bool) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !try() {
		select {
		case <-s.ctx.Done():
			s.NoError(context.Cause(s.ctx))
		case <-tick.C:
		}
	}
}
