package clustertest

import (
	"context"
	"errors"

	"github.com/setpoint-dev/setpoint/cluster"
)

var watching = []Rule{
	{"watch/present-then-synced", "All that is present comes as Added, then Synced once (cluster.Watcher; KEP-3157).", func(s *scene) {
		s.labelled("a", "x: ''")
		s.labelled("b", "x: ''")
		s.Len(s.watch(s.configMaps("")).synced(), 2)
	}},
	{"watch/nothing-present", "Synced comes for an empty selection too (cluster.Watcher).", func(s *scene) {
		s.Empty(s.watch(s.configMaps("")).synced())
	}},
	{"watch/changes-in-order", "Each change of an object is one event, in the order of the writes (Kubernetes API Concepts, Efficient detection of changes).", func(s *scene) {
		w := s.watch(s.configMaps(""))
		w.synced()
		obj := s.create(mine, "a")
		two := s.merge(obj, `{"data":{"x":"2"}}`)
		three := s.merge(obj, `{"data":{"x":"3"}}`)
		s.remove(obj, cluster.DeleteOptions{})
		s.Equal(obj.Object, w.expect(cluster.Added, "a").Object)
		s.Equal(two.Object, w.expect(cluster.Modified, "a").Object)
		s.Equal(three.Object, w.expect(cluster.Modified, "a").Object)
		s.Equal(obj.GetUID(), w.expect(cluster.Deleted, "a").GetUID())
	}},
	{"watch/deleted-has-the-last-state", "A deletion carries the object as it was last, at a resourceVersion of its own (Kubernetes API Concepts, Efficient detection of changes).", func(s *scene) {
		obj := s.create(mine, "a")
		w := s.watch(s.configMaps(""))
		w.synced()
		s.remove(obj, cluster.DeleteOptions{})
		last := w.expect(cluster.Deleted, "a")
		s.Equal("1", at(last, "data.x"))
		s.NotEqual(obj.GetResourceVersion(), last.GetResourceVersion())
	}},
	{"watch/leaving-the-selection", "An object whose labels stop matching is Deleted for the watch (Kubernetes API Concepts, watch events of a selector).", func(s *scene) {
		obj := s.create(mine, "a")
		w := s.watch(s.configMaps(""))
		s.Len(w.synced(), 1)
		s.merge(obj, `{"metadata":{"labels":{"mine":null}}}`)
		w.expect(cluster.Deleted, "a")
	}},
	{"watch/entering-the-selection", "An object whose labels start to match is Added for the watch (Kubernetes API Concepts, watch events of a selector).", func(s *scene) {
		obj := s.config("a", "x: '1'")
		w := s.watch(s.configMaps(""))
		s.Empty(w.synced())
		s.merge(obj, `{"metadata":{"labels":{"mine":""}}}`)
		w.expect(cluster.Added, "a")
	}},
	{"watch/own-namespace-only", "A watch of a namespace tells nothing of others (Kubernetes API Concepts, Resource URIs).", func(s *scene) {
		w := s.watch(s.configMaps(""))
		w.synced()
		s.create("{apiVersion: v1, kind: ConfigMap, metadata: {name: other, namespace: %s, labels: {mine: ''}}}", s.freshNamespace())
		s.create(mine, "a")
		w.expect(cluster.Added, "a")
	}},
	{"watch/one-name", "A watch can be of one object by metadata.name (Kubernetes docs, Field Selectors).", func(s *scene) {
		sel := s.configMaps("")
		sel.Fields = "metadata.name=b"
		w := s.watch(sel)
		w.synced()
		s.create(mine, "a")
		s.create(mine, "b")
		w.expect(cluster.Added, "b")
	}},
	{"watch/metadata-only", "A watch of metadata is told of every change, without the rest of the object (KEP-2334).", func(s *scene) {
		sel := s.configMaps("")
		sel.MetadataOnly = true
		w := s.watch(sel)
		w.synced()
		obj := s.create(mine, "a")
		s.NotContains(w.expect(cluster.Added, "a").Object, "data")
		changed := s.merge(obj, `{"data":{"x":"2"}}`)
		s.Equal(changed.GetResourceVersion(), w.expect(cluster.Modified, "a").GetResourceVersion())
	}},
	{"watch/no-change-no-event", "A write that changes nothing, and a dry run, tell a watch nothing (Kubernetes API Concepts, Dry-run).", func(s *scene) {
		obj := s.create(mine, "a")
		w := s.watch(s.configMaps(""))
		w.synced()
		s.merge(obj, `{"data":{"x":"1"}}`)
		s.patch(obj, cluster.Patch{Type: mergePatch, Data: []byte(`{"data":{"x":"9"}}`)}, cluster.WriteOptions{DryRun: true})
		s.create(mine, "b")
		w.expect(cluster.Added, "b")
	}},
	{"watch/finalizers", "The deletion of an object with a finalizer is a change; its end is when the last finalizer goes (Kubernetes docs, Finalizers).", func(s *scene) {
		obj := s.create("{apiVersion: v1, kind: ConfigMap, metadata: {name: a, labels: {mine: ''}, finalizers: [example.com/hold]}}")
		s.release(obj)
		w := s.watch(s.configMaps(""))
		w.synced()
		s.remove(obj, cluster.DeleteOptions{})
		s.NotNil(w.expect(cluster.Modified, "a").GetDeletionTimestamp())
		s.merge(obj, `{"metadata":{"finalizers":null}}`)
		w.expect(cluster.Deleted, "a")
	}},
	{"watch/ends-with-its-context", "A watch whose context ends yields the cause once, and no more (cluster.Watcher).", func(s *scene) {
		over := errors.New("enough")
		ctx, cancel := context.WithCancelCause(s.ctx)
		defer cancel(nil)
		w := s.follow(s.client.Watch(ctx, s.configMaps("")))
		w.synced()
		cancel(over)
		_, err, ok := w.pull()
		s.True(ok)
		s.ErrorIs(err, over)
		_, _, ok = w.pull()
		s.False(ok, "an error ends the stream")
	}},
	{"watch/folds-to-the-truth", "Whoever folds the events into a map holds what a list returns (cluster.Watcher).", func(s *scene) {
		s.create(mine, "a")
		w := s.watch(s.configMaps(""))
		held := map[string]string{}
		for _, obj := range w.synced() {
			held[obj.GetName()] = obj.GetResourceVersion()
		}
		b := s.create(mine, "b")
		s.merge(b, `{"data":{"x":"2"}}`)
		s.remove(b, cluster.DeleteOptions{})
		s.merge(s.create(mine, "b"), `{"data":{"x":"3"}}`)
		s.create(mine, "end")
		for {
			event := w.next()
			if event.Type == cluster.Deleted {
				delete(held, event.Object.GetName())
				continue
			}
			held[event.Object.GetName()] = event.Object.GetResourceVersion()
			if event.Object.GetName() == "end" {
				break
			}
		}
		want := map[string]string{}
		for obj, err := range s.client.List(s.ctx, s.configMaps("")) {
			s.NoError(err)
			want[obj.GetName()] = obj.GetResourceVersion()
		}
		s.Equal(want, held)
	}},
}
