package diff_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

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

// A set of the same objects is answered from memory, Secrets or not, until one of them moves.
func TestSetsOfTheSameObjectsAgain(t *testing.T) {
	c := diff.New(us, nil, nil)
	changed := strings.Replace(web, "nginx:1.27", "nginx:1.28", 1)
	prepared, err := c.PrepareAll([]*unstructured.Unstructured{object(t, credentials), object(t, changed)})
	require.NoError(t, err)
	secret := newStore(t, credentials).apply(us, credentials).live()
	live := []*unstructured.Unstructured{secret, newStore(t, web).apply(us, web).live()}
	first, err := c.CompareAll(t.Context(), prepared, live)
	require.NoError(t, err)
	again, err := c.CompareAll(t.Context(), prepared, live)
	require.NoError(t, err)
	for i := range prepared {
		assert.Same(t, first.Comparisons[i], again.Comparisons[i])
	}
	secret.SetResourceVersion("8")
	again, err = c.CompareAll(t.Context(), prepared, live)
	require.NoError(t, err)
	assert.NotSame(t, first.Comparisons[1], again.Comparisons[1], "the Secret's new content may stand in the other's change")
}
