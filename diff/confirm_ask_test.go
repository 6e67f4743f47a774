package diff_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/setpoint-dev/setpoint/cluster"
	"github.com/setpoint-dev/setpoint/diff"
)

// applier is a server that does one thing.
type applier func(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error)

func (f applier) Apply(ctx context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
	return f(ctx, obj, opts)
}

// echo answers with the live object that has the desired number of replicas.
func echo(live *unstructured.Unstructured, obj *unstructured.Unstructured) *cluster.Written {
	out := live.DeepCopy()
	n, _, _ := unstructured.NestedInt64(obj.Object, "spec", "replicas")
	change("spec.replicas", n)(out.Object)
	return &cluster.Written{Object: out}
}

// differing is a comparison of a Deployment whose replicas differ.
func differing(t testing.TB, name, version string) (*diff.Comparison, *unstructured.Unstructured) {
	t.Helper()
	text := reworded(web, "name: web", "name: "+name)
	live := newStore(t.(*testing.T), text).apply(us, text).live()
	live.SetResourceVersion(version)
	return compare(t, reworded(text, "replicas: 3", "replicas: 4"), live), live
}

// Equal questions are asked once, and again when the object or the server may be another.
func TestConfirmAsksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		var live *unstructured.Unstructured
		s := diff.NewConfirmer(applier(func(_ context.Context, obj *unstructured.Unstructured, opts cluster.WriteOptions) (*cluster.Written, error) {
			assert.True(t, opts.DryRun)
			assert.Equal(t, us, opts.Manager)
			assert.Equal(t, live.GetUID(), opts.UID)
			asked = append(asked, obj.GetName()+" "+opts.ResourceVersion)
			return echo(live, obj), nil
		}), &diff.ConfirmOptions{MaxAge: time.Minute})
		confirm := func(name, version string) {
			var c *diff.Comparison
			c, live = differing(t, name, version)
			out, err := s.Confirm(t.Context(), c)
			require.NoError(t, err)
			assert.Equal(t, diff.Confirmed, out.Precision, "%v", out.Fault)
			assert.Equal(t, briefs(c), briefs(out))
		}
		confirm("a", "1")
		confirm("a", "1")
		confirm("a", "2")
		confirm("b", "1")
		confirm("a", "1")
		time.Sleep(59 * time.Second)
		confirm("a", "1")
		assert.Equal(t, []string{"a 1", "a 2", "b 1"}, asked)
		time.Sleep(time.Second)
		confirm("a", "1")
		assert.Equal(t, []string{"a 1", "a 2", "b 1", "a 1"}, asked, "webhooks may have changed in a minute")
	})
}

// What does not differ is not asked about, and what has no live object of a server cannot be.
func TestConfirmLeavesTheRest(t *testing.T) {
	s := diff.NewConfirmer(applier(func(context.Context, *unstructured.Unstructured, cluster.WriteOptions) (*cluster.Written, error) {
		t.Error("it asks")
		return nil, errors.New("no")
	}), nil)
	live := newStore(t, web).apply(us, web).live()
	nowhere := newStore(t, web).apply(us, reworded(web, "replicas: 3", "replicas: 4")).live()
	nowhere.SetResourceVersion("")
	plain := reworded(web, "1000m", "100m")
	adopt := compare(t, plain, newStore(t, plain).apply("helm", plain).live())
	require.Equal(t, diff.Adopt, adopt.Verdict)
	for _, c := range []*diff.Comparison{compare(t, web, live), adopt, compare(t, web, nil), compare(t, web, nowhere), {Verdict: diff.Differs}} {
		out, err := s.Confirm(t.Context(), c)
		require.NoError(t, err)
		assert.Same(t, c, out)
	}
}

// Many who ask at a time share one request. One who does not wait any longer leaves the others to ask for themselves.
func TestConfirmSharesARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, live := differing(t, "a", "1")
		var asked atomic.Int64
		release := make(chan struct{})
		s := diff.NewConfirmer(applier(func(ctx context.Context, obj *unstructured.Unstructured, _ cluster.WriteOptions) (*cluster.Written, error) {
			asked.Add(1)
			select {
			case <-release:
				return echo(live, obj), nil
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}), nil)
		impatient, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := s.Confirm(impatient, c)
			assert.EqualError(t, err, "enough")
		})
		synctest.Wait()
		for range 32 {
			wg.Go(func() {
				out, err := s.Confirm(t.Context(), c)
				if assert.NoError(t, err) {
					assert.Equal(t, diff.Confirmed, out.Precision)
				}
			})
		}
		synctest.Wait()
		assert.EqualValues(t, 1, asked.Load())
		cancel(errors.New("enough"))
		synctest.Wait()
		assert.EqualValues(t, 2, asked.Load(), "another takes the question up")
		close(release)
		wg.Wait()
		assert.EqualValues(t, 2, asked.Load())
	})
}

