package diff_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/setpoint-dev/setpoint/diff"
)

func BenchmarkCompare(b *testing.B) {
	c := diff.New(us, nil, nil)
	b.Run("in sync", func(b *testing.B) {
		t := &testing.T{}
		live := newStore(t, web).apply(us, web).live()
		live.SetResourceVersion("") // so that no answer is kept
		d, err := c.Prepare(object(b, web))
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			out, err := c.Compare(d, live)
			if err != nil || out.Verdict != diff.Same {
				b.Fatal(out, err)
			}
		}
	})
	b.Run("the same objects again", func(b *testing.B) {
		t := &testing.T{}
		live := newStore(t, web).apply(us, web).live()
		live.SetResourceVersion("7")
		d, err := c.Prepare(object(b, web))
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			out, err := c.Compare(d, live)
			if err != nil || out.Verdict != diff.Same {
				b.Fatal(out, err)
			}
		}
	})
	b.Run("differs", func(b *testing.B) {
		t := &testing.T{}
		live := newStore(t, web).apply(us, web).live()
		live.SetResourceVersion("") // so that no answer is kept
		d, err := c.Prepare(object(b, strings.Replace(web, "nginx:1.27", "nginx:1.28", 1)))
		require.NoError(b, err)
		b.ReportAllocs()
		for b.Loop() {
			out, err := c.Compare(d, live)
			if err != nil || out.Verdict != diff.Differs {
				b.Fatal(out, err)
			}
		}
	})
}
