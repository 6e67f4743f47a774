package memory_test

import (
	"context"
	"fmt"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	core "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// bubble runs a test in a bubble of time of its own, in which waiting costs none. The server is closed inside.
func bubble(t *testing.T, opts *memory.Options, f func(t *testing.T, s *memory.Server)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := memory.New(opts)
		require.NoError(t, err)
		defer s.Close()
		f(t, s)
		assert.NoError(t, s.ControllerErrors())
	})
}

// A RetryWatcher resumes where a broken connection ended: it misses nothing and repeats nothing. What the server has
// forgotten ends it with the server's own error.
func TestRetryWatcherSurvivesCuts(t *testing.T) {
	bubble(t, nil, func(t *testing.T, s *memory.Server) {
		ctx := t.Context()
		var cuts cutter
		watched, err := dynamic.NewForConfig(cuts.wrap(s.Config()))
		require.NoError(t, err)
		maps := dyn(t, s).Resource(configMaps).Namespace("default")
		first, err := maps.Create(ctx, configMap("first", nil), metav1.CreateOptions{})
		require.NoError(t, err)
		w, err := watchtools.NewRetryWatcherWithContext(ctx, first.GetResourceVersion(), &cache.ListWatch{
			WatchFuncWithContext: func(ctx context.Context, opts metav1.ListOptions) (watch.Interface, error) {
				return watched.Resource(configMaps).Namespace("default").Watch(ctx, opts)
			},
		})
		require.NoError(t, err)
		var want, got []string
		for i := range 5 {
			name := fmt.Sprint("m", i)
			_, err := maps.Create(ctx, configMap(name, nil), metav1.CreateOptions{})
			require.NoError(t, err)
			if i%2 == 1 { // The watch is away while this is deleted and that after it created.
				synctest.Wait()
				assert.Equal(t, 1, cuts.cut())
			}
			require.NoError(t, maps.Delete(ctx, name, metav1.DeleteOptions{}))
			want = append(want, "ADDED "+name, "DELETED "+name)
			for len(got) < len(want) {
				event := <-w.ResultChan()
				got = append(got, fmt.Sprint(event.Type, " ", event.Object.(*unstructured.Unstructured).GetName()))
			}
		}
		assert.Equal(t, want, got)
		assert.Equal(t, 3, cuts.count())

		synctest.Wait()
		require.Equal(t, 1, cuts.cut())
		_, err = maps.Create(ctx, configMap("late", nil), metav1.CreateOptions{})
		require.NoError(t, err)
		s.Expire()
		event := <-w.ResultChan()
		require.Equal(t, watch.Error, event.Type)
		assert.True(t, apierrors.IsResourceExpired(apierrors.FromObject(event.Object)), "%v", event.Object)
		<-w.Done()
	})
}

// book notes what an informer tells.
type book struct {
	mu     sync.Mutex
	events []string
}

func (b *book) note(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.events = append(b.events, fmt.Sprintf(format, args...))
}

// take waits until nothing moves and returns what was noted.
func (b *book) take() []string {
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.events
	b.events = nil
	return out
}

func (b *book) handler(t *testing.T) cache.ResourceEventHandlerFuncs {
	name := func(o any) string {
		if gone, ok := o.(cache.DeletedFinalStateUnknown); ok {
			o = gone.Obj
		}
		object, ok := o.(metav1.Object)
		if !ok {
			t.Errorf("%T is no object", o)
			return ""
		}
		return object.GetName()
	}
	return cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { b.note("add %s", name(o)) },
		UpdateFunc: func(_, o any) { b.note("update %s", name(o)) },
		DeleteFunc: func(o any) { b.note("delete %s", name(o)) },
	}
}