// What one webhook takes too long for holds up nobody for longer than the time that is allowed, and a server that is away says so.
func TestConfirmIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, live := differing(t, "slow", "1")
		quick, _ := differing(t, "quick", "1")
		s := diff.NewConfirmer(applier(func(ctx context.Context, obj *unstructured.Unstructured, _ cluster.WriteOptions) (*cluster.Written, error) {
			if obj.GetName() == "slow" {
				<-ctx.Done()
				return nil, &cluster.Error{Op: "apply", Ref: cluster.RefOf(obj), Err: context.Cause(ctx)}
			}
			return echo(live, obj), nil
		}), &diff.ConfirmOptions{Timeout: time.Second, Concurrency: 1})
		set, err := s.ConfirmAll(t.Context(), &diff.Set{Comparisons: []*diff.Comparison{slow, quick}})
		require.NoError(t, err)
		assert.Equal(t, diff.Unconfirmed, set.Comparisons[0].Precision)
		assert.ErrorIs(t, set.Comparisons[0].Fault, cluster.ErrUnavailable)
		assert.EqualError(t, set.Comparisons[0].Fault, "confirm Deployment shop/slow: server unavailable: no answer to a dry run within 1s")
		assert.Equal(t, diff.Confirmed, set.Comparisons[1].Precision)

		ended, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errors.New("shutting down"))
		defer cancel()
		_, err = s.ConfirmAll(ended, &diff.Set{Comparisons: []*diff.Comparison{slow, quick}})
		assert.EqualError(t, err, "shutting down")
	})
}

// What is kept is bounded, and what was used last stays.
func TestConfirmKeepsLittle(t *testing.T) {
	asked := map[string]int{}
	var live *unstructured.Unstructured
	s := diff.NewConfirmer(applier(func(_ context.Context, obj *unstructured.Unstructured, _ cluster.WriteOptions) (*cluster.Written, error) {
		asked[obj.GetName()]++
		return echo(live, obj), nil
	}), &diff.ConfirmOptions{MaxBytes: 20_000})
	confirm := func(i int) {
		var c *diff.Comparison
		c, live = differing(t, fmt.Sprint("web-", i), "1")
		_, err := s.Confirm(t.Context(), c)
		require.NoError(t, err)
	}
	for i := range 50 {
		confirm(0)
		confirm(i)
	}
	assert.Equal(t, 1, asked["web-0"])
	kept := diff.Kept(s)
	assert.LessOrEqual(t, kept, 20_000)
	assert.Greater(t, kept, 10_000)
	confirm(1)
	assert.Equal(t, 2, asked["web-1"])

	forgetful := diff.NewConfirmer(applier(func(_ context.Context, obj *unstructured.Unstructured, _ cluster.WriteOptions) (*cluster.Written, error) {
		asked["anew"]++
		return echo(live, obj), nil
	}), &diff.ConfirmOptions{MaxAge: -1})
	c, same := differing(t, "x", "1")
	live = same
	for range 3 {
		_, err := forgetful.Confirm(t.Context(), c)
		require.NoError(t, err)
	}
	assert.Equal(t, 3, asked["anew"])
}

// Refusals and faults are not kept: whoever mends them need not wait.
func TestConfirmForgetsFaults(t *testing.T) {
	c, live := differing(t, "a", "1")
	var answer error
	s := diff.NewConfirmer(applier(func(_ context.Context, obj *unstructured.Unstructured, _ cluster.WriteOptions) (*cluster.Written, error) {
		return echo(live, obj), answer
	}), nil)
	for _, row := range []struct {
		answer  error
		verdict diff.Verdict
		want    diff.Precision
	}{
		{cluster.ErrUnavailable, diff.Differs, diff.Unconfirmed},
		{&cluster.InvalidError{Message: "no"}, diff.Refused, diff.Confirmed},
		{cluster.ErrUnauthorized, diff.Differs, diff.Unconfirmed},
		{fmt.Errorf("%w: no rights", cluster.ErrForbidden), diff.Refused, diff.Confirmed},
		{&cluster.Error{Op: "apply", Code: 500, Err: errors.New(`failed calling webhook "x.example.com": timeout`)}, diff.Differs, diff.Unconfirmed},
		{&cluster.Error{Op: "apply", Code: 409, Err: fmt.Errorf(`%w: admission webhook "x.example.com" denied the request: taken`, cluster.ErrConflict)}, diff.Refused, diff.Confirmed},
		{nil, diff.Differs, diff.Confirmed},
	} {
		answer = row.answer
		out, err := s.Confirm(t.Context(), c)
		require.NoError(t, err)
		assert.Equal(t, row.verdict, out.Verdict, "%v", row.answer)
		assert.Equal(t, row.want, out.Precision, "%v", row.answer)
		if row.answer == nil {
			assert.Nil(t, out.Fault)
		} else {
			assert.ErrorIs(t, out.Fault, row.answer)
		}
	}
}

