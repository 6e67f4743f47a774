package memory_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/cluster/kube"
	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// ways are the two ways to a server.
var ways = map[string]func(t *testing.T, s *memory.Server) *rest.Config{
	"in process": func(_ *testing.T, s *memory.Server) *rest.Config { return s.Config() },
	"by socket": func(t *testing.T, s *memory.Server) *rest.Config {
		socket := httptest.NewServer(s)
		t.Cleanup(socket.Close)
		return &rest.Config{Host: socket.URL, QPS: -1}
	},
}

// both runs a test over each way.
func both(t *testing.T, check func(t *testing.T, s *memory.Server, c dynamic.ResourceInterface)) {
	for name, config := range ways {
		t.Run(name, func(t *testing.T) {
			s := start(t, nil)
			client, err := dynamic.NewForConfig(config(t, s))
			require.NoError(t, err)
			check(t, s, client.Resource(configMaps).Namespace("default"))
		})
	}
}

// inject puts a fault that means something into effect.
func inject(t *testing.T, s *memory.Server, f memory.Fault) *memory.Injection {
	injected, err := s.Inject(f)
	require.NoError(t, err)
	return injected
}

func broken(err error) bool { return utilnet.IsConnectionReset(err) || utilnet.IsProbableEOF(err) }

func TestFaultStatus(t *testing.T) {
	both(t, func(t *testing.T, s *memory.Server, c dynamic.ResourceInterface) {
		down := inject(t, s, memory.Fault{Verb: "create", Kind: "ConfigMap", After: 1, Times: 1, Err: fmt.Errorf("so: %w", apierrors.NewServiceUnavailable("down for a moment"))})
		odd := inject(t, s, memory.Fault{Verb: "get", Name: "b", Err: errors.New("what")})
		_, err := c.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{})
		require.NoError(t, err)
		_, err = c.Create(t.Context(), configMap("b", nil), metav1.CreateOptions{})
		require.True(t, apierrors.IsServiceUnavailable(err), "%v", err)
		assert.Equal(t, "down for a moment", err.Error())
		_, err = c.Create(t.Context(), configMap("b", nil), metav1.CreateOptions{})
		require.NoError(t, err)
		_, err = c.Get(t.Context(), "b", metav1.GetOptions{})
		require.True(t, apierrors.IsInternalError(err), "%v", err)
		assert.Equal(t, 1, down.Hits())
		odd.Remove()
		_, err = c.Get(t.Context(), "b", metav1.GetOptions{})
		require.NoError(t, err)
		var told []string
		for _, r := range s.Requests() {
			told = append(told, fmt.Sprint(r.Verb, " ", r.Kind, " ", r.Code, " ", r.Injected))
		}
		assert.Equal(t, []string{
			"create ConfigMap 201 ", "create ConfigMap 503 status 503", "create ConfigMap 201 ", "get ConfigMap 500 status 500", "get ConfigMap 200 ",
		}, told)
	})
}

// The advice when to retry is in the header, where client-go looks for it, and it heeds it.
func TestFaultRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := memory.New(nil)
		require.NoError(t, err)
		defer s.Close()
		client, err := dynamic.NewForConfig(s.Config())
		require.NoError(t, err)
		inject(t, s, memory.Fault{Verb: "get", Times: 2, Err: apierrors.NewTooManyRequests("slowly", 7)})
		began := time.Now()
		_, err = client.Resource(configMaps).Namespace("default").Get(t.Context(), "kube-root-ca.crt", metav1.GetOptions{})
		assert.True(t, err == nil || apierrors.IsNotFound(err), "%v", err)
		assert.GreaterOrEqual(t, time.Since(began), 14*time.Second)
	})
}

func TestFaultBreakRequest(t *testing.T) {
	both(t, func(t *testing.T, s *memory.Server, c dynamic.ResourceInterface) {
		fault := inject(t, s, memory.Fault{Verb: "create", Break: memory.BreakRequest})
		_, err := c.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{})
		require.True(t, broken(err), "%v", err)
		fault.Remove()
		_, err = c.Get(t.Context(), "a", metav1.GetOptions{})
		require.True(t, apierrors.IsNotFound(err), "nothing is stored: %v", err)
		first := s.Requests()[0]
		assert.Equal(t, "break request", first.Injected)
		assert.Zero(t, first.Code)
	})
}

