package clustertest

import (
	"context"
	"errors"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
)

// Cutter is implemented by a client whose watches a test can cut, for the rules about what a watch makes of that. Whoever runs
// the suite makes one by standing between the client and its server, where a connection can be closed:
//
//	type cuttable struct {
//		*kube.Client
//		transport *cuttingTransport // of the client's rest.Config
//	}
//
// The rules are skipped for a client that is none.
type Cutter interface {
	// Cut breaks every watch of the client in the middle, and keeps others from being opened until restore is called, which may
	// be called more than once. When expire is set, the first request after that for a watch from some resourceVersion is
	// answered 410 Gone, as by a server that has forgotten it.
	Cut(expire bool) (restore func())
}

// cut cuts the watches of the client; the check is skipped when nobody can.
func (s *scene) cut(expire bool) (restore func()) {
	cutter, ok := s.client.(Cutter)
	if !ok {
		s.skip("the client is no clustertest.Cutter, so its watches cannot be cut")
	}
	restore = sync.OnceFunc(cutter.Cut(expire))
	s.later(func(context.Context) { restore() })
	return restore
}

var cutting = []Rule{
	{"cut/resumes", "A watch that is cut goes on where it was: what happens before, during and after the cut comes once and in order (cluster.Watcher; Kubernetes API Concepts, Efficient detection of changes).", func(s *scene) {
		a := s.create(mine, "a")
		w := s.watch(s.configMaps(""))
		w.synced()
		restore := s.cut(false)
		one := s.merge(a, `{"data":{"x":"2"}}`)
		b := s.create(mine, "b")
		restore()
		two := s.merge(b, `{"data":{"x":"2"}}`)
		s.Equal(one.Object, w.expect(cluster.Modified, "a").Object)
		s.Equal(b.Object, w.expect(cluster.Added, "b").Object)
		s.Equal(two.Object, w.expect(cluster.Modified, "b").Object)
	}},
	{"cut/repeats-nothing", "A watch that is cut tells neither what it has told nor Synced again (cluster.Watcher).", func(s *scene) {
		s.create(mine, "a")
		w := s.watch(s.configMaps(""))
		w.synced()
		for _, name := range []string{"b", "c"} {
			s.cut(false)()
			s.create(mine, name)
			w.expect(cluster.Added, name)
		}
	}},
	{"cut/tells-of-deletions", "What is deleted during a cut is told as Deleted, also when it was created during the cut (cluster.Watcher).", func(s *scene) {
		a := s.create(mine, "a")
		w := s.watch(s.configMaps(""))
		w.synced()
		restore := s.cut(false)
		s.remove(a, cluster.DeleteOptions{})
		s.remove(s.create(mine, "b"), cluster.DeleteOptions{})
		restore()
		s.Equal(a.GetUID(), w.expect(cluster.Deleted, "a").GetUID())
		w.expect(cluster.Added, "b")
		w.expect(cluster.Deleted, "b")
	}},
	{"cut/forgotten-differences", "When the server has forgotten where a watch was, the watch tells the differences: what is new, what changed and what is gone, once each, and nothing of the rest (cluster.Watcher; Kubernetes API Concepts, 410 Gone).", func(s *scene) {
		gone, changed := s.create(mine, "gone"), s.create(mine, "changed")
		s.create(mine, "same")
		w := s.watch(s.configMaps(""))
		w.synced()
		restore := s.cut(true)
		s.remove(gone, cluster.DeleteOptions{})
		now := s.merge(changed, `{"data":{"x":"2"}}`)
		s.create(mine, "new")
		restore()
		told := map[string]*unstructured.Unstructured{}
		var kinds []string
		for range 3 {
			event := w.next()
			s.NotEqual(cluster.Synced, event.Type, "Synced comes once")
			told[event.Object.GetName()] = event.Object
			kinds = append(kinds, string(event.Type)+" "+event.Object.GetName())
		}
		slices.Sort(kinds)
		s.Equal([]string{"Added new", "Deleted gone", "Modified changed"}, kinds)
		s.Equal(now.Object, told["changed"].Object)
		s.Equal(gone.GetUID(), told["gone"].GetUID(), "a vanished object is told with its identity")
		s.Equal(map[string]string{"mine": ""}, told["gone"].GetLabels(), "and its labels")
		s.create(mine, "end")
		w.expect(cluster.Added, "end")
	}},
	{"cut/forgotten-replacement", "An object that another one took the place of while the server forgot leads to the new one in the hands of who folds the events (cluster.Watcher).", func(s *scene) {
		old := s.create(mine, "a")
		w := s.watch(s.configMaps(""))
		w.synced()
		restore := s.cut(true)
		s.remove(old, cluster.DeleteOptions{})
		now := s.create(mine, "a")
		s.create(mine, "b")
		restore()
		held := map[string]*unstructured.Unstructured{"a": old}
		for held["b"] == nil || held["a"] == nil || held["a"].GetUID() == old.GetUID() {
			event := w.next()
			s.NotEqual(cluster.Synced, event.Type, "Synced comes once")
			if event.Type == cluster.Deleted {
				delete(held, event.Object.GetName())
				continue
			}
			held[event.Object.GetName()] = event.Object
		}
		s.Equal(now.GetUID(), held["a"].GetUID())
	}},
	{"cut/ends-with-its-context", "A watch whose context ends while it is cut yields the cause and no more (cluster.Watcher).", func(s *scene) {
		over := errors.New("enough")
		ctx, cancel := context.WithCancelCause(s.ctx)
		defer cancel(nil)
		w := s.follow(s.client.Watch(ctx, s.configMaps("")))
		w.synced()
		s.cut(false)
		cancel(over)
		_, err, ok := w.pull()
		s.True(ok)
		s.ErrorIs(err, over)
		_, _, ok = w.pull()
		s.False(ok, "an error ends the stream")
	}},
}