// A client that panics takes down who called it, and leaves nobody waiting.
func TestConfirmAfterAPanic(t *testing.T) {
	c, live := differing(t, "a", "1")
	broken := true
	s := diff.NewConfirmer(applier(func(_ context.Context, obj *unstructured.Unstructured, _ cluster.WriteOptions) (*cluster.Written, error) {
		if broken {
			panic("broken")
		}
		return echo(live, obj), nil
	}), nil)
	assert.Panics(t, func() { _, _ = s.Confirm(t.Context(), c) })
	broken = false
	out, err := s.Confirm(t.Context(), c)
	require.NoError(t, err)
	assert.Equal(t, diff.Confirmed, out.Precision)
}

// An answer shows no content of a Secret, whatever the server puts where; nor does a refusal.
func TestConfirmHidesSecrets(t *testing.T) {
	const text = "{apiVersion: v1, kind: Secret, metadata: {name: db, namespace: shop}, data: {password: Y29ycmVjdCBob3JzZSBiYXR0ZXJ5}}"
	live := newStore(t, text).apply(us, text).live()
	c := compare(t, reworded(text, "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5", "c3RhcGxlIHN0YXBsZSBzdGFwbGU="), live)
	hidden := []string{"correct horse", "Y29ycmVjdCBob3JzZSBiYXR0ZXJ5", "staple staple", "c3RhcGxlIHN0YXBsZSBzdGFwbGU=", "injected-by-a-vault", "aW5qZWN0ZWQtYnktYS12YXVsdA=="}
	for name, answer := range map[string]func() (*cluster.Written, error){
		"answer": func() (*cluster.Written, error) {
			out := live.DeepCopy()
			change("data.password", "aW5qZWN0ZWQtYnktYS12YXVsdA==")(out.Object)
			change("metadata.annotations.note", "was injected-by-a-vault, not staple staple staple")(out.Object)
			return &cluster.Written{Object: out}, nil
		},
		"invalid": func() (*cluster.Written, error) {
			return nil, &cluster.Error{Op: "apply", Ref: cluster.RefOf(live), Err: &cluster.InvalidError{Message: "staple staple staple", Causes: []cluster.Cause{{Field: "data", Message: "bad: c3RhcGxlIHN0YXBsZSBzdGFwbGU="}}}}
		},
		"denied": func() (*cluster.Written, error) {
			return nil, &cluster.Error{Op: "apply", Ref: cluster.RefOf(live), Err: fmt.Errorf("%w: correct horse battery", cluster.ErrForbidden)}
		},
		"broken": func() (*cluster.Written, error) { return nil, errors.New("correct horse battery") },
	} {
		out, err := diff.NewConfirmer(applier(func(context.Context, *unstructured.Unstructured, cluster.WriteOptions) (*cluster.Written, error) {
			return answer()
		}), nil).Confirm(t.Context(), c)
		require.NoError(t, err)
		var b strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			fmt.Fprintf(&b, verb+verb+verb+verb, out, *out, out.Overruled, out.Changes)
		}
		require.NoError(t, diff.Fprint(&b, out, nil))
		require.NoError(t, diff.FprintUnified(&b, out, nil))
		require.NoError(t, diff.FprintMarkdown(&b, &diff.Set{Comparisons: []*diff.Comparison{out}}, nil))
		b.WriteString(asText(t, out))
		if out.Fault != nil {
			fmt.Fprintf(&b, "%v %+v %#v %v", out.Fault, out.Fault, out.Fault, errors.Unwrap(out.Fault))
		}
		for _, secret := range hidden {
			assert.NotContains(t, b.String(), secret, name)
		}
		switch name {
		case "answer":
			assert.Contains(t, b.String(), "(redacted)")
			require.Len(t, out.Overruled, 1)
			assert.Equal(t, ".data.password: (redacted) by admission, not (redacted)", out.Overruled[0].String())
		case "invalid":
			var invalid *cluster.InvalidError
			require.ErrorAs(t, out.Fault, &invalid)
			assert.Equal(t, []cluster.Cause{{Field: "data", Message: "bad: (redacted)"}}, invalid.Causes)
		case "denied":
			assert.ErrorIs(t, out.Fault, cluster.ErrForbidden)
			assert.EqualError(t, out.Fault, "confirm Secret shop/db: forbidden: (redacted)")
		}
	}
}
