package memory_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/setpoint-dev/setpoint/cluster/memory"
)

// A candidate that dies without a word is followed by the other once its Lease has run out, and not before; one that lets
// go is followed as soon as the other looks again.
func TestLeadershipIsHandedOver(t *testing.T) {
	bubble(t, nil, func(t *testing.T, s *memory.Server) {
		client := typed(t, s)
		began := time.Now()
		type lead struct {
			who   string
			after time.Duration
		}
		leads := make(chan lead)
		run := func(name string, release bool) (stop func()) {
			lock, err := resourcelock.New(resourcelock.LeasesResourceLock, "default", "lead", client.CoreV1(), client.CoordinationV1(),
				resourcelock.ResourceLockConfig{Identity: name})
			require.NoError(t, err)
			elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
				Lock: lock, LeaseDuration: 15 * time.Second, RenewDeadline: 10 * time.Second, RetryPeriod: 2 * time.Second,
				ReleaseOnCancel: release,
				Callbacks: leaderelection.LeaderCallbacks{
					OnStartedLeading: func(context.Context) { leads <- lead{name, time.Since(began)} },
					OnStoppedLeading: func() {},
				},
			})
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan struct{})
			go func() {
				defer close(done)
				elector.Run(ctx)
			}()
			return func() {
				cancel()
				<-done
			}
		}
		stopFirst := run("first", false)
		assert.Equal(t, "first", (<-leads).who)
		stopSecond := run("second", true)
		time.Sleep(time.Minute) // of the bubble
		synctest.Wait()
		lease, err := client.CoordinationV1().Leases("default").Get(t.Context(), "lead", metav1.GetOptions{})
		require.NoError(t, err)
		assert.Equal(t, "first", *lease.Spec.HolderIdentity)
		assert.Positive(t, lease.Spec.RenewTime.Sub(lease.Spec.AcquireTime.Time), "the Lease is renewed")
		assert.EqualValues(t, 0, *lease.Spec.LeaseTransitions)

		stopFirst()
		died := time.Since(began)
		next := <-leads
		assert.Equal(t, "second", next.who)
		assert.GreaterOrEqual(t, next.after-died, 13*time.Second, "not before the Lease has run out")
		lease, err = client.CoordinationV1().Leases("default").Get(t.Context(), "lead", metav1.GetOptions{})
		require.NoError(t, err)
		assert.EqualValues(t, 1, *lease.Spec.LeaseTransitions)

		stopThird := run("third", true)
		synctest.Wait()
		stopSecond()
		let := time.Since(began)
		next = <-leads
		assert.Equal(t, "third", next.who)
		assert.Less(t, next.after-let, 13*time.Second, "the Lease was given up")
		stopThird()
	})
}