// Informers fill themselves by a watch that streams the list, go on after cut connections, and list anew when the server
// has forgotten where they were.
func TestInformersSurviveCuts(t *testing.T) {
	bubble(t, nil, func(t *testing.T, s *memory.Server) {
		ctx, cancel := context.WithCancel(t.Context())
		var cuts cutter
		config := cuts.wrap(s.Config())
		client, err := kubernetes.NewForConfig(config)
		require.NoError(t, err)
		watched, err := dynamic.NewForConfig(config)
		require.NoError(t, err)
		maps := dyn(t, s).Resource(configMaps).Namespace("default")
		for _, name := range []string{"a", "b"} {
			_, err := maps.Create(ctx, configMap(name, nil), metav1.CreateOptions{})
			require.NoError(t, err)
		}
		mark := s.Mark()

		var typedBook, dynamicBook book
		factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace("default"))
		typedMaps := factory.Core().V1().ConfigMaps()
		_, err = typedMaps.Informer().AddEventHandler(typedBook.handler(t))
		require.NoError(t, err)
		dynamicFactory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(watched, 0, "default", nil)
		_, err = dynamicFactory.ForResource(configMaps).Informer().AddEventHandler(dynamicBook.handler(t))
		require.NoError(t, err)
		factory.Start(ctx.Done())
		dynamicFactory.Start(ctx.Done())
		defer func() {
			cancel()
			factory.Shutdown()
			dynamicFactory.Shutdown()
		}()
		factory.WaitForCacheSync(ctx.Done())
		dynamicFactory.WaitForCacheSync(ctx.Done())
		assert.ElementsMatch(t, []string{"add a", "add b"}, typedBook.take())
		assert.ElementsMatch(t, []string{"add a", "add b"}, dynamicBook.take())
		for _, r := range s.RequestsSince(mark) {
			assert.Equal(t, "watch", r.Verb, "%s %s?%s: the list is streamed", r.Verb, r.Path, r.Query)
			query, err := url.ParseQuery(r.Query)
			require.NoError(t, err)
			assert.Equal(t, "true", query.Get("sendInitialEvents"))
		}

		both := func(want ...string) {
			t.Helper()
			assert.ElementsMatch(t, want, typedBook.take())
			assert.ElementsMatch(t, want, dynamicBook.take())
		}
		require.Equal(t, 2, cuts.cut())
		_, err = maps.Patch(ctx, "a", types.MergePatchType, []byte(`{"data":{"k":"v"}}`), metav1.PatchOptions{})
		require.NoError(t, err)
		require.NoError(t, maps.Delete(ctx, "b", metav1.DeleteOptions{}))
		passes(t, func() bool { return cuts.count() == 4 })
		both("update a", "delete b")

		require.Equal(t, 2, cuts.cut())
		require.NoError(t, maps.Delete(ctx, "a", metav1.DeleteOptions{}))
		_, err = maps.Create(ctx, configMap("c", nil), metav1.CreateOptions{})
		require.NoError(t, err)
		s.Expire()
		passes(t, func() bool { return cuts.count() >= 6 && len(typedMaps.Informer().GetStore().ListKeys()) == 1 })
		both("delete a", "add c")
		got, err := typedMaps.Lister().ConfigMaps("default").Get("c")
		require.NoError(t, err)
		assert.Equal(t, "c", got.Name)
	})
}

// One factory fills informers of many kinds, and what the simulated controllers make arrives in them.
func TestFactoryOfManyKinds(t *testing.T) {
	bubble(t, &memory.Options{Controllers: true}, func(t *testing.T, s *memory.Server) {
		ctx, cancel := context.WithCancel(t.Context())
		client := typed(t, s)
		factory := informers.NewSharedInformerFactory(client, 0)
		pods, sets, deployments := factory.Core().V1().Pods(), factory.Apps().V1().ReplicaSets(), factory.Apps().V1().Deployments()
		informed := map[string]cache.SharedIndexInformer{
			"pods": pods.Informer(), "sets": sets.Informer(), "deployments": deployments.Informer(),
			"nodes": factory.Core().V1().Nodes().Informer(), "accounts": factory.Core().V1().ServiceAccounts().Informer(),
			"slices": factory.Discovery().V1().EndpointSlices().Informer(),
		}
		factory.Start(ctx.Done())
		defer func() {
			cancel()
			factory.Shutdown()
		}()
		for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
			assert.True(t, synced, kind)
		}
		_, err := client.AppsV1().Deployments("default").Apply(ctx, webConfiguration("example.org/web:1"), metav1.ApplyOptions{FieldManager: "ours"})
		require.NoError(t, err)
		synctest.Wait()
		assert.Len(t, informed["pods"].GetStore().List(), 2)
		assert.Len(t, informed["sets"].GetStore().List(), 1)
		assert.NotEmpty(t, informed["nodes"].GetStore().List())
		assert.NotEmpty(t, informed["accounts"].GetStore().List())
		deployment, err := deployments.Lister().Deployments("default").Get("web")
		require.NoError(t, err)
		assert.EqualValues(t, 2, deployment.Status.ReadyReplicas)
		for _, o := range informed["pods"].GetStore().List() {
			assert.Equal(t, core.PodRunning, o.(*core.Pod).Status.Phase)
		}
		require.NoError(t, client.AppsV1().Deployments("default").Delete(ctx, "web", metav1.DeleteOptions{}))
		synctest.Wait()
		assert.Empty(t, informed["pods"].GetStore().List())
		assert.Empty(t, informed["sets"].GetStore().List())
		_, err = deployments.Lister().Deployments("default").Get("web")
		assert.True(t, apierrors.IsNotFound(err), "%v", err)
	})
}

// passes lets the bubble's time pass until a condition holds. Were it never to, the bubble would come to a standstill or
// the test's own time-out.
func passes(t *testing.T, done func() bool) {
	t.Helper()
	for i := 0; !done(); i++ {
		require.Less(t, i, 10_000, "it does not come to pass")
		synctest.Wait()
		time.Sleep(100 * time.Millisecond) // of the bubble
	}
}