func TestFaultBreakAnswer(t *testing.T) {
	both(t, func(t *testing.T, s *memory.Server, c dynamic.ResourceInterface) {
		inject(t, s, memory.Fault{Match: func(r memory.Request) bool {
			return r.PatchType == string(types.ApplyYAMLPatchType) && r.Manager == "us"
		}, Break: memory.BreakAnswer})
		_, err := c.Apply(t.Context(), "a", configMap("a", map[string]any{"x": "1"}), metav1.ApplyOptions{FieldManager: "us"})
		require.True(t, broken(err), "%v", err)
		got, err := c.Get(t.Context(), "a", metav1.GetOptions{})
		require.NoError(t, err, "it is stored")
		assert.Equal(t, map[string]any{"x": "1"}, got.Object["data"])
		assert.Equal(t, 201, s.Requests()[0].Code)
		_, err = c.Apply(t.Context(), "a", configMap("a", map[string]any{"y": "1"}), metav1.ApplyOptions{FieldManager: "others"})
		require.NoError(t, err)
	})
}

func TestFaultBreakWatch(t *testing.T) {
	for _, end := range []memory.Break{memory.BreakWatch, memory.EndWatch} {
		for _, events := range []int{0, 1, 3} {
			t.Run(fmt.Sprint(end, events), func(t *testing.T) {
				both(t, func(t *testing.T, s *memory.Server, c dynamic.ResourceInterface) {
					inject(t, s, memory.Fault{Verb: "watch", Break: end, Events: events})
					_, err := c.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{})
					require.NoError(t, err)
					w, err := c.Watch(t.Context(), metav1.ListOptions{})
					require.NoError(t, err)
					for i := range 3 {
						_, err = c.Patch(t.Context(), "a", types.MergePatchType, fmt.Appendf(nil, `{"data":{"n":"%d"}}`, i), metav1.PatchOptions{})
						require.NoError(t, err)
					}
					got := 0
					for event := range w.ResultChan() {
						assert.NotEqual(t, "ERROR", string(event.Type), "%v", event.Object)
						got++
					}
					assert.Equal(t, events, got)
				})
			})
		}
	}
}

// A client of this module comes through cuts of every kind without losing or repeating anything.
func TestFaultsAndTheWatchOfAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := memory.New(nil)
		require.NoError(t, err)
		defer s.Close()
		client, err := kube.New(s.Config(), nil)
		require.NoError(t, err)
		inject(t, s, memory.Fault{Verb: "watch", Rate: 0.5, Seed: 1, Events: 2, Break: memory.BreakWatch})
		inject(t, s, memory.Fault{Verb: "watch", Rate: 0.3, Seed: 2, Events: 1, Break: memory.EndWatch})
		inject(t, s, memory.Fault{Verb: "watch", Rate: 0.2, Seed: 3, Err: apierrors.NewServiceUnavailable("later")})
		inject(t, s, memory.Fault{Verb: "watch", Rate: 0.2, Seed: 4, Break: memory.BreakRequest})
		inject(t, s, memory.Fault{Verb: "list", Rate: 0.2, Seed: 5, Latency: time.Second})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		held := map[string]string{}
		synced := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			for event, err := range client.Watch(ctx, cluster.Selector{Kind: "ConfigMap", Namespace: "default"}) {
				if err != nil {
					return
				}
				switch event.Type {
				case cluster.Synced:
					close(synced)
				case cluster.Deleted:
					assert.Contains(t, held, event.Object.GetName(), "it was there")
					delete(held, event.Object.GetName())
				case cluster.Added:
					assert.NotContains(t, held, event.Object.GetName(), "added twice")
					fallthrough
				default:
					held[event.Object.GetName()] = event.Object.GetResourceVersion()
				}
			}
		}()
		<-synced
		want := map[string]string{}
		for i := range 200 {
			name := fmt.Sprint("c", i%7)
			if i%7 == 3 {
				name = fmt.Sprint("c", (i+1)%7)
				if want[name] != "" {
					require.NoError(t, client.Delete(ctx, cluster.Ref{Kind: "ConfigMap", Namespace: "default", Name: name}, cluster.DeleteOptions{}))
					delete(want, name)
				}
				continue
			}
			written, err := client.Apply(ctx, configMap(name, map[string]any{"n": fmt.Sprint(i)}), cluster.WriteOptions{Manager: "us"})
			require.NoError(t, err)
			want[name] = written.Object.GetResourceVersion()
			if i%20 == 0 {
				s.Expire()
			}
		}
		time.Sleep(time.Hour) // of the bubble: every retry is over
		synctest.Wait()
		cancel()
		<-done
		assert.Equal(t, want, held)
	})
}

