package diff_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/diff"
)

// Many goroutines may use one comparer, from the first use of its schemas on, and share what it hands out.
func TestOneComparerManyGoroutines(t *testing.T) {
	c := diff.New(us, diff.NewSchemas(nil), nil)
	live := newStore(t, web).apply(us, web).live()
	live.SetResourceVersion("7")
	shared, err := c.Prepare(object(t, web))
	require.NoError(t, err)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range 32 {
		wg.Go(func() {
			<-start
			own, err := c.Prepare(object(t, web))
			if !assert.NoError(t, err) {
				return
			}
			for _, d := range []*diff.Desired{own, shared} {
				for range 20 {
					out, err := c.Compare(d, live)
					if assert.NoError(t, err) {
						assert.Equal(t, diff.Same, out.Verdict)
						_, err = out.Predicted()
						assert.NoError(t, err)
					}
				}
			}
			if i%2 == 0 {
				other := live.DeepCopy()
				other.SetLabels(map[string]string{"moved": "yes"})
				_, err := c.Compare(shared, other)
				assert.NoError(t, err)
			}
		})
	}
	close(start)
	wg.Wait()
}

// An answer is not kept beyond what it was for: a version, an object, a set of schemas.
func TestAnswersAreNotKeptTooLong(t *testing.T) {
	c := diff.New(us, nil, nil)
	d, err := c.Prepare(object(t, web))
	require.NoError(t, err)
	live := newStore(t, web).apply(us, web).live()
	live.SetResourceVersion("7")
	first, err := c.Compare(d, live)
	require.NoError(t, err)
	again, err := c.Compare(d, live)
	require.NoError(t, err)
	assert.Same(t, first, again)

	moved := live.DeepCopy()
	moved.Object["spec"].(map[string]any)["replicas"] = int64(99)
	out, err := c.Compare(d, moved) // of the same version, which no server does
	require.NoError(t, err)
	assert.NotEqual(t, diff.Same, out.Verdict)
	_, err = c.Compare(d, live)
	require.NoError(t, err)
	live.SetResourceVersion("8")
	live.Object["spec"].(map[string]any)["replicas"] = int64(99)
	out, err = c.Compare(d, live)
	require.NoError(t, err)
	assert.NotEqual(t, diff.Same, out.Verdict)
}