// Latency is slept by the clock of the bubble, or by the function that is given, and ends with the request and the server.
func TestFaultLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := memory.New(nil)
		require.NoError(t, err)
		c, err := dynamic.NewForConfig(s.Config())
		require.NoError(t, err)
		inject(t, s, memory.Fault{Verb: "create", Latency: time.Minute})
		inject(t, s, memory.Fault{Verb: "create", Latency: time.Second})
		began := time.Now()
		create := func(ctx context.Context, name string) error {
			_, err := c.Resource(configMaps).Namespace("default").Create(ctx, configMap(name, nil), metav1.CreateOptions{})
			return err
		}
		require.NoError(t, create(t.Context(), "a"))
		assert.Equal(t, 61*time.Second, time.Since(began))
		assert.Equal(t, "latency 1m0s, latency 1s", s.Requests()[0].Injected)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, create(ctx, "b"), context.DeadlineExceeded)
		synctest.Wait()
		_, err = c.Resource(configMaps).Namespace("default").Get(t.Context(), "b", metav1.GetOptions{})
		require.True(t, apierrors.IsNotFound(err), "given up before it was handled: %v", err)

		late := make(chan error)
		go func() { late <- create(t.Context(), "c") }()
		synctest.Wait()
		s.Close()
		require.ErrorContains(t, <-late, "closed")
	})
}

func TestFaultLatencyByAnotherClock(t *testing.T) {
	var slept []time.Duration
	s := start(t, &memory.Options{Sleep: func(_ context.Context, d time.Duration) error {
		slept = append(slept, d)
		return nil
	}})
	inject(t, s, memory.Fault{Times: 1, Latency: 24 * time.Hour})
	_, err := dyn(t, s).Resource(configMaps).List(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	assert.Equal(t, []time.Duration{24 * time.Hour}, slept)
}

// Nothing keeps running after Close, whatever was on its way.
func TestCloseWithFaultsOnTheirWay(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s, err := memory.New(&memory.Options{Controllers: true})
	require.NoError(t, err)
	c := dyn(t, s).Resource(configMaps).Namespace("default")
	inject(t, s, memory.Fault{Verb: "list", Latency: time.Hour})
	inject(t, s, memory.Fault{Verb: "get", Break: memory.BreakAnswer})
	inject(t, s, memory.Fault{Verb: "watch", Events: 100, Break: memory.BreakWatch})
	listed := make(chan error)
	go func() {
		_, err := c.List(t.Context(), metav1.ListOptions{})
		listed <- err
	}()
	_, err = c.Get(t.Context(), "a", metav1.GetOptions{})
	require.Error(t, err)
	w, err := c.Watch(t.Context(), metav1.ListOptions{})
	require.NoError(t, err)
	for len(s.Requests()) < 3 { // the list is on its way
		_, err := c.Create(t.Context(), configMap("a", nil), metav1.CreateOptions{DryRun: []string{"All"}})
		require.NoError(t, err)
	}
	s.Close()
	require.Error(t, <-listed)
	for range w.ResultChan() { // until it is closed
	}
}

// A client of this module takes a connection that broke for something that may pass.
func TestFaultIsRetryable(t *testing.T) {
	s := start(t, nil)
	client, err := kube.New(s.Config(), nil)
	require.NoError(t, err)
	for _, fault := range []memory.Fault{
		{Kind: "ConfigMap", Break: memory.BreakRequest}, {Kind: "ConfigMap", Break: memory.BreakAnswer},
		{Kind: "ConfigMap", Err: apierrors.NewServiceUnavailable("down")}, {Kind: "ConfigMap", Err: apierrors.NewInternalError(errors.New("odd"))},
	} {
		injected := inject(t, s, fault)
		_, err := client.Apply(t.Context(), configMap("a", nil), cluster.WriteOptions{Manager: "us"})
		assert.True(t, cluster.Retryable(err), "%+v: %v", fault, err)
		injected.Remove()
	}
}
